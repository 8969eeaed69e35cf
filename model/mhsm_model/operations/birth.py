"""A new key version: what create and import both ensure, and the version that comes of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from immutables import Map

from mhsm_model.bundles import POLICY_FILLED_SINCE, point, revealed, stored_policy
from mhsm_model.clauses import Basis
from mhsm_model.exchange import CreateKey, ImportKey, KeyBundle
from mhsm_model.findings import VACUOUS, Finding, Mismatch, expect
from mhsm_model.material import Material
from mhsm_model.operations.access import is_older
from mhsm_model.operations.operation import Effect
from mhsm_model.operations.requested import requested_operations
from mhsm_model.operations.shape import SHAPE
from mhsm_model.rules import Postcondition, postcondition
from mhsm_model.situation import Situation
from mhsm_model.sources import (
    KEY_ATTRIBUTES,
    RECORDED_CLI,
    RECORDED_GO,
    RECORDED_JS,
    RECORDED_PYTHON,
    REST,
)
from mhsm_model.state import NO_TAGS, Active, Key, KeyVersion
from mhsm_model.tables.key_operations import DEFAULTS
from mhsm_model.tables.key_types import Family
from mhsm_model.tables.release_policies import (
    DEFAULT_CONTENT_TYPE,
    same_policy_text,
)
from mhsm_model.unknown import UNKNOWN

__all__ = ["BORN", "born", "born_effect", "lost_birth"]

Birth = CreateKey | ImportKey
_RECORDED: Final = (RECORDED_CLI, RECORDED_PYTHON, RECORDED_GO)


@postcondition("KEY-006", basis=Basis.DOCUMENTED, sources=(REST, *_RECORDED))
def version_is_new(s: Situation[Birth], reply: KeyBundle, /) -> Finding:
    """Make a new version of an active key, with an identifier that none of its versions has."""
    key = s.active
    if key is None or not key.versions:
        return VACUOUS
    taken = key.place_of(reply.kid.version or "") is not None
    return expect(not taken, "a version identifier not used before", reply.kid)


@postcondition("KEY-203", basis=Basis.DOCUMENTED, sources=(REST, *_RECORDED))
def operations_are_as_requested(s: Situation[Birth], reply: KeyBundle, /) -> Finding:
    """Give the new version just the key_ops that the request names."""
    asked = requested_operations(s.request)
    if not asked:
        return VACUOUS
    shown = frozenset(reply.key_ops or ())
    return expect(shown == frozenset(asked), ", ".join(sorted(asked)), ", ".join(sorted(shown)))


@postcondition("KEY-028", basis=Basis.OBSERVED, sources=_RECORDED)
def operations_have_a_default(s: Situation[Birth], reply: KeyBundle, /) -> Finding:
    """Give a version whose request names no key_ops, or an empty list, the default of its type."""
    default = DEFAULTS.get(Family(reply.kty)) if reply.kty in set(Family) else None
    if requested_operations(s.request) or default is None:
        return VACUOUS
    shown = frozenset(reply.key_ops or ())
    words = ", ".join(sorted(default.always))
    return expect(default.admits(shown), f"at least {words}", ", ".join(sorted(shown)))


@postcondition("ATTR-001", basis=Basis.DOCUMENTED, sources=(KEY_ATTRIBUTES, *_RECORDED))
def enabled_is_as_requested(s: Situation[Birth], reply: KeyBundle, /) -> Finding:
    """Enable the new version unless the request says otherwise."""
    asked = s.request.attributes.enabled is not False
    return expect(reply.attributes.enabled == asked, f"enabled {asked}", reply.attributes.enabled)


@postcondition("ATTR-002", basis=Basis.OBSERVED, sources=_RECORDED)
def window_is_as_requested(s: Situation[Birth], reply: KeyBundle, /) -> Finding:
    """Show nbf and exp as the request gives them, and neither where it does not."""
    asked = (s.request.attributes.not_before, s.request.attributes.expires)
    shown = (reply.attributes.not_before, reply.attributes.expires)
    return expect(shown == asked, f"nbf {asked[0]}, exp {asked[1]}", f"{shown[0]}, {shown[1]}")


@postcondition("ATTR-203", basis=Basis.OBSERVED, sources=_RECORDED)
def exportable_is_as_requested(s: Situation[Birth], reply: KeyBundle, /) -> Finding:
    """Make a version exportable only where the request asks for it."""
    asked = bool(s.request.attributes.exportable)
    shown = reply.attributes.exportable
    return expect(shown == asked, f"exportable {asked}", f"exportable {shown}")


@postcondition("ATTR-204", basis=Basis.OBSERVED, sources=_RECORDED)
def created_is_updated(s: Situation[Birth], reply: KeyBundle, /) -> Finding:
    """Show the same second as created and as updated of a new version."""
    shown = reply.attributes
    return expect(shown.created == shown.updated, f"updated {shown.created}", shown.updated)


@postcondition("ATTR-205", basis=Basis.OBSERVED, sources=_RECORDED)
def created_is_now(s: Situation[Birth], reply: KeyBundle, /) -> Finding:
    """Show as created the second in which the request was carried out."""
    created = reply.attributes.created
    if created is None:
        return VACUOUS
    return expect(created in s.now, f"a second of {s.now}", created)


@postcondition("ATTR-206", basis=Basis.OBSERVED, sources=_RECORDED)
def tags_are_as_requested(s: Situation[Birth], reply: KeyBundle, /) -> Finding:
    """Show the tags of the request, and no member tags where it has none."""
    asked, shown = dict(s.request.tags or {}), reply.tags
    if not asked:
        return expect(shown is None, "no member tags", shown)
    return expect(dict(shown or {}) == asked, f"tags {asked}", shown)


@postcondition("SKR-203", basis=Basis.OBSERVED, sources=(RECORDED_PYTHON, RECORDED_JS))
def policy_is_as_requested(s: Situation[Birth], reply: KeyBundle, /) -> Finding:
    """Show the request's release policy as JSON with content type and immutable filled in."""
    asked, shown = s.request.release_policy, reply.release_policy
    if asked is None:
        return expect(shown is None, "no release policy", "a release policy")
    if shown is None:
        return Mismatch("the release policy of the request", "none")
    if not same_policy_text(asked.data, shown.data, hosts_masked=s.call.host_masked):
        return Mismatch(f"policy {asked.data.decode(errors='replace')}", str(shown.data))
    content_type = asked.content_type or DEFAULT_CONTENT_TYPE
    if shown.content_type != content_type:
        return Mismatch(f"contentType {content_type}", str(shown.content_type))
    good = bool(shown.immutable) == bool(asked.immutable)
    return expect(good, f"immutable {bool(asked.immutable)}", shown.immutable)


BORN: tuple[Postcondition[Birth, KeyBundle], ...] = (
    *SHAPE,
    version_is_new,
    operations_are_as_requested,
    operations_have_a_default,
    enabled_is_as_requested,
    window_is_as_requested,
    exportable_is_as_requested,
    created_is_updated,
    created_is_now,
    tags_are_as_requested,
    policy_is_as_requested,
)


def _default_operations(s: Situation[Birth], family: Family) -> frozenset[str]:
    """What the emulator gives: the set recorded last under an api-version as old as the call's."""
    default = DEFAULTS[family]
    if default.since is None or is_older(s, default.since):
        return default.always
    return default.always | default.in_some_builds


def _requested_version(
    s: Situation[Birth], family: Family, material: str, version: str | None
) -> KeyVersion:
    asked = s.request.attributes
    named, policy = requested_operations(s.request), s.request.release_policy
    return KeyVersion(
        version=version,
        material=material,
        key_ops=frozenset(named) if named else _default_operations(s, family),
        enabled=asked.enabled is not False,
        not_before=asked.not_before,
        expires=asked.expires,
        created=s.now,
        updated=s.now,
        exportable=bool(asked.exportable),
        tags=Map(s.request.tags) if s.request.tags else NO_TAGS,
        release_policy=None
        if policy is None
        else stored_policy(policy, filled=not is_older(s, POLICY_FILLED_SINCE)),
    )


def born(s: Situation[Birth], family: Family, version: str, material: str) -> KeyVersion:
    """The version that the emulator makes of a request, at the emulator's clock."""
    made = _requested_version(s, family, material, version)
    now = point(s.now.earliest)
    return replace(made, created=now, updated=now)


def born_effect(s: Situation[Birth], reply: KeyBundle, material: Material) -> Effect:
    """The key with the new version as its current one."""
    version = revealed(reply, material.identifier)
    key = s.active
    entry = Active(Key((version,)) if key is None else key.appended(version))
    return Effect(
        entry,
        materials=(material,),
        changes=True,
        version=version.version,
        told=reply.attributes.created,
    )


def lost_birth(s: Situation[Birth], material: Material) -> tuple[Effect, ...]:
    """What a birth did whose reply was lost: a version not yet seen, with material that is ours."""
    version = _requested_version(s, material.kind.family, material.identifier, None)
    if not requested_operations(s.request):
        version = replace(version, key_ops=UNKNOWN)
    key = s.active
    entry = Active(Key((version,)) if key is None else key.appended(version))
    return (Effect(entry, materials=(material,)),)
