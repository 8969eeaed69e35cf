"""The closed lists of words a result file may use.

Each list is a `StrEnum`, so a member is also the string that stands in the file, and
`Outcome("passed")` turns a string back into a member (`ValueError` for any other word).
"""

from enum import StrEnum


class Outcome(StrEnum):
    """What a run found out about a clause or a check, in the words of W3C EARL."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    INAPPLICABLE = "inapplicable"
    UNTESTED = "untested"


#: The outcomes that say nothing was found out, and therefore owe the reader a reason.
WITHOUT_FINDING = frozenset({Outcome.INCONCLUSIVE, Outcome.INAPPLICABLE, Outcome.UNTESTED})


class Level(StrEnum):
    """How strongly the source of a clause obliges the service."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"
    OPEN = "OPEN"


class Basis(StrEnum):
    """Why a clause is believed."""

    DOCUMENTED = "documented"
    STANDARD = "standard"
    OBSERVED = "observed"
    INFERRED = "inferred"


class ClauseKind(StrEnum):
    """What part of an exchange a clause speaks about."""

    GUARD = "guard"
    POSTCONDITION = "postcondition"
    FRAME = "frame"
    WIRE = "wire"
    CHOICE = "choice"
    QUESTION = "question"


class Severity(StrEnum):
    """Whether a breach makes the run fail."""

    FAILURE = "failure"
    WARNING = "warning"


class Profile(StrEnum):
    """How much work a run was asked to do."""

    SMOKE = "smoke"
    CI = "ci"
    NIGHTLY = "nightly"


class RunState(StrEnum):
    """Whether the run did all it was asked to do; an invalid one did too little to conclude."""

    COMPLETE = "complete"
    INTERRUPTED = "interrupted"
    INVALID = "invalid"


class KeyOperation(StrEnum):
    """The cryptographic operations of the key matrix, in the order of its columns."""

    SIGN = "sign"
    VERIFY = "verify"
    ENCRYPT = "encrypt"
    DECRYPT = "decrypt"
    WRAP = "wrap"
    UNWRAP = "unwrap"


class CellOutcome(StrEnum):
    """What became of one key kind, algorithm and operation; `refused` means lawfully refused."""

    PASSED = "passed"
    FAILED = "failed"
    REFUSED = "refused"
    UNTESTED = "untested"
