"""The budget, the pace, and lists with keys of others: parts of the target over HTTPS."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from mhsm_model.wire.http import HttpResponse
from mhsm_targets.https.ledger import Ledger
from mhsm_targets.https.lists import is_list_of_names, next_target, own_part
from mhsm_targets.https.names import PrefixedNames
from mhsm_targets.protocol import TargetUnavailableError

NAMES = PrefixedNames("mhsm-0123abcd-1-")


class Time:
    """A clock that goes on only while somebody sleeps."""

    def __init__(self) -> None:
        self.present = 1000.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.present

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.present += seconds


def ledger(folder: Path, time: Time) -> Ledger:
    return Ledger("0123abcd", folder=str(folder), sleep=time.sleep, clock=time.now)


def test_one_creation_a_second_is_made_whoever_asks(tmp_path: Path) -> None:
    time = Time()
    one, other = ledger(tmp_path, time), ledger(tmp_path, time)
    for book in (one, other, one):
        book.await_turn("create", "hsm-a")
    assert time.slept == [1.0, 1.0]
    one.await_turn("create", "hsm-b")
    one.await_turn("change", "hsm-a")
    assert len(time.slept) == 2


def test_a_pause_is_not_made_up_for(tmp_path: Path) -> None:
    time = Time()
    book = ledger(tmp_path, time)
    book.await_turn("create", "hsm-a")
    time.present += 60
    book.await_turn("create", "hsm-a")
    book.await_turn("create", "hsm-a")
    assert time.slept == [1.0]


def test_keys_are_counted_before_they_are_made(tmp_path: Path) -> None:
    book = ledger(tmp_path, Time())
    book.spend(2)
    ledger(tmp_path, Time()).spend(2)
    with pytest.raises(TargetUnavailableError, match="the budget of 2 keys"):
        book.spend(2)
    assert book.spent == 2


def test_no_two_targets_of_a_run_have_one_space_of_names(tmp_path: Path) -> None:
    books = [ledger(tmp_path, Time()) for _ in range(3)]
    assert [book.space() for book in books] == [1, 2, 3]


def test_the_file_is_for_its_owner_and_goes_with_the_run(tmp_path: Path) -> None:
    book = ledger(tmp_path, Time())
    book.begin()
    (file,) = tmp_path.iterdir()
    assert file.stat().st_mode & 0o077 == 0
    book.remove()
    assert not list(tmp_path.iterdir())


def test_a_link_that_somebody_left_there_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "mhsm-https-0123abcd.json").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(TargetUnavailableError, match="cannot write"):
        ledger(tmp_path, Time()).begin()
    assert not (tmp_path / "elsewhere").exists()


# --- lists ------------------------------------------------------------------------------------


def page(names: Sequence[str], link: str | None = None) -> HttpResponse:
    items = [{"kid": f"https://h/keys/{name}"} for name in names]
    document: dict[str, Any] = {"value": items}
    if link is not None:
        document["nextLink"] = link
    body = json.dumps(document).encode()
    return HttpResponse(200, {"content-length": str(len(body))}, body)


def test_keys_of_others_are_left_out_of_a_page() -> None:
    link = "https://h/keys?maxresults=3&$skiptoken=x"
    shown, any_left = own_part(
        page(["payroll", "mhsm-0123abcd-1-a", "mhsm-0123abcd-12-b"], link), NAMES
    )
    assert any_left
    document = json.loads(shown.body)
    assert [item["kid"] for item in document["value"]] == ["https://h/keys/mhsm-0123abcd-1-a"]
    assert document["nextLink"] == link
    assert shown.headers["content-length"] == str(len(shown.body))


def test_a_page_of_own_keys_keeps_its_bytes() -> None:
    whole = page(["mhsm-0123abcd-1-a"])
    assert own_part(whole, NAMES) == (whole, True)
    assert own_part(page(["payroll"]), NAMES)[1] is False


@pytest.mark.parametrize(
    "body", [b"", b"no json", b"[]", b'{"value":1}', b'{"value":[1,{"kid":2},{}]}']
)
def test_what_is_no_page_is_left_to_the_judge(body: bytes) -> None:
    odd = HttpResponse(200, {}, body)
    assert own_part(odd, NAMES) == (odd, True)
    refused = HttpResponse(404, {}, b'{"value":[]}')
    assert own_part(refused, NAMES) == (refused, True)


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("https://h/keys?maxresults=1&$skiptoken=x", "/keys?maxresults=1&$skiptoken=x"),
        (None, None),
        ("https://elsewhere/keys?$skiptoken=x", None),
        ("http://h/keys?$skiptoken=x", None),
        ("https://h/keys", None),
        ("https://[h/keys?a", None),
    ],
)
def test_a_link_is_followed_only_to_the_same_instance(link: str | None, target: str | None) -> None:
    assert next_target(page([], link), "h") == target


def test_only_lists_of_keys_are_looked_through() -> None:
    assert is_list_of_names("GET", "/keys")
    assert is_list_of_names("GET", "/deletedkeys/")
    assert not is_list_of_names("GET", "/keys/a/versions")
    assert not is_list_of_names("GET", "/keys/a")
