"""Names and hosts: a check finds its own, whatever they are called in an HSM that others use."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhsm_targets.https.hosts import HostSwap
from mhsm_targets.https.names import PrefixedNames
from mhsm_targets.https.reach import changes, is_within, makes, makes_a_key

PREFIX = "mhsm-0123abcd-7-"
LAWFUL = st.from_regex(r"\A[0-9a-zA-Z-]{1,127}\Z")


@pytest.mark.parametrize(
    ("method", "path", "sent"),
    [
        ("GET", "/keys/a", f"/keys/{PREFIX}a"),
        ("GET", "/keys/a/", f"/keys/{PREFIX}a/"),
        ("POST", "/keys/a//sign", f"/keys/{PREFIX}a//sign"),
        ("GET", "/keys/restore", f"/keys/{PREFIX}restore"),
        ("POST", "/keys/restore/create", f"/keys/{PREFIX}restore/create"),
        ("DELETE", "/deletedkeys/a", f"/deletedkeys/{PREFIX}a"),
        ("GET", "/keys/a%20b", f"/keys/{PREFIX}a%20b"),
        ("POST", "/keys/restore", "/keys/restore"),
        ("POST", "/keys//restore", "/keys//restore"),
        ("GET", "/keys", "/keys"),
        ("GET", "/keys/", "/keys/"),
        ("POST", "/rng", "/rng"),
        ("GET", "/settings/a", "/settings/a"),
    ],
)
def test_only_the_name_in_a_path_is_replaced(method: str, path: str, sent: str) -> None:
    assert PrefixedNames(PREFIX).outward(method, path) == sent


@given(st.lists(LAWFUL, min_size=1, max_size=6, unique=True))
def test_every_lawful_name_goes_out_lawful_and_comes_back(names: list[str]) -> None:
    space = PrefixedNames(PREFIX)
    sent = [space.outward("GET", f"/keys/{name}").removeprefix("/keys/") for name in names]
    assert len(set(sent)) == len(names)
    for name, stood_for in zip(names, sent, strict=True):
        assert stood_for.startswith(PREFIX)
        assert len(stood_for) <= 127
        shown = f'{{"kid":"https://h/keys/{stood_for}/v"}}'.encode()
        assert space.inward(shown) == f'{{"kid":"https://h/keys/{name}/v"}}'.encode()


def test_a_name_that_is_too_long_stays_too_long() -> None:
    assert len(PrefixedNames(PREFIX).outward("GET", "/keys/" + "n" * 128)) > 127 + len("/keys/")


def test_names_of_others_are_not_of_the_space() -> None:
    space = PrefixedNames(PREFIX)
    assert space.has(f"https://h/keys/{PREFIX}a/v")
    assert space.has(f"https://h/deletedkeys/{PREFIX}a")
    for foreign in ("payroll", "mhsm-0123abcd-70-a", f"x{PREFIX}a"):
        assert not space.has(f"https://h/keys/{foreign}")


def test_hosts_are_swapped_both_ways_at_once() -> None:
    swap = HostSwap("hsm-a.managedhsm.azure.net", "127.0.0.1:8443")
    shown = b"https://127.0.0.1:8443/keys https://hsm-a.managedhsm.azure.net/keys"
    assert swap.inward(shown) == (
        b"https://hsm-a.managedhsm.azure.net/keys https://127.0.0.1:8443/keys"
    )


def test_a_host_that_is_part_of_another_stays() -> None:
    swap = HostSwap("hsm-a.managedhsm.azure.net", "b.managedhsm.azure.net")
    shown = b"https://ab.managedhsm.azure.net/ https://b.managedhsm.azure.net.evil/"
    assert swap.inward(shown) == shown


@pytest.mark.parametrize(
    ("method", "path", "within"),
    [
        ("GET", "/keys", True),
        ("GET", "/deletedkeys", True),
        ("POST", "/rng", True),
        ("POST", "/keys/restore", True),
        ("DELETE", "/keys/a", True),
        ("POST", "/keys/a/rotate", True),
        ("DELETE", "/keys", False),
        ("POST", "/keys", False),
        ("PUT", "/restore", False),
        ("POST", "/backup", False),
        ("POST", "/securitydomain/upload", False),
        ("PATCH", "/settings/AllowKeyManagementOperationsThroughARM", False),
        ("PUT", "/keys/providers/Microsoft.Authorization/roleAssignments/x", False),
    ],
)
def test_what_names_no_key_of_the_run_reaches_beyond_it(
    method: str, path: str, within: bool
) -> None:
    assert is_within(method, path) is within


def test_requests_are_told_apart_by_what_they_do() -> None:
    assert [changes(m, p) for m, p in (("GET", "/keys/a"), ("POST", "/keys/a//sign"))] == [
        False,
        False,
    ]
    assert changes("POST", "/keys/a/create")
    assert changes("POST", "/keys/a/rotate")
    assert makes("PUT", "/keys/a") == "create"
    assert makes("POST", "/keys/restore") == "change"
    assert makes("GET", "/keys/a") is None
    assert makes_a_key("POST", "/keys/restore")
    assert not makes_a_key("DELETE", "/keys/a")
