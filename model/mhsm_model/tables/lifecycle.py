"""The life of a key name: states, and which operation leads from which to which.

Source: soft-delete documentation; recorded deletions, recoveries and purges.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

__all__ = ["DAY_SECONDS", "LAPSES", "TRANSITIONS", "Stage", "Transition"]

DAY_SECONDS: Final = 86400


class Stage(Enum):
    """What a name can be."""

    ABSENT = "absent"
    ACTIVE = "active"
    DELETED = "soft-deleted"


@dataclass(frozen=True, slots=True)
class Transition:
    """An operation that succeeds at one stage and leads to another, which may be the same."""

    operation: str
    before: Stage
    after: Stage


_STAYS_ACTIVE = (
    "GetKey",
    "UpdateKey",
    "BackupKey",
    "Sign",
    "Verify",
    "Encrypt",
    "Decrypt",
    "WrapKey",
    "UnwrapKey",
)

TRANSITIONS: Final[tuple[Transition, ...]] = (
    Transition("CreateKey", Stage.ABSENT, Stage.ACTIVE),
    Transition("CreateKey", Stage.ACTIVE, Stage.ACTIVE),
    Transition("ImportKey", Stage.ABSENT, Stage.ACTIVE),
    Transition("ImportKey", Stage.ACTIVE, Stage.ACTIVE),
    *(Transition(operation, Stage.ACTIVE, Stage.ACTIVE) for operation in _STAYS_ACTIVE),
    Transition("RestoreKey", Stage.ABSENT, Stage.ACTIVE),
    Transition("DeleteKey", Stage.ACTIVE, Stage.DELETED),
    Transition("GetDeletedKey", Stage.DELETED, Stage.DELETED),
    Transition("RecoverDeletedKey", Stage.DELETED, Stage.ACTIVE),
    Transition("PurgeDeletedKey", Stage.DELETED, Stage.ABSENT),
    Transition("ListKeyVersions", Stage.ABSENT, Stage.ABSENT),
    Transition("ListKeyVersions", Stage.ACTIVE, Stage.ACTIVE),
    Transition("ListKeyVersions", Stage.DELETED, Stage.DELETED),
)
"""Every (operation, stage) that is not listed refuses."""

LAPSES: Final[tuple[Transition, ...]] = (
    Transition("scheduledPurgeDate", Stage.DELETED, Stage.ABSENT),
)
"""What happens to a name by itself, at the time that a member of its bundle tells."""
