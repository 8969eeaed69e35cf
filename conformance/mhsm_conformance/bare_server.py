"""The floor of the server's benchmarks: a bare Starlette application on uvicorn as it comes, TLS.

It reads each body, does the cryptography of the operation in its event loop with a key that is
loaded already, and answers with as many bytes as it was told. Nothing is parsed, checked or kept.
`python -m mhsm_conformance.bare_server` reads one line of JSON from standard input, the bytes of
the answers by operation, writes its port on one line, and ends with its standard input.
"""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import sys
from collections.abc import Callable
from typing import Final

import uvicorn
import uvloop
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mhsm_targets.server.certificates import Authority
from mhsm_targets.server.listening import loopback_socket

__all__ = ["OPERATIONS"]

_SHA256: Final = Prehashed(hashes.SHA256())


def _ready() -> dict[str, Callable[[], object]]:
    """The cryptography of each operation."""
    curve_key = ec.generate_private_key(ec.SECP256R1())
    rsa_key = rsa.generate_private_key(65537, 2048)
    wrapping, cipher = bytes(range(32)), AESGCM(bytes(range(32)))
    digest, plaintext = bytes(32), bytes(32)

    def es256() -> object:
        return decode_dss_signature(curve_key.sign(digest, ec.ECDSA(_SHA256)))

    def public_numbers() -> object:
        return ec.generate_private_key(ec.SECP256R1()).public_key().public_numbers()

    return {
        "get": lambda: None,
        "sign ES256": es256,
        "sign RS256": lambda: rsa_key.sign(digest, padding.PKCS1v15(), _SHA256),
        "wrap A256KW": lambda: aes_key_wrap(wrapping, plaintext),
        "encrypt A256GCM": lambda: cipher.encrypt(os.urandom(12), plaintext, b""),
        "create EC": public_numbers,
    }


OPERATIONS: Final = (
    "get",
    "sign ES256",
    "sign RS256",
    "wrap A256KW",
    "encrypt A256GCM",
    "create EC",
)
"""What it answers, at the path "/" plus the place in this list."""


def _application(sizes: dict[str, int]) -> Starlette:
    done = _ready()

    def answering(name: str) -> Route:
        work, answer = done[name], bytes(sizes[name])

        async def endpoint(request: Request) -> Response:
            await request.body()
            work()
            return Response(answer, media_type="application/json")

        return Route(f"/{OPERATIONS.index(name)}", endpoint, methods=["GET", "POST"])

    return Starlette(routes=[answering(name) for name in OPERATIONS])


async def _serve(sizes: dict[str, int]) -> None:
    bound = loopback_socket(0)
    config = uvicorn.Config(
        _application(sizes),
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
    )
    config.load()
    config.ssl = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    Authority.made().install(config.ssl, ("bare",))
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve([bound]))
    asyncio.get_running_loop().add_reader(
        0, lambda: None if os.read(0, 4096) else setattr(server, "should_exit", True)
    )
    print(bound.getsockname()[1], flush=True)
    await running


if __name__ == "__main__":
    uvloop.run(_serve(json.loads(sys.stdin.readline())))
