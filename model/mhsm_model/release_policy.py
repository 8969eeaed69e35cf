"""Release policies: what must be attested before a key may leave the HSM."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ReleasePolicy"]


@dataclass(frozen=True, slots=True)
class ReleasePolicy:
    """A release policy: its content type (None: not sent), policy text, and whether it is final."""

    data: bytes
    content_type: str | None = None
    immutable: bool | None = None
