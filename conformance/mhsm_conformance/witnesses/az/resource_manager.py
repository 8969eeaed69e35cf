"""The least of a resource manager that `az` needs to be told of a cloud and to log in to it.

It says where things are (the suffix of HSMs among them) and that there are no subscriptions. What
is tried is the HSM: nothing here is part of it, and no operation on keys comes here.
"""

from __future__ import annotations

import contextlib
import http.server
import json
import ssl
import threading
import urllib.parse
from collections.abc import Generator
from typing import Any, Final

import trustme

__all__ = ["CLOUD", "ResourceManager", "resource_manager"]

CLOUD: Final = "mhsm-local"


class ResourceManager:
    """Where it is, and the certificate (PEM) to trust."""

    def __init__(self, url: str, certificate: bytes) -> None:
        self.url = url
        self.certificate = certificate


@contextlib.contextmanager
def resource_manager(hsm_suffix: str, login: str) -> Generator[ResourceManager]:
    """Serve it on loopback while the block runs.

    `hsm_suffix` is what follows the name of an HSM in its host, port included; `login` is the URL
    of the authority, which managed identities do not use.
    """
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued: Any = authority.issue_cert("127.0.0.1")
    issued.configure_cert(context)
    documents: dict[str, Any] = {"/subscriptions": {"value": []}, "/tenants": {"value": []}}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            document = documents.get(urllib.parse.urlsplit(self.path).path)
            body = json.dumps(document or {}).encode()
            self.send_response(404 if document is None else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        url = f"https://127.0.0.1:{server.server_address[1]}"
        documents["/metadata/endpoints"] = {
            "name": CLOUD,
            "authentication": {"loginEndpoint": login, "audiences": [url]},
            "resourceManager": url,
            "suffixes": {"mhsmDns": hsm_suffix, "keyVaultDns": "vault.localhost"},
        }
        running = threading.Thread(target=server.serve_forever, daemon=True)
        running.start()
        try:
            yield ResourceManager(url, authority.cert_pem.bytes())
        finally:
            server.shutdown()
            running.join()
