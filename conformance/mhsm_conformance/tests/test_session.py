"""The session: what it says of a target that tampers, of itself, and of nobody."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import pytest

from mhsm_conformance.faults import ConformanceFailure, HarnessFault
from mhsm_conformance.opening import Bench
from mhsm_conformance.outcomes import concluded
from mhsm_conformance.session import InapplicableError, InconclusiveError, Session
from mhsm_conformance.steps import Lapse, Loss, Sent
from mhsm_conformance.tests.tampering import (
    HOST,
    Change,
    Tampering,
    changing,
    session_on,
    untouched,
)
from mhsm_model.configuration import Configuration
from mhsm_model.exchange import (
    CreateKey,
    Credential,
    DeleteKey,
    Encrypt,
    GetKey,
    Indeterminate,
    KeyBundle,
    ListKeys,
    Refused,
    Request,
    RequestedAttributes,
    Sign,
    Unauthenticated,
    UpdateKey,
)
from mhsm_model.wire.http import HttpRequest, HttpResponse
from mhsm_targets.profiles import profile
from mhsm_targets.protocol import Capability, TargetUnavailableError


def private(document: dict[str, Any]) -> None:
    document["key"]["d"] = "AA"


def other_name(document: dict[str, Any]) -> None:
    document["key"]["kid"] = document["key"]["kid"].replace("/a/", "/b/")


def null_tags(document: dict[str, Any]) -> None:
    document["tags"] = None


def text_time(document: dict[str, Any]) -> None:
    document["attributes"]["created"] = "now"


def no_key(document: dict[str, Any]) -> None:
    del document["key"]


def html(sent: HttpRequest, answered: HttpResponse) -> HttpResponse:
    return replace(answered, headers={**answered.headers, "content-type": "text/html"})


def failing(sent: HttpRequest, answered: HttpResponse) -> HttpResponse:
    return replace(answered, status=500, body=b'{"error":{"code":"UnknownError","message":"x"}}')


def garbage(sent: HttpRequest, answered: HttpResponse) -> HttpResponse:
    return replace(answered, body=b"\xff<html>")


TAMPERINGS: Final[list[tuple[Change, str, str, str]]] = [
    (changing(private), "KEY-009", "none of d, p, q, dp, dq, qi, k", "members d"),
    (
        changing(other_name),
        "KEY-004",
        f"https://{HOST}/keys/a/<version>",
        f"https://{HOST}/keys/b/",
    ),
    (changing(null_tags), "WIRE-201", "no member that is null", "tags"),
    (changing(text_time), "WIRE-001", "a reply of the schema", "member created is not an integer"),
    (changing(no_key), "WIRE-001", "a reply of the schema", "member key is missing"),
    (html, "API-003", "application/json; charset=utf-8", "text/html"),
    (failing, "ERR-202", "no 5xx", "500 UnknownError"),
    (garbage, "WIRE-001", "a reply of the schema", "the body is not JSON"),
]


@pytest.mark.parametrize(("change", "clause", "expected", "observed"), TAMPERINGS)
def test_a_failure_names_clause_expected_and_observed(
    change: Change, clause: str, expected: str, observed: str
) -> None:
    session, hsm = session_on(Tampering(change))
    with pytest.raises(ConformanceFailure) as caught:
        hsm.send(CreateKey("a", "EC"))
    text = str(caught.value)
    breach = next(b for b in caught.value.breaches if b.clause.identifier == clause)
    assert f"{clause} ({breach.clause.level}, {breach.clause.basis}): {breach.clause.prose}" in text
    assert f"expected: {expected}" in text
    assert f"observed: {observed}" in text
    assert str(breach.clause.sources[0]) in text
    assert "1. hsm: CreateKey(name='a', kty='EC') -> " in text
    assert session.coverage.violated[clause] == 1


def test_a_lawful_target_is_never_accused() -> None:
    session, hsm = session_on(Tampering())
    hsm.created(CreateKey("a", "EC"))
    hsm.result(Sign("a", None, "ES256", bytes(32)))
    assert isinstance(hsm.send(GetKey("b")), Refused)
    assert isinstance(hsm.send(ListKeys(), credential=Credential.ANONYMOUS), Unauthenticated)
    assert isinstance(hsm.send(ListKeys(), credential=Credential.INVALID), Unauthenticated)
    assert session.warnings == []
    assert session.exchanges == len(session.steps) == session.coverage.exchanges == 5


def test_a_state_that_changed_by_itself_is_found_by_reading_it_back() -> None:
    target = Tampering()
    session, hsm = session_on(target)
    hsm.send(CreateKey("a", "EC", tags={"x": "y"}))
    hsm.send(CreateKey("b", "EC"))
    hsm.send(DeleteKey("nothing"))

    def forget(document: dict[str, Any]) -> None:
        document.pop("tags")

    target.change = changing(forget)
    with pytest.raises(ConformanceFailure) as caught:
        hsm.send(GetKey("a"))
    broken = {breach.clause.identifier for breach in caught.value.breaches}
    assert broken == {"ATTR-212", "FRAME-002"}
    assert [type(step) for step in caught.value.steps] == [Sent] * 4
    assert session.coverage.exchanges == 4


def test_the_session_goes_on_after_a_failure() -> None:
    target = Tampering()
    _, hsm = session_on(target)
    hsm.send(CreateKey("a", "EC"))
    target.change = failing
    with pytest.raises(ConformanceFailure):
        hsm.send(GetKey("a"))
    target.change = untouched
    hsm.send(GetKey("a"))
    hsm.send(CreateKey("a", "EC"))


@pytest.mark.parametrize("change", [failing, garbage, changing(no_key)])
def test_an_effect_behind_an_unlawful_answer_is_no_second_failure(change: Change) -> None:
    target = Tampering(change)
    _, hsm = session_on(target)
    with pytest.raises(ConformanceFailure):
        hsm.send(CreateKey("a", "EC"))
    target.change = untouched
    hsm.send(GetKey("a"))


# --- what is nobody's failure ---------------------------------------------------------------------


def test_a_lost_reply_is_indeterminate_and_no_failure() -> None:
    session, hsm = session_on(Tampering())
    session.lose_next(after_effect=True)
    assert isinstance(hsm.send(CreateKey("a", "EC")), Indeterminate)
    assert isinstance(hsm.send(GetKey("a")), KeyBundle)
    assert session.steps[0] == Loss(True)


def test_a_clock_that_moved_is_a_step() -> None:
    session, hsm = session_on(Tampering())
    before = session.now()
    session.advance(60)
    hsm.send(CreateKey("a", "EC"))
    assert session.now() == before + 60
    assert session.steps[0] == Lapse(60)


@pytest.mark.parametrize("capability", Capability)
def test_a_missing_capability_is_inapplicable(capability: Capability) -> None:
    told = replace(profile("model"), capabilities=frozenset(Capability) - {capability})
    session, _ = session_on(Tampering(), told)
    with pytest.raises(InapplicableError, match=f"lacks the capability {capability.value}"):
        session.need(capability)
    for other in told.capabilities:
        session.need(other)


def test_what_cannot_be_had_is_inconclusive() -> None:
    _, hsm = session_on(Tampering())
    with pytest.raises(InconclusiveError, match="no key could be made: 400 BadParameter"):
        hsm.created(CreateKey("a", "EC", attributes=RequestedAttributes(None, 10, 5)))
    with pytest.raises(InconclusiveError, match="nothing was computed: 404 KeyNotFound"):
        hsm.result(Encrypt("a", None, "RSA-OAEP", b"x"))


def test_an_unavailable_target_is_not_accused() -> None:
    class Gone(Tampering):
        def exchange(self, request: HttpRequest) -> HttpResponse | None:
            raise TargetUnavailableError("nothing listens")

    session, hsm = session_on(Gone())
    with pytest.raises(TargetUnavailableError):
        hsm.send(GetKey("a"))
    assert session.coverage.exchanges == 0


# --- what is ours ---------------------------------------------------------------------------------


@pytest.mark.parametrize("request_", [GetKey("a", ""), GetKey("a", "versions"), GetKey("")])
def test_a_request_that_the_codec_does_not_give_back_is_our_own_fault(request_: Request) -> None:
    session, hsm = session_on(Tampering())
    with pytest.raises(HarnessFault, match="the codec does not give back"):
        hsm.send(request_)
    assert session.exchanges == 0


# --- expected failures and severities -------------------------------------------------------------


def test_a_declared_failure_is_kept_apart() -> None:
    told = replace(profile("model"), expected_failures={"API-003": "a reference"})
    session, hsm = session_on(Tampering(html), told)
    hsm.send(CreateKey("a", "EC"))
    assert session.coverage.declared == {"API-003": 1}
    assert not session.coverage.violated


def test_a_check_that_met_a_declared_failure_concludes_nothing() -> None:
    bench = Bench("model", 0, "smoke")
    call = pytest.CallInfo[None].from_call(lambda: None, when="call")
    bench.coverage.declared["API-003"] += 1
    for named in (("API-003",), ("LIFE-003",)):
        record = concluded("a.py::b", "title", named, bench, call)
        assert record.outcome == "inconclusive"
        assert record.reason is not None
        assert record.reason.startswith("broken as the target's profile declares: API-003 (")
    bench.coverage.declared.clear()
    assert concluded("a.py::b", "title", ("LIFE-003",), bench, call).outcome == "failed"


def test_a_declared_failure_does_not_hide_another() -> None:
    told = replace(profile("model"), expected_failures={"API-003": "a reference"})
    _, hsm = session_on(Tampering(changing(private)), told)
    with pytest.raises(ConformanceFailure) as caught:
        hsm.send(CreateKey("a", "EC"))
    assert "API-003" not in {breach.clause.identifier for breach in caught.value.breaches}


def test_what_was_only_observed_is_a_warning_on_a_live_service() -> None:
    def without_region(sent: HttpRequest, answered: HttpResponse) -> HttpResponse:
        headers = {n: v for n, v in answered.headers.items() if n != "x-ms-keyvault-region"}
        return replace(answered, headers=headers)

    live = replace(profile("model"), live=True)
    session, hsm = session_on(Tampering(without_region), live, strict=False)
    hsm.send(CreateKey("a", "EC"))
    assert [breach.clause.identifier for breach in session.warnings] == ["API-202"]
    _, hsm = session_on(Tampering(without_region), strict=False)
    with pytest.raises(ConformanceFailure, match="API-202"):
        hsm.send(CreateKey("a", "EC"))


def test_a_message_made_by_hand_is_judged_like_any_other() -> None:
    _, hsm = session_on(Tampering())
    assert isinstance(hsm.send_message("POST", "/keys/a/create?api-version=7.5", b"{"), Refused)

    def taken(sent: HttpRequest, answered: HttpResponse) -> HttpResponse:
        return replace(answered, status=200, body=b"{}")

    _, hsm = session_on(Tampering(taken))
    with pytest.raises(ConformanceFailure, match="WIRE-002"):
        hsm.send_message("POST", "/keys/a/create?api-version=7.5", b"{")


def test_a_session_that_does_not_judge_accuses_nobody() -> None:
    target = Tampering(html)
    session = Session(target, profile("model"), {HOST: Configuration()}, judged=False)
    assert isinstance(session.send(HOST, CreateKey("a", "EC")), KeyBundle)
    session.lose_next(after_effect=False)
    assert isinstance(session.send(HOST, GetKey("a")), Indeterminate)
    assert session.coverage.exchanges == 0


class Losing(Tampering):
    """A target that loses replies by itself."""

    def __init__(self, change: Change = untouched) -> None:
        super().__init__(change)
        self.loses = False

    def exchange(self, request: HttpRequest) -> HttpResponse | None:
        response = super().exchange(request)
        return None if self.loses else response


def test_what_is_unlawful_at_a_name_in_doubt_is_inconclusive() -> None:
    target = Losing()
    session, hsm = session_on(target)
    hsm.send(CreateKey("a", "EC"))
    hsm.send(CreateKey("b", "EC"))
    target.loses = True
    assert isinstance(hsm.send(DeleteKey("a")), Indeterminate)
    target.loses = False
    assert session.lost == 1
    # The deletion may come only now, so nothing that is wrong with the name is certain.
    target.change = failing
    for request in (GetKey("a"), ListKeys()):
        with pytest.raises(InconclusiveError, match="a reply was lost before: ERR-202"):
            hsm.send(request)
    with pytest.raises(ConformanceFailure):
        hsm.send(GetKey("b"))


def test_a_reply_that_was_to_be_lost_leaves_nothing_in_doubt() -> None:
    session, hsm = session_on(Tampering())
    session.lose_next(after_effect=True)
    hsm.send(CreateKey("a", "EC"))
    assert session.lost == 0


def test_an_old_state_is_shown_where_the_profile_says_that_replicas_lag() -> None:
    for staleness, lawful in ((360, True), (0, False)):
        target = Tampering()
        told = replace(profile("model"), staleness=staleness)
        _, hsm = session_on(target, told)
        hsm.send(CreateKey("a", "EC", tags={"n": "1"}))
        hsm.send(UpdateKey("a", None, tags={"n": "2"}))

        def old(document: dict[str, Any]) -> None:
            document["tags"] = {"n": "1"}

        target.change = changing(old)
        if lawful:
            assert isinstance(hsm.send(GetKey("a")), KeyBundle)
        else:
            with pytest.raises(ConformanceFailure):
                hsm.send(GetKey("a"))
