"""A process that is killed at a random moment: nothing acknowledged is lost, nothing is half there.

The model judges. A request whose reply the kill took is a lost reply, and whatever is read after it
must be lawful for a key that changed or did not. MHSM_KILLS sets the number of kills; the figures
in the documentation are of 200.
"""

from __future__ import annotations

import os
import random
import signal
import threading
from pathlib import Path
from typing import Final

import pytest

from mhsm_model.acceptor import accepts
from mhsm_model.configuration import Configuration
from mhsm_model.exchange import (
    BackupKey,
    Call,
    CreateKey,
    Credential,
    Encrypt,
    GetKey,
    Indeterminate,
    KeyBackup,
    Reply,
    Request,
)
from mhsm_model.moments import Interval
from mhsm_model.state import Estate, Instance
from mhsm_model.wire.exchange import wire_exchange
from mhsm_targets.protocol import TargetUnavailableError
from mhsm_targets.tests.lives import audit, changes
from mhsm_targets.tests.token_instances import HOST, message, needs_softhsm, softhsm_opening

pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed (extra `pkcs11`)")

from mhsm_targets.pkcs11.child import NURSERY
from mhsm_targets.pkcs11.target import Pkcs11Target

KILLS: Final = int(os.environ.get("MHSM_KILLS", "12"))
LONGEST_LIFE_SECONDS: Final = 0.08
LONGEST_OPENING_SECONDS: Final = 0.06


class Witness:
    """Sends to one instance, has every reply judged, and knows when its child was killed."""

    def __init__(self, folder: Path) -> None:
        opening = softhsm_opening(folder)
        self.target = Pkcs11Target({HOST: opening}, lambda usage: None, clears=False)
        self.estate = Estate().with_instance(HOST, Instance(Configuration()))
        self.acknowledged = 0

    def send(self, request: Request) -> Reply | None:
        """The judged reply, or None where the kill took it."""
        begun = self.target.now()
        answered = self.target.exchange(message(request))
        assert answered is not None
        time = Interval(begun, self.target.now())
        call = Call(HOST, request, time, "2026-04-01", Credential.TOKEN)
        reply = wire_exchange(message(request), answered, request).reply
        killed = b"was ended by SIGKILL" in answered.body
        judged = accepts(self.estate, call, Indeterminate("killed") if killed else reply)
        assert not judged.breaches, f"{request}: {judged.breaches[0]}"
        self.estate = judged.estate
        self.acknowledged += not killed
        return None if killed else reply


def live_and_be_killed(witness: Witness, chance: random.Random, blobs: list[bytes]) -> Request:
    """Change keys until the kill; the request that was under way."""
    witness.send(GetKey("alpha"))
    pid = witness.target.child(HOST).pid
    life = chance.uniform(0, LONGEST_LIFE_SECONDS)
    timer = threading.Timer(life, os.kill, (pid, signal.SIGKILL))
    timer.start()
    for request in changes(chance, blobs):
        reply = witness.send(request)
        if reply is None:
            timer.join()
            return request
        if isinstance(reply, KeyBackup):
            blobs.append(reply.blob)
    raise AssertionError("changes have no end")


@needs_softhsm
def test_nothing_acknowledged_is_lost_and_nothing_is_half_there(tmp_path: Path) -> None:
    chance = random.Random(20)
    witness = Witness(tmp_path)
    blobs: list[bytes] = []
    struck: dict[str, int] = {}
    swept = 0
    try:
        for _ in range(KILLS):
            request = live_and_be_killed(witness, chance, blobs)
            struck[type(request).__name__] = struck.get(type(request).__name__, 0) + 1
            swept += witness.target.child(HOST).opened["swept"]
            audit(witness.send)
            # What the first opening swept is gone: the second one finds nothing to sweep.
            os.kill(witness.target.child(HOST).pid, signal.SIGKILL)
            witness.send(GetKey("alpha"))
            assert witness.target.child(HOST).opened["swept"] == 0
    finally:
        witness.target.close()
    print(f"{KILLS} kills, {witness.acknowledged} acknowledged, {swept} swept, struck: {struck}")


def is_killed_while_opening(folder: Path, chance: random.Random) -> bool:
    """Open the instance in a child that is killed at a random moment; whether that struck."""
    begun = NURSERY.born()
    opening = softhsm_opening(folder)
    target = Pkcs11Target({HOST: opening}, lambda usage: None, clears=False, begun={HOST: begun})
    life = chance.uniform(0, LONGEST_OPENING_SECONDS)
    timer = threading.Timer(life, NURSERY.killed, (begun[0],))
    timer.start()
    try:
        target.child(HOST)
    except TargetUnavailableError as error:
        if "was ended by SIGKILL" not in str(error):
            raise
        return True
    finally:
        timer.join()
        target.close()
    return False


@needs_softhsm
def test_an_instance_whose_first_opening_was_killed_works(tmp_path: Path) -> None:
    chance = random.Random(4)
    struck = 0
    for number in range(KILLS):
        folder = tmp_path / str(number)
        struck += is_killed_while_opening(folder, chance)
        witness = Witness(folder)
        try:
            for request in (
                CreateKey("alpha", "oct", 256),
                Encrypt("alpha", None, "A256GCM", b"text"),
                BackupKey("alpha"),
            ):
                witness.send(request)
            assert witness.acknowledged == 3
        finally:
            witness.target.close()
    print(f"{struck} of {KILLS} openings were killed")
