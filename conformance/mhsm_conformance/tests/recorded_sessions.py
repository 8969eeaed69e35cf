"""Recorded sessions written by hand, and what a target answers where it is asked again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from mhsm_conformance.fidelity.comparison import Comparison
from mhsm_conformance.fidelity.replay import Apart, Replayed, replayed
from mhsm_model.base64url import encoded
from mhsm_targets.registry import target_factory

HOST: Final = "recorded.managedhsm.azure.net"
OLD: Final = "a" * 32
NEWER: Final = "b" * 32
MADE_AT: Final = 1_700_000_000
ACTIVITY: Final = "00000000-0000-1000-8000-000000000000"
OPERATIONS: Final = ["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"]


def exchange(
    method: str, target: str, status: int, answer: Any = None, body: Any = None
) -> dict[str, Any]:
    return {
        "plane": "data",
        "method": method,
        "url": f"https://{HOST}{target}",
        "path": target.partition("?")[0],
        "query": {"api-version": "7.5"},
        "request_headers": {},
        "request_body": body,
        "status": status,
        "response_headers": {},
        "response_body": answer,
    }


def session(tmp_path: Path, *exchanges: dict[str, Any], day: str = "2024-06-01") -> Path:
    head = {
        "type": "session",
        "session": "by hand",
        "source_repository": "none",
        "commit_date": f"{day}T00:00:00Z",
        "recording_format": "har",
        "api_versions": ["7.5"],
    }
    path = tmp_path / "by-hand.jsonl"
    lines = [head, *({"seq": n, **one} for n, one in enumerate(exchanges, 1))]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def bundle(name: str, version: str, at: int = MADE_AT, **changed: Any) -> dict[str, Any]:
    attributes = {
        "created": at,
        "enabled": True,
        "exportable": False,
        "recoverableDays": 90,
        "recoveryLevel": "Recoverable+Purgeable",
        "updated": at,
    }
    key = {
        "e": "AQAB",
        "key_ops": OPERATIONS,
        "kid": f"https://{HOST}/keys/{name}/{version}",
        "kty": "RSA-HSM",
        "n": encoded(version.encode() * 8),
    }
    return {"attributes": attributes, "key": key, **changed}


def created(name: str, version: str, at: int = MADE_AT, **changed: Any) -> dict[str, Any]:
    target = f"/keys/{name}/create?api-version=7.5"
    return exchange("POST", target, 200, bundle(name, version, at, **changed), {"kty": "RSA"})


def read(name: str, version: str = "", status: int = 200, answer: Any = None) -> dict[str, Any]:
    return exchange("GET", f"/keys/{name}/{version}?api-version=7.5", status, answer)


def not_found(collection: str, name: str) -> dict[str, Any]:
    message = f"Key not found: https://{HOST}/{collection}/{name} (Activity ID: {ACTIVITY})"
    return {"error": {"code": "KeyNotFound", "message": message}}


def asked_again(path: Path, target: str = "model") -> list[Replayed]:
    return list(replayed(path, target_factory(target)))


def results(path: Path, target: str = "model") -> list[Comparison | Apart]:
    return [one.result for one in asked_again(path, target)]


def equal(result: Comparison | Apart) -> bool:
    return isinstance(result, Comparison) and result.outcome and not result.members
