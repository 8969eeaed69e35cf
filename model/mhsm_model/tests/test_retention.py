"""What time does to a soft-deleted key."""

from __future__ import annotations

import pytest

from mhsm_model.configuration import Configuration
from mhsm_model.exchange import (
    CreateKey,
    DeletedKeyBundle,
    DeleteKey,
    GetDeletedKey,
    KeyBundle,
    KeyPage,
    ListDeletedKeys,
    PurgeDeletedKey,
    RecoverDeletedKey,
    Refused,
)
from mhsm_model.tables.lifecycle import DAY_SECONDS
from mhsm_model.tests.scenes import Scene, judged, scene


def deleted(days: int = 7, *, protected: bool = False, maximum_keys: int = 5000) -> Scene:
    made = scene(Configuration("own", "", days, protected, maximum_keys))
    made.send(CreateKey("a", "oct", 256))
    made.send(DeleteKey("a"))
    return made


@pytest.mark.parametrize("days", [7, 90])
def test_a_deleted_key_is_there_until_its_date_and_then_gone(days: int) -> None:
    made = deleted(days)
    made.clock += days * DAY_SECONDS - 2
    made.expect(DeletedKeyBundle, GetDeletedKey("a"))
    made.clock += 2
    for request in (GetDeletedKey("a"), RecoverDeletedKey("a"), PurgeDeletedKey("a")):
        assert made.expect(Refused, request).code == "KeyNotFound"


def test_the_date_is_a_day_as_often_as_the_retention_has_days() -> None:
    made = deleted(7)
    shown = made.expect(DeletedKeyBundle, GetDeletedKey("a"))
    assert shown.scheduled_purge_date == (shown.deleted_date or 0) + 7 * DAY_SECONDS


def test_about_the_date_both_is_lawful() -> None:
    made = deleted(7)
    made.clock += 7 * DAY_SECONDS - 1
    call = made.call(GetDeletedKey("a"))
    gone = Refused(404, "KeyNotFound", f"Key not found: https://{call.host}/deletedkeys/a")
    assert judged(made.estate, call, gone).accepted
    made.expect(DeletedKeyBundle, GetDeletedKey("a"))
    assert not judged(made.estate, call, gone).accepted


def test_the_name_is_free_again_after_the_date() -> None:
    made = deleted(7)
    assert made.expect(Refused, CreateKey("a", "EC")).code == "Conflict"
    made.clock += 7 * DAY_SECONDS
    made.expect(KeyBundle, CreateKey("a", "EC"))


def test_protection_ends_with_the_retention() -> None:
    made = deleted(7, protected=True)
    assert made.expect(Refused, PurgeDeletedKey("a")).code == "Forbidden"
    made.clock += 7 * DAY_SECONDS
    made.expect(KeyBundle, CreateKey("a", "EC"))


def test_a_key_past_its_date_takes_no_room() -> None:
    made = deleted(7, maximum_keys=1)
    made.clock += 7 * DAY_SECONDS
    call = made.call(CreateKey("b", "EC"))
    refused = Refused(400, "BadParameter", "The instance has the maximum number of keys")
    assert not judged(made.estate, call, refused).accepted
    made.expect(KeyBundle, CreateKey("b", "EC"))


def test_a_key_past_its_date_is_listed_no_more() -> None:
    made = deleted(7)
    before = made.expect(KeyPage, ListDeletedKeys())
    made.clock += 7 * DAY_SECONDS
    call = made.call(ListDeletedKeys())
    assert judged(made.estate, call, KeyPage(())).accepted
    assert not judged(made.estate, call, before).accepted
    assert made.expect(KeyPage, ListDeletedKeys()).items == ()
