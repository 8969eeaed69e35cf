"""The pytest plugin: fixtures that open judged sessions, and the record of every check.

Loaded in every pytest run where the distribution is installed; it does nothing but offer its
fixtures until a check asks for one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from mhsm_conformance.opening import Bench
    from mhsm_conformance.session import InstanceSession, Session
    from mhsm_model.configuration import Configuration
    from mhsm_targets.server import Served

__all__ = ["RECORD_PROPERTY", "clauses_of", "title_of"]

RECORD_PROPERTY: Final = "mhsm check"
"""The name under which a test report carries its check's record."""

_BENCH = pytest.StashKey["Bench"]()
_LEFT: Final = (pytest.skip.Exception, pytest.xfail.Exception)
"""What a test raises that is not to be carried out to its end."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of a conformance run; `mhsm run` sets them."""
    group = parser.getgroup("mhsm", "Managed HSM conformance")
    group.addoption("--mhsm-target", default="model", help="the target under test")
    group.addoption("--mhsm-seed", type=int, default=0, help="where all draws start from")
    group.addoption("--mhsm-profile", default="ci", help="how much to try: smoke, ci or nightly")
    group.addoption("--mhsm-clause", default=None, help="only checks of clauses that match")
    group.addoption(
        "--mhsm-no-shrinking", action="store_true", help="tell failing sequences as they were found"
    )
    group.addoption("--mhsm-strict", action="store_true", help="inferred clauses count in full")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker that names a check's clauses."""
    config.addinivalue_line(
        "markers", "exercises(*identifiers): the clauses that this check exercises"
    )


def clauses_of(item: pytest.Item) -> tuple[str, ...]:
    """The identifiers of the clauses that the check names."""
    named = [name for mark in item.iter_markers("exercises") for name in mark.args]
    return tuple(dict.fromkeys(named))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the checks of which no clause matches."""
    wanted: str | None = config.getoption("--mhsm-clause")
    if wanted is None:
        return
    kept = [i for i in items if any(fnmatchcase(name, wanted) for name in clauses_of(i))]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


def _seed_of(item: pytest.Item) -> int:
    told = f"{item.config.getoption('--mhsm-seed')} {item.nodeid.rpartition('/')[2]}"
    return int.from_bytes(hashlib.sha256(told.encode()).digest()[:6])


@pytest.fixture
def mhsm_bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """Opens judged sessions on the target under test, and closes them after the check."""
    # Loaded only where a check asks for it: this plugin is in every pytest run.
    from mhsm_conformance.opening import Bench  # noqa: PLC0415

    item: pytest.Item = request.node
    config = request.config
    bench = Bench(
        target=str(config.getoption("--mhsm-target")),
        seed=_seed_of(item),
        profile=str(config.getoption("--mhsm-profile")),
        strict=bool(config.getoption("--mhsm-strict")),
        shrinking=not config.getoption("--mhsm-no-shrinking"),
        on_exchange=getattr(config, "mhsm_on_exchange", None),
    )
    item.stash[_BENCH] = bench
    yield bench
    bench.close()


@pytest.fixture
def open_session(
    mhsm_bench: Bench,
) -> Callable[[Mapping[str, Configuration]], Session]:
    """Opens a session on instances of the check's own configuration."""
    return mhsm_bench.open


@pytest.fixture
def session(mhsm_bench: Bench) -> Session:
    """A session on two unrelated instances of the default configuration."""
    return mhsm_bench.open_default()


@pytest.fixture
def hsm(session: Session) -> InstanceSession:
    """One instance."""
    return session.at(session.hosts[0])


@pytest.fixture
def other_hsm(session: Session) -> InstanceSession:
    """Another instance, unrelated to `hsm`."""
    return session.at(session.hosts[1])


@pytest.fixture(scope="session")
def mhsm_server() -> Iterator[Served]:
    """A server of the model for all tests of the process, with test controls."""
    from mhsm_targets.server import serving  # noqa: PLC0415 - as above

    with serving(controls=True) as served:
        yield served


@pytest.fixture
def managed_hsm(mhsm_server: Served) -> Served:
    """An empty Managed HSM over HTTPS: `url`, `ca_file`, `credential` and more."""
    mhsm_server.controls.reset()
    return mhsm_server


@pytest.fixture
def managed_hsm_environment(
    managed_hsm: Served, monkeypatch: pytest.MonkeyPatch
) -> Mapping[str, str]:
    """The environment in which unmodified clients find the HSM; set while the test runs."""
    from mhsm_targets.server import environment  # noqa: PLC0415 - as above

    variables = environment(managed_hsm.ready)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Put the check's record on its report."""
    report = yield
    bench = item.stash.get(_BENCH, None)
    if bench is None or call.when == "teardown":
        return report
    if not _is_of_a_suite(item) and call.excinfo is not None and call.excinfo.errisinstance(_LEFT):
        # Whoever skips a test of their own knows why; a check of ours has a class of reasons.
        return report
    from mhsm_conformance.outcomes import concluded, is_of_the_target  # noqa: PLC0415 - as above

    if call.when == "setup" and (call.excinfo is None or not is_of_the_target(call.excinfo.value)):
        return report
    record = concluded(item.nodeid, title_of(item), clauses_of(item), bench, call)
    if record.outcome == "failed":
        report.outcome = "failed"
        report.longrepr = report.longrepr or record.reason
    elif record.outcome == "inconclusive" and not _is_of_a_suite(item):
        # In a test of a user's own a refusal that was not expected is no reason to skip.
        report.outcome = "failed"
        report.longrepr = report.longrepr or record.reason
    elif record.outcome != "passed":
        report.outcome = "skipped"
        report.longrepr = (str(item.path), 0, f"{record.outcome}: {record.reason}")
    report.user_properties.append((RECORD_PROPERTY, record.as_json()))
    return report


def _is_of_a_suite(item: pytest.Item) -> bool:
    return item.path.parent.name == "suites" and item.path.parent.parent.name == "mhsm_conformance"


def title_of(item: pytest.Item) -> str:
    """The first line of the check's docstring, with its parameters where it has some."""
    function: Any = getattr(item, "function", None)
    told = (getattr(function, "__doc__", None) or item.name).strip().splitlines()[0]
    parameters = item.name.partition("[")[2].rstrip("]")
    return f"{told.rstrip('.')} [{parameters}]" if parameters else told.rstrip(".")
