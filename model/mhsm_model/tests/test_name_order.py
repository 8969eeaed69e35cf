"""The order of names, kept for as long as nothing changes."""

from immutables import Map

from mhsm_model.operations.name_order import names_in_order
from mhsm_model.state import ABSENT, Factor

FACTOR = Factor((ABSENT,))


def test_names_ascend_and_are_sorted_once_for_each_state() -> None:
    some = Map((name, FACTOR) for name in ("b", "a-1", "a", "B"))
    names = names_in_order(some)
    assert names == ["B", "a", "a-1", "b"]
    assert names_in_order(some) is names
    assert names_in_order(some.set("aa", FACTOR)) == ["B", "a", "a-1", "aa", "b"]
    assert names_in_order(some.delete("a")) == ["B", "a-1", "b"]
    assert names_in_order(some) == names
