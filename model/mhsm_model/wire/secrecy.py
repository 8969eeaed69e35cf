"""The WIRE clause about secrets: what was imported does not come out again."""

from __future__ import annotations

from typing import Final

from mhsm_model.clauses import Basis, Level
from mhsm_model.findings import VACUOUS, Finding, expect
from mhsm_model.sources import (
    KEY_OPERATIONS,
    RECORDED_GO,
    RECORDED_JS,
    RECORDED_PYTHON,
    REST,
)
from mhsm_model.wire.exchange import WireExchange
from mhsm_model.wire.rules import WireRule, wire_rule

__all__ = ["SECRECY_RULES"]
_RECORDED: Final = (RECORDED_PYTHON, RECORDED_JS, RECORDED_GO)


# The documents say that no response has private members in clear. What another alphabet writes is
# no less in clear, and a header or a message is no less a response.
@wire_rule(
    "KEY-213",
    level=Level.MUST,
    basis=Basis.DOCUMENTED,
    sources=(REST, KEY_OPERATIONS, *_RECORDED),
)
def no_imported_secret_is_shown(exchange: WireExchange) -> Finding:
    """Show no secret that was imported in any reply, in any encoding."""
    leaks = exchange.leaks
    if leaks is None:
        return VACUOUS
    return expect(not leaks, "no secret that was imported", "; ".join(map(str, leaks)))


SECRECY_RULES: Final[tuple[WireRule, ...]] = (no_imported_secret_is_shown,)
