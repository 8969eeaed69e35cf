"""Sessions to corrupt where there are no recordings: the emulator's own wire, written down.

They keep every operator exercised everywhere; what they say of the judge is only that it agrees
with the emulator.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from mhsm_conformance.recorder import recorded_session
from mhsm_model.exchange import (
    BackupKey,
    CreateKey,
    Decrypt,
    DeleteKey,
    Encrypt,
    GetDeletedKey,
    GetKey,
    GetRandomBytes,
    ImportKey,
    ListDeletedKeys,
    ListKeys,
    ListKeyVersions,
    PurgeDeletedKey,
    RecoverDeletedKey,
    ReleasePolicy,
    Request,
    RequestedAttributes,
    Sign,
    UpdateKey,
    Verify,
    WrapKey,
)
from mhsm_model.jwk import JsonWebKey

__all__ = ["SPECIMENS", "recorded_specimens"]

_TARGET: Final = "model"
_POLICY: Final = ReleasePolicy(b'{"anyOf":[{"authority":"https://a.example/"}],"version":"1.0.0"}')
_DATED: Final = RequestedAttributes(not_before=1_500_000_000, expires=4_000_000_000)

SPECIMENS: Final[dict[str, tuple[Request, ...]]] = {
    "life": (
        GetKey("a"),
        CreateKey("a", "EC", tags={"x": "y"}),
        GetKey("a"),
        ListKeys(),
        DeleteKey("a"),
        GetKey("a"),
        GetDeletedKey("a"),
        ListDeletedKeys(),
        GetDeletedKey("a"),
        RecoverDeletedKey("a"),
        GetDeletedKey("a"),
        GetKey("a"),
        DeleteKey("a"),
        CreateKey("a", "EC"),
        PurgeDeletedKey("a"),
        PurgeDeletedKey("a"),
        CreateKey("a", "EC", crv="P-384"),
        GetKey("a"),
    ),
    "versions": (
        CreateKey("a", "EC", attributes=_DATED),
        UpdateKey("a", None, tags={"x": "y"}),
        CreateKey("a", "EC", crv="P-521"),
        CreateKey("a", "RSA"),
        UpdateKey("a", None, ("sign", "verify"), RequestedAttributes(enabled=False)),
        GetKey("a"),
        ListKeyVersions("a"),
        ListKeyVersions("a"),
        ListKeyVersions("nothing"),
    ),
    "uses": (
        CreateKey("a", "EC"),
        Sign("a", None, "ES256", bytes(32)),
        Sign("a", None, "ES256", bytes(31)),
        Verify("a", None, "ES256", bytes(32), bytes(64)),
        CreateKey("r", "RSA"),
        Sign("r", None, "RS256", bytes(32)),
        Sign("r", None, "PS256", bytes(32)),
        Encrypt("r", None, "RSA-OAEP", b"plaintext"),
        CreateKey("s", "oct", 256),
        Encrypt("s", None, "A256GCM", b"plaintext", aad=b"associated"),
        Encrypt("s", None, "A256GCM", b"plaintext", aad=b"associated"),
        Encrypt("s", None, "A256CBC", b"plaintext", bytes(16)),
        Decrypt("s", None, "A256CBC", bytes(16), bytes(16)),
        Decrypt("s", None, "A256CBC", bytes(16), bytes(16)),
        UpdateKey("s", None, ("decrypt",)),
        Encrypt("s", None, "A256CBC", b"plaintext", bytes(16)),
    ),
    "imports": (
        ImportKey("k", JsonWebKey(kty="oct", k=bytes(range(32)))),
        Encrypt("k", None, "A256CBCPAD", b"plaintext", bytes(16)),
        Encrypt("k", None, "A256GCM", b"plaintext"),
        GetKey("k"),
        WrapKey("k", None, "A256KW", bytes(16)),
        ImportKey("k", JsonWebKey(kty="oct")),
    ),
    "lists": (
        CreateKey("a", "EC"),
        CreateKey("b", "EC", tags={"x": "y"}),
        CreateKey("c", "EC"),
        CreateKey("d", "EC"),
        DeleteKey("c"),
        DeleteKey("d"),
        ListKeys(),
        ListKeys(1),
        ListDeletedKeys(),
        ListDeletedKeys(1),
        CreateKey("e", "EC"),
        ListKeys(),
    ),
    "bytes": (
        GetRandomBytes(32),
        GetRandomBytes(32),
        GetRandomBytes(1),
        CreateKey("a", "EC"),
        BackupKey("a"),
        BackupKey("nothing"),
        BackupKey("a"),
    ),
    "refusals": (
        GetKey("nothing"),
        CreateKey("a", "nonsense"),
        CreateKey("a_b", "EC"),
        CreateKey("a", "EC", attributes=RequestedAttributes(exportable=True)),
        CreateKey(
            "a", "EC", attributes=RequestedAttributes(exportable=True), release_policy=_POLICY
        ),
        GetKey("a"),
        UpdateKey("a", None, release_policy=_POLICY),
        GetKey("a", "0" * 32),
        DeleteKey("nothing"),
    ),
}
"""What is asked in each session, in its order."""


def recorded_specimens(folder: Path) -> list[Path]:
    """Record a session of every kind into the folder; the same files every time but for ids.

    Raises OSError where a file cannot be written.
    """
    paths: list[Path] = []
    for seed, (name, script) in enumerate(SPECIMENS.items()):
        path = folder / f"{name}.jsonl"
        recorded_session(path, _TARGET, seed, script)
        paths.append(path)
    return paths
