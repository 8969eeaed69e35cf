"""A server that is killed at a random moment: what it acknowledged is there again after a restart.

The model judges, as in test_token_kills. MHSM_SERVER_KILLS sets the number of kills; the figures in
the documentation are of 200.
"""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from mhsm_model.exchange import (
    BackupKey,
    CreateKey,
    DeleteKey,
    Encrypt,
    GetDeletedKey,
    GetKey,
    KeyBackup,
    KeyBundle,
    ListDeletedKeys,
    ListKeys,
    ListKeyVersions,
    PurgeDeletedKey,
    RecoverDeletedKey,
    Request,
    RestoreKey,
    Sign,
    UpdateKey,
)
from mhsm_targets.server import serving
from mhsm_targets.tests.served import Caller, Witness, calling

pytest.importorskip("uvicorn", reason="uvicorn is not installed (extra `server`)")

KILLS: Final = int(os.environ.get("MHSM_SERVER_KILLS", "3"))
NAMES: Final = ("alpha", "beta", "gamma")
LONGEST_LIFE_SECONDS: Final = 0.15


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


def audit(witness: Witness, caller: Caller) -> None:
    """Read everything back, and use every key that is there."""
    for name in NAMES:
        shown = witness.send(caller, GetKey(name))
        witness.send(caller, GetDeletedKey(name))
        witness.send(caller, ListKeyVersions(name))
        if isinstance(shown, KeyBundle):
            use: Request = Encrypt(name, None, "A256GCM", b"text")
            if shown.kty == "EC-HSM":
                use = Sign(name, None, "ES256", bytes(32))
            witness.send(caller, use)
    witness.send(caller, ListKeys())
    witness.send(caller, ListDeletedKeys())


def test_what_was_acknowledged_outlives_the_server(tmp_path: Path) -> None:
    chance = random.Random(5)
    blobs: list[bytes] = []
    struck: dict[str, int] = {}
    port = 0
    witness: Witness | None = None
    for _ in range(KILLS):
        with serving(data=str(tmp_path / "data"), port=port) as served, calling(served) as caller:
            port = served.ready.port
            witness = witness or Witness(caller.name)
            audit(witness, caller)
            life = chance.uniform(0, LONGEST_LIFE_SECONDS)
            timer = threading.Timer(life, os.kill, (served.ready.pid, signal.SIGKILL))
            timer.start()
            for request in changes(chance, blobs):
                reply = witness.send(caller, request)
                if reply is None:
                    struck[type(request).__name__] = struck.get(type(request).__name__, 0) + 1
                    break
                if isinstance(reply, KeyBackup):
                    blobs.append(reply.blob)
            timer.join()
    with serving(data=str(tmp_path / "data"), port=port) as served, calling(served) as caller:
        assert witness is not None
        audit(witness, caller)
    print(f"{KILLS} kills, {witness.acknowledged} acknowledged, struck: {struck}")
