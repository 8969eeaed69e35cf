"""What a server is started with, as a value and as JSON between processes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, cast

from mhsm_model.configuration import Configuration
from mhsm_model.revisions import is_known

__all__ = ["ServeOptions", "options_from_json", "options_to_json"]


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """A server's options. `port` 0 is any free one; the instances' names map to configurations.

    Without instances there are those of the data folder, or else one, `hsm-a`.

    `seed` None is chance that nobody can foresee. `static_token` is a bearer token that is taken
    as it is. `stops_with_input` ends the server when its standard input does.
    """

    target: str = "model"
    instances: Mapping[str, Configuration] = field(default_factory=dict[str, Configuration])
    port: int = 0
    data: str | None = None
    seed: int | None = None
    controls: bool = False
    ready_file: str | None = None
    static_token: str | None = field(default=None, repr=False)
    stops_with_input: bool = False


def options_to_json(options: ServeOptions) -> str:
    """The options on one line."""
    told = {name: getattr(options, name) for name in ServeOptions.__dataclass_fields__}
    told["instances"] = {name: configuration_to_json(c) for name, c in options.instances.items()}
    return json.dumps(told)


def options_from_json(line: str) -> ServeOptions:
    """The options of such a line; raises ValueError, KeyError or TypeError for any other."""
    told: dict[str, Any] = json.loads(line)
    told["instances"] = {name: configuration_from_json(c) for name, c in told["instances"].items()}
    return ServeOptions(**told)


def configuration_to_json(configuration: Configuration) -> dict[str, Any]:
    """The members that differ from the defaults."""
    plain = asdict(Configuration())
    told = asdict(configuration)
    told["quirks"] = sorted(told["quirks"])
    plain["quirks"] = sorted(plain["quirks"])
    return {name: value for name, value in told.items() if value != plain[name]}


def configuration_from_json(told: Mapping[str, Any]) -> Configuration:
    """A configuration with those members; raises ValueError for others."""
    members = dict(told)
    if members.pop("quirks", None):
        raise ValueError("a server has no quirks of old builds")
    for name, value in members.items():
        if name not in _MEMBERS:
            raise ValueError(
                f"a configuration has no member {name}; it may have {', '.join(_MEMBERS)}"
            )
        meaning, suits = _MEMBERS[name]
        if not suits(value):
            raise ValueError(f"{name} is {meaning}")
    if "api_versions" in members:
        members["api_versions"] = tuple(members["api_versions"])
    return Configuration(**members)


def _is_whole(value: object, least: int, most: int) -> bool:
    return type(value) is int and least <= value <= most


def _is_text(value: object) -> bool:
    return type(value) is str


def _is_truth(value: object) -> bool:
    return type(value) is bool


def _are_versions(value: object) -> bool:
    listed = cast("list[object]", value) if isinstance(value, list) else []
    return bool(listed) and all(isinstance(one, str) and is_known(one) for one in listed)


_MOST: Final = 1_000_000
_COUNT: Final = f"a whole number, 0 to {_MOST}"
_TRUTH: Final = "true or false"
_MEMBERS: Final[Mapping[str, tuple[str, Callable[[object], bool]]]] = {
    "domain": ("text or null", lambda value: value is None or _is_text(value)),
    "authority": ("text", _is_text),
    "retention_days": ("a whole number, 7 to 90", lambda value: _is_whole(value, 7, 90)),
    "purge_protection": (_TRUTH, _is_truth),
    "maximum_keys": (_COUNT, lambda value: _is_whole(value, 0, _MOST)),
    "maximum_versions": (_COUNT, lambda value: _is_whole(value, 0, _MOST)),
    "maximum_tags": (_COUNT, lambda value: _is_whole(value, 0, _MOST)),
    "page_size": (f"a whole number, 1 to {_MOST}", lambda value: _is_whole(value, 1, _MOST)),
    "api_versions": ("a list of api-versions that there are", _are_versions),
    "purge_settles_at_once": (_TRUTH, _is_truth),
    "clock_skew": (f"seconds, 0 to {_MOST}", lambda value: _is_whole(value, 0, _MOST)),
}
"""The members of a configuration in JSON: what each is, in words and as a question."""
