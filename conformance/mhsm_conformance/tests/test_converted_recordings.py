"""A recording is judged alike in every format, but for what a format cannot tell."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from mhsm_conformance.examination import ExchangeVerdict, RecordedVerdict, examine
from mhsm_conformance.recorder import recorded_session
from mhsm_conformance.tests.converting import FORMATS
from mhsm_conformance.vectors.sample_keys import sample_key
from mhsm_model.acceptor import Strictness
from mhsm_model.exchange import (
    CreateKey,
    Decrypt,
    DeleteKey,
    Encrypt,
    GetDeletedKey,
    GetKey,
    ImportKey,
    ListDeletedKeys,
    ListKeys,
    ListKeyVersions,
    PurgeDeletedKey,
    Request,
    Sign,
    UpdateKey,
    Verify,
)

ROOT: Final = Path(__file__).resolve().parents[3]
TRACES: Final = ROOT.parent / "shared" / "traces"
FIXTURES: Final = ROOT / "targets" / "mhsm_targets" / "tests" / "recordings"
STRICT: Final = Strictness(strict=True)
LEAVING_QUERIES_OUT: Final = ("nock", "nise")

SCRIPTS: Final[dict[str, tuple[Request, ...]]] = {
    "lives": (
        GetKey("a"),
        CreateKey("a", "EC", tags={"x": "é \U0001f511 'quoted' \"twice\" \\ `back`"}),
        CreateKey("a", "RSA", key_size=2048),
        ListKeyVersions("a"),
        ListKeys(maxresults=1),
        UpdateKey("a", None, ("sign",), tags={}),
        DeleteKey("a"),
        ListDeletedKeys(),
        GetDeletedKey("a"),
        PurgeDeletedKey("a"),
        GetKey("a"),
    ),
    "uses": (
        CreateKey("a", "EC"),
        Sign("a", None, "ES256", bytes(32)),
        Sign("a", None, "ES256", bytes(31)),
        Verify("a", None, "ES256", bytes(32), bytes(64)),
        CreateKey("s", "oct", 256),
        Encrypt("s", None, "A256GCM", b"plaintext"),
        Encrypt("s", None, "A256CBC", b"plaintext", bytes(16)),
        Decrypt("s", None, "A256CBC", bytes(16), bytes(16)),
    ),
    "imports": (
        ImportKey("i", sample_key("EC P-256", 0)),
        GetKey("i"),
        ImportKey("i", sample_key("RSA 2048", 0)),
        ListKeyVersions("i"),
    ),
}

Told = tuple[RecordedVerdict, int, tuple[str, ...]]


def told(path: Path) -> list[Told]:
    return [
        (found.verdict, found.status, tuple(sorted(b.clause.identifier for b in found.breaches)))
        for found in examine(path, STRICT)
    ]


def differences(original: list[Told], converted: list[Told], *, whole: bool) -> list[str]:
    """What was judged otherwise.

    A format that keeps less may leave an exchange unmodelled, and then what later ones say against
    it; it never accuses.
    """
    assert len(original) == len(converted)
    found: list[str] = []
    for place, (before, after) in enumerate(zip(original, converted, strict=True), 1):
        if whole:
            same = before == after
        else:
            unsure = RecordedVerdict.UNMODELLED in (after[0], before[0])
            same = before == after or (unsure and after[0] is not RecordedVerdict.REJECTED)
        if not same:
            found.append(f"{place}: {before} became {after}")
    return found


def is_whole(name: str, *, redacted: bool) -> bool:
    return FORMATS[name].whole and not (name == "case" and redacted)


@pytest.fixture(scope="module", params=SCRIPTS)
def session(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sessions") / f"{request.param}.jsonl"
    recorded_session(path, "model", 0, SCRIPTS[request.param])
    return path


@pytest.mark.parametrize("name", FORMATS)
def test_a_session_of_the_emulator_is_judged_alike(
    tmp_path: Path, session: Path, name: str
) -> None:
    converted = tmp_path / f"{session.stem}{FORMATS[name].suffix}"
    converted.write_text(FORMATS[name].write(session), encoding="utf-8")
    original, found = told(session), told(converted)
    assert {verdict for verdict, *_ in original} == {RecordedVerdict.ACCEPTED}
    whole = is_whole(name, redacted=session.stem == "imports")
    assert differences(original, found, whole=whole) == []
    if not whole:
        kept = sum(verdict is RecordedVerdict.ACCEPTED for verdict, *_ in found)
        assert kept >= len(found) - 4


def other_tags(line: dict[str, Any]) -> None:
    line["response_body"]["tags"] = {"other": "tags"}


def wrong_type(line: dict[str, Any]) -> None:
    line["response_headers"]["content-type"] = "text/html"


def fault(line: dict[str, Any]) -> None:
    line["status"] = 500


@pytest.mark.parametrize("alter", [other_tags, wrong_type, fault])
@pytest.mark.parametrize("name", FORMATS)
def test_a_tampered_exchange_is_rejected_in_every_format(
    tmp_path: Path, name: str, alter: Callable[[dict[str, Any]], None]
) -> None:
    path = tmp_path / "s.jsonl"
    recorded_session(path, "model", 0, (CreateKey("a", "EC"), GetKey("a"), GetKey("a")))
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    alter(lines[3])
    path.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    converted = tmp_path / f"t{FORMATS[name].suffix}"
    converted.write_text(FORMATS[name].write(path), encoding="utf-8")
    found = told(converted)
    assert [verdict for verdict, *_ in found] == [
        RecordedVerdict.ACCEPTED,
        RecordedVerdict.ACCEPTED,
        RecordedVerdict.REJECTED,
        RecordedVerdict.ACCEPTED,
    ]
    assert found == told(path)


@pytest.mark.parametrize("path", sorted(FIXTURES.iterdir()), ids=lambda path: path.name)
def test_a_fixture_of_every_format_is_accepted(path: Path) -> None:
    found: list[ExchangeVerdict] = list(examine(path, STRICT))
    assert len(found) == 7
    accepted = [f for f in found if f.verdict is RecordedVerdict.ACCEPTED]
    # Without its query a list may be of any page.
    unsure = [f.operation for f in found if f.verdict is RecordedVerdict.UNMODELLED]
    assert unsure == (["ListKeys without its query"] if path.name == "formatted.js" else [])
    assert len(accepted) == 7 - len(unsure)
    assert sum(f.strong for f in accepted) >= 5


@pytest.mark.skipif(not TRACES.is_dir(), reason="untested: no recordings beside the repository")
def test_recordings_of_the_real_service_are_judged_alike(tmp_path: Path) -> None:
    # Each file goes through one of the formats in turn, which is some fifty files for each.
    converted, found = 0, list[str]()
    names = list(FORMATS)
    for place, path in enumerate(sorted(TRACES.rglob("*.jsonl"))):
        with path.open(encoding="utf-8") as file:
            header = json.loads(file.readline())
        name = names[place % len(names)]
        lacking = header["recording_format"].startswith(LEAVING_QUERIES_OUT)
        if header.get("transcribed") or (lacking and FORMATS[name].whole):
            continue
        # The name of the session is what known defects are looked up by.
        foreign = tmp_path / f"{path.stem}{FORMATS[name].suffix}"
        foreign.write_text(FORMATS[name].write(path), encoding="utf-8")
        converted += 1
        whole = FORMATS[name].whole and name != "case"
        found += [
            f"{name} of {path.name}, {difference}"
            for difference in differences(told(path), told(foreign), whole=whole)
        ]
    assert converted > 400
    assert found == []
