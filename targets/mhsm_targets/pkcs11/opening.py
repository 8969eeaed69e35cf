"""What a child process needs to open an instance, and how it travels there."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mhsm_model.configuration import Configuration
from mhsm_model.unknown import UNKNOWN

__all__ = ["Opening", "opening_bytes", "read_opening"]


@dataclass(frozen=True, slots=True)
class Opening:
    """An instance to open; with an empty `host` its token is to be prepared and no more yet.

    The PIN and the domain key travel through a pipe and never print.

    `facts` is the table with the facts of the module, `library` the path of the module,
    `token_label` the token, `prefix` begins the labels of all objects of this instance. `folder` is
    where a SoftHSM token of its own is kept, or None for a token of the user's, which is never
    initialised. `secret` is the domain key of a shared security domain.
    """

    host: str
    facts: Mapping[str, Any]
    library: str
    token_label: str
    prefix: str
    pin: str = field(repr=False)
    configuration: Configuration
    folder: str | None = None
    secret: bytes | None = field(default=None, repr=False)


_SETTINGS = (
    "retention_days",
    "purge_protection",
    "authority",
    "maximum_keys",
    "maximum_versions",
    "maximum_tags",
    "page_size",
)


def _settings(configuration: Configuration) -> dict[str, Any]:
    """The settings that an instance acts by; raises ValueError where one is not known."""
    told = {name: getattr(configuration, name) for name in _SETTINGS}
    if UNKNOWN in told.values():
        raise ValueError("an instance cannot be opened with settings that are not known")
    return {**told, "api_versions": configuration.api_versions}


def opening_bytes(opening: Opening) -> bytes:
    """The opening as bytes."""
    secret = opening.secret
    document = {
        "host": opening.host,
        "facts": opening.facts,
        "library": opening.library,
        "token_label": opening.token_label,
        "prefix": opening.prefix,
        "pin": opening.pin,
        "configuration": _settings(opening.configuration),
        "folder": opening.folder,
        "secret": None if secret is None else base64.b64encode(secret).decode(),
    }
    return json.dumps(document).encode()


def read_opening(value: bytes) -> Opening:
    """The opening in bytes."""
    document: dict[str, Any] = json.loads(value)
    settings: dict[str, Any] = document["configuration"]
    settings["api_versions"] = tuple(settings["api_versions"])
    secret = document["secret"]
    return Opening(
        host=document["host"],
        facts=document["facts"],
        library=document["library"],
        token_label=document["token_label"],
        prefix=document["prefix"],
        pin=document["pin"],
        configuration=Configuration(**settings),
        folder=document["folder"],
        secret=None if secret is None else base64.b64decode(secret),
    )
