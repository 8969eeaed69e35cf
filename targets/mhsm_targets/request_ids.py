"""Request ids: UUIDs of version 1, as the service names its responses and activities by."""

from __future__ import annotations

import secrets
import uuid

__all__ = ["drawn_request_id", "request_id"]


def request_id(octets: bytes) -> str:
    """The UUID of version 1 (RFC 9562) made of 16 random bytes: it tells no time and no machine."""
    return str(uuid.UUID(bytes=octets, version=1))


def drawn_request_id() -> str:
    """A request id that nobody can foretell."""
    return request_id(secrets.token_bytes(16))
