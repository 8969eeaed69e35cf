"""Fidelity: what is mapped, what is compared, what is put apart, on sessions written by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mhsm_conformance.fidelity.comparison import Comparison
from mhsm_conformance.fidelity.flow import Flow
from mhsm_conformance.fidelity.replay import Apart
from mhsm_conformance.tests.recorded_sessions import (
    ACTIVITY,
    HOST,
    MADE_AT,
    NEWER,
    OLD,
    OPERATIONS,
    asked_again,
    bundle,
    created,
    equal,
    exchange,
    not_found,
    read,
    results,
    session,
)
from mhsm_model.base64url import encoded
from mhsm_model.wire.http import HttpRequest
from mhsm_targets.mutants.gallery import gallery

# --- the flow of values ---------------------------------------------------------------------------


def test_a_version_that_the_service_chose_is_asked_for_by_the_target_s_own(tmp_path: Path) -> None:
    path = session(
        tmp_path,
        created("a", OLD),
        created("a", NEWER, MADE_AT + 5),
        read("a", OLD, answer=bundle("a", OLD)),
        read("a", answer=bundle("a", NEWER, MADE_AT + 5)),
    )
    assert all(equal(result) for result in results(path))


def test_a_version_that_is_not_the_one_shown_before_is_a_difference(tmp_path: Path) -> None:
    path = session(
        tmp_path,
        created("a", OLD),
        created("a", NEWER, MADE_AT + 5),
        read("a", answer=bundle("a", OLD)),
    )
    result = results(path)[-1]
    assert isinstance(result, Comparison)
    assert "key.kid" in [found.place for found in result.members]


def test_what_was_encrypted_here_is_what_is_decrypted(tmp_path: Path) -> None:
    plaintext, ciphertext = encoded(b"p" * 20), encoded(b"\xc1" * 256)
    kid = f"https://{HOST}/keys/a/{OLD}"
    path = session(
        tmp_path,
        created("a", OLD),
        exchange(
            "POST",
            f"/keys/a/{OLD}/encrypt?api-version=7.5",
            200,
            {"alg": "RSA-OAEP", "kid": kid, "value": ciphertext},
            {"alg": "RSA-OAEP", "value": plaintext},
        ),
        exchange(
            "POST",
            f"/keys/a/{OLD}/decrypt?api-version=7.5",
            200,
            {"alg": "RSA-OAEP", "kid": kid, "value": plaintext},
            {"alg": "RSA-OAEP", "value": ciphertext},
        ),
    )
    assert all(equal(result) for result in results(path))


@pytest.mark.parametrize("algorithm", ["RSA1_5", "RSA-OAEP", "RSA-OAEP-256"])
def test_what_a_client_encrypted_is_encrypted_anew(tmp_path: Path, algorithm: str) -> None:
    plaintext = encoded(b"only the reply shows it")
    path = session(
        tmp_path,
        created("a", OLD),
        exchange(
            "POST",
            f"/keys/a/{OLD}/decrypt?api-version=7.5",
            200,
            {"alg": algorithm, "kid": f"https://{HOST}/keys/a/{OLD}", "value": plaintext},
            {"alg": algorithm, "value": encoded(b"\xc1" * 256)},
        ),
    )
    assert all(equal(result) for result in results(path))


def test_times_are_the_recorded_ones_moved_to_the_target_s_clock(tmp_path: Path) -> None:
    expires = MADE_AT + 3600
    target = "/keys/a/create?api-version=7.5"
    shown = bundle("a", OLD)
    shown["attributes"]["exp"] = expires
    body = {"kty": "RSA", "attributes": {"exp": expires}}
    later = bundle("a", OLD, tags={"t": "u"})
    later["attributes"] |= {"exp": expires, "updated": MADE_AT + 60}
    patch = exchange("PATCH", "/keys/a?api-version=7.5", 200, later, {"tags": {"t": "u"}})
    path = session(tmp_path, exchange("POST", target, 200, shown, body), patch)
    assert all(equal(result) for result in results(path))
    assert not all(equal(result) for result in results(path, "mutant:times-in-milliseconds"))


def test_a_value_that_the_client_chose_stands_for_itself() -> None:
    flow = Flow()
    body = json.dumps({"value": "A" * 43, "attributes": {"nbf": 1}}).encode()
    flow.asked(HttpRequest("POST", HOST, "/keys/a/sign", {}, body), HOST, {})
    assert flow.agree("A" * 43, "A" * 43)
    assert not flow.agree("A" * 43, "B" * 43)


def test_a_value_stands_for_the_same_one_ever_after() -> None:
    flow = Flow()
    assert flow.agree("A" * 43, "B" * 43)
    assert flow.agree("A" * 43, "B" * 43)
    assert not flow.agree("A" * 43, "C" * 43)
    assert not flow.agree("D" * 43, "E" * 44)
    assert flow.ours("D" * 43) == "E" * 44


def test_a_request_is_asked_with_the_target_s_values_and_the_shifted_times() -> None:
    flow = Flow(shift=100)
    flow.learn(OLD, NEWER)
    flow.learn("T" * 20, "U" * 20)
    kid = f"https://{HOST}/keys/a/{OLD}"
    body = json.dumps({"key": {"kid": kid}, "attributes": {"exp": 5, "nbf": None}}).encode()
    target = f"/keys/a/{OLD}/sign?$skiptoken={'T' * 20}&api-version=7.5"
    asked = flow.asked(HttpRequest("POST", HOST, target, {}, body), "here", {"x": "y"})
    assert asked.path == f"/keys/a/{NEWER}/sign"
    assert asked.query == {"$skiptoken": "U" * 20, "api-version": "7.5"}
    assert (asked.host, asked.headers) == ("here", {"x": "y"})
    document = asked.document()
    assert document["key"]["kid"].endswith(NEWER)
    assert document["attributes"] == {"exp": 105, "nbf": None}


# --- what is compared -----------------------------------------------------------------------------


def test_an_error_is_compared_by_status_code_and_message(tmp_path: Path) -> None:
    path = session(tmp_path, read("b", status=404, answer=not_found("keys", "b")))
    (result,) = results(path)
    assert equal(result)
    assert isinstance(result, Comparison)
    assert result.message is True
    (lying,) = results(path, "mutant:not-found-names-no-key")
    assert isinstance(lying, Comparison)
    assert (lying.outcome, lying.message) == (True, False)
    (other,) = results(path, "mutant:not-found-under-another-code")
    assert isinstance(other, Comparison)
    assert not other.outcome


def test_an_error_that_names_no_activity_is_not_the_same(tmp_path: Path) -> None:
    path = session(tmp_path, read("b", status=404, answer=not_found("keys", "b")))
    (result,) = results(path, "mutant:error-without-activity")
    assert isinstance(result, Comparison)
    assert result.message is False


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"tags": {"a": "b"}}, "tags"),
        ({"release_policy": {"data": "e30"}}, "release_policy"),
    ],
)
def test_a_member_that_one_reply_lacks_is_a_difference(
    tmp_path: Path, change: dict[str, Any], place: str
) -> None:
    (result,) = results(session(tmp_path, created("a", OLD, **change)))
    assert isinstance(result, Comparison)
    assert [(found.place, found.ours) for found in result.members] == [(place, None)]


def test_the_order_of_operations_is_no_difference_and_their_number_is(tmp_path: Path) -> None:
    shown = bundle("a", OLD)
    shown["key"]["key_ops"] = OPERATIONS[::-1]
    target = "/keys/a/create?api-version=7.5"
    assert equal(
        results(session(tmp_path, exchange("POST", target, 200, shown, {"kty": "RSA"})))[0]
    )
    shown["key"]["key_ops"] = OPERATIONS[1:]
    (result,) = results(session(tmp_path, exchange("POST", target, 200, shown, {"kty": "RSA"})))
    assert isinstance(result, Comparison)
    assert [found.place for found in result.members] == ["key.key_ops"]


def test_a_random_member_of_the_right_form_is_judged_all_the_same(tmp_path: Path) -> None:
    digest = encoded(bytes(32))
    path = session(
        tmp_path,
        created("a", OLD),
        exchange(
            "POST",
            f"/keys/a/{OLD}/sign?api-version=7.5",
            200,
            {"alg": "PS256", "kid": f"https://{HOST}/keys/a/{OLD}", "value": encoded(bytes(256))},
            {"alg": "PS256", "value": digest},
        ),
    )
    assert all(equal(result) for result in results(path))
    broken = next(m.name for m in gallery() if m.clause == "ALG-006")
    result = results(path, f"mutant:{broken}")[-1]
    assert isinstance(result, Comparison)
    assert "clause ALG-006" in [found.place for found in result.members]


def test_headers_are_compared_where_the_recording_has_any(tmp_path: Path) -> None:
    with_headers = created("a", OLD)
    with_headers["response_headers"] = {
        "content-type": "application/json; charset=utf-8",
        "x-ms-server-latency": "12",
        "x-ms-keyvault-region": "uksouth",
        "x-ms-keyvault-network-info": "conn_type=Ipv4;addr=192.0.2.1;act_addr_fam=Ipv4;",
    }
    path = session(tmp_path, with_headers)
    (result,) = results(path)
    assert isinstance(result, Comparison)
    assert result.headers == ()
    (lying,) = results(path, "mutant:latency-left-out")
    assert isinstance(lying, Comparison)
    assert [found.place for found in lying.headers or ()] == ["header x-ms-server-latency"]
    (bare,) = results(session(tmp_path, created("a", OLD)))
    assert isinstance(bare, Comparison)
    assert bare.headers is None


def test_a_challenge_is_asked_for_without_a_token(tmp_path: Path) -> None:
    challenge = exchange("POST", "/keys/a/create?api-version=7.5", 401)
    challenge["response_headers"] = {
        "content-type": "application/json; charset=utf-8",
        "www-authenticate": 'Bearer authorization="https://login.windows-ppe.net/tenant", '
        'resource="https://managedhsm-int.azure-int.net"',
        "x-ms-server-latency": "0",
    }
    (one,) = asked_again(session(tmp_path, challenge))
    assert one.operation == "challenge"
    assert equal(one.result)
    assert isinstance(one.result, Comparison)
    assert one.result.headers == ()


def test_lists_are_compared_in_the_session_s_own_names(tmp_path: Path) -> None:
    def item(name: str) -> dict[str, Any]:
        attributes = bundle(name, OLD)["attributes"]
        return {"attributes": attributes, "kid": f"https://{HOST}/keys/{name}"}

    page = {"value": [item("of-others"), item("a")]}
    listing = exchange("GET", "/keys?api-version=7.5", 200, page)
    assert all(equal(result) for result in results(session(tmp_path, created("a", OLD), listing)))
    lacking = exchange("GET", "/keys?api-version=7.5", 200, {"value": [item("of-others")]})
    result = results(session(tmp_path, created("a", OLD), lacking))[-1]
    assert not equal(result)


# --- what is put apart ----------------------------------------------------------------------------


def test_what_was_there_before_is_put_apart(tmp_path: Path) -> None:
    path = session(
        tmp_path,
        read("a", answer=bundle("a", OLD)),
        created("b", OLD),
        read("b", NEWER, answer=bundle("b", NEWER)),
    )
    first, made, last = results(path)
    assert (first, last) == (Apart.EARLIER, Apart.EARLIER)
    assert equal(made)


def test_an_operation_that_is_not_modelled_is_put_apart_with_what_it_reached(
    tmp_path: Path,
) -> None:
    path = session(
        tmp_path,
        created("a", OLD),
        exchange("PUT", "/keys/a/restore?api-version=7.5", 202, {}, {"folder": "f"}),
        read("a", answer=bundle("a", OLD)),
        exchange("PUT", "/restore?api-version=7.5", 202, {}, {"folderToRestore": "f"}),
    )
    assert results(path)[1:] == [Apart.NOT_MODELLED, Apart.EARLIER, Apart.NOT_MODELLED]


def test_a_read_that_another_replica_answered_is_put_apart(tmp_path: Path) -> None:
    path = session(
        tmp_path,
        created("a", OLD),
        read("a", status=404, answer=not_found("keys", "a")),
        read("a", answer=bundle("a", OLD)),
        read("a", status=404, answer=not_found("keys", "a")),
    )
    made, early, seen, wrong = results(path)
    assert early is Apart.LAG
    assert equal(made)
    assert equal(seen)
    assert isinstance(wrong, Comparison)
    assert not wrong.outcome


def test_what_an_old_build_did_is_put_apart_by_the_day_of_the_session(tmp_path: Path) -> None:
    error = {
        "error": {"code": "UnknownError", "message": f"Unknown error (Activity ID: {ACTIVITY})"}
    }
    target = "/keys/a/create?api-version=7.5"
    failed = exchange("POST", target, 500, error, {"kty": "oct"})
    assert results(session(tmp_path, failed, day="2021-02-01")) == [Apart.OLD_BUILD]
    (later,) = results(session(tmp_path, failed, day="2024-02-01"))
    assert isinstance(later, Comparison)
    assert not later.outcome


def test_a_body_or_an_answer_that_was_not_kept_is_put_apart(tmp_path: Path) -> None:
    lost = {**created("a", OLD), "request_body": None, "request_body_recorded": False}
    assert results(session(tmp_path, lost)) == [Apart.NO_BODY]
