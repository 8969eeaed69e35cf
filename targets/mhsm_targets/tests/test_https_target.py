"""Target `https` on a served HSM that others use: what it touches, shows, spends and clears."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mhsm_model.configuration import Configuration
from mhsm_model.exchange import (
    BackupKey,
    CreateKey,
    DeleteKey,
    GetKey,
    KeyBackup,
    KeyPage,
    ListDeletedKeys,
    ListKeys,
    PurgeDeletedKey,
    Refused,
    Reply,
    Request,
    RestoreKey,
)
from mhsm_model.operations.paging import item_in
from mhsm_model.revisions import LATEST_RECORDED
from mhsm_model.unknown import UNKNOWN
from mhsm_model.wire.exchange import wire_exchange
from mhsm_model.wire.http import HttpRequest
from mhsm_model.wire.request_encoding import encode_request
from mhsm_targets.https.endpoint import Endpoint, endpoint
from mhsm_targets.https.factory import ControlledFactory, HttpsFactory
from mhsm_targets.https.ledger import Ledger
from mhsm_targets.https.options import EndpointOptions, enter
from mhsm_targets.protocol import NotOfferedError, TargetUnavailableError, WireTarget
from mhsm_targets.server import Served, serving
from mhsm_targets.server.control_client import Controls
from mhsm_targets.server.ready import write_ready

A, B = "hsm-a.managedhsm.azure.net", "hsm-b.managedhsm.azure.net"
HOSTS = {A: Configuration(), B: Configuration()}


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving("model", ("hsm-a", "hsm-b"), controls=True) as server:
        yield server


@pytest.fixture
def told(served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    monkeypatch.delenv("PYTEST_XDIST_WORKER_COUNT", raising=False)
    file = tmp_path / "ready.json"
    write_ready(file, served.ready)
    environment: dict[str, str] = {}
    enter(EndpointOptions(ready_file=str(file)), environment)
    told = endpoint(environment)
    yield told
    Ledger(told.run_id).remove()


def asked(target: WireTarget, request: Request, host: str = A) -> Reply:
    sent = encode_request(request, host, LATEST_RECORDED, target.token)
    answered = target.exchange(sent)
    assert answered is not None
    return wire_exchange(sent, answered, request).reply


def names(reply: Reply) -> list[str]:
    assert isinstance(reply, KeyPage)
    return [item_in(item).kid.name for item in reply.items]


@pytest.fixture
def foreign(told: Endpoint) -> Iterator[WireTarget]:
    """A target with names of its own, as another user of the HSM; with a ledger of its own, too."""
    others = replace(told, run_id=secrets.token_hex(4))
    target = HttpsFactory(others).open(HOSTS, 0)
    yield target
    target.close()
    Ledger(others.run_id).remove()


def test_a_target_finds_the_instance_empty_and_lists_only_its_own(
    told: Endpoint, foreign: WireTarget
) -> None:
    for number in range(3):
        asked(foreign, CreateKey(f"payroll-{number}", "EC"))
    target = HttpsFactory(told).open(HOSTS, 0)
    assert names(asked(target, ListKeys())) == []
    assert isinstance(asked(target, GetKey("payroll-0")), Refused)
    asked(target, CreateKey("mine", "EC", tags={"a": "b"}))
    sent = encode_request(ListKeys(1), A, LATEST_RECORDED, target.token)
    answered = target.exchange(sent)
    assert answered is not None
    assert b"payroll" not in answered.body
    assert names(wire_exchange(sent, answered, ListKeys(1)).reply) == ["mine"]
    target.close()
    assert names(asked(foreign, ListKeys())) == [f"payroll-{number}" for number in range(3)]


def test_what_was_made_is_deleted_and_purged_when_the_target_is_closed(told: Endpoint) -> None:
    factory = HttpsFactory(told)
    target = factory.open(HOSTS, 0)
    for name in ("in-use", "deleted", "purged", "n" * 127, "restored"):
        asked(target, CreateKey(name, "EC"))
    blob = asked(target, BackupKey("restored"))
    assert isinstance(blob, KeyBackup)
    for name in ("deleted", "purged", "restored"):
        asked(target, DeleteKey(name))
    for name in ("purged", "restored"):
        asked(target, PurgeDeletedKey(name))
    asked(target, RestoreKey(blob.blob))
    asked(target, CreateKey("there", "EC"), B)
    target.close()
    target.close()
    assert left(factory, told) == []
    assert factory.finish() == ()


def left(factory: HttpsFactory, told: Endpoint) -> list[str]:
    return [name for cleaner in factory.cleaners() for name in cleaner.under(told.prefix)]


def test_what_a_killed_run_left_is_found_by_its_id(told: Endpoint) -> None:
    target = HttpsFactory(told).open(HOSTS, 0)
    asked(target, CreateKey("a", "EC"))
    asked(target, CreateKey("b", "EC"))
    asked(target, DeleteKey("b"))
    # A process that starts later knows nothing but the id.
    factory = HttpsFactory(told)
    assert len(left(factory, told)) == 2
    assert factory.finish() == ("2 keys that were left were cleared.",)
    assert left(factory, told) == []


def test_keys_are_kept_soft_deleted_where_purging_is_not_wanted(told: Endpoint) -> None:
    factory = HttpsFactory(replace(told, purges=False))
    target = factory.open(HOSTS, 0)
    asked(target, CreateKey("a", "EC"))
    target.close()
    assert factory.finish() == (f"1 keys under {told.prefix} stay soft-deleted until their date.",)
    assert HttpsFactory(told).finish() == ("1 keys that were left were cleared.",)


def test_the_budget_of_keys_is_kept_by_all_targets_of_a_run(told: Endpoint) -> None:
    factory = HttpsFactory(replace(told, max_keys=3))
    first, second = factory.open(HOSTS, 0), factory.open(HOSTS, 0)
    for target in (first, second, first):
        asked(target, CreateKey("a", "EC"))
    with pytest.raises(TargetUnavailableError, match="the budget of 3 keys is used up"):
        asked(second, CreateKey("b", "EC"))
    assert isinstance(asked(second, GetKey("b")), Refused)
    first.close()
    second.close()


def test_the_budget_of_time_is_kept(told: Endpoint) -> None:
    now = 1000.0
    target = HttpsFactory(replace(told, max_minutes=1)).open(HOSTS, 0)
    ledger = Ledger(told.run_id, clock=lambda: now)
    ledger.begin()
    with pytest.raises(TargetUnavailableError, match="the budget of 1 minutes is used up"):
        asked(target, GetKey("a"))


def test_an_hsm_that_the_budget_may_fill_is_left_alone(told: Endpoint) -> None:
    HttpsFactory(told).prove()
    with pytest.raises(TargetUnavailableError, match="may fill it; --max-keys gives less"):
        HttpsFactory(replace(told, max_keys=5001)).prove()


def test_what_reaches_beyond_the_run_is_not_sent(told: Endpoint) -> None:
    target = HttpsFactory(told).open(HOSTS, 0)
    beyond = HttpRequest("PUT", A, "/restore?api-version=7.4", {}, b"{}")
    with pytest.raises(NotOfferedError, match="--allow-destructive permits it"):
        target.exchange(beyond)
    permitted = HttpsFactory(replace(told, allow_destructive=True)).open(HOSTS, 0)
    assert permitted.exchange(beyond) is not None


def test_a_second_instance_needs_a_second_url(told: Endpoint) -> None:
    target = HttpsFactory(replace(told, urls=told.urls[:1])).open(HOSTS, 0)
    assert target.hosts == (A, B)
    with pytest.raises(NotOfferedError, match="a second --url"):
        asked(target, GetKey("a"), B)


def test_little_is_presumed_of_an_instance_that_was_there(told: Endpoint) -> None:
    presumed = HttpsFactory(told).open(HOSTS, 0).presumed(A, Configuration())
    assert presumed.retention_days is UNKNOWN
    assert presumed.purge_protection is UNKNOWN
    assert presumed.domain is UNKNOWN
    assert presumed.authority == Configuration().authority


def test_the_token_is_in_nothing_that_a_check_sees(told: Endpoint) -> None:
    target = HttpsFactory(told).open(HOSTS, 0)
    sent = encode_request(GetKey("a"), A, LATEST_RECORDED, target.token)
    assert sent.headers["authorization"] == "Bearer bearer-token-of-the-run"
    answered = target.exchange(sent)
    assert answered is not None
    assert answered.status == 404
    wrong = target.exchange(replace(sent, headers={"authorization": "Bearer not-a-token"}))
    assert wrong is not None
    assert wrong.status == 401


def test_a_token_goes_to_nobody_who_asks_for_one_of_another(
    told: Endpoint,
) -> None:
    factory = HttpsFactory(replace(told, urls=("https://localhost",)))
    with pytest.raises(TargetUnavailableError, match="is it a Managed HSM"):
        factory.prove()


def test_an_overloaded_server_is_asked_again(told: Endpoint, served: Served) -> None:
    controls = Controls(served.ready.controls_url or "")
    target = HttpsFactory(told).open(HOSTS, 0)
    for kind in ("throttle", "unavailable"):
        controls.fault(kind, count=2, seconds=0)
        reply = asked(target, CreateKey("a", "EC"))
        assert not isinstance(reply, Refused)
    target.close()


@pytest.mark.parametrize("kind", ["reset-before", "reset-after"])
def test_a_change_whose_answer_is_lost_is_indeterminate(
    told: Endpoint, served: Served, kind: str
) -> None:
    controls = Controls(served.ready.controls_url or "")
    target = HttpsFactory(told).open(HOSTS, 0)
    asked(target, GetKey("a"))
    controls.fault(kind)
    sent = encode_request(CreateKey("a", "EC"), A, LATEST_RECORDED, target.token)
    assert target.exchange(sent) is None
    assert isinstance(asked(target, GetKey("a")), Refused) == (kind == "reset-before")
    controls.fault(kind, count=2)
    assert isinstance(asked(target, GetKey("a")), Refused) == (kind == "reset-before")
    target.close()
    assert HttpsFactory(told).finish() == ()


# --- under its controls -----------------------------------------------------------------------


def test_a_server_under_its_controls_begins_anew_for_every_target(told: Endpoint) -> None:
    factory = ControlledFactory(replace(told, controls=True))
    first = factory.open({A: Configuration(maximum_keys=1)}, 0)
    asked(first, CreateKey("a", "EC"))
    assert isinstance(asked(first, CreateKey("b", "EC")), Refused)
    hosts = {**HOSTS, "hsm-c.managedhsm.azure.net": Configuration()}
    second = factory.open(hosts, 0)
    for host in hosts:
        assert names(asked(second, ListKeys(), host)) == []
        assert names(asked(second, ListDeletedKeys(), host)) == []
    asked(second, CreateKey("a", "EC"))
    asked(second, CreateKey("b", "EC"))


def test_a_server_under_its_controls_has_a_clock_and_loses_replies(told: Endpoint) -> None:
    target = ControlledFactory(replace(told, controls=True)).open(HOSTS, 0)
    before = target.now()
    target.advance(1000)
    assert 1000 <= target.now() - before <= 1010
    for after_effect in (False, True):
        target.lose_next(after_effect=after_effect)
        sent = encode_request(CreateKey("a", "EC"), A, LATEST_RECORDED, target.token)
        assert target.exchange(sent) is None
        assert isinstance(asked(target, GetKey("a")), Refused) != after_effect
    target.lose_next(after_effect=False)
    sent = encode_request(GetKey("a"), A, LATEST_RECORDED, target.token)
    assert target.exchange(sent) is None
    shown = target.exchange(sent)
    assert shown is not None
    assert abs(json.loads(shown.body)["attributes"]["created"] - target.now()) <= 10


def test_processes_that_share_a_server_under_its_controls_are_refused(
    told: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_XDIST_WORKER_COUNT", "2")
    with pytest.raises(TargetUnavailableError, match="serves one process"):
        ControlledFactory(replace(told, controls=True)).open(HOSTS, 0)
