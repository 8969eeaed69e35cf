"""The challenge of a 401. Source: recorded WWW-Authenticate headers.

`Bearer authorization="https://login.microsoftonline.com/<tenant>", resource="https://managedhsm.azure.net"`
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Challenge", "challenge_header", "parse_challenge"]

_PARAMETER = re.compile(r'([a-zA-Z_]+)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a challenge asks for; members that it lacks are None."""

    scheme: str
    authority: str | None
    resource: str | None


def parse_challenge(header: str) -> Challenge:
    """The challenge in a WWW-Authenticate header; clients take either spelling of each member."""
    scheme = header.partition(" ")[0]
    found = dict(_PARAMETER.findall(header))
    authority = found.get("authorization") or found.get("authorization_uri")
    return Challenge(scheme, authority, found.get("resource") or found.get("scope"))


def challenge_header(authority: str, resource: str) -> str:
    """The header that asks for a token of the authority for the resource."""
    return f'Bearer authorization="{authority}", resource="{resource}"'
