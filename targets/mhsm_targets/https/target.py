"""Target `https` on an HSM that others use: own names, a budget, paced, and cleared at the end."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from mhsm_model.configuration import Configuration
from mhsm_model.identifiers import NAME_LENGTH, is_name
from mhsm_model.unknown import UNKNOWN
from mhsm_model.wire.http import HttpRequest, HttpResponse
from mhsm_model.wire.routes import method_meant
from mhsm_targets.https.authorizing import PLACEHOLDER
from mhsm_targets.https.cleanup import Cleaner
from mhsm_targets.https.endpoint import Endpoint
from mhsm_targets.https.instance import RemoteInstance
from mhsm_targets.https.ledger import Ledger
from mhsm_targets.https.reach import is_within, makes, makes_a_key
from mhsm_targets.protocol import NotOfferedError, TargetUnavailableError

__all__ = ["CLOCK_SKEW", "HttpsTarget"]

CLOCK_SKEW: Final = 5
"""By how many seconds the clock of the HSM and that of this machine may differ."""


class HttpsTarget:
    """Instances that existed before and go on to exist. `instances` maps hosts to those there are.

    A host of `hosts` that has none is not offered. Names under the prefix of the target's own space
    are made and cleared; those of others are neither touched nor shown.
    """

    def __init__(
        self,
        hosts: tuple[str, ...],
        instances: Mapping[str, RemoteInstance],
        cleaners: Mapping[str, Cleaner],
        told: Endpoint,
        ledger: Ledger,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._hosts = hosts
        self._instances = dict(instances)
        self._cleaners = dict(cleaners)
        self._told = told
        self._ledger = ledger
        self._clock = clock
        self._made: dict[tuple[str, str], bool] = {}
        """Hosts and names that keys were asked for, and whether the last time got no answer."""

    @property
    def hosts(self) -> tuple[str, ...]:
        """The host names by which checks know the instances."""
        return self._hosts

    @property
    def token(self) -> str:
        """What stands for the token: the token itself is put in when a request leaves."""
        return PLACEHOLDER

    def now(self) -> int:
        """The machine's clock, in seconds."""
        return int(self._clock())

    def presumed(self, host: str, configuration: Configuration) -> Configuration:
        """What may be presumed of an instance that others have set up: little.

        Its authority is the one that it named when it was asked for its resource. That another
        replica may know a purge later is a matter of the profile's staleness. Raises
        TargetUnavailableError.
        """
        instance = self._instances.get(host)
        return replace(
            configuration,
            domain=UNKNOWN,
            authority=UNKNOWN if instance is None else instance.token_authority(),
            retention_days=UNKNOWN,
            purge_protection=UNKNOWN,
            clock_skew=CLOCK_SKEW,
        )

    def exchange(self, request: HttpRequest) -> HttpResponse | None:
        """Send one request, or None where its answer was lost.

        Raises NotOfferedError for an instance that is not there and for what reaches beyond the
        run's own keys, TargetUnavailableError where the HSM is gone or the budget is used up.
        """
        instance = self._instances.get(request.host)
        if instance is None:
            raise NotOfferedError("a second instance needs a second --url")
        method = method_meant(request)
        if not self._told.allow_destructive and not is_within(method, request.path):
            # One reason for all such requests: reports group what was left out by it.
            raise NotOfferedError(
                "the request may reach beyond the run's own keys; --allow-destructive permits it"
            )
        self._ledger.check_time(self._told.max_minutes)
        outward = instance.names.outward(method, request.path)
        name = instance.names.name_in(method, outward)
        made: tuple[str, str] | None = None
        if makes_a_key(method, request.path):
            self._ledger.spend(self._told.max_keys)
            if name is not None and is_name(name) and len(name) <= NAME_LENGTH:
                # Before it is sent: what was lost, or interrupted, must be cleared too.
                made = (request.host, name)
                self._made[made] = True
        kind = makes(method, request.path)
        if kind is not None and not self._told.is_local:
            self._ledger.await_turn(kind, instance.authority)
        answered = instance.exchange(request)
        if made is not None and answered is not None:
            self._made[made] = False
        return answered

    def close(self) -> None:
        """Delete and purge what was made.

        What cannot be cleared now is found by its prefix at the end of the run.
        """
        made, self._made = self._made, {}
        for (host, name), unanswered in made.items():
            cleaner = self._cleaners[host]
            with contextlib.suppress(TargetUnavailableError):
                (cleaner.clear_late if unanswered else cleaner.clear)(name)
