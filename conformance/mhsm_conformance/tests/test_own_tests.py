"""What becomes of users' own tests that use the judged session."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

_TESTS = """
import pytest

from mhsm_model.exchange import CreateKey, GetKey


def test_passes(hsm):
    assert hsm.created(CreateKey("k", "EC")).kid.name == "k"


def test_is_skipped_by_its_author(hsm):
    hsm.send(CreateKey("k", "EC"))
    pytest.skip("not on Mondays")


def test_is_expected_to_fail_by_its_author(hsm):
    hsm.send(CreateKey("k", "EC"))
    pytest.xfail("known")


def test_fails_where_a_call_it_needed_was_refused(hsm):
    hsm.result(GetKey("nothing"))


def test_fails_by_an_assertion(hsm):
    assert hsm.send(GetKey("nothing")).status == 200
"""


def test_an_author_decides_what_is_left_out(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(_TESTS)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-rs")
    result.assert_outcomes(passed=1, skipped=1, xfailed=1, failed=2)
    result.stdout.fnmatch_lines(["*SKIPPED*not on Mondays*"])


def test_a_breach_fails_whatever_its_author_wants(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(_TESTS)
    target = "--mhsm-target=mutant:request-id-left-out"
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", target)
    result.assert_outcomes(failed=5)
