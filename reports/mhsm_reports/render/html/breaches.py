"""The breaches of a run as a page shows them: one story for each exchange, with what replays it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from mhsm_reports.render.visible_text import visible_line
from mhsm_reports.results import Failure, RunResult
from mhsm_reports.vocabulary import Severity

MOST_TOLD: Final = 60
"""Stories that are told in full; the page must open at once however much failed."""

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

    @property
    def first(self) -> Failure:
        """The breach that stands for the exchange."""
        return self.breaches[0]


def stories(result: RunResult, severity: Severity) -> tuple[Story, ...]:
    """Tell the breaches of one severity, in their order; beyond the limits only in a line each."""
    titles = {check.id: check.title for check in result.checks}
    told: list[Story] = []
    room = MOST_CHARACTERS
    groups = _grouped(failure for failure in result.failures if failure.severity is severity)
    for number, group in enumerate(groups, 1):
        scripts = _scripts(group[0])
        room -= _size(group, scripts)
        in_full = number <= MOST_TOLD and room > 0
        first = group[0]
        title = titles.get(first.check, "")
        case = getattr(first, "case", None)
        told.append(Story(number, first.check, title, group, scripts, case, in_full))
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
        ("curl", getattr(failure, "curl", None)),
        ("az", getattr(failure, "az", None)),
    )
    return tuple(Script(language, text.strip("\n")) for language, text in texts if text)


def _size(group: Sequence[Failure], scripts: Sequence[Script]) -> int:
    words = sum(len(f.expected) + len(f.observed) + len(f.prose) for f in group)
    steps = len(group[0].exchange) + sum(len(step) for step in group[0].steps)
    return words + steps + sum(len(script.text) for script in scripts)


def in_brief(story: Story) -> str:
    """Return a story in a line."""
    return visible_line(f"{story.first.expected}; observed {story.first.observed}")
