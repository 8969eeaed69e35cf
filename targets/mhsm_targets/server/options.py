"""What a server is started with, as a value and as JSON between processes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from mhsm_model.configuration import Configuration

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
    """A configuration with those members; raises TypeError or ValueError for others."""
    members = dict(told)
    if "api_versions" in members:
        members["api_versions"] = tuple(members["api_versions"])
    if members.get("quirks"):
        raise ValueError("a server has no quirks of old builds")
    members.pop("quirks", None)
    return Configuration(**members)
