"""A browser, and the pages to look at in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from mhsm_conformance.explaining.page.specification_page import specification_page
from mhsm_reports import RunState, TargetDescription
from mhsm_reports.comparison import named_runs
from mhsm_reports.render.html import comparison_page, run_page
from mhsm_reports.tests.large_result import FINDINGS, MUTANTS, large_result
from mhsm_reports.tests.samples import FAILING, INTERRUPTED, PASSING, RUN

if TYPE_CHECKING:
    from playwright.sync_api import Browser

#: The pages that are looked at, by the name of their file.
PAGES = ("run", "passed", "interrupted", "invalid", "comparison", "specification")

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium of the system, or the program that MHSM_CHROMIUM names.

    An event loop runs in this thread as long as it does, beside which no test can run its own.
    """
    try:
        # The only tests that need it, and most who run tests have it not.
        from playwright.sync_api import sync_playwright  # noqa: PLC0415
    except ImportError:
        _without("the package playwright is not installed")
    program = os.environ.get("MHSM_CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), "")
    if not program:
        _without("there is no Chromium on this machine (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        # Chromium refuses to run as root in its sandbox; it opens only pages made here.
        launched = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield launched
        launched.close()


def _without(reason: str) -> NoReturn:
    if os.environ.get("MHSM_BROWSER") == "required":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every page of PAGES, and `large`: 400 clauses, 2,000 checks, 60 breaches."""
    folder = tmp_path_factory.mktemp("pages")
    whole = large_result(clauses=48, checks=60, breaches=7)
    tokens = replace(RUN, target=TargetDescription("softhsm", ("backup",), "token"))
    invalid = replace(RUN, state=RunState.INVALID, state_reason="no check was tried", exchanges=0)
    runs = named_runs(
        [
            ("model/run.json", replace(PASSING, matrix=whole.matrix)),
            ("softhsm/run.json", replace(whole, run=tokens)),
            ("https/run.json", FAILING),
        ]
    )
    made = {
        "run": run_page(whole, [MUTANTS], [FINDINGS]),
        "passed": run_page(PASSING),
        "interrupted": run_page(INTERRUPTED),
        "invalid": run_page(replace(PASSING, run=invalid, clauses=(), checks=(), matrix=())),
        "comparison": comparison_page(runs, [MUTANTS], [FINDINGS]),
        "specification": specification_page(),
        "large": run_page(large_result(breaches=60), [MUTANTS], [FINDINGS]),
    }
    for name, page in made.items():
        (folder / f"{name}.html").write_text(page, "utf-8")
    return folder
