"""The command `mhsm findings`: what the implementation below a target does against its standard."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from typing import Final, TextIO

import click

from mhsm_conformance.commands.options import CommandError, unusable
from mhsm_conformance.commands.token_options import token_options
from mhsm_reports import ReportFileError
from mhsm_reports.finding_results import FindingResult, FindingsResult, findings_document
from mhsm_reports.report_file import check_writable, write_report
from mhsm_reports.result_document import decoded
from mhsm_targets.protocol import Finding, FindingFactory, FindingState, TargetUnavailableError
from mhsm_targets.registry import UnknownTargetError, target_factory, use_module

__all__ = ["findings"]


_FINDINGS_HELP: Final = """Try again what a PKCS#11 module does against its standard.

\b
mhsm findings softhsm
mhsm findings pkcs11 --module /usr/lib/M.so --token LABEL --pin-file PIN

Every finding is tried again: what is expected, what was observed just now, the shortest sequence of
calls, the clauses that it would break, what the target does about it, and a script that shows it
without this project.

They are printed; --out writes them too. Exit status: 0 where all were seen again; 1 where one was
not; 2 where one could not be tried.
"""


@click.command(help=_FINDINGS_HELP)
@click.argument("target")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array with every finding.")
@click.option("--out", metavar="FILE", help="Write the findings there, for `mhsm report`.")
@token_options
def findings(
    target: str,
    as_json: bool,
    out: str | None,
    module: str | None,
    tokens: tuple[str, ...],
    pin_file: str | None,
) -> None:
    """Try again what a PKCS#11 module does against its standard."""
    use_module(module, tokens, pin_file)
    try:
        factory = target_factory(target)
        if not isinstance(factory, FindingFactory):
            raise CommandError(f"nothing below the target {target} has a list of findings")
        if out is not None:
            check_writable(out)
        found = _listed(factory, as_json=as_json)
        if out is not None:
            write_report(out, _document(target, found))
    except (UnknownTargetError, TargetUnavailableError) as error:
        raise CommandError(str(error)) from None
    except ReportFileError as error:
        raise unusable(error) from None
    untried = [finding for finding in found if finding.state is FindingState.UNTRIED]
    if untried:
        names = ", ".join(finding.identifier for finding in untried)
        raise CommandError(f"{len(untried)} of {len(found)} findings could not be tried: {names}")
    sys.exit(any(finding.state is FindingState.NOT_SEEN for finding in found))


def _document(target: str, found: Iterable[Finding]) -> str:
    results = tuple(decoded(FindingResult, asdict(finding)) for finding in found)
    return json.dumps(findings_document(FindingsResult(target, results)), indent=1) + "\n"


def _listed(factory: FindingFactory, *, as_json: bool) -> list[Finding]:
    if as_json:
        found = list(factory.findings())
        json.dump([asdict(finding) for finding in found], sys.stdout, indent=1)
        print()
    else:
        found = list(_printed(factory.findings(), sys.stdout))
        counts = Counter(finding.state for finding in found)
        told = ", ".join(f"{counts[state]} {state}" for state in FindingState)
        print(f"{len(found)} findings: {told}")
    return found


def _printed(findings: Iterable[Finding], stream: TextIO) -> Iterable[Finding]:
    for finding in findings:
        seen = finding.state is FindingState.SEEN
        mark = "" if seen else f" ({finding.state.upper()})"
        print(f"{finding.identifier}  {finding.title}{mark}", file=stream)
        rows = (
            ("standard", finding.standard),
            ("expected", finding.expected),
            ("observed", finding.observed),
            ("clauses", ", ".join(finding.clauses) or "none"),
            ("handled", finding.handled),
            *((f"step {number}", step) for number, step in enumerate(finding.steps, 1)),
            ("try it", finding.reproduction),
        )
        for name, text in rows:
            print(f"  {name:9} {text}", file=stream)
        print(file=stream, flush=True)
        yield finding
