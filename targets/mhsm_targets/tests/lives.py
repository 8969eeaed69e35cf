"""What an instance goes through before it is killed, and how it is looked over afterwards."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Final

from mhsm_model.exchange import (
    BackupKey,
    CreateKey,
    DeleteKey,
    Encrypt,
    GetDeletedKey,
    GetKey,
    KeyBundle,
    ListDeletedKeys,
    ListKeys,
    ListKeyVersions,
    PurgeDeletedKey,
    RecoverDeletedKey,
    Reply,
    Request,
    RestoreKey,
    Sign,
    UpdateKey,
)

__all__ = ["audit", "changes"]

NAMES: Final = ("alpha", "beta", "gamma")


def changes(chance: random.Random, blobs: list[bytes]) -> Iterator[Request]:
    """Requests that change keys, without an end."""
    while True:
        name = chance.choice(NAMES)
        kind = chance.choice(("EC", "oct"))
        asked: list[Request] = [
            CreateKey(name, kind, 256 if kind == "oct" else None),
            CreateKey(name, kind, 256 if kind == "oct" else None),
            UpdateKey(name, None, tags={"n": str(chance.randrange(1000))}),
            DeleteKey(name),
            RecoverDeletedKey(name),
            PurgeDeletedKey(name),
            BackupKey(name),
        ]
        if blobs:
            asked.append(RestoreKey(chance.choice(blobs)))
        yield chance.choice(asked)


def audit(send: Callable[[Request], Reply | None]) -> None:
    """Read everything back, and use every key that is there."""
    for name in NAMES:
        shown = send(GetKey(name))
        send(GetDeletedKey(name))
        send(ListKeyVersions(name))
        if isinstance(shown, KeyBundle):
            use: Request = Encrypt(name, None, "A256GCM", b"text")
            if shown.kty == "EC-HSM":
                use = Sign(name, None, "ES256", bytes(32))
            send(use)
    send(ListKeys())
    send(ListDeletedKeys())
