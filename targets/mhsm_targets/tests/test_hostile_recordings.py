"""Files that cannot be read: one sentence for each, and never any other exception."""

from __future__ import annotations

import contextlib
import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mhsm_targets.recordings.documents import LARGEST_DOCUMENT
from mhsm_targets.recordings.reading import UnknownFormatError, read_recording
from mhsm_targets.recordings.recording import RecordedExchange, RecordingError

FIXTURES: Final = Path(__file__).with_name("recordings")
NAMES: Final = sorted(path.name for path in FIXTURES.iterdir())
JSON_NAMES: Final = [name for name in NAMES if name.endswith((".json", ".har"))]
URL: Final = "https://hsm.managedhsm.azure.net/keys/a"


def complaint(path: Path) -> str:
    """The sentence that reading ends with, after the file's name."""
    with pytest.raises(RecordingError) as caught:
        list(read_recording(path)[1])
    text = str(caught.value)
    assert text.startswith(str(path))
    assert "\n" not in text
    assert len(text) < len(str(path)) + 300
    return text.removeprefix(str(path))


def written(path: Path, content: object) -> Path:
    text = content if isinstance(content, str) else json.dumps(content)
    path.write_text(text, encoding="utf-8")
    return path


# --- the file as a whole --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "the file is empty"),
        (b" \n\n", "the file is empty"),
        (b"hello", "the file is of no known format"),
        (b"{}", "the file is of no known format"),
        (b"[]", "the file is of no known format"),
        (b'{"name": "package"}', "the file is of no known format"),
        (b'{"log": "text"}', "the file is of no known format"),
        (b"\x7fELF\0\0\0", "the file is of no known format"),
        (b"\xff\xfe{\0}\0", "the file is of no known format"),
        (b"key: value\n", "the file is of no known format"),
        (b"console.log('interactions: none')", "the file is of no known format"),
    ],
    ids=repr,
)
def test_a_file_of_no_known_format(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(UnknownFormatError):
        read_recording(path)
    assert complaint(path) == f": {problem}"


@pytest.mark.parametrize("name", NAMES)
def test_a_truncated_file_tells_where_it_ends(tmp_path: Path, name: str) -> None:
    content = (FIXTURES / name).read_bytes()
    path = tmp_path / name
    path.write_bytes(content[: len(content) * 2 // 3])
    found: list[RecordedExchange] = []
    with pytest.raises(RecordingError) as caught:
        found.extend(read_recording(path)[1])
    # YAML ends well almost anywhere: there the line is where the entry that lacks its end begins.
    begun = path.read_bytes()[: path.read_bytes().rfind(b"\n- request") + 1]
    shown = begun if name == "cassette.yaml" else path.read_bytes()
    assert str(caught.value).startswith(f"{path}:{1 + shown.count(bytes([10]))}: ")
    # What is read entry by entry keeps those before the end.
    assert bool(found) == name.endswith((".jsonl", ".yaml", ".js"))


@pytest.mark.parametrize("name", [name for name in NAMES if name != "session.jsonl"])
@pytest.mark.parametrize(
    ("put", "problem"),
    [(b"\0", "the line has a NUL character"), (b"\xff", "the line is not UTF-8 text")],
)
def test_a_character_that_none_may_have(
    tmp_path: Path, name: str, put: bytes, problem: str
) -> None:
    content = (FIXTURES / name).read_bytes() + b"x" * 100_000 + b"\n" + put
    path = tmp_path / "file"
    path.write_bytes(content)
    assert complaint(path) == f":{1 + content.count(bytes([10]))}: {problem}"


@pytest.mark.parametrize("name", ["archive.har", "cassette.yaml", "fixture.js"])
def test_a_file_that_is_too_large(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with path.open("wb") as file:
        file.write((FIXTURES / name).read_bytes())
        file.truncate(LARGEST_DOCUMENT + 1)
    assert complaint(path) == (
        ": the file is larger than 64 MiB, the most that is read of this format"
    )


def test_a_link_that_leads_to_itself(tmp_path: Path) -> None:
    path = tmp_path / "loop"
    path.symlink_to(path)
    assert complaint(path) == ": too many levels of symbolic links"


# --- JSON -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ('{"Entries": [}', ":1: the file is not JSON"),
        ('{"Entries":\n[', ":2: the file is not JSON, and the file ends inside it"),
        ('{"Entries": ' + "[" * 100_000, ": the JSON is nested too deeply"),
        ('{"Entries": [' + "9" * 5000 + "]}", ": the JSON has a number of too many digits"),
        ('{"Entries": {}}', ": Entries is not a list"),
        ('{"Entries": [1]}', ": entry 1: it is not an object"),
        ('{"log": {"entries": 1}}', ": entries is not a list"),
        ('{"log": {}}', ": entries is not a list"),
        ('{"recordings": [[]]}', ": entry 1: it is not an object"),
        ('{"interactions": [{}]}', ": entry 1: request is not an object"),
        (
            '{"format": "mhsm-case/2"}',
            ": the format of the case is not mhsm-case/1; one that `mhsm run` has stored has no "
            "answers to judge, and is tried again by: mhsm replay CASE TARGET",
        ),
        ('{"format": "mhsm-case/1"}', ": exchanges is not a list"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_document_of_another_form(tmp_path: Path, content: str, problem: str) -> None:
    assert complaint(written(tmp_path / "file", content)) == problem


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"RequestUri": 1}, "url is not a printable text"),
        ({"RequestUri": "https://h/\ud800"}, "url is not a printable text"),
        ({"RequestUri": "/keys"}, "url is not an https URL with a host"),
        ({"RequestUri": "https://:443/keys"}, "url is not an https URL with a host"),
        ({"RequestUri": "https://\u00fc.example/"}, "url is not an https URL with a host"),
        ({"RequestUri": "https://[::1/keys"}, "url is not a URL"),
        ({"RequestMethod": ""}, "RequestMethod is not a word"),
        ({"RequestMethod": "\ud800"}, "RequestMethod is not a word"),
        ({"StatusCode": "200"}, "status is not a number from 100 to 599"),
        ({"StatusCode": True}, "status is not a number from 100 to 599"),
        ({"ResponseHeaders": []}, "ResponseHeaders is not an object"),
        ({"ResponseHeaders": {"a": 1}}, "ResponseHeaders has a value that is not a text"),
        ({"ResponseHeaders": {"": "a"}}, "ResponseHeaders has a name that is not a text"),
        (
            {"ResponseHeaders": {"a": "b\r\nc: d"}},
            "ResponseHeaders has a character that no header may have",
        ),
        ({"ResponseBody": "\ud800"}, "a body has a character that is half of one"),
        (
            {"ResponseHeaders": {"content-encoding": "gzip"}, "ResponseBody": "\x1f\x8b"},
            "a body is not the gzip that its header says",
        ),
    ],
    ids=lambda value: repr(value)[:50],
)
def test_an_entry_of_another_form(tmp_path: Path, changed: dict[str, Any], problem: str) -> None:
    entry = {"RequestUri": URL, "RequestMethod": "GET", "StatusCode": 200}
    document = {"Entries": [entry, {**entry, **changed}]}
    path = written(tmp_path / "file", document)
    assert complaint(path) == f": entry 2: {problem}"
    exchanges = read_recording(path)[1]
    assert next(exchanges).sequence == 1


def test_a_body_that_grows_without_end_is_refused(tmp_path: Path) -> None:
    pieces = [gzip.compress(bytes(17 * 1024 * 1024)).hex()]
    content = {
        "scope": "https://hsm.managedhsm.azure.net",
        "method": "GET",
        "path": "/",
        "status": 200,
        "response": pieces,
        "rawHeaders": ["content-encoding", "gzip"],
    }
    path = written(tmp_path / "file", [content])
    assert complaint(path) == ": entry 1: a body is cut off, or larger than 16 MiB"


# --- YAML -----------------------------------------------------------------------------------------

BOMB: Final = "a: &a [x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(24)
)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("interactions:\n", ":1: interactions is not a list"),
        ("interactions: {}\n", ":1: interactions is not a list"),
        ("interactions: []\nother: *nothing\n", ":2: an alias names nothing that stands before it"),
        ("interactions: &a [*a]\n", ":1: an alias names nothing that stands before it"),
        ("interactions: [[]]\n", ":1: entry 1: it is not an object"),
        ("interactions:\n- {? [a] : b}\n", ":2: a name in a mapping is not a text"),
        ("interactions:\n- !!python/object:os.system {}\n", None),
        ("interactions:\n- a: !!python/name:os.system ''\n", None),
        ("interactions:\n- a: !!binary '*'\n", ":2: a binary value is not base64"),
        ("interactions:\n- a: b: c\n", None),
        ("interactions:\n- '\n", None),
        ("interactions: " + "[" * 200 + "]" * 200, ":1: the YAML is nested more than 64 deep"),
        ("interactions:\n- \x07\n", None),
        ("interactions:\n- " + "- " * 5000 + "\n", ":2: the YAML is nested more than 64 deep"),
        (f"{BOMB}interactions: [*y]\n", f":{26}: entry 1: it is not an object"),
        ("--- x\ninteractions:\n", None),
    ],
    ids=lambda value: repr(value)[:50],
)
def test_a_cassette_of_another_form(tmp_path: Path, content: str, problem: str | None) -> None:
    told = complaint(written(tmp_path / "file", content))
    if problem is None:
        assert told.startswith((":1: ", ":2: ", ":3: "))
    else:
        assert told == problem


# --- scripts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("nock(process.env.X)", "'process' is no literal"),
        ("nock('https://h').get('/')", "a request has no reply"),
        ("nock('https://h').get('/').post('/').reply(200)", "a request has no reply"),
        ("nock('https://h').get('/').reply(200, function () {})", "'function' is no literal"),
        ("nock('https://h').get('/').reply(200, () => 1)", "'(' is no literal"),
        ("nock('https://h').get(/x/).reply(200)", "this is no literal that is read here"),
        ("nock('https://h').get(`${x}`).reply(200)", "this is no literal that is read here"),
        (
            "nock('https://h').get('/').replyWithError('x')",
            "the call of replyWithError is not understood",
        ),
        ("nock('https://h').query({})", "the call of query is not understood"),
        ("require('child_process').exec('x')", "'require' is no literal"),
        ("nock('https://h').get('/').reply(200, 'x", "this is no literal that is read here"),
        ("nock('https://h').get('/').reply(", "the file ends too early"),
        (
            "nock('https://h').get('/').reply(200, " + "[" * 1000,
            "literals are nested more than 100 deep",
        ),
        (
            "nock('https://h').get('/').reply(200, " + "-" * 1000,
            "literals are nested more than 100 deep",
        ),
        ("nock('https://h').get('/').reply(200, 1e999)", "a number is too large"),
        ("nock('https://h').get('/').reply(" + "9" * 5000 + ")", "a number has too many digits"),
        ("nock('https://h').get('/').reply(200, '\\u{ffffff}')", "an escape names no character"),
        ("nock('https://h').get('/').reply(200, {a b})", ": is expected instead of 'b'"),
        ("nock('https://h').get('/').reply(200, - 'a')", "only a number has a sign"),
        ("nock('https://h').get('/').reply(200, 'a' + 1)", "only texts are joined here"),
        ("1", "a statement is no call of nock"),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_a_script_that_is_not_understood(tmp_path: Path, statement: str, problem: str) -> None:
    text = f"let nock = require('nock');\n\n{statement}"
    told = complaint(written(tmp_path / "file", text))
    assert told == f":3: {problem}; only calls of nock with literals are read in a script"


@pytest.mark.parametrize(
    ("chain", "problem"),
    [
        (".get('keys').reply(200)", "the path is not a text that begins with a slash"),
        (".get('/').reply('200')", "status is not a number from 100 to 599"),
        (".get('/').reply(200, {}, ['a'])", "headers has a name without a value"),
        (".get('/').query({a: {}}).reply(200)", "query has a value that is not a text"),
        (
            ".get('/').reply(200, ['zz'], {'content-encoding': 'gzip'})",
            "the response is not hexadecimal, as encoded ones are",
        ),
    ],
)
def test_a_call_of_another_form(tmp_path: Path, chain: str, problem: str) -> None:
    text = f"let nock = require('nock');\nnock('https://h.managedhsm.azure.net'){chain};"
    assert complaint(written(tmp_path / "file", text)) == f":2: entry 1: {problem}"


# --- anything -------------------------------------------------------------------------------------

ODD: Final[st.SearchStrategy[Any]] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(st.characters(), max_size=20),
    st.sampled_from(["https://[", "\ud800", "redacted", "http://localhost:99999999/", "deflate"]),
    # Made anew each time, because the next change may go into them.
    st.sampled_from(["[]", "{}", "[{}]", '{"string": 7}']).map(json.loads),
)


def _places(document: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [place]
    members: list[tuple[Any, Any]] = []
    if isinstance(document, dict):
        members = list(cast("dict[str, Any]", document).items())
    elif isinstance(document, list):
        members = list(enumerate(cast("Sequence[Any]", document)))
    for name, value in members:
        found.extend(_places(value, (*place, name)))
    return found


def _changed(document: Any, place: tuple[Any, ...], odd: Any) -> Any:
    if not place:
        return odd
    holder = document
    for name in place[:-1]:
        holder = holder[name]
    holder[place[-1]] = odd
    return document


def read_whole(path: Path) -> None:
    with contextlib.suppress(RecordingError):
        for exchange in read_recording(path)[1]:
            assert exchange.sent.host


@pytest.mark.parametrize("name", JSON_NAMES)
@given(data=st.data())
@settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_no_value_in_a_document_is_too_odd(tmp_path: Path, name: str, data: st.DataObject) -> None:
    document = json.loads((FIXTURES / name).read_text(encoding="utf-8"))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from(_places(document)))
        document = _changed(document, place, data.draw(ODD))
    path = tmp_path / name
    path.write_text(json.dumps(document), encoding="utf-8")
    read_whole(path)


PIECES: Final = st.one_of(
    st.binary(max_size=8),
    st.sampled_from(
        [b"\0", b"&a ", b"*a ", b"- ", b": ", b"'", b'"', b"{", b"[", b"}", b"\\u", b"`"]
    ),
    st.sampled_from(
        [b"!!binary ", b"!!python/name:os.system ", b"<<: ", b"\n", b"/*", b"//", b"${"]
    ),
)


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_no_change_of_a_file_is_too_odd(tmp_path: Path, name: str, data: st.DataObject) -> None:
    content = (FIXTURES / name).read_bytes()
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        end = min(len(content), start + data.draw(st.integers(0, 40)))
        content = content[:start] + data.draw(PIECES) + content[end:]
    path = tmp_path / name
    path.write_bytes(content)
    read_whole(path)
