"""The ready file: what a program needs to use a running server."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, cast

from mhsm_targets.private_file import write_private

__all__ = ["Ready", "read_ready", "ready_text", "write_ready"]

_FORMAT: Final = "mhsm-serve/1"


@dataclass(frozen=True, slots=True)
class Ready:
    """A running server.

    `urls` maps instances to the URL that works on any machine, `named_urls` to `NAME.localhost`.
    `token_url` hands out tokens with the header X-IDENTITY-HEADER: `token_secret`. `metadata_url`
    is what AZURE_POD_IDENTITY_AUTHORITY_HOST is set to. `controls_url` is None without controls.
    """

    pid: int
    target: str
    port: int
    urls: dict[str, str]
    named_urls: dict[str, str]
    ca_file: str
    issuer: str
    authority: str
    token_url: str
    token_secret: str = field(repr=False)
    metadata_url: str = ""
    controls_url: str | None = None


def ready_text(ready: Ready) -> str:
    """The server on one line of JSON."""
    return json.dumps({"format": _FORMAT, **asdict(ready)})


def write_ready(path: Path, ready: Ready) -> None:
    """Write the file at once, readable by its owner alone. Raises OSError."""
    write_private(path, ready_text(ready) + "\n")


def read_ready(text: str) -> Ready:
    """The server that such a text tells of; raises ValueError for any other text."""
    told: Any = json.loads(text)
    if not isinstance(told, dict) or cast(dict[str, Any], told).pop("format", None) != _FORMAT:
        raise ValueError(f"no ready file of a server ({_FORMAT})")
    try:
        return Ready(**cast(dict[str, Any], told))
    except TypeError as error:
        raise ValueError(f"no ready file of a server: {error}") from None
