"""The table of recorded evidence: how many exchanges of the real service exercised each clause."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["evidence_module"]

_HEAD: Final = '''"""How many recorded exchanges of the real service exercised each clause.

Written by `mhsm examine --evidence FILE` over {exchanges} recorded exchanges, {judged} of them of
modelled operations. Counted are the accepted ones that exercised a clause in a way that could have
failed, or that answered it where it is an open question. A clause that is not listed has none.
"""

from __future__ import annotations

from typing import Final

__all__ = ["RECORDED", "recorded_exchanges"]

RECORDED: Final[dict[str, int]] = {{
'''
_TAIL: Final = '''}


def recorded_exchanges(identifier: str) -> int:
    """The number of recorded exchanges that exercised the clause of that identifier."""
    return RECORDED.get(identifier, 0)
'''


def evidence_module(clauses: Mapping[str, int], exchanges: int, judged: int) -> str:
    """The Python module with the table, formatted as the repository is."""
    rows = "".join(f'    "{name}": {clauses[name]},\n' for name in sorted(clauses))
    return _HEAD.format(exchanges=exchanges, judged=judged) + rows + _TAIL
