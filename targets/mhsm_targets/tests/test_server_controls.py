"""Each control on each kind of server: it works, or the answer says what does."""

from __future__ import annotations

import contextlib
import json
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

pytest.importorskip("uvicorn", reason="uvicorn is not installed (extra `server`)")

from mhsm_targets.server import Served, serving
from mhsm_targets.tests.served import Caller, calling
from mhsm_targets.tests.token_instances import needs_softhsm

EC: Final = {"kty": "EC-HSM"}
DAY: Final = 86400

Order = tuple[str, Any]
"""A path of the controls, and what is posted to it."""

ADVANCE: Final[Order] = ("/clock", {"advance": 30 * DAY})
FREEZE: Final[Order] = ("/clock", {"frozen": True})
FAULT: Final[Order] = ("/faults", {"kind": "throttle", "seconds": 7})
LAG: Final[Order] = ("/lag", {"seconds": 600})
ADD: Final[Order] = ("/instances", {"name": "later"})
RESET: Final[Order] = ("/reset", {})
ANEW: Final[Order] = ("/reset", {"configurations": {"hsm-a": {"retention_days": 7}}})


def asked(served: Served, order: Order) -> tuple[int, Any]:
    """Status and document of the answer of the controls."""
    path, told = order
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(f"{served.ready.controls_url}{path}", body, headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answered:
            return answered.status, json.load(answered)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.load(refused)


def created(caller: Caller, name: str) -> int:
    """When a new key was made, as it says."""
    status, key = caller.call("POST", f"/keys/{name}/create", EC)
    assert status == 200
    moment: int = key["attributes"]["created"]
    return moment


def names(caller: Caller) -> list[str]:
    return [row["kid"].rpartition("/")[2] for row in caller.call("GET", "/keys")[1]["value"]]


def moved(served: Served, caller: Caller) -> None:
    assert 30 * DAY <= created(caller, "k") - int(time.time()) + 2 <= 30 * DAY + 60


def stands(served: Served, caller: Caller) -> None:
    state = served.controls.state()["clock"]
    assert state["frozen"] is True
    assert created(caller, "k") == int(state["now"])
    assert served.controls.state()["clock"]["now"] == state["now"]


def throttled(served: Served, caller: Caller) -> None:
    answered = caller.send("GET", "/keys?api-version=7.6")
    assert answered is not None
    assert (answered.status, answered.headers["retry-after"]) == (429, "7")
    assert names(caller) == ["before"]


def lags(served: Served, caller: Caller) -> None:
    created(caller, "k")
    assert {caller.call("GET", "/keys/k")[0] for _ in range(60)} == {200, 404}


def has_one_more(served: Served, caller: Caller) -> None:
    url = served.controls.state()["instances"]["later"]
    with contextlib.closing(Caller(url, served.ca_file, served.token())) as other:
        created(other, "k")
        assert (names(other), names(caller)) == (["k"], ["before"])


def is_empty(served: Served, caller: Caller) -> None:
    assert names(caller) == []
    assert abs(created(caller, "k") - time.time()) < 60


def is_configured_anew(served: Served, caller: Caller) -> None:
    is_empty(served, caller)
    deleted = caller.call("DELETE", "/keys/k")[1]
    assert deleted["attributes"]["recoverableDays"] == 7


EFFECTS: Final[dict[str, tuple[Order, Callable[[Served, Caller], None]]]] = {
    "advance": (ADVANCE, moved),
    "freeze": (FREEZE, stands),
    "fault": (FAULT, throttled),
    "lag": (LAG, lags),
    "add": (ADD, has_one_more),
    "reset": (RESET, is_empty),
    "reset anew": (ANEW, is_configured_anew),
}

NO_FREEZING: Final = (501, "does not stand still: that of the model does")
NO_LAG: Final = (501, "does not lag: serve the model for that")
NO_ADDING: Final = (501, "serve it with --instance for each")
KEPT: Final = (409, "is not reset: serve it without --data, or with another folder")
CONFIGURED: Final = (409, "keep their configurations: reset them without any, or add an instance")
OTHERS: Final[dict[str, tuple[int, str]]] = {"freeze": NO_FREEZING, "lag": NO_LAG, "add": NO_ADDING}

# What is served, whether it is kept in a folder, and which controls are refused how.
SERVERS: Final[dict[str, tuple[str, bool, dict[str, tuple[int, str]]]]] = {
    "model": ("model", False, {}),
    "model kept": ("model", True, {"reset anew": CONFIGURED}),
    "mutant": ("mutant:pages-of-a-hundred@model", False, OTHERS),
    "softhsm": ("softhsm", False, OTHERS),
    "softhsm kept": ("softhsm", True, {**OTHERS, "reset": KEPT, "reset anew": KEPT}),
}


def marked(kind: str, *rest: str) -> Any:
    marks = needs_softhsm if "softhsm" in kind else ()
    return pytest.param(kind, *rest, marks=marks, id=", ".join((kind, *rest)))


WORKING: Final = [
    marked(kind, control)
    for kind, (_, _, refusals) in SERVERS.items()
    for control in EFFECTS
    if control not in refusals
]
REFUSING: Final = [marked(kind) for kind, (_, _, refusals) in SERVERS.items() if refusals]


@contextlib.contextmanager
def used(kind: str, folder: Path) -> Generator[tuple[Served, Caller]]:
    """A server of that kind, and a caller who has made one key."""
    target, is_kept, _ = SERVERS[kind]
    data = str(folder / "data") if is_kept else None
    with serving(target, data=data, controls=True) as served, calling(served) as caller:
        created(caller, "before")
        yield served, caller


@pytest.mark.parametrize(("kind", "control"), WORKING)
def test_a_control_has_its_effect(tmp_path: Path, kind: str, control: str) -> None:
    order, has_its_effect = EFFECTS[control]
    with used(kind, tmp_path) as (served, caller):
        status, told = asked(served, order)
        assert status == 200, told
        has_its_effect(served, caller)


@pytest.mark.parametrize("kind", REFUSING)
def test_a_control_that_is_refused_leaves_all_as_it_was_and_says_what_works(
    tmp_path: Path, kind: str
) -> None:
    target, _, refusals = SERVERS[kind]
    with used(kind, tmp_path) as (served, caller):
        for control, (refused, words) in refusals.items():
            status, told = asked(served, EFFECTS[control][0])
            assert (control, status) == (control, refused)
            assert words in told["error"]
            assert target in told["error"] or target == "model"
        state = served.controls.state()
        assert (state["clock"]["frozen"], state["lag"]) == (False, 0)
        assert list(state["instances"]) == ["hsm-a"]
        assert names(caller) == ["before"]
        assert abs(created(caller, "after") - time.time()) < 60


NO_ORDERS: Final[list[tuple[Order, str]]] = [
    (("/clock", b'{"advance": Infinity}'), "to the end of the year 9999 at most"),
    (("/clock", b'{"advance": %s}' % (b"9" * 400)), "to the end of the year 9999 at most"),
    (("/clock", b'{"advance": NaN}'), "does not run back"),
    (("/clock", {"frozen": True, "advance": -1}), "does not run back"),
    (("/clock", {"frozen": 1}), "true or false"),
    (("/clock", {"frozen": True, "advance": 1e18}), "to the end of the year 9999 at most"),
    (("/clock", {"back": 1}), "the clock takes advance"),
    (("/clock", b"[" * 60_000), "the body is no JSON"),
    (("/clock", b"{" + b" " * 70_000), "more than 65536 bytes"),
    (("/clock", b"\xff"), "the body is no JSON"),
    (("/clock", b"[]"), "no JSON object"),
    (("/lag", {"seconds": 601}), "0 to 600"),
    (("/lag", {}), "0 to 600"),
    (("/instances", {"name": 7}), "an instance takes a name"),
    (("/instances", {"name": "b", "configuration": {"size": 1}}), "it may have domain"),
    (("/instances", {"name": "b", "configuration": {"maximum_keys": "x"}}), "a whole number"),
    (("/instances", {"name": "b", "configuration": {"page_size": 0}}), "1 to 1000000"),
    (("/instances", {"name": "b", "configuration": {"retention_days": 1}}), "7 to 90"),
    (("/instances", {"name": "b", "configuration": {"domain": [1]}}), "text or null"),
    (("/instances", {"name": "b", "configuration": {"api_versions": ["1"]}}), "that there are"),
    (("/instances", {"name": "b", "configuration": 7}), "is a JSON object"),
    (("/reset", {"configurations": {"nope": {}}}), "no instance nope"),
    (("/faults", {"kind": "fire"}), "a fault has a kind"),
    (("/faults", {"kind": "throttle", "count": 0}), "count is a positive number"),
    (("/faults", {"kind": "throttle", "instance": "nope"}), "no instance nope"),
    (("/faults", {"kind": "throttle", "method": "get"}), "in capitals: GET"),
    (("/faults", {"kind": "throttle", "path": "keys"}), "begins with /"),
]


@pytest.mark.parametrize(("order", "words"), NO_ORDERS)
def test_an_order_that_is_none_is_told_and_changes_nothing(
    plain: Served, order: Order, words: str
) -> None:
    before = plain.controls.state()
    status, told = asked(plain, order)
    assert status == 400
    assert words in told["error"]
    after = plain.controls.state()
    for state in (before, after):
        for passing in ("now", "ahead"):
            del state["clock"][passing]
    assert before == after


@pytest.fixture(scope="module")
def plain() -> Iterator[Served]:
    with serving(controls=True) as served:
        yield served


def test_half_an_order_is_no_fault_of_the_server() -> None:
    with serving(controls=True) as served:
        where = urlsplit(served.ready.controls_url or "")
        head = "POST /reset HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        with socket.create_connection((where.hostname or "", where.port or 0)) as half:
            half.sendall(f"{head}Content-Length: 50\r\n\r\n{{".encode())
            # The answer to the next order shows that this one was begun.
            assert served.controls.state()["lag"] == 0
        assert served.controls.state()["lag"] == 0


def test_a_moved_clock_and_added_instances_are_there_again_after_a_restart(tmp_path: Path) -> None:
    data = str(tmp_path)
    with serving(data=data, controls=True) as served:
        served.controls.advance(30 * DAY)
        served.controls.add_instance("later", retention_days=7)
        served.controls.freeze()
        served.controls.lag(600)
    with serving(instances=(), data=data, controls=True) as served:
        state = served.controls.state()
        assert list(state["instances"]) == ["hsm-a", "later"]
        assert 30 * DAY - 1 <= state["clock"]["ahead"] <= 30 * DAY + 60
        assert (state["clock"]["frozen"], state["lag"]) == (False, 0)
        served.controls.freeze()
        served.controls.resume()
        served.controls.reset()
    with serving(instances=(), data=data, controls=True) as served:
        assert abs(served.controls.state()["clock"]["ahead"]) < 1
