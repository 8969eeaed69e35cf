"""The commit protocol on a token of memory that dies at any chosen call, or half-way in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from mhsm_model.tables.key_types import Family, KeyKind

pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed (extra `pkcs11`)")

from pkcs11 import Attribute
from pkcs11.exceptions import (
    DeviceError,
    DeviceMemory,
    HostMemory,
    PKCS11Error,
    SessionHandleInvalid,
)

from mhsm_targets.pkcs11.record import RecordError, read_record
from mhsm_targets.pkcs11.store import Store
from mhsm_targets.pkcs11.stored import Material, StoredKey, StoredVersion
from mhsm_targets.pkcs11.token import Token

MATERIAL = Material(KeyKind(Family.OCT, bits=128), b"id", None, b"wrapped")


class MemoryToken:
    """Objects by number. The call of number `dies_at` dies, after part of its work or none."""

    def __init__(self) -> None:
        self.objects: dict[int, dict[Attribute, Any]] = {}
        self.made = 0
        self.calls = 0
        self.dies_at: int | None = None
        self.half = False

    def _dies(self) -> bool:
        self.calls += 1
        return self.calls == self.dies_at

    def create(self, template: dict[Attribute, Any]) -> int:
        dies = self._dies()
        if dies and not self.half:
            raise DeviceMemory
        self.made += 1
        self.objects[self.made] = dict(template)
        if dies:
            value = template[Attribute.VALUE]
            self.objects[self.made][Attribute.VALUE] = value[: len(value) // 2]
            raise DeviceMemory
        return self.made

    def destroy(self, handle: int) -> None:
        dies = self._dies()
        if not dies or self.half:
            del self.objects[handle]
        if dies:
            raise DeviceMemory

    def found(self, template: dict[Attribute, Any]) -> list[int]:
        return [n for n, held in self.objects.items() if template.items() <= held.items()]

    def read(self, handle: int, attribute: Attribute) -> Any:
        return self.objects[handle][attribute]


def opened(token: MemoryToken) -> Store:
    return Store(cast("Token", token), "record")


def key(name: str, tag: str = "") -> StoredKey:
    version = StoredVersion("a" * 32, MATERIAL, (), 1, 1, tags={"t": tag} if tag else {})
    return StoredKey(name, (version,))


def keys(store: Store) -> dict[str, StoredKey]:
    return {held.name: held for held in store}


def test_what_is_committed_is_found_by_the_next_process() -> None:
    token = MemoryToken()
    store = opened(token)
    for name in ("a", "b", "c"):
        store.commit(key(name))
        store.commit(key(name, "changed"))
    store.forget("b")
    found = opened(token)
    assert keys(found) == {"a": key("a", "changed"), "c": key("c", "changed")}
    assert (len(found), found.swept, len(token.objects)) == (2, 0, 2)
    assert found.key("b") is None


CHANGES: list[Callable[[Store], None]] = [
    lambda store: store.commit(key("a", "changed")),
    lambda store: store.commit(key("new")),
    lambda store: store.commit(replace(key("a"), deleted=5)),
    lambda store: store.forget("a"),
]


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("change", range(len(CHANGES)))
@pytest.mark.parametrize("dies_at", [1, 2, 3])
def test_a_change_that_dies_has_happened_or_not(change: int, dies_at: int, half: bool) -> None:
    before = MemoryToken()
    opened(before).commit(key("a"))
    after = MemoryToken()
    store = opened(after)
    store.commit(key("a"))
    CHANGES[change](store)
    dying = MemoryToken()
    store = opened(dying)
    store.commit(key("a"))
    dying.calls, dying.dies_at, dying.half = 0, dies_at, half
    acknowledged = False
    try:
        CHANGES[change](store)
        acknowledged = True
    except PKCS11Error:
        pass
    dying.dies_at = None
    found = opened(dying)
    lawful = [keys(opened(after))] if acknowledged else [keys(opened(before)), keys(opened(after))]
    assert keys(found) in lawful
    assert len(dying.objects) == len(found)
    assert opened(dying).swept == 0


def test_of_two_records_of_a_name_the_newer_counts_in_either_order() -> None:
    token = MemoryToken()
    store = opened(token)
    store.commit(key("a", "old"))
    old = dict(token.objects[1])
    store.commit(key("a", "new"))
    for place in (0, 99):
        token.objects = dict(sorted({**token.objects, place: old}.items()))
        assert keys(opened(token)) == {"a": key("a", "new")}
        assert len(token.objects) == 1


def refusing(token: MemoryToken, store: Store, change: Callable[[Store], None]) -> None:
    """The change, while the token destroys nothing."""

    def refused(handle: int) -> None:
        raise DeviceMemory

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(token, "destroy", refused)
        change(store)


def test_an_old_record_that_could_not_be_destroyed_does_not_come_back() -> None:
    token = MemoryToken()
    store = opened(token)
    store.commit(key("a", "old"))
    refusing(token, store, lambda store: store.commit(key("a", "new")))
    assert len(token.objects) == 2
    with pytest.raises(DeviceMemory):
        refusing(token, store, lambda store: store.forget("a"))
    assert keys(store) == {"a": key("a", "new")}
    store.forget("a")
    assert keys(opened(token)) == {}
    assert token.objects == {}


def test_a_key_made_anew_is_newer_than_what_was_left_of_another() -> None:
    token = MemoryToken()
    store = opened(token)
    for tag in ("1", "2", "3"):
        store.commit(key("a", tag))
    old = dict(token.objects[3])
    store.forget("a")
    token.objects[77] = old
    store.commit(key("a", "anew"))
    assert keys(opened(token)) == {"a": key("a", "anew")}


def test_a_creation_that_was_told_to_have_failed_takes_its_number_with_it() -> None:
    token = MemoryToken()
    store = opened(token)
    store.commit(key("a", "1"))
    token.calls, token.dies_at = 0, 1
    with pytest.raises(DeviceMemory):
        store.commit(key("a", "2"))
    token.dies_at = None
    store.commit(key("a", "3"))
    serials = [read_record(held[Attribute.VALUE]).serial for held in token.objects.values()]
    assert serials == [3]


@pytest.mark.parametrize("error", [HostMemory, DeviceError, SessionHandleInvalid])
def test_a_token_that_cannot_be_read_keeps_what_it_has(
    error: type[PKCS11Error], monkeypatch: pytest.MonkeyPatch
) -> None:
    token = MemoryToken()
    opened(token).commit(key("a"))

    def failing(handle: int, attribute: Attribute) -> Any:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(token, "read", failing)
        with pytest.raises(error):
            opened(token)
    assert keys(opened(token)) == {"a": key("a")}


def test_a_record_of_another_version_is_left_alone() -> None:
    token = MemoryToken()
    opened(token).commit(key("a"))
    (held,) = token.objects.values()
    held[Attribute.VALUE] = held[Attribute.VALUE].replace(b"MHSM-KEY-1", b"MHSM-KEY-2")
    with pytest.raises(RecordError, match="another version"):
        opened(token)
    assert len(token.objects) == 1


def test_other_objects_are_left_alone() -> None:
    token = MemoryToken()
    foreign = {Attribute.CLASS: 0, Attribute.LABEL: "another's", Attribute.VALUE: b"data"}
    token.objects[50] = foreign
    store = opened(token)
    store.commit(key("a"))
    assert opened(token).swept == 0
    assert token.objects[50] == foreign
