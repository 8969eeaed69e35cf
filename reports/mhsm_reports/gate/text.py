"""A gate for people at a terminal, or reading the log of a build."""

from collections.abc import Iterator, Sequence
from textwrap import fill

from mhsm_reports.gate.findings import MEANINGS, Finding, Gate, Subject, Weight
from mhsm_reports.render.visible_text import visible_line
from mhsm_reports.verdict import counted

#: As many findings of one weight are told; a JSON document has them all.
MOST_TOLD = 20


def gate_text(gate: Gate, *, width: int = 80, most: int = MOST_TOLD) -> str:
    """Return the findings in order of weight and, as the last line, whether the gate is held.

    `width` is that of the terminal in columns; of each weight `most` findings are told.
    """
    lines: list[str] = []
    for weight in Weight:
        found = gate.of(weight)
        if found:
            fails = " (fails the gate)" if gate.fails(found[0]) else ""
            lines.append(f"{weight.upper()} ({len(found):,}): {MEANINGS[weight]}{fails}")
            lines += _section(found, width, most)
            lines.append("")
    if gate.known:
        lines.append(_wrapped(known_failures(gate), width, ""))
        lines.append("")
    lines.append(gate_verdict(gate))
    return "\n".join(lines) + "\n"


def gate_verdict(gate: Gate) -> str:
    """Say in one sentence what the gate comes to; its first words are `GATE HELD` or not."""
    if gate.is_held:
        compared = (
            f"{counted(len(gate.baseline.clauses), 'clause')} and "
            f"{counted(len(gate.baseline.checks), 'check')}"
        )
        others = _counts(gate, failing=False)
        told = f"; {others}" if others else ""
        return f"GATE HELD: none of {compared} is worse than in the baseline{told}."
    return f"GATE FAILED: {_counts(gate, failing=True)}."


def known_failures(gate: Gate) -> str:
    """Say which failures the baseline has too, each once."""
    shown = ", ".join(gate.known[:5])
    more = f" and {len(gate.known) - 5:,} more" if len(gate.known) > 5 else ""
    return f"Failed as in the baseline: {shown}{more}."


def _counts(gate: Gate, *, failing: bool) -> str:
    found = ((weight, gate.of(weight)) for weight in Weight)
    return ", ".join(
        _counted(weight, len(some))
        for weight, some in found
        if some and gate.fails(some[0]) == failing
    )


def _counted(weight: Weight, number: int) -> str:
    match weight:
        case Weight.TOO_SMALL:
            return "the run is too small"
        case Weight.REGRESSION:
            return counted(number, weight)
        case _:
            return f"{number:,} {weight}"


def _section(found: Sequence[Finding], width: int, most: int) -> Iterator[str]:
    for finding in found[:most]:
        yield from _finding(finding, width)
    if len(found) > most:
        yield f"  and {len(found) - most:,} more: --json has them all"


def _finding(finding: Finding, width: int) -> Iterator[str]:
    if finding.subject is Subject.RUN:
        yield _wrapped(f"the run of {finding.id}: {finding.told}", width, "  ")
    else:
        yield _wrapped(f"{finding.subject} {finding.id}: {finding.told}", width, "  ")
        if finding.title:
            yield _wrapped(finding.title, width, "      ")
    for detail in finding.details:
        yield _wrapped(detail, width, "      ")


def _wrapped(text: str, width: int, indent: str) -> str:
    return fill(
        visible_line(text),
        max(width, 40),
        initial_indent=indent,
        subsequent_indent=indent + "  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
