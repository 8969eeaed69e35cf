"""How to break each guard and no other: the registry, and the guards that many operations share.

A way to break a guard is a generator: it prepares an instance and yields two attempts, first the
one that the guard alone speaks against, then one like it that no guard does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from mhsm_conformance.guards.scenes import (
    EC,
    OCT,
    POLICY,
    RSA,
    SUBJECT,
    backed_up,
    request_in_scene,
)
from mhsm_conformance.session import InstanceSession
from mhsm_model.configuration import Configuration
from mhsm_model.exchange import (
    CreateKey,
    Credential,
    DeleteKey,
    PurgeDeletedKey,
    Request,
    RequestedAttributes,
    RestoreKey,
    UpdateKey,
)
from mhsm_model.revisions import LATEST_RECORDED
from mhsm_model.tables.lifecycle import DAY_SECONDS

__all__ = ["WAYS", "Attempt", "Breaking", "Way", "breaks"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """A request to send, and as whom and under which api-version."""

    request: Request
    credential: Credential = Credential.TOKEN
    api_version: str | None = LATEST_RECORDED


Breaking = Callable[[InstanceSession, type[Any]], Iterator[Attempt]]


@dataclass(frozen=True, slots=True)
class Way:
    """A way to break a guard, and what the instance must be configured with for it."""

    breaking: Breaking
    configuration: Configuration


WAYS: Final[dict[str, Way]] = {}
"""The way for each clause that is a guard, by the clause's identifier."""


def breaks(
    identifier: str, configuration: Configuration | None = None
) -> Callable[[Breaking], Breaking]:
    """Enter the decorated generator as the way to break the guard of a clause."""

    def entered(breaking: Breaking) -> Breaking:
        if identifier in WAYS:
            raise ValueError(f"two ways to break {identifier}")
        WAYS[identifier] = Way(breaking, configuration or Configuration())
        return breaking

    return entered


# --- who calls, and how ---------------------------------------------------------------------------


@breaks("AUTH-001")
def without_a_token(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """The request without a token, and with one."""
    request = request_in_scene(hsm, kind)
    yield Attempt(request, credential=Credential.ANONYMOUS)
    yield Attempt(request)


@breaks("API-001")
def without_an_api_version(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """The request without an api-version, and with one."""
    request = request_in_scene(hsm, kind)
    yield Attempt(request, api_version=None)
    yield Attempt(request)


@breaks("API-002")
def under_an_unknown_api_version(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """The request under an api-version that never was, and under a known one."""
    request = request_in_scene(hsm, kind)
    yield Attempt(request, api_version="1999-01-01")
    yield Attempt(request)


# --- names ----------------------------------------------------------------------------------------


def _renamed(hsm: InstanceSession, kind: type[Any], name: str) -> Iterator[Attempt]:
    request = request_in_scene(hsm, kind)
    yield Attempt(replace(request, name=name))
    yield Attempt(request)


@breaks("KEY-001")
def name_with_an_underscore(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """A name with a character that names cannot have."""
    yield from _renamed(hsm, kind, "not_a-name")


@breaks("KEY-201")
def name_of_128_characters(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """A name that is one character too long."""
    yield from _renamed(hsm, kind, "n" * 128)


@breaks("ERR-002")
def name_of_no_key(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """A name at which there never was a key."""
    yield from _renamed(hsm, kind, "nothing-here")


@breaks("ERR-003")
def name_of_no_deleted_key(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """A name at which no key was deleted."""
    yield from _renamed(hsm, kind, "nothing-here")


@breaks("KEY-011")
def version_that_the_key_lacks(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """A version that has the form of one and is none of the key's."""
    request = request_in_scene(hsm, kind)
    yield Attempt(replace(request, version="0" * 32))
    yield Attempt(request)


# --- room -----------------------------------------------------------------------------------------


@breaks("LIFE-010")
def name_of_a_deleted_key(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """A name whose key is soft-deleted, and then purged."""
    request = request_in_scene(hsm, kind)
    hsm.send(EC)
    hsm.send(DeleteKey(SUBJECT))
    yield Attempt(request)
    hsm.send(PurgeDeletedKey(SUBJECT))
    yield Attempt(request)


@breaks("KEY-007", Configuration(maximum_versions=2))
def version_too_many(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """A version more than the key may have, and one of a new name."""
    request = request_in_scene(hsm, kind)
    hsm.send(EC)
    hsm.send(EC)
    yield Attempt(request)
    yield Attempt(replace(request, name="another"))


@breaks("LIM-002", Configuration(maximum_keys=1))
def key_too_many(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """A name more than the instance may have, and then one less."""
    request = request_in_scene(hsm, kind)
    hsm.send(CreateKey("another", "EC"))
    yield Attempt(request)
    hsm.send(DeleteKey("another"))
    hsm.send(PurgeDeletedKey("another"))
    yield Attempt(request)


# --- what may be done with a version --------------------------------------------------------------


def _updated(
    hsm: InstanceSession, kind: type[Any], hindering: UpdateKey, freeing: UpdateKey
) -> Iterator[Attempt]:
    request = request_in_scene(hsm, kind)
    hsm.send(hindering)
    yield Attempt(request)
    hsm.send(freeing)
    yield Attempt(request)


@breaks("ATTR-009")
def disabled_version(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """A version that is disabled, and then enabled again."""
    off, on = (RequestedAttributes(enabled=enabled) for enabled in (False, True))
    hindering, freeing = (UpdateKey(SUBJECT, None, attributes=asked) for asked in (off, on))
    yield from _updated(hsm, kind, hindering, freeing)


@breaks("ATTR-007")
def expired_version(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """A version whose exp is years past, and then years ahead."""
    past, ahead = (RequestedAttributes(expires=date) for date in (1_500_000_000, 2_500_000_000))
    hindering, freeing = (UpdateKey(SUBJECT, None, attributes=asked) for asked in (past, ahead))
    yield from _updated(hsm, kind, hindering, freeing)


@breaks("ALG-003")
def operation_not_permitted(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """A version whose key_ops have every operation but the one asked for, and then have it."""
    word = kind.__name__[0].lower() + kind.__name__[1:]
    every = ("sign", "verify") if word in ("sign", "verify") else OCT.key_ops or ()
    others = tuple(operation for operation in every if operation != word)
    yield from _updated(
        hsm, kind, UpdateKey(SUBJECT, None, others), UpdateKey(SUBJECT, None, every)
    )


# --- deletion and restoration ---------------------------------------------------------------------


@breaks("LIFE-204", Configuration(retention_days=7))
def retention_has_ended(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """A deleted key after its scheduled purge, and one before."""
    request = request_in_scene(hsm, kind)
    hsm.session.advance(7 * DAY_SECONDS)
    yield Attempt(request)
    hsm.send(EC)
    hsm.send(DeleteKey(SUBJECT))
    yield Attempt(request)


@breaks("LIFE-011", Configuration(purge_protection=True))
def purge_protection(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """A purge in an instance that forbids it, and one in another that does not."""
    yield Attempt(request_in_scene(hsm, kind))
    unprotected = hsm.session.at(hsm.session.hosts[1])
    yield Attempt(request_in_scene(unprotected, kind))


@breaks("KBK-003")
def altered_blob(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """A blob with one character changed, and as it was."""
    request = request_in_scene(hsm, kind)
    blob = request.blob
    other = b"A" if blob[-20:-19] != b"A" else b"B"
    yield Attempt(RestoreKey(blob[:-20] + other + blob[-19:]))
    yield Attempt(request)


@breaks("KBK-002")
def blob_of_another_domain(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """A blob of an unrelated instance, and one of its own."""
    unrelated = hsm.session.at(hsm.session.hosts[1])
    unrelated.send(EC)
    foreign = backed_up(unrelated)
    request = request_in_scene(hsm, kind)
    yield Attempt(RestoreKey(foreign))
    yield Attempt(request)


@breaks("KBK-004")
def name_in_use(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """A blob of a name at which there is a key again, and then none."""
    request = request_in_scene(hsm, kind)
    hsm.send(RSA)
    yield Attempt(request)
    hsm.send(DeleteKey(SUBJECT))
    hsm.send(PurgeDeletedKey(SUBJECT))
    yield Attempt(request)


# --- release policies of a version that is there --------------------------------------------------


@breaks("SKR-004")
def immutable_policy(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """A change of a policy that is immutable, and a change of tags alone."""
    exportable = RequestedAttributes(exportable=True)
    final = replace(POLICY, immutable=True)
    hsm.send(replace(EC, attributes=exportable, release_policy=final))
    yield Attempt(UpdateKey(SUBJECT, None, release_policy=POLICY))
    yield Attempt(UpdateKey(SUBJECT, None, tags={"a": "b"}))


@breaks("ATTR-013")
def changed_exportable(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """An update that would make a version exportable, and one that would not."""
    request = request_in_scene(hsm, kind)
    yield Attempt(replace(request, attributes=RequestedAttributes(exportable=True)))
    yield Attempt(request)
