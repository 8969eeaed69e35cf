"""The breaches of a run as a page shows them: one story for each exchange, with what replays it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from mhsm_reports.render.html.environment import LONGEST_TEXT
from mhsm_reports.results import Failure, RunResult
from mhsm_reports.vocabulary import Severity

MOST_STEPS: Final = 40
"""Steps of a sequence that are shown."""

MOST_TOLD: Final = 60
"""Stories that are told in full; the page must open at once however much failed."""

MOST_ALIKE: Final = 5
"""Stories of the same clauses that are told in full; only the first of them may lie open."""

MOST_OPEN: Final = 5
"""Stories that lie open, so that a reader sees early how many there are."""

MOST_CHARACTERS: Final = 600_000
"""Characters in all stories that are told in full."""


@dataclass(frozen=True, slots=True)
class Script:
    """Something to copy: the language, and the text in it."""

    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Story:
    """What one exchange of one check broke; `breaches` are of that exchange and have its steps."""

    number: int
    check: str
    title: str
    breaches: tuple[Failure, ...]
    scripts: tuple[Script, ...]
    case: str | None
    in_full: bool
    lies_open: bool

    @property
    def first(self) -> Failure:
        """The breach that stands for the exchange."""
        return self.breaches[0]


def stories(result: RunResult, severity: Severity) -> tuple[Story, ...]:
    """Tell the breaches of one severity, in their order; beyond the limits only in a line each."""
    titles = {check.id: check.title for check in result.checks}
    told: list[Story] = []
    room = MOST_CHARACTERS
    alike: Counter[frozenset[str]] = Counter()
    groups = _grouped(failure for failure in result.failures if failure.severity is severity)
    for number, group in enumerate(groups, 1):
        scripts = _scripts(group[0])
        clauses = frozenset(failure.clause for failure in group)
        size = _size(group, scripts)
        in_full = size <= room and alike[clauses] < MOST_ALIKE and alike.total() < MOST_TOLD
        if in_full:
            alike[clauses] += 1
            room -= size
        lies_open = in_full and alike[clauses] == 1 and len(alike) <= MOST_OPEN
        first = group[0]
        title = titles.get(first.check, "")
        told.append(
            Story(number, first.check, title, group, scripts, first.case, in_full, lies_open)
        )
    return tuple(told)


def _grouped(failures: Iterable[Failure]) -> Iterable[tuple[Failure, ...]]:
    groups: dict[tuple[str, str, tuple[str, ...], str], list[Failure]] = {}
    for failure in failures:
        key = (failure.check, failure.exchange, failure.steps, failure.script)
        groups.setdefault(key, []).append(failure)
    return map(tuple, groups.values())


def _scripts(failure: Failure) -> tuple[Script, ...]:
    # What cannot be said as curl or az has none.
    texts = (
        ("Python", failure.script),
        ("curl", failure.curl),
        ("az", failure.az),
    )
    return tuple(Script(language, text.strip("\n")) for language, text in texts if text)


def _size(group: Sequence[Failure], scripts: Sequence[Script]) -> int:
    """Return the characters that are shown of a story: no text is shown longer than the limit."""
    first = group[0]
    texts = [text for failure in group for text in (failure.expected, failure.observed)]
    texts += [first.exchange, *first.steps[:MOST_STEPS], *(script.text for script in scripts)]
    return sum(min(len(text), LONGEST_TEXT) for text in texts)
