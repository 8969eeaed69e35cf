"""All operators, by subject."""

from __future__ import annotations

from typing import Final

from mhsm_conformance.corruption.absences import ABSENCES
from mhsm_conformance.corruption.attributes import ATTRIBUTES
from mhsm_conformance.corruption.bodies import BODIES
from mhsm_conformance.corruption.challenges import CHALLENGES
from mhsm_conformance.corruption.errors import ERRORS
from mhsm_conformance.corruption.headers import HEADERS
from mhsm_conformance.corruption.keys import KEYS
from mhsm_conformance.corruption.links import LINKS
from mhsm_conformance.corruption.lists import LISTS
from mhsm_conformance.corruption.operator import Operator
from mhsm_conformance.corruption.policies import POLICIES
from mhsm_conformance.corruption.results import RESULTS
from mhsm_conformance.corruption.sequences import SEQUENCES
from mhsm_conformance.corruption.statuses import STATUSES
from mhsm_conformance.corruption.types import TYPES

__all__ = ["OPERATORS"]

OPERATORS: Final[tuple[Operator, ...]] = (
    *STATUSES,
    *ERRORS,
    *CHALLENGES,
    *HEADERS,
    *BODIES,
    *ABSENCES,
    *TYPES,
    *ATTRIBUTES,
    *KEYS,
    *POLICIES,
    *RESULTS,
    *LISTS,
    *LINKS,
    *SEQUENCES,
)
"""Every way in which replies are corrupted; the order is that of the report."""
