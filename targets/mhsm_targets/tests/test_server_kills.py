"""A server that is killed at a random moment: what it acknowledged is there again after a restart.

The model judges, as in test_token_kills. MHSM_SERVER_KILLS sets the number of kills; the figures in
the documentation are of 200.
"""

from __future__ import annotations

import os
import random
import signal
import threading
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from mhsm_model.exchange import (
    KeyBackup,
)
from mhsm_targets.server import serving
from mhsm_targets.tests.lives import audit, changes
from mhsm_targets.tests.served import Witness, calling

pytest.importorskip("uvicorn", reason="uvicorn is not installed (extra `server`)")

KILLS: Final = int(os.environ.get("MHSM_SERVER_KILLS", "3"))
LONGEST_LIFE_SECONDS: Final = 0.15


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
            audit(partial(witness.send, caller))
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
        audit(partial(witness.send, caller))
    print(f"{KILLS} kills, {witness.acknowledged} acknowledged, struck: {struck}")
