"""A result as JUnit XML, for the build servers that show test reports.

JUnit knows passed, failed, error and skipped: what found nothing out is skipped with its reason,
and a run that did not do its work has an error, because such a run must not look green.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from mhsm_reports.comparison import NamedRun
from mhsm_reports.render.explanation import plain_text, unexplained
from mhsm_reports.render.visible_text import visible, visible_line
from mhsm_reports.report_file import write_report
from mhsm_reports.results import CheckResult, Failure, Run, RunResult
from mhsm_reports.verdict import verdict
from mhsm_reports.vocabulary import WITHOUT_FINDING, Outcome, RunState, Severity

#: Suites for what belongs to no check; parentheses keep them apart from the names of real suites.
RUN_SUITE = "(run)"
CLAUSE_SUITE = "(clauses)"
ORPHAN_SUITE = "(checks that did not finish)"


@dataclass(frozen=True, slots=True)
class _Case:
    """One testcase: at most one of `failure`, `error` and `skipped` is there, as JUnit has it."""

    suite: str
    name: str
    seconds: float = 0.0
    failure: tuple[str, str] | None = None
    error: str | None = None
    skipped: str | None = None
    notes: str = ""


def write(result: RunResult, path: Path | str) -> None:
    """Write the JUnit report to `path`, whole or not at all.

    Raises `ReportFileError`, one sentence, when the file cannot be written.
    """
    write_report(path, render(result))


def render(result: RunResult) -> str:
    """Return the JUnit report as XML text, ending in a newline.

    It has a failure exactly when the exit status of the result is not 0, and an error exactly when
    the run is interrupted or invalid.
    """
    return _written([("", result)])


def render_all(runs: Sequence[NamedRun]) -> str:
    """Return one JUnit report of several runs; the name of a run stands before that of a suite."""
    return _written([(f"{named.name}: ", named.result) for named in runs])


def _written(results: Sequence[tuple[str, RunResult]]) -> str:
    every: list[_Case] = []
    root = ET.Element("testsuites", {"name": results[0][1].run.tool.name})
    for prefix, result in results:
        suites: dict[str, list[_Case]] = {}
        for case in _cases(result):
            every.append(case)
            suites.setdefault(prefix + case.suite, []).append(case)
        for name, cases in suites.items():
            root.append(_suite(name, cases, result.run))
    root.attrib.update(_counts(every))
    root.set("time", f"{sum(result.run.seconds for _, result in results):.3f}")
    _make_legal(root)
    ET.indent(root)
    text = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _cases(result: RunResult) -> Iterator[_Case]:
    failures: dict[str, list[Failure]] = {}
    for failure in result.failures:
        failures.setdefault(failure.check, []).append(failure)
    if result.run.state is not RunState.COMPLETE:
        yield _Case(RUN_SUITE, f"the run is {result.run.state}", error=verdict(result))
    for check in result.checks:
        yield _case(check, failures.pop(check.id, []))
    # What is left was recorded by checks that an interrupt kept from finishing.
    for name, breaches in failures.items():
        yield _Case(ORPHAN_SUITE, name, failure=_failure(breaches), notes=_warnings(breaches))
    for clause in unexplained(result).clauses:
        message = f"{clause.id}: {clause.prose}"
        yield _Case(CLAUSE_SUITE, clause.id, failure=(message, "\n".join(clause.sources)))


def _case(check: CheckResult, breaches: list[Failure]) -> _Case:
    failure = _failure(breaches)
    if failure is None and check.outcome is Outcome.FAILED:
        reason = check.reason or "The check failed and no breach was recorded."
        failure = (reason, reason)
    skipped = None
    if failure is None and check.outcome in WITHOUT_FINDING:
        skipped = f"{check.outcome}: {check.reason}"
    return _Case(
        suite=check.suite,
        name=check.id,
        seconds=check.seconds,
        failure=failure,
        skipped=skipped,
        notes="\n".join(filter(None, [check.title, _warnings(breaches)])),
    )


def _failure(breaches: list[Failure]) -> tuple[str, str] | None:
    """Join the failures of a check into one message and text: JUnit allows one element."""
    counting = [breach for breach in breaches if breach.severity is Severity.FAILURE]
    if not counting:
        return None
    first = counting[0]
    message = f"{first.clause}: expected {first.expected}; observed {first.observed}"
    return message, "\n".join(plain_text(breach) for breach in counting)


def _warnings(breaches: list[Failure]) -> str:
    return "\n".join(
        "warning\n" + plain_text(breach)
        for breach in breaches
        if breach.severity is Severity.WARNING
    )


def _suite(name: str, cases: list[_Case], run: Run) -> ET.Element:
    suite = ET.Element("testsuite", {"name": name, **_counts(cases)})
    suite.set("time", f"{sum(case.seconds for case in cases):.3f}")
    suite.set("timestamp", run.started_at)
    properties = ET.SubElement(suite, "properties")
    for key, value in _properties(run).items():
        ET.SubElement(properties, "property", {"name": key, "value": value})
    suite.extend(_testcase(case) for case in cases)
    return suite


def _properties(run: Run) -> Mapping[str, str]:
    return {
        "seed": str(run.seed),
        "target": run.target.name,
        "evidence": run.target.evidence,
        "profile": run.profile,
        "state": run.state,
        "tool": run.tool.name,
        "tool.version": run.tool.version,
    }


def _testcase(case: _Case) -> ET.Element:
    testcase = ET.Element("testcase", {"classname": case.suite, "name": case.name})
    testcase.set("time", f"{case.seconds:.3f}")
    if case.failure is not None:
        message, text = case.failure
        attributes = {"message": visible_line(message), "type": Severity.FAILURE.value}
        ET.SubElement(testcase, "failure", attributes).text = text
    if case.error is not None:
        ET.SubElement(testcase, "error", {"message": visible_line(case.error), "type": "run"})
    if case.skipped is not None:
        ET.SubElement(testcase, "skipped", {"message": visible_line(case.skipped)})
    if case.notes:
        ET.SubElement(testcase, "system-out").text = case.notes
    return testcase


def _counts(cases: list[_Case]) -> dict[str, str]:
    return {
        "tests": str(len(cases)),
        "failures": str(sum(case.failure is not None for case in cases)),
        "errors": str(sum(case.error is not None for case in cases)),
        "skipped": str(sum(case.skipped is not None for case in cases)),
    }


def _make_legal(root: ET.Element) -> None:
    """Replace the characters that XML forbids, wherever they stand, by visible escapes."""
    for element in root.iter():
        if element.text is not None:
            element.text = visible(element.text)
        for name, value in element.attrib.items():
            element.set(name, visible(value))
