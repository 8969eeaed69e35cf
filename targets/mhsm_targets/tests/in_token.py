"""Scripts that look into a SoftHSM token from a process of their own, as another program would."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

from mhsm_targets.tests.token_instances import PIN, SOFTHSM

__all__ = ["in_token"]

_PREPARED: Final = """
import os, sys
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
from pkcs11.exceptions import AttributeSensitive, KeyUnextractable
os.environ["SOFTHSM2_CONF"] = sys.argv[1]
from mhsm_targets.pkcs11.login import logged_in
session = logged_in(sys.argv[2], "test", sys.argv[3])
DATA = {Attribute.CLASS: ObjectClass.DATA, Attribute.TOKEN: True, Attribute.VALUE: b"data"}
"""


def in_token(folder: Path, script: str) -> None:
    """Run a script with a `session` on the token in the folder; it must end well and say nothing.

    The module is not loaded into the process of the tests.
    """
    words = [str(folder / "softhsm2.conf"), SOFTHSM, PIN]
    done = subprocess.run(
        [sys.executable, "-c", _PREPARED + script, *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
