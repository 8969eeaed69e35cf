"""The examination of recorded sessions: our own, lawful and tampered, and those of the service."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from mhsm_conformance.examination import ExchangeVerdict, RecordedVerdict, examine
from mhsm_conformance.recorder import recorded_session
from mhsm_conformance.tests.converting import har
from mhsm_conformance.tests.tampering import HOST
from mhsm_model.acceptor import Strictness
from mhsm_model.exchange import (
    CreateKey,
    DeleteKey,
    Encrypt,
    GetDeletedKey,
    GetKey,
    ListDeletedKeys,
    ListKeys,
    ListKeyVersions,
    RecoverDeletedKey,
    Request,
    Sign,
    UpdateKey,
    Verify,
)
from mhsm_targets.recordings.recording import RecordingError

ROOT: Final = Path(__file__).resolve().parents[3]
TRACES: Final = ROOT.parent / "shared" / "traces" / "mhsm"
STRICT: Final = Strictness(strict=True)
Document = dict[str, Any]

SCRIPTS: Final[dict[str, tuple[Request, ...]]] = {
    "the life of a key": (
        GetKey("a"),
        CreateKey("a", "EC", tags={"x": "y"}),
        GetKey("a"),
        ListKeys(),
        DeleteKey("a"),
        GetKey("a"),
        GetDeletedKey("a"),
        ListDeletedKeys(),
        RecoverDeletedKey("a"),
        GetKey("a"),
        CreateKey("a", "EC"),
        ListKeyVersions("a"),
    ),
    "uses of keys": (
        GetKey("nothing"),
        CreateKey("a", "EC"),
        Sign("a", None, "ES256", bytes(32)),
        Sign("a", None, "ES256", bytes(31)),
        Verify("a", None, "ES256", bytes(32), bytes(64)),
        CreateKey("s", "oct", 256),
        Encrypt("s", None, "A256CBC", b"plaintext", bytes(16)),
        UpdateKey("s", None, ("decrypt",)),
        Encrypt("s", None, "A256CBC", b"plaintext", bytes(16)),
    ),
    "refusals": (
        GetKey("nothing"),
        CreateKey("a", "nonsense"),
        CreateKey("a_b", "EC"),
        GetKey("a", "0" * 32),
        UpdateKey("a", tags={}),
        ListKeyVersions("nothing"),
    ),
}


def recorded(path: Path, script: tuple[Request, ...]) -> Path:
    recorded_session(path, "model", 0, script)
    return path


def tampered(path: Path, place: int, alter: Callable[[Document], None]) -> Path:
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    alter(lines[place])
    path.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    return path


def verdicts(path: Path) -> list[RecordedVerdict]:
    return [found.verdict for found in examine(path, STRICT)]


# --- our own recordings ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", SCRIPTS)
def test_what_the_emulator_answers_is_accepted(tmp_path: Path, name: str) -> None:
    script = SCRIPTS[name]
    path = recorded(tmp_path / "s.jsonl", script)
    found = list(examine(path, STRICT))
    assert [f.verdict for f in found] == [RecordedVerdict.ACCEPTED] * (len(script) + 1)
    assert found[0].status == 401
    assert [f.operation for f in found[1:]] == [type(request).__name__ for request in script]
    assert all(not f.warnings and f.inconclusive is None for f in found)
    # A challenge and a purge show nothing but the form of their messages.
    assert {f.status for f in found if not f.strong} <= {401, 204}


def test_the_recorder_s_own_script_is_accepted_and_keeps_no_token(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    recorded_session(path, "model", 0)
    assert set(verdicts(path)) == {RecordedVerdict.ACCEPTED}
    assert "token" not in path.read_text(encoding="utf-8").replace("skiptoken", "")


def other_tags(line: Document) -> None:
    line["response_body"]["tags"] = {"x": "z"}


def refused(line: Document) -> None:
    line["status"] = 404
    message = (
        f"Key not found: https://{HOST}/keys/a (Activity ID: {'0' * 8}-0000-1000-8000-{'0' * 12})"
    )
    line["response_body"] = {"error": {"code": "KeyNotFound", "message": message}}
    line["response_headers"].pop("x-ms-request-id")


def private_member(line: Document) -> None:
    line["response_body"]["key"]["d"] = "AA"


def wrong_type(line: Document) -> None:
    line["response_headers"]["content-type"] = "text/html"


def other_time(line: Document) -> None:
    line["response_body"]["attributes"]["created"] += 1


def server_fault(line: Document) -> None:
    line["status"] = 500


TAMPERINGS: Final[list[tuple[int, Callable[[Document], None], str]]] = [
    (4, other_tags, "ATTR-212"),
    (4, refused, "ERR-201"),
    (4, private_member, "KEY-009"),
    (4, wrong_type, "API-003"),
    (4, other_time, "ATTR-211"),
    (4, server_fault, "ERR-202"),
    (8, wrong_type, "API-003"),
    (11, other_tags, "ATTR-212"),
]


@pytest.mark.parametrize(("place", "alter", "clause"), TAMPERINGS)
def test_a_tampered_exchange_is_rejected_and_no_other(
    tmp_path: Path, place: int, alter: Callable[[Document], None], clause: str
) -> None:
    path = recorded(tmp_path / "s.jsonl", SCRIPTS["the life of a key"])
    found = list(examine(tampered(path, place, alter), STRICT))
    rejected = [f for f in found if f.verdict is RecordedVerdict.REJECTED]
    assert [f.sequence for f in rejected] == [place]
    assert clause in {breach.clause.identifier for breach in rejected[0].breaches}
    assert rejected[0].explanation is None


def test_what_is_not_of_the_data_plane_is_out_of_scope(tmp_path: Path) -> None:
    path = recorded(tmp_path / "s.jsonl", SCRIPTS["the life of a key"])

    def other_plane(line: Document) -> None:
        line["plane"] = "arm"

    assert verdicts(tampered(path, 4, other_plane))[3] is RecordedVerdict.OUT_OF_SCOPE


def test_an_operation_of_a_later_chapter_is_unmodelled(tmp_path: Path) -> None:
    path = recorded(tmp_path / "s.jsonl", SCRIPTS["the life of a key"])

    def rotate(line: Document) -> None:
        line["method"] = "POST"
        line["url"] = line["url"].replace("/keys/a/", "/keys/a/rotate")

    found = list(examine(tampered(path, 4, rotate), STRICT))
    assert found[3].verdict is RecordedVerdict.UNMODELLED
    assert found[3].operation == "RotateKey"


def test_a_host_that_is_masked_in_the_url_alone_is_taken_for_the_other(tmp_path: Path) -> None:
    path = recorded(tmp_path / "s.jsonl", SCRIPTS["the life of a key"])
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for line in lines[1:]:
        line["url"] = "https://masked.managedhsm.azure.net" + line["url"].partition(".net")[2]
    path.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    assert set(verdicts(path)) == {RecordedVerdict.ACCEPTED}


def test_a_file_that_cannot_be_read_keeps_what_came_before(tmp_path: Path) -> None:
    path = recorded(tmp_path / "s.jsonl", SCRIPTS["refusals"])
    path.write_text(path.read_text(encoding="utf-8") + "{", encoding="utf-8")
    found: list[ExchangeVerdict] = []
    with pytest.raises(RecordingError, match=r"s\.jsonl:9: the line is not JSON"):
        found.extend(examine(path))
    assert len(found) == 7


# --- what a recording tells of time, or does not tell ---------------------------------------------


def archived(path: Path, *, late: int, lost: int | None = None) -> Path:
    """A create and a read as an archive, whose times are `late` seconds after what replies say.

    The answer to the exchange numbered `lost` is left out.
    """
    recorded_session(path, "model", 0, (CreateKey("a", "EC"), GetKey("a")))
    archive = json.loads(har(path))
    entries: list[Document] = archive["log"]["entries"]
    created = json.loads(path.read_text("utf-8").splitlines()[2])["response_body"]["attributes"]
    sent = datetime.fromtimestamp(created["created"] + late, UTC).isoformat()
    for number, entry in enumerate(entries, 1):
        entry.update(startedDateTime=sent, time=100)
        if number == lost:
            entry["response"] = {"status": 0, "headers": [], "content": {}}
    found = path.with_suffix(".har")
    found.write_text(json.dumps(archive), encoding="utf-8")
    return found


@pytest.mark.parametrize(("late", "verdict"), [(0, "accepted"), (50, "accepted"), (90, "rejected")])
def test_a_key_is_not_older_than_the_request_for_it(
    tmp_path: Path, late: int, verdict: str
) -> None:
    found = list(examine(archived(tmp_path / "s.jsonl", late=late), STRICT))
    assert [f.verdict for f in found] == ["accepted", verdict, "accepted"]


def test_a_lost_answer_is_inconclusive_and_what_follows_is_judged(tmp_path: Path) -> None:
    found = list(examine(archived(tmp_path / "s.jsonl", late=0, lost=2), STRICT))
    assert [f.verdict for f in found] == ["accepted", "unmodelled", "accepted"]
    assert [f.inconclusive for f in found] == [None, "the answer was not recorded", None]
    assert [f.strong for f in found] == [False, False, True]


def test_a_list_without_its_query_is_unmodelled(tmp_path: Path) -> None:
    path = recorded(tmp_path / "s.jsonl", (ListKeys(), CreateKey("a", "EC"), ListKeys()))
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    lines[0]["recording_format"] = "nock-js"
    for line in lines[1:]:
        line.update(url=line["url"].partition("?")[0], query=None)
    path.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    found = list(examine(path, STRICT))
    assert [f.operation for f in found[1:]] == [
        "ListKeys without its query",
        "CreateKey",
        "ListKeys without its query",
    ]
    assert [f.verdict for f in found] == ["accepted", "unmodelled", "accepted", "unmodelled"]


# --- recordings of the real service ---------------------------------------------------------------


@pytest.mark.skipif(not TRACES.is_dir(), reason="untested: no recordings beside the repository")
def test_recordings_of_the_real_service_are_accepted() -> None:
    counted = Counter[RecordedVerdict]()
    unexplained: list[str] = []
    for path in sorted(TRACES.rglob("*.jsonl")):
        for found in examine(path):
            counted[found.verdict] += 1
            if found.verdict is RecordedVerdict.REJECTED and found.explanation is None:
                unexplained.append(f"{path.name}:{found.sequence}: {found.breaches[0]}")
    accepted, rejected = counted[RecordedVerdict.ACCEPTED], counted[RecordedVerdict.REJECTED]
    assert accepted > 3000
    assert accepted / (accepted + rejected) >= 0.995
    assert unexplained == []
