"""Lists: keys, deleted keys and versions, page by page."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mhsm_conformance.session import InstanceSession
from mhsm_model.exchange import (
    CreateKey,
    DeleteKey,
    KeyPage,
    ListDeletedKeys,
    ListKeys,
    ListKeyVersions,
    RecoverDeletedKey,
    RequestedAttributes,
    UpdateKey,
)
from mhsm_model.operations.paging import next_token

Page = Callable[[int | None, str | None], ListKeys | ListDeletedKeys | ListKeyVersions]


def walk(hsm: InstanceSession, page: Page, maxresults: int | None) -> None:
    """Read a list from its first page to its last."""
    token: str | None = None
    for _ in range(100):
        shown = hsm.send(page(maxresults, token))
        token = next_token(shown) if isinstance(shown, KeyPage) else None
        if token is None:
            return


NAMES = (
    "PAGE-001",
    "PAGE-007",
    "PAGE-204",
    "PAGE-205",
    "PAGE-206",
    "PAGE-210",
    "KEY-005",
    "API-005",
)


@pytest.mark.exercises(*NAMES)
@pytest.mark.parametrize("maxresults", [None, 25])
def test_keys_on_one_page(hsm: InstanceSession, maxresults: int | None) -> None:
    """All active keys are listed, each once, as their current versions are."""
    for number in range(4):
        name = hsm.fresh_name()
        hsm.send(CreateKey(name, "EC", tags={"n": str(number)}))
    hsm.send(CreateKey("key-4", "EC", tags={"n": "newer"}))
    hsm.send(CreateKey("disabled", "EC", attributes=RequestedAttributes(enabled=False)))
    hsm.send(DeleteKey("key-1"))
    walk(hsm, ListKeys, maxresults)


@pytest.mark.exercises(*NAMES, "PAGE-203")
@pytest.mark.parametrize("maxresults", [2, 3, 4])
def test_keys_on_pages(hsm: InstanceSession, maxresults: int) -> None:
    """All active keys are listed on as many pages as it takes."""
    for _ in range(5):
        hsm.send(CreateKey(hsm.fresh_name(), "EC"))
    walk(hsm, ListKeys, maxresults)


@pytest.mark.exercises("PAGE-001", "PAGE-203", "PAGE-206")
def test_default_page(hsm: InstanceSession) -> None:
    """A page has at most 25 items where nothing else is asked for."""
    for _ in range(27):
        hsm.send(CreateKey(hsm.fresh_name(), "EC"))
    walk(hsm, ListKeys, None)


@pytest.mark.exercises("PAGE-206", "PAGE-203")
def test_keys_change_between_pages(hsm: InstanceSession) -> None:
    """What does not change while a list is read is listed."""
    for _ in range(6):
        hsm.send(CreateKey(hsm.fresh_name(), "EC"))
    first = hsm.send(ListKeys(2))
    token = next_token(first) if isinstance(first, KeyPage) else None
    hsm.send(CreateKey("a-new-one", "EC"))
    hsm.send(DeleteKey("key-6"))
    while token is not None:
        shown = hsm.send(ListKeys(2, token))
        token = next_token(shown) if isinstance(shown, KeyPage) else None


@pytest.mark.exercises(*NAMES, "PAGE-207", "PAGE-203")
@pytest.mark.parametrize("maxresults", [2, 25])
def test_deleted_keys(hsm: InstanceSession, maxresults: int) -> None:
    """All soft-deleted keys are listed with the dates of their deletion, and no others."""
    for number in range(5):
        name = hsm.fresh_name()
        hsm.send(CreateKey(name, "EC", tags={"n": str(number)}))
        if number:
            hsm.send(DeleteKey(name))
    hsm.send(RecoverDeletedKey("key-2"))
    walk(hsm, ListDeletedKeys, maxresults)
    walk(hsm, ListKeys, maxresults)
    if maxresults == 25:
        for number in (4, 5):
            hsm.send(RecoverDeletedKey(f"key-{number}"))
        walk(hsm, ListDeletedKeys, 1)
        hsm.send(DeleteKey("key-4"))
        walk(hsm, ListDeletedKeys, 1)


@pytest.mark.exercises("KEY-205", "PAGE-208", "PAGE-005", "PAGE-209", "PAGE-001")
@pytest.mark.parametrize("maxresults", [None, 2, 25])
def test_versions(hsm: InstanceSession, maxresults: int | None) -> None:
    """All versions of a key are listed, oldest first, each with its own attributes."""
    name = hsm.fresh_name()
    versions: list[str | None] = []
    for number in range(5):
        hsm.session.advance(10)
        made = hsm.created(CreateKey(name, "EC", tags={"n": str(number)}))
        versions.append(made.kid.version)
    hsm.send(UpdateKey(name, versions[1], tags={"n": "changed"}))
    hsm.send(CreateKey(hsm.fresh_name(), "EC"))
    walk(hsm, lambda most, token: ListKeyVersions(name, most, token), maxresults)


@pytest.mark.exercises("PAGE-208", "PAGE-209")
def test_versions_of_a_recovered_key(hsm: InstanceSession) -> None:
    """A recovered key has all the versions that it had."""
    name = hsm.fresh_name()
    for _ in range(3):
        hsm.send(CreateKey(name, "EC"))
    hsm.send(DeleteKey(name))
    hsm.send(RecoverDeletedKey(name))
    hsm.send(ListKeyVersions(name))


@pytest.mark.exercises("PAGE-006", "ERR-201")
def test_versions_of_nothing(hsm: InstanceSession) -> None:
    """A name that never had a key has an empty list of versions."""
    hsm.send(ListKeyVersions("never-there"))


@pytest.mark.exercises("LIFE-005")
def test_versions_of_a_deleted_key(hsm: InstanceSession) -> None:
    """A soft-deleted key has an empty list of versions."""
    name = hsm.fresh_name()
    hsm.send(CreateKey(name, "EC"))
    hsm.send(DeleteKey(name))
    hsm.send(ListKeyVersions(name))


@pytest.mark.exercises("PAGE-002")
@pytest.mark.parametrize("maxresults", [0, 26, -1])
def test_page_size_out_of_range(hsm: InstanceSession, maxresults: int) -> None:
    """What becomes of a maxresults out of range is recorded."""
    hsm.send(ListKeys(maxresults))


@pytest.mark.exercises("PAGE-007", "PAGE-206")
def test_lists_of_another_instance(hsm: InstanceSession, other_hsm: InstanceSession) -> None:
    """Keys of one instance are in no list of another."""
    hsm.send(CreateKey("only-here", "EC"))
    other_hsm.send(CreateKey("only-there", "EC"))
    for instance in (hsm, other_hsm):
        walk(instance, ListKeys, None)
    hsm.send(DeleteKey("only-here"))
    for instance in (hsm, other_hsm):
        walk(instance, ListDeletedKeys, None)
    other_hsm.send(DeleteKey("only-there"))
    walk(hsm, ListDeletedKeys, None)
