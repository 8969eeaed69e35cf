"""Open instances: on SoftHSM tokens of their own, or on tokens of the user's."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Final

from mhsm_model.configuration import Configuration
from mhsm_targets.pkcs11.facts import module_facts
from mhsm_targets.pkcs11.findings.reproduction import softhsm_findings, user_token_findings
from mhsm_targets.pkcs11.opening import Opening
from mhsm_targets.pkcs11.target import Pkcs11Target, Usage
from mhsm_targets.pkcs11.user_token import facts_name, user_token
from mhsm_targets.profiles import profile
from mhsm_targets.protocol import (
    USAGE_JOURNAL,
    Finding,
    TargetProfile,
    TargetUnavailableError,
)

__all__ = ["SoftHsmFactory", "UserTokenFactory"]

_LABEL: Final = "mhsm"
_PROBED: Final = "probe.managedhsm.azure.net"


def _journalled(usage: Usage) -> None:
    path = os.environ.get(USAGE_JOURNAL)
    if path is not None:
        with Path(path).open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(asdict(usage)) + "\n")


def _domain_secrets(configurations: Mapping[str, Configuration]) -> dict[object, bytes]:
    """The key of each security domain that has a name; a domain of its own has none to share."""
    named = {c.domain for c in configurations.values() if c.domain is not None}
    return {name: secrets.token_bytes(32) for name in named}


def _parent_folder(memory: Path = Path("/dev/shm")) -> Path | None:
    """Where tokens are made: the folder that TMPDIR names, or else in memory.

    A token is gone after its check, and on a disk a run waits for it most of the time.
    """
    named = os.environ.get("TMPDIR")
    if named:
        return Path(named)
    return memory if os.access(memory, os.W_OK | os.X_OK) else None


class SoftHsmFactory:
    """Opens instances on SoftHSM, each with a token of its own in a temporary folder."""

    @property
    def profile(self) -> TargetProfile:
        """What the target claims."""
        return profile("softhsm")

    def open(self, configurations: Mapping[str, Configuration], seed: int) -> Pkcs11Target:
        """Instances on new tokens. Their chance is the token's own: `seed` decides nothing.

        Raises TargetUnavailableError where SoftHSM is not there or no folder can be made.
        """
        library = module_facts("softhsm").library or ""
        if not Path(library).is_file():
            raise TargetUnavailableError(
                f"SoftHSM is not there ({library}): install it with `apt-get install softhsm2`"
            )
        try:
            folder = Path(tempfile.mkdtemp(prefix="mhsm-softhsm-", dir=_parent_folder()))
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            told = f"cannot make a temporary folder in {_parent_folder() or tempfile.gettempdir()}"
            raise TargetUnavailableError(f"{told}: {reason}") from None
        domains = _domain_secrets(configurations)
        openings = {
            host: Opening(
                host=host,
                facts="softhsm",
                library=library,
                token_label=_LABEL,
                prefix=_LABEL,
                pin=secrets.token_hex(8),
                configuration=configuration,
                folder=str(folder / str(number)),
                secret=domains.get(configuration.domain),
            )
            for number, (host, configuration) in enumerate(configurations.items())
        }

        def released(usage: Usage) -> None:
            shutil.rmtree(folder, ignore_errors=True)
            _journalled(usage)

        return Pkcs11Target(openings, released, clears=False)

    def prove(self) -> None:
        """Open one instance and close it; raises TargetUnavailableError where that cannot be."""
        _proved(self.open({_PROBED: Configuration()}, 0))

    def findings(self) -> Iterator[Finding]:
        """What SoftHSM does against its standards; raises TargetUnavailableError."""
        self.prove()
        return softhsm_findings()


class UserTokenFactory:
    """Opens instances on tokens of the user's, each under a label prefix of its own.

    What is made there is destroyed when the target is closed. Nothing else is touched. Raises
    FileNotFoundError where the environment names a profile that is none.
    """

    def __init__(self) -> None:
        self._profile = profile(facts_name())

    @property
    def profile(self) -> TargetProfile:
        """What the target claims, with the module in mind."""
        return self._profile

    def open(self, configurations: Mapping[str, Configuration], seed: int) -> Pkcs11Target:
        """Instances on the tokens that the environment names: see `user_token`.

        `seed` decides nothing. Raises TargetUnavailableError.
        """
        told = user_token()
        domains = _domain_secrets(configurations)
        run = secrets.token_hex(4)
        openings = {
            host: Opening(
                host=host,
                facts=told.facts,
                library=told.module,
                token_label=told.labels[number % len(told.labels)],
                prefix=f"{_LABEL}-{run}-{number}",
                pin=told.pin,
                configuration=configuration,
                secret=domains.get(configuration.domain),
            )
            for number, (host, configuration) in enumerate(configurations.items())
        }
        return Pkcs11Target(openings, _journalled, clears=True)

    def prove(self) -> None:
        """Open one instance and close it; raises TargetUnavailableError where that cannot be."""
        _proved(self.open({_PROBED: Configuration()}, 0))

    def findings(self) -> Iterator[Finding]:
        """What the module does against its standards; raises TargetUnavailableError."""
        self.prove()
        return user_token_findings(user_token())


def _proved(target: Pkcs11Target) -> None:
    try:
        target.child(_PROBED)
    finally:
        target.close()
