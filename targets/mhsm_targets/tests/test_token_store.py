"""The commit protocol on a token of memory that dies at any chosen call, or half-way in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from mhsm_model.tables.key_types import Family, KeyKind

pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed (extra `pkcs11`)")

from pkcs11 import Attribute
from pkcs11.exceptions import DeviceMemory, PKCS11Error

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


def test_other_objects_are_left_alone() -> None:
    token = MemoryToken()
    foreign = {Attribute.CLASS: 0, Attribute.LABEL: "another's", Attribute.VALUE: b"data"}
    token.objects[50] = foreign
    store = opened(token)
    store.commit(key("a"))
    assert opened(token).swept == 0
    assert token.objects[50] == foreign
