"""The judgement of an exchange's bytes, joined to the judgement of its meaning."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from mhsm_model.acceptor import LENIENT, Strictness
from mhsm_model.clauses import Clause, Severity
from mhsm_model.findings import HELD, VACUOUS
from mhsm_model.judgement import Breach, Judgement
from mhsm_model.wire.bodies import BODY_RULES
from mhsm_model.wire.exchange import WireExchange
from mhsm_model.wire.headers import HEADER_RULES
from mhsm_model.wire.paths import PATH_RULES
from mhsm_model.wire.rules import WireRule
from mhsm_model.wire.secrecy import SECRECY_RULES

__all__ = ["WIRE_RULES", "with_bytes"]

WIRE_RULES: Final[tuple[WireRule, ...]] = (
    *HEADER_RULES,
    *PATH_RULES,
    *BODY_RULES,
    *SECRECY_RULES,
)


def with_bytes(
    judgement: Judgement, exchange: WireExchange, strictness: Strictness = LENIENT
) -> Judgement:
    """The judgement with the wire rules' findings added."""
    held: list[Clause] = []
    vacuous: list[Clause] = []
    breaches: list[Breach] = []
    for rule in WIRE_RULES:
        finding = rule.finds(exchange)
        if finding is HELD:
            held.append(rule.clause)
        elif finding is VACUOUS:
            vacuous.append(rule.clause)
        else:
            weight = strictness.of(rule.clause)
            breaches.append(Breach(rule.clause, finding.expected, finding.observed, weight))
    failures = tuple(b for b in breaches if b.severity is Severity.FAILURE)
    warnings = tuple(b for b in breaches if b.severity is Severity.WARNING)
    return replace(
        judgement,
        breaches=judgement.breaches + failures,
        warnings=judgement.warnings + warnings,
        held=judgement.held + tuple(held),
        vacuous=judgement.vacuous + tuple(vacuous),
    )
