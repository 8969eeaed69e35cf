"""The emulator over its wire: credentials, unknown paths, losses, the clock, determinism."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from mhsm_model.configuration import Configuration
from mhsm_model.exchange import (
    CreateKey,
    DeleteKey,
    GetDeletedKey,
    GetKey,
    ListKeys,
    PurgeDeletedKey,
    Request,
)
from mhsm_model.tables.lifecycle import DAY_SECONDS
from mhsm_model.wire.http import HttpRequest, HttpResponse
from mhsm_model.wire.request_encoding import encode_request
from mhsm_targets.emulator import EPOCH, Emulator, EmulatorFactory
from mhsm_targets.profiles import profile
from mhsm_targets.protocol import Capability, ClockTarget, LossyTarget
from mhsm_targets.registry import UnknownTargetError, target_factory, target_names

HOST: Final = "hsm.managedhsm.azure.net"
OTHER: Final = "other.managedhsm.azure.net"


@pytest.fixture
def emulator() -> Emulator:
    return EmulatorFactory().open({HOST: Configuration(), OTHER: Configuration()}, 0)


def message(target: Emulator, request: Request, host: str = HOST) -> HttpRequest:
    return encode_request(request, host, "7.5", target.token)


def send(target: Emulator, request: Request, host: str = HOST) -> HttpResponse:
    response = target.exchange(message(target, request, host))
    assert response is not None
    return response


def document(response: HttpResponse) -> Any:
    return json.loads(response.body)


def code(response: HttpResponse) -> tuple[int, str]:
    return response.status, document(response)["error"]["code"]


# --- callers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", [None, "not-the-token", "", "emulator-token "])
@pytest.mark.parametrize("request_", [GetKey("a"), CreateKey("a", "EC"), ListKeys()])
def test_a_caller_without_a_good_token_is_challenged(
    emulator: Emulator, request_: Request, token: str | None
) -> None:
    response = emulator.exchange(encode_request(request_, HOST, "7.5", token))
    assert response is not None
    assert response.status == 401
    assert response.headers["www-authenticate"].startswith('Bearer authorization="https://')
    assert response.body == (b"" if isinstance(request_, CreateKey) else b"OK")
    assert code(send(emulator, GetKey("a"))) == (404, "KeyNotFound")


def test_a_caller_with_a_token_is_served(emulator: Emulator) -> None:
    made = document(send(emulator, CreateKey("a", "EC")))
    assert document(send(emulator, GetKey("a"))) == made


def test_a_malformed_body_is_refused_after_the_token_is_looked_at(emulator: Emulator) -> None:
    for headers, status in (({}, 401), ({"authorization": f"Bearer {emulator.token}"}, 400)):
        sent = HttpRequest("POST", HOST, "/keys/a/create?api-version=7.5", headers, b"{")
        response = emulator.exchange(sent)
        assert response is not None
        assert response.status == status


# --- paths and hosts ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "target"),
    [("POST", "/rng"), ("GET", "/"), ("PATCH", "/keys"), ("GET", "/nothing/at/all"), ("GET", "*")],
)
def test_an_unknown_path_is_refused_in_the_service_s_envelope(
    emulator: Emulator, method: str, target: str
) -> None:
    headers = {"authorization": f"Bearer {emulator.token}"}
    response = emulator.exchange(HttpRequest(method, HOST, target, headers))
    assert response is not None
    assert 400 <= response.status < 500
    assert response.status != 401
    assert document(response)["error"].keys() == {"code", "message"}


def test_a_host_that_was_not_opened_is_a_key_error(emulator: Emulator) -> None:
    with pytest.raises(KeyError):
        send(emulator, GetKey("a"), "elsewhere.managedhsm.azure.net")


def test_instances_do_not_know_each_other_s_keys(emulator: Emulator) -> None:
    send(emulator, CreateKey("a", "EC"))
    assert send(emulator, GetKey("a"), OTHER).status == 404
    assert emulator.hosts == (HOST, OTHER)


# --- losses ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("after_effect", [False, True])
def test_a_loss_is_of_one_reply_and_of_the_effect_only_where_asked(
    emulator: Emulator, after_effect: bool
) -> None:
    emulator.lose_next(after_effect=after_effect)
    assert emulator.exchange(message(emulator, CreateKey("a", "EC"))) is None
    assert send(emulator, GetKey("a")).status == (200 if after_effect else 404)
    assert send(emulator, CreateKey("b", "EC")).status == 200


# --- time -----------------------------------------------------------------------------------------


def test_the_clock_moves_only_when_it_is_told_to(emulator: Emulator) -> None:
    first = document(send(emulator, CreateKey("a", "EC")))["attributes"]["created"]
    second = document(send(emulator, CreateKey("a", "EC")))["attributes"]["created"]
    assert first == second == EPOCH == emulator.now()
    emulator.advance(5)
    assert document(send(emulator, CreateKey("a", "EC")))["attributes"]["created"] == EPOCH + 5


def test_the_clock_does_not_run_back(emulator: Emulator) -> None:
    with pytest.raises(ValueError, match="does not run back"):
        emulator.advance(-1)


def test_retention_is_counted_by_the_clock(emulator: Emulator) -> None:
    send(emulator, CreateKey("a", "EC"))
    send(emulator, DeleteKey("a"))
    emulator.advance(89 * DAY_SECONDS)
    assert send(emulator, GetDeletedKey("a")).status == 200
    emulator.advance(DAY_SECONDS)
    assert send(emulator, GetDeletedKey("a")).status == 404


# --- determinism and form -------------------------------------------------------------------------


def transcript(seed: int) -> list[tuple[int, bytes]]:
    target = EmulatorFactory().open({HOST: Configuration()}, seed)
    requests = (CreateKey("a", "EC"), CreateKey("b", "oct", 128), GetKey("c"), ListKeys())
    return [(response.status, response.body) for response in (send(target, r) for r in requests)]


def test_the_same_seed_gives_the_same_bytes_and_another_gives_others() -> None:
    assert transcript(1) == transcript(1)
    assert transcript(1) != transcript(2)


def test_a_purge_is_answered_without_a_body(emulator: Emulator) -> None:
    send(emulator, CreateKey("a", "EC"))
    send(emulator, DeleteKey("a"))
    response = send(emulator, PurgeDeletedKey("a"))
    assert (response.status, response.body) == (204, b"")


def test_request_ids_differ_and_end_the_messages_of_errors(emulator: Emulator) -> None:
    responses = [send(emulator, GetKey("a")) for _ in range(3)]
    assert len({response.headers["x-ms-request-id"] for response in responses}) == 3
    for response in responses:
        told = document(response)["error"]["message"]
        assert told.endswith(f"(Activity ID: {response.headers['x-ms-request-id']})")


def test_closing_twice_is_fine(emulator: Emulator) -> None:
    emulator.close()
    emulator.close()


# --- what it claims -------------------------------------------------------------------------------


def test_the_emulator_has_the_capabilities_that_it_claims(emulator: Emulator) -> None:
    claimed = EmulatorFactory().profile
    assert claimed.capabilities == frozenset(Capability)
    assert isinstance(emulator, ClockTarget)
    assert isinstance(emulator, LossyTarget)
    assert (claimed.name, claimed.evidence, claimed.live) == ("model", "self", False)
    assert not claimed.expected_failures


def test_every_target_has_a_profile_of_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MHSM_HTTPS_URLS", "https://hsm-a.managedhsm.azure.net")
    monkeypatch.setenv("MHSM_HTTPS_TOKEN", "a-token")
    for name in target_names():
        target_factory(name)
        assert profile(name).name == name


@pytest.mark.parametrize("name", ["nonsense", "", "mutant:nonsense"])
def test_an_unknown_target_is_told_what_there_is(name: str) -> None:
    with pytest.raises(UnknownTargetError, match=r"no (target|mutant) is called"):
        target_factory(name)
