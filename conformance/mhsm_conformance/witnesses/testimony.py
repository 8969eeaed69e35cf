"""What a witness says: one line of JSON an operation, with claims that can be checked outside."""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TextIO

__all__ = [
    "NOT_MODELLED",
    "Claims",
    "Scene",
    "Testimony",
    "decrypts",
    "encoded",
    "equal",
    "signs",
]

NOT_MODELLED: Final = "NotSupported"
"""The error code by which a served target says that it lacks a chapter of the specification."""

_LONGEST_ERROR: Final = 300

Claims = Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Scene:
    """One operation as a table names it, and what does it and gives the claims.

    `is_modelled` is False for a chapter that no target has: it must be refused in just that way.
    `defect` says what the client itself gets wrong; the claims are then those that show it.
    """

    operation: str
    play: Callable[[], Awaitable[Claims]]
    is_modelled: bool = True
    defect: str | None = None


class Testimony:
    """Writes what one client saw. Without its `end` a testimony counts as cut off."""

    def __init__(self, client: str, version: str, stream: TextIO) -> None:
        self._stream = stream
        self._told = 0
        self._tell({"client": client, "version": version})

    def shows(self, operation: str, claims: Claims, defect: str | None = None) -> None:
        """The operation was carried out, and this can be checked; or the defect is seen in it."""
        self._told += 1
        told = {"operation": operation, "claims": list(claims)}
        self._tell(told if defect is None else {**told, "defect": defect})

    def fails(self, operation: str, error: str) -> None:
        """The operation failed, or the client said something unexpected."""
        self._told += 1
        self._tell({"operation": operation, "failed": error[:_LONGEST_ERROR]})

    def is_beyond(self, operation: str, code: str) -> None:
        """The target refused, by this code, a chapter that the specification does not have yet."""
        self._told += 1
        self._tell({"operation": operation, "beyond": code})

    def end(self) -> None:
        """All has been said."""
        self._tell({"end": self._told})

    def _tell(self, line: dict[str, Any]) -> None:
        self._stream.write(json.dumps(line) + "\n")
        self._stream.flush()


def encoded(value: bytes | None) -> str | None:
    """The bytes as base64, None for none."""
    return None if value is None else base64.b64encode(value).decode()


def equal(what: str, expected: Any, observed: Any) -> dict[str, Any]:
    """The claim that two JSON values or byte strings are equal."""
    return {"is": "equal", "what": what, "expected": _json(expected), "observed": _json(observed)}


def signs(key: dict[str, Any], algorithm: str, value: bytes, signature: bytes) -> dict[str, Any]:
    """The claim that the signature of the value is good.

    `key` has `n` and `e`, or `crv`, `x` and `y`, or `k`, in base64; the value is what was sent.
    """
    return {
        "is": "signs",
        "key": key,
        "algorithm": algorithm,
        "value": encoded(value),
        "signature": encoded(signature),
    }


def decrypts(
    key: dict[str, Any],
    algorithm: str,
    plaintext: bytes,
    ciphertext: bytes,
    *,
    iv: bytes | None = None,
    tag: bytes | None = None,
    aad: bytes | None = None,
) -> dict[str, Any]:
    """The claim that the ciphertext, or wrapped key, is the plaintext's under a key that is known.

    `key` has `pem`, a private RSA key, or `k` in base64.
    """
    return {
        "is": "decrypts",
        "key": key,
        "algorithm": algorithm,
        "plaintext": encoded(plaintext),
        "ciphertext": encoded(ciphertext),
        "iv": encoded(iv),
        "tag": encoded(tag),
        "aad": encoded(aad),
    }


def _json(value: Any) -> Any:
    return encoded(value) if isinstance(value, bytes) else value
