"""The challenge of an HSM on this machine, read as that of an HSM of the public cloud.

A served HSM cannot name the cloud's resource and authority: clients demand a resource that its host
is under, and would fetch their tokens elsewhere.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from mhsm_model.tables.clouds import PUBLIC
from mhsm_model.wire.challenge import parse_challenge
from mhsm_targets.https.hosts import is_loopback

__all__ = ["read_as_of_the_cloud"]


def read_as_of_the_cloud(header: str, authority: str) -> str:
    """A challenge of the HSM at `authority` (host and port), as one of the public cloud would be.

    A loopback authority and a resource above the HSM's host become the cloud's, and the cloud's
    become the HSM's: what is wrong stays wrong. The challenge of an HSM elsewhere is as it is.
    """
    if not is_loopback(urlsplit(f"//{authority}").hostname or ""):
        return header
    told = parse_challenge(header)
    changes: dict[str, str] = {}
    if told.authority is not None:
        changes[told.authority] = _authority(told.authority, authority)
    if told.resource is not None:
        changes[told.resource] = _resource(told.resource, authority)
    for before, after in changes.items():
        header = header.replace(f'"{before}"', f'"{after}"')
    return header


def _authority(url: str, authority: str) -> str:
    parts = urlsplit(url)
    if parts.netloc == PUBLIC.authority_host:
        return parts._replace(netloc=authority).geturl()
    if is_loopback(parts.hostname or ""):
        return parts._replace(netloc=PUBLIC.authority_host).geturl()
    return url


def _resource(url: str, authority: str) -> str:
    if url == PUBLIC.resource:
        return f"https://{authority}"
    above = urlsplit(url).netloc.lower()
    return PUBLIC.resource if above and authority.lower().endswith(f".{above}") else url
