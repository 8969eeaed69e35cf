"""A gate as Markdown, for the page of a build's step."""

import re
from collections.abc import Iterator

from mhsm_reports.gate.findings import MEANINGS, Finding, Gate, Subject, Weight
from mhsm_reports.gate.text import MOST_TOLD, gate_verdict, known_failures
from mhsm_reports.render.visible_text import visible_line

#: What Markdown, or the HTML in it, would take for more than text.
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~&$@-])")


def gate_markdown(gate: Gate, *, most: int = MOST_TOLD) -> str:
    """Return the findings as Markdown, the verdict first; of each weight `most` are told."""
    run = gate.run
    lines = [
        f"## {'✅' if gate.is_held else '❌'} {_escaped(gate_verdict(gate))}",
        "",
        _escaped(
            f"Target {run.target.name}, profile {run.profile}, seed {run.seed}, "
            f"{run.exchanges:,} exchanges, {run.tool.name} {run.tool.version}."
        ),
        "",
    ]
    for weight in Weight:
        found = gate.of(weight)
        if found:
            mark = "fails the gate" if gate.fails(found[0]) else "told"
            lines += [f"### {weight.capitalize()} ({len(found):,}), {mark}: {MEANINGS[weight]}", ""]
            for finding in found[:most]:
                lines += _item(finding)
            if len(found) > most:
                lines.append(f"- and {len(found) - most:,} more")
            lines.append("")
    if gate.known:
        lines += [_escaped(known_failures(gate)), ""]
    return "\n".join(lines)


def _item(finding: Finding) -> Iterator[str]:
    # The words of a target stand in no code span: a back quote in them would end it.
    name = "The run" if finding.subject is Subject.RUN else f"**{_escaped(finding.id)}**"
    yield f"- {name}: {_escaped(finding.told)}"
    for line in (finding.title, *finding.details):
        if line:
            yield f"  - {_escaped(line)}"


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", visible_line(text))
