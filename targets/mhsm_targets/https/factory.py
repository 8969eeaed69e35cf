"""Opens targets over HTTPS: on an HSM that others use too, or on a test server."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Final

from mhsm_model.configuration import Configuration
from mhsm_targets.https.authorizing import Authorizing
from mhsm_targets.https.cleanup import Cleaner, Cleared
from mhsm_targets.https.connection import Connection, unused_settings
from mhsm_targets.https.controlled import ControlledTarget, begun_anew
from mhsm_targets.https.credentials import tokens_of
from mhsm_targets.https.endpoint import SERVICE, Endpoint, endpoint
from mhsm_targets.https.instance import RemoteInstance
from mhsm_targets.https.ledger import SECONDS_BETWEEN, Ledger
from mhsm_targets.https.names import OwnNames, PrefixedNames
from mhsm_targets.https.retrying import Retrying
from mhsm_targets.https.target import CLOCK_SKEW, HttpsTarget
from mhsm_targets.profiles import profile
from mhsm_targets.protocol import TargetProfile, TargetUnavailableError
from mhsm_targets.server.control_client import Controls

__all__ = ["ControlledFactory", "HttpsFactory", "https_factory"]

_MOST_KEYS: Final = Configuration().maximum_keys
_WORKERS: Final = "PYTEST_XDIST_WORKER_COUNT"


_LATEST: Final[list[tuple[Endpoint, HttpsFactory | ControlledFactory]]] = []


def https_factory(told: Endpoint | None = None) -> HttpsFactory | ControlledFactory:
    """The factory for what the environment names; raises TargetUnavailableError.

    The same for the same, so that connections and tokens last longer than a check.
    """
    told = endpoint() if told is None else told
    if not _LATEST or _LATEST[0][0] != told:
        made = ControlledFactory(told) if told.controls else HttpsFactory(told)
        _LATEST[:] = [(told, made)]
    return _LATEST[0][1]


class HttpsFactory:
    """Opens targets on instances that existed before; every target has names of its own there."""

    def __init__(self, told: Endpoint) -> None:
        self._told = told
        self._ledger = Ledger(told.run_id)
        self._tokens = tokens_of(told)

    @property
    def profile(self) -> TargetProfile:
        """What the target claims. An endpoint of this machine is no evidence of the service."""
        claimed = profile("https")
        if self._told.is_local:
            claimed = replace(claimed, evidence="served", staleness=0)
        if self._told.staleness is not None:
            claimed = replace(claimed, staleness=self._told.staleness)
        return claimed

    @cached_property
    def _lines(self) -> tuple[tuple[Retrying, Authorizing], ...]:
        """A sender and its credential for each URL; connections are kept for the whole run."""
        told = self._told
        senders = tuple(
            Retrying(Connection(url, connect_to=told.connect_to, ca_file=told.ca_file))
            for url in told.urls
        )
        return tuple((sender, Authorizing(sender, self._tokens)) for sender in senders)

    def open(self, configurations: Mapping[str, Configuration], seed: int) -> HttpsTarget:
        """A space of names on the instances; they are what they are, and `seed` decides nothing.

        Raises TargetUnavailableError.
        """
        prefix = f"{self._told.prefix}{self._ledger.space()}-"
        hosts = tuple(configurations)
        instances = {
            host: RemoteInstance(host, sender, authorizing, PrefixedNames(prefix))
            for host, (sender, authorizing) in zip(hosts, self._lines, strict=False)
        }
        cleaners = dict(zip(hosts, self.cleaners(), strict=False))
        return HttpsTarget(hosts, instances, cleaners, self._told, self._ledger)

    def cleaners(self) -> tuple[Cleaner, ...]:
        """What clears names, on each of the instances."""
        return tuple(
            Cleaner(sender, authorizing, purges=self._told.purges, paced=self._paced(sender))
            for sender, authorizing in self._lines
        )

    def _paced(self, sender: Retrying) -> Callable[[], None]:
        def paced() -> None:
            if not self._told.is_local:
                self._ledger.await_turn("change", sender.connection.authority)

        return paced

    def prove(self) -> None:
        """See that each instance has the time of this machine, lists its keys, and has room.

        Raises TargetUnavailableError.
        """
        for cleaner, (sender, authorizing) in zip(self.cleaners(), self._lines, strict=True):
            ahead = authorizing.seconds_ahead()
            if ahead is not None and abs(ahead) > CLOCK_SKEW:
                raise TargetUnavailableError(
                    f"the clock of {sender.connection.authority} and this machine's differ by "
                    f"{abs(ahead):.0f} seconds: what is judged by time would be judged wrongly"
                )
            held = cleaner.count()
            if held + self._told.max_keys > _MOST_KEYS:
                raise TargetUnavailableError(
                    f"{sender.connection.authority} holds {held} keys, and at most {_MOST_KEYS}: "
                    f"a budget of {self._told.max_keys} keys may fill it; --max-keys gives less"
                )
        self._ledger.begin()

    def plan(self) -> tuple[str, ...]:
        """What a run will do and how far it will go."""
        told = self._told
        lines = [
            f"Run {told.run_id} makes keys under the names {told.prefix}… and touches no others.",
            f"Budget: {told.max_keys} keys and versions, {told.max_minutes} minutes; "
            f"{self._pace()}.",
        ]
        if told.purges:
            lines.append("What it makes is deleted and purged, also after Ctrl-C.")
        else:
            lines.append("What it makes is deleted and not purged (--no-purge).")
        lines.append(f"What a killed run leaves: mhsm cleanup --run-id {told.run_id}")
        ignored = unused_settings(os.environ)
        if ignored:
            verb = "is" if len(ignored) == 1 else "are"
            lines.append(
                f"{', '.join(ignored)} {verb} set and not used: connections are direct, and "
                f"--ca-file names the authorities to trust where it is not the public ones."
            )
        return tuple(lines)

    def _pace(self) -> str:
        if self._told.is_local:
            return "an endpoint of this machine is not paced"
        least = int(self._told.max_keys * SECONDS_BETWEEN["create"] / 60)
        return f"one creation a second at most, so all of them take {least} minutes"

    def finish(self) -> tuple[str, ...]:
        """Clear what is still there under the run's prefix; sentences about what stays.

        Raises TargetUnavailableError, and the text says how to go on.
        """
        told, cleared = self._told, Cleared()
        try:
            for cleaner in self.cleaners():
                for name in list(cleaner.under(told.prefix)):
                    cleared += cleaner.clear(name)
        except TargetUnavailableError as error:
            raise TargetUnavailableError(
                f"{error}; keys of the run may be left: mhsm cleanup --run-id {told.run_id}"
            ) from None
        self._ledger.remove()
        return _told_of(cleared, told)


def _told_of(cleared: Cleared, told: Endpoint) -> tuple[str, ...]:
    lines: list[str] = []
    if cleared.gone:
        lines.append(f"{cleared.gone} keys that were left were cleared.")
    if cleared.kept:
        lines.append(
            f"{len(cleared.kept)} keys under {told.prefix} stay soft-deleted until their date."
        )
    if cleared.left:
        lines.append(
            f"{len(cleared.left)} keys could not be deleted: mhsm cleanup --run-id {told.run_id}"
        )
    return tuple(lines)


class ControlledFactory:
    """Opens targets on a test server of this machine, each on instances that begin anew."""

    def __init__(self, told: Endpoint) -> None:
        if told.server is None or told.server.controls_url is None:
            raise TargetUnavailableError("the test server has no controls")
        self._told = told
        self._controls = Controls(told.server.controls_url)
        self._tokens = tokens_of(told)
        self._lines: dict[str, tuple[Retrying, Authorizing]] = {}

    @property
    def profile(self) -> TargetProfile:
        """What the target claims."""
        return profile("served")

    def prove(self) -> None:
        """Open the instances that checks ask for; raises TargetUnavailableError."""
        hosts = [f"{name}{SERVICE}" for name in ("hsm-a", "hsm-b", "hsm-c")]
        self.open({host: Configuration() for host in hosts}, 0).close()

    def open(self, configurations: Mapping[str, Configuration], seed: int) -> ControlledTarget:
        """Instances of the server that begin anew, with their configurations.

        `seed` decides nothing. Raises TargetUnavailableError.
        """
        if int(os.environ.get(_WORKERS, "1")) > 1:
            raise TargetUnavailableError(
                "a test server under its controls serves one process: leave --workers out"
            )
        names = {host: host.removesuffix(SERVICE) for host in configurations}
        told = {names[host]: configuration for host, configuration in configurations.items()}
        ahead, added = begun_anew(self._controls, told)
        for host, name in names.items():
            if name in added or host not in self._lines:
                self._lines[host] = self._line(host)
        instances = {host: RemoteInstance(host, *self._lines[host], OwnNames()) for host in names}
        return ControlledTarget(instances, names, self._controls, ahead)

    def _line(self, host: str) -> tuple[Retrying, Authorizing]:
        told = self._told
        url = f"https://{host}"
        sender = Retrying(Connection(url, connect_to=told.connect_to, ca_file=told.ca_file))
        return sender, Authorizing(sender, self._tokens)
