"""Recorded sessions of our own: a target's wire written down in the form that `mhsm judge` reads.

They keep the reader tested where no recordings of the real service are.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from mhsm_conformance.opening import HOSTS
from mhsm_model.configuration import Configuration
from mhsm_model.exchange import (
    CreateKey,
    DeleteKey,
    Encrypt,
    GetDeletedKey,
    GetKey,
    ListKeys,
    ListKeyVersions,
    PurgeDeletedKey,
    RecoverDeletedKey,
    Request,
    Sign,
    UpdateKey,
)
from mhsm_model.revisions import LATEST_RECORDED
from mhsm_model.wire.http import HttpRequest, HttpResponse
from mhsm_model.wire.request_encoding import encode_request
from mhsm_targets.registry import target_factory

__all__ = ["recorded_session"]

_REDACTED: Final = frozenset({"authorization"})
_SCRIPT: Final[tuple[Request, ...]] = (
    CreateKey("first", "EC"),
    CreateKey("second", "oct", key_size=256),
    GetKey("first"),
    Sign("first", None, "ES256", bytes(32)),
    Encrypt("second", None, "A256GCM", b"plaintext"),
    UpdateKey("first", None, tags={"a": "b"}),
    CreateKey("first", "EC", crv="P-384"),
    ListKeyVersions("first"),
    ListKeys(),
    DeleteKey("first"),
    GetDeletedKey("first"),
    RecoverDeletedKey("first"),
    GetKey("first"),
    DeleteKey("second"),
    PurgeDeletedKey("second"),
    GetKey("second"),
)


def recorded_session(
    path: Path, target: str, seed: int, script: tuple[Request, ...] = _SCRIPT
) -> None:
    """Send a script to a new target and write the exchanges to a session file.

    Authorization headers are left out. Raises OSError where the file cannot be written.
    """
    opened = target_factory(target).open({HOSTS[0]: Configuration()}, seed)
    lines = [_header(path.stem, len(script) + 1)]
    try:
        for number, request in enumerate((script[0], *script), 1):
            # The first request goes without a token, as every client's does.
            token = None if number == 1 else opened.token
            sent = encode_request(request, HOSTS[0], LATEST_RECORDED, token)
            answered = opened.exchange(sent)
            if answered is not None:
                lines.append(_line(number, sent, answered))
    finally:
        opened.close()
    path.write_text("\n".join(json.dumps(line) for line in lines) + "\n", encoding="utf-8")


def _header(session: str, exchanges: int) -> dict[str, Any]:
    return {
        "type": "session",
        "session": session,
        "source_repository": "mhsm-conformance",
        "recording_format": "mhsm",
        "api_versions": [LATEST_RECORDED],
        "exchanges": exchanges,
    }


def _line(number: int, sent: HttpRequest, answered: HttpResponse) -> dict[str, Any]:
    return {
        "seq": number,
        "plane": "data",
        "method": sent.method,
        "url": f"https://{sent.host}{sent.target}",
        "path": sent.path,
        "query": sent.query,
        "request_headers": {n: v for n, v in sent.headers.items() if n not in _REDACTED},
        "request_body": json.loads(sent.body) if sent.body else None,
        "status": answered.status,
        "response_headers": dict(answered.headers),
        "response_body": _body(answered.body),
    }


def _body(body: bytes) -> Any:
    if not body:
        return None
    try:
        return json.loads(body)
    except ValueError:
        return body.decode()
