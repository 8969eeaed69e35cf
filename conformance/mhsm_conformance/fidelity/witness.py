"""A witness of what a target answers: random members are right where the judge says so.

A signature, a ciphertext or a point cannot be compared with the recorded one. That it is one is a
relation, which the judge decides as in every run.
"""

from __future__ import annotations

from collections.abc import Mapping

from mhsm_conformance.fidelity.comparison import Difference
from mhsm_model.acceptor import Strictness, accepts
from mhsm_model.configuration import Configuration
from mhsm_model.exchange import Call, Credential
from mhsm_model.moments import Interval
from mhsm_model.state import Estate, Instance
from mhsm_model.wire.exchange import wire_exchange
from mhsm_model.wire.http import HttpRequest, HttpResponse
from mhsm_model.wire.judge import with_bytes
from mhsm_model.wire.oddities import oddities_of
from mhsm_model.wire.request_decoding import decode_request

__all__ = ["Witness"]


class Witness:
    """Judges the exchanges of a session with a target, one after the other."""

    def __init__(self, configurations: Mapping[str, Configuration], *, live: bool) -> None:
        self._strictness = Strictness(live=live)
        self._estate = Estate()
        for host, configuration in configurations.items():
            self._estate = self._estate.with_instance(host, Instance(configuration))

    def saw(
        self, sent: HttpRequest, answered: HttpResponse, time: Interval
    ) -> tuple[Difference, ...]:
        """What is unlawful about an exchange, by clause; `time` is when it was, in seconds."""
        request = decode_request(sent)
        good = "authorization" in sent.headers
        call = Call(
            host=sent.host,
            request=request,
            time=time,
            api_version=sent.query.get("api-version"),
            credential=Credential.TOKEN if good else Credential.ANONYMOUS,
            oddities=oddities_of(sent, request),
        )
        exchange = wire_exchange(sent, answered, request)
        judgement = accepts(self._estate, call, exchange.reply, self._strictness)
        judgement = with_bytes(judgement, exchange, self._strictness)
        self._estate = judgement.estate
        return tuple(
            Difference(f"clause {breach.clause.identifier}", breach.expected, breach.observed)
            for breach in judgement.breaches
        )
