import copy
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from enum import StrEnum
from typing import Any, cast, get_args, get_type_hints

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from mhsm_reports import RunResult
from mhsm_reports.result_document import FORMAT, from_document, to_document
from mhsm_reports.schema import first_violation, published_schema
from mhsm_reports.tests.samples import FAILING, PASSING, results

SCHEMA = published_schema(FORMAT)


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """Follow the reference of a schema, if it is one."""
    reference = schema.get("$ref")
    if reference is None:
        return schema
    target: dict[str, Any] = SCHEMA["$defs"][reference.removeprefix("#/$defs/")]
    return target


def objects(schema: dict[str, Any], kind: Any) -> Iterator[tuple[dict[str, Any], type]]:
    """Walk the schema and the dataclasses together."""
    schema = resolved(schema)
    yield schema, kind
    for name, hint in get_type_hints(kind).items():
        member = resolved(schema["properties"].get(name, {}))
        for part in (hint, *get_args(hint)):
            if is_dataclass(part):
                yield from objects(resolved(member.get("items", member)), part)


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of every value in a document."""
    yield path
    members: Iterable[tuple[str | int, Any]] = ()
    if isinstance(value, dict):
        members = cast(dict[str, object], value).items()
    elif isinstance(value, list):
        members = enumerate(cast(list[object], value))
    for name, member in members:
        yield from places(member, (*path, name))


def at(document: Any, path: tuple[str | int, ...]) -> Any:
    for part in path:
        document = document[part]
    return document


DOCUMENT = to_document(FAILING)
PLACES = [path for path in places(DOCUMENT) if path]
MEMBERS = [path for path in PLACES if isinstance(path[-1], str)]


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMA["$id"] == "urn:mhsm-conformance:run:1"


def test_the_schema_describes_every_member_and_allows_no_other() -> None:
    def look(schema: dict[str, Any]) -> None:
        assert schema.get("description"), schema
        if "properties" in schema:
            assert schema["additionalProperties"] is False
            assert schema["required"] == list(schema["properties"])
            for member in schema["properties"].values():
                look(member)
        if "items" in schema and "$ref" not in schema["items"]:
            look(schema["items"])

    for definition in (SCHEMA, *SCHEMA["$defs"].values()):
        look(definition)


def test_the_members_and_words_are_those_of_the_dataclasses() -> None:
    seen: set[type] = set()
    for schema, kind in objects(SCHEMA, RunResult):
        seen.add(kind)
        assert is_dataclass(kind)
        names = [field.name for field in fields(kind)]
        assert [name for name in schema["properties"] if name != "format"] == names
        for name, hint in get_type_hints(kind).items():
            if isinstance(hint, type) and issubclass(hint, StrEnum):
                assert resolved(schema["properties"][name])["enum"] == [word.value for word in hint]
    assert len(seen) == 10


@given(results())
@settings(deadline=None)
def test_every_result_satisfies_the_schema(result: RunResult) -> None:
    document = to_document(result)
    assert first_violation(document, FORMAT) is None
    assert from_document(document) == result


@pytest.mark.parametrize("result", [PASSING, FAILING])
def test_the_samples_satisfy_the_schema(result: RunResult) -> None:
    assert first_violation(to_document(result), FORMAT) is None


@pytest.mark.parametrize("path", MEMBERS, ids=lambda path: "/".join(map(str, path)))
def test_a_document_without_a_member_is_refused(path: tuple[str | int, ...]) -> None:
    document = copy.deepcopy(DOCUMENT)
    del at(document, path[:-1])[path[-1]]
    violation = first_violation(document, FORMAT)
    assert violation is not None
    assert violation.pointer == "".join(f"/{part}" for part in path[:-1])
    assert violation.problem == f'the member "{path[-1]}" is missing'


@pytest.mark.parametrize("path", PLACES, ids=lambda path: "/".join(map(str, path)))
def test_a_value_of_another_type_is_refused(path: tuple[str | int, ...]) -> None:
    document = copy.deepcopy(DOCUMENT)
    parent = at(document, path[:-1])
    parent[path[-1]] = [] if isinstance(parent[path[-1]], dict) else {}
    violation = first_violation(document, FORMAT)
    assert violation is not None
    assert violation.pointer == "".join(f"/{part}" for part in path)


@pytest.mark.parametrize(
    "path",
    [(), *(path for path in PLACES if isinstance(at(DOCUMENT, path), dict))],
    ids=lambda path: "/".join(map(str, path)),
)
def test_a_member_that_nobody_knows_is_refused(path: tuple[str | int, ...]) -> None:
    document = copy.deepcopy(DOCUMENT)
    at(document, path)["a/b~c"] = 1
    violation = first_violation(document, FORMAT)
    assert violation is not None
    assert violation.problem == 'the member "a/b~c" is not known'


def test_a_long_value_is_not_shown_whole() -> None:
    violation = first_violation({**DOCUMENT, "run": "x" * 10_000}, FORMAT)
    assert violation is not None
    assert len(violation.problem) < 100
