"""Recent reads hold for one state and one second, and for nothing else that was asked."""

from __future__ import annotations

from mhsm_model.state import Estate
from mhsm_model.wire.http import HttpRequest, HttpResponse
from mhsm_targets.server.recent_reads import RecentReads

ESTATE = Estate()
ASKED = HttpRequest("GET", "a", "/keys/k", {"authorization": "Bearer good"})
ANSWER = HttpResponse(200, {}, b"{}")


def reads() -> RecentReads:
    recent = RecentReads()
    assert recent.found(ASKED, ESTATE, 7) is None
    recent.keep(ASKED, ESTATE, 7, ANSWER)
    return recent


def test_an_equal_read_in_the_same_state_and_second_has_the_same_answer() -> None:
    assert reads().found(ASKED, ESTATE, 7) is ANSWER


def test_any_other_state_second_or_request_has_none() -> None:
    assert reads().found(ASKED, Estate(), 7) is None
    assert reads().found(ASKED, ESTATE, 8) is None
    for other in (
        HttpRequest("GET", "b", ASKED.target, ASKED.headers),
        HttpRequest("GET", "a", "/keys/l", ASKED.headers),
        HttpRequest("GET", "a", ASKED.target, {}),
        HttpRequest("GET", "a", ASKED.target, {"authorization": "Bearer bad"}),
    ):
        assert reads().found(other, ESTATE, 7) is None


def test_refusals_and_answers_of_another_moment_are_not_kept() -> None:
    recent = RecentReads()
    recent.found(ASKED, ESTATE, 7)
    recent.keep(ASKED, ESTATE, 7, HttpResponse(404))
    recent.keep(ASKED, Estate(), 7, ANSWER)
    recent.keep(ASKED, ESTATE, 8, ANSWER)
    assert recent.found(ASKED, ESTATE, 7) is None
