"""The first thing in a document that the schema of its format does not allow."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

LONGEST_VALUE_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Violation:
    """A place in a document, as an RFC 6901 JSON pointer, and what is wrong there.

    `lacks` says whether it is that a member is missing.
    """

    pointer: str
    problem: str
    lacks: bool = False

    @property
    def place(self) -> str:
        """The pointer in words; that of the whole document is empty, which nobody would see."""
        return f"at {self.pointer}" if self.pointer else "at the top level"


#: The files of the published schemas, by the format that each describes.
SCHEMAS = {
    "mhsm-run/1": "run.schema.json",
    "mhsm-baseline/1": "baseline.schema.json",
    "mhsm-mutants/1": "mutants.schema.json",
    "mhsm-findings/1": "findings.schema.json",
    "mhsm-case/2": "case.schema.json",
}


def published_schema(form: str) -> dict[str, Any]:
    """Return the published schema of a format, as the JSON object it is; `KeyError` for others."""
    text = files("mhsm_reports.schema").joinpath(SCHEMAS[form]).read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def first_violation(document: object, form: str) -> Violation | None:
    """Return what is wrong with a decoded JSON document, or `None` when it has that format.

    Of several violations the first of those nearest to the top of the document is taken.
    """
    validator: Any = _validator(form)  # which promises too little about what `iter_errors` yields
    errors: Iterable[ValidationError] = validator.iter_errors(document)
    error = min(errors, key=lambda error: len(error.absolute_path), default=None)
    if error is None:
        return None
    return Violation(
        pointer=_pointer(error.absolute_path),
        problem=_problem(error),
        lacks=error.validator == "required",
    )


@cache
def _validator(form: str) -> Draft202012Validator:
    schema = published_schema(form)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def _pointer(path: Sequence[str | int]) -> str:
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def _problem(error: ValidationError) -> str:
    # The library's own messages hold the whole offending value, which may be the whole document.
    instance: Any = error.instance
    allowed: Any = error.validator_value
    shown = _shown(instance)
    match error.validator:
        case "required":
            missing = next(member for member in allowed if member not in instance)
            return f"the member {_shown(missing)} is missing"
        case "additionalProperties":
            known = cast(Mapping[str, Mapping[str, object]], error.schema)["properties"]
            extra = next(member for member in instance if member not in known)
            return f"the member {_shown(extra)} is not known"
        case "type":
            types = [allowed] if isinstance(allowed, str) else list(allowed)
            return f"{shown} is not of type {' or '.join(types)}"
        case "enum":
            return f"{shown} is not one of {', '.join(allowed)}"
        case "const":
            return f"{shown} is not {_shown(allowed)}"
        case "pattern":
            return f"{shown} does not have the form {allowed}"
        case "minimum":
            return f"{shown} is less than {allowed}"
        case "minLength":
            return f"{shown} is too short"
        case "anyOf" | "oneOf":
            return f"{shown} has none of the forms that it may have here"
        case _:
            return f"{shown} breaks the rule {error.validator}"


def _shown(value: object) -> str:
    text = json.dumps(value)
    if len(text) <= LONGEST_VALUE_SHOWN:
        return text
    return text[:LONGEST_VALUE_SHOWN] + "..."
