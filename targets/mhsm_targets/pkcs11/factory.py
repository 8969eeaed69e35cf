"""Open instances: on SoftHSM tokens of their own, or on tokens of the user's."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

from mhsm_model.configuration import Configuration
from mhsm_targets.pkcs11.call_replay import replayed
from mhsm_targets.pkcs11.child import Child
from mhsm_targets.pkcs11.facts import ModuleFacts, module_facts
from mhsm_targets.pkcs11.facts_table import asks_module, facts_table
from mhsm_targets.pkcs11.findings.reproduction import softhsm_findings, user_token_findings
from mhsm_targets.pkcs11.kept_secret import kept_secret
from mhsm_targets.pkcs11.opening import Opening
from mhsm_targets.pkcs11.spare import LABEL, SpareTokens
from mhsm_targets.pkcs11.target import Pkcs11Target, Usage
from mhsm_targets.pkcs11.user_token import UserToken, facts_name, user_token
from mhsm_targets.profiles import profile, profile_with
from mhsm_targets.protocol import (
    USAGE_JOURNAL,
    Finding,
    Replay,
    TargetProfile,
    TargetUnavailableError,
)

__all__ = ["SoftHsmFactory", "UserTokenFactory", "facts_of"]

_NOT_SERVED: Final = "ERR-201"
"""The clause that a refusal breaks which nothing but the module's lack is the reason for."""

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


def _softhsm() -> str:
    """The path of SoftHSM; raises TargetUnavailableError where it is not there."""
    library: str = facts_table("softhsm")["library"]
    if not Path(library).is_file():
        raise TargetUnavailableError(
            f"SoftHSM is not there ({library}): install it with `apt-get install softhsm2`"
        )
    return library


_SPARES: Final = SpareTokens()


def _own_opening(
    host: str,
    configuration: Configuration,
    folder: Path,
    *,
    library: str,
    pin: str,
    domains: Mapping[object, bytes],
) -> Opening:
    """The opening of an instance on a SoftHSM token of its own in the folder."""
    return Opening(
        host=host,
        facts=facts_table("softhsm"),
        library=library,
        token_label=LABEL,
        prefix=LABEL,
        pin=pin,
        configuration=configuration,
        folder=str(folder),
        secret=domains.get(configuration.domain or ""),
    )


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
        library = _softhsm()
        domains = _domain_secrets(configurations)
        spare = _SPARES.taken(library)

        def released(usage: Usage) -> None:
            spare.close()
            _journalled(usage)

        # Most checks use one instance alone: only the first has its token prepared ahead.
        openings = {
            host: _own_opening(
                host,
                configuration,
                spare.folder / str(number) if number else spare.folder,
                library=library,
                pin=spare.pin,
                domains=domains,
            )
            for number, (host, configuration) in enumerate(configurations.items())
        }
        begun = dict.fromkeys(list(configurations)[:1], spare.begun)
        return Pkcs11Target(openings, released, clears=False, begun=begun)

    def open_kept(self, configurations: Mapping[str, Configuration], folder: Path) -> Pkcs11Target:
        """Instances on tokens in the folder, each in one of its own under its host name.

        Raises TargetUnavailableError where SoftHSM is not there or the folder cannot be used.
        """
        library = _softhsm()
        try:
            domains: dict[object, bytes] = {
                told.domain: kept_secret(folder, f"domain-{told.domain}")
                for told in configurations.values()
                if told.domain is not None
            }
            openings = {
                host: _own_opening(
                    host,
                    configuration,
                    folder / host,
                    library=library,
                    pin=kept_secret(folder / host, "pin").hex()[:16],
                    domains=domains,
                )
                for host, configuration in configurations.items()
            }
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise TargetUnavailableError(f"cannot keep tokens in {folder}: {reason}") from None
        return Pkcs11Target(openings, _journalled, clears=False)

    def prove(self) -> None:
        """Open one instance and close it; raises TargetUnavailableError where that cannot be."""
        _proved(self.open({_PROBED: Configuration()}, 0))

    def findings(self) -> Iterator[Finding]:
        """What SoftHSM does against its standards; raises TargetUnavailableError."""
        self.prove()
        return softhsm_findings()

    def replayed(self, folder: Path) -> Replay:
        """The calls in the folder made again; raises TargetUnavailableError."""
        return replayed(folder)


class UserTokenFactory:
    """Opens instances on tokens of the user's, each under a label prefix of its own.

    What is made there is destroyed when the target is closed. Nothing else is touched. Raises
    FileNotFoundError where the environment names a profile that is none.
    """

    def __init__(self) -> None:
        self._profile = profile(facts_name())

    @property
    def profile(self) -> TargetProfile:
        """What the target claims, with the module in mind. Raises TargetUnavailableError.

        What a module lacks that was asked is declared, and the adapter answers for what the module
        does not compute: there is no profile that could say so.
        """
        name = self._profile.name
        if not asks_module(facts_table(name)):
            return self._profile
        table = facts_of(user_token())
        return _with_lacks(profile_with(name, table), module_facts(table))

    def open(self, configurations: Mapping[str, Configuration], seed: int) -> Pkcs11Target:
        """Instances on the tokens that the environment names: see `user_token`.

        `seed` decides nothing. Raises TargetUnavailableError.
        """
        told = user_token()
        reason = module_facts(facts_table(told.facts)).opens_none
        if reason is not None:
            raise TargetUnavailableError(
                f"no instance can be opened on the module {told.facts}: {reason}"
            )
        facts = facts_of(told)
        domains = _domain_secrets(configurations)
        run = secrets.token_hex(4)
        openings = {
            host: Opening(
                host=host,
                facts=facts,
                library=told.module,
                token_label=told.labels[number % len(told.labels)],
                prefix=f"{LABEL}-{run}-{number}",
                pin=told.pin,
                configuration=configuration,
                secret=domains.get(configuration.domain or ""),
            )
            for number, (host, configuration) in enumerate(configurations.items())
        }
        return Pkcs11Target(openings, _journalled, clears=True)

    def prove(self) -> None:
        """Open one instance and close it; raises TargetUnavailableError where that cannot be."""
        _proved(self.open({_PROBED: Configuration()}, 0))

    def findings(self) -> Iterator[Finding]:
        """What the module does against its standards; raises TargetUnavailableError."""
        told = user_token()
        if module_facts(facts_table(told.facts)).opens_none is None:
            self.prove()
        return user_token_findings(told)


def facts_of(told: UserToken) -> Mapping[str, Any]:
    """The facts of the module: its profile's, or its own answers where the profile says to ask."""
    table = facts_table(told.facts)
    return _asked_facts(told) if asks_module(table) else table


@cache
def _asked_facts(told: UserToken) -> Mapping[str, Any]:
    opening = Opening(
        host="",
        facts=facts_table(told.facts),
        library=told.module,
        token_label=told.labels[0],
        prefix=LABEL,
        pin=told.pin,
        configuration=Configuration(),
    )
    child = Child(opening)
    child.close()
    facts: Mapping[str, Any] = child.opened["facts"]
    return facts


def _with_lacks(claimed: TargetProfile, facts: ModuleFacts) -> TargetProfile:
    lacks = {**facts.lacks_keys, **facts.lacks}
    if not lacks:
        return claimed
    told = "the module was asked: " + ", ".join(f"{what} ({why})" for what, why in lacks.items())
    return replace(claimed, expected_failures={**claimed.expected_failures, _NOT_SERVED: told})


def _proved(target: Pkcs11Target) -> None:
    try:
        target.child(_PROBED)
    finally:
        target.close()
