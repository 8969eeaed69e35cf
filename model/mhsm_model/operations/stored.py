"""What a reply about an existing key shows: the version addressed, as it was last left.

The frame conditions are here too. They say that nothing else changes a key, and so they are judged
where a key is read back after something else happened.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from immutables import Map

from mhsm_model.bundles import attributes_mismatch, bundle_in, times_mismatch
from mhsm_model.clauses import Basis, Kind
from mhsm_model.exchange import KeyBundle, ReleasePolicy
from mhsm_model.findings import HELD, VACUOUS, Finding, Mismatch, expect
from mhsm_model.material import Knowledge, public_identifier
from mhsm_model.operations.shape import SHAPE, Shown
from mhsm_model.rules import Postcondition, postcondition
from mhsm_model.situation import Situation
from mhsm_model.sources import (
    ABOUT_KEYS,
    KEY_ATTRIBUTES,
    KEY_OPERATIONS,
    RECORDED_CLI,
    RECORDED_GO,
    RECORDED_PYTHON,
    REST,
    SOFT_DELETE,
)
from mhsm_model.state import KeyVersion
from mhsm_model.tables.release_policies import same_policy_text
from mhsm_model.unknown import UNKNOWN, Unknown

__all__ = ["FRAMES", "STORED", "same_policy", "undisturbed_finding"]

_RECORDED = (RECORDED_CLI, RECORDED_PYTHON, RECORDED_GO)


def same_policy(one: ReleasePolicy | None, other: ReleasePolicy | None) -> bool:
    """Whether two release policies, as replies show them, say the same."""
    if one is None or other is None:
        return one is other
    same = one.content_type == other.content_type and bool(one.immutable) == bool(other.immutable)
    return same and same_policy_text(one.data, other.data)


def _differs(expected: object, observed: object) -> Mismatch | None:
    return None if expected == observed else Mismatch(str(expected), str(observed))


def _identity(s: Situation[Any], version: KeyVersion, bundle: KeyBundle) -> Mismatch | None:
    if version.version is not None:
        return _differs(version.version, bundle.kid.version)
    # A version not yet seen may have any identifier but one that another version has.
    key = s.key
    taken = key is not None and key.place_of(bundle.kid.version or "") is not None
    return Mismatch("an identifier of no other version", str(bundle.kid)) if taken else None


def _material(s: Situation[Any], version: KeyVersion, bundle: KeyBundle) -> Mismatch | None:
    material = s.material
    if material is None:
        return None
    if bundle.kty != material.kind.family:
        return Mismatch(str(material.kind.family), bundle.kty)
    if material.public is None or bundle.public == material.public:
        return None
    return Mismatch("the public key of this version", "another public key")


def _operations(s: Situation[Any], version: KeyVersion, bundle: KeyBundle) -> Mismatch | None:
    if version.key_ops is UNKNOWN:
        return None
    shown = None if bundle.key_ops is None else frozenset(bundle.key_ops)
    if shown == version.key_ops:
        return None
    return Mismatch(_listed(version.key_ops), _listed(shown))


def _listed(operations: frozenset[str] | None) -> str:
    return "no key_ops" if operations is None else ", ".join(sorted(operations)) or "an empty list"


def _attributes(s: Situation[Any], version: KeyVersion, bundle: KeyBundle) -> Mismatch | None:
    return attributes_mismatch(version, bundle.attributes)


def _times(s: Situation[Any], version: KeyVersion, bundle: KeyBundle) -> Mismatch | None:
    return times_mismatch(version, bundle.attributes)


def _tags(s: Situation[Any], version: KeyVersion, bundle: KeyBundle) -> Mismatch | None:
    if version.tags is UNKNOWN:
        return None
    if bundle.tags is not None and not bundle.tags:
        return Mismatch("no member tags", "an empty member tags")
    shown = Map(bundle.tags or {})
    return (
        None if shown == version.tags else Mismatch(f"tags {dict(version.tags)}", f"{dict(shown)}")
    )


def _policy(s: Situation[Any], version: KeyVersion, bundle: KeyBundle) -> Mismatch | None:
    stored = version.release_policy
    if isinstance(stored, Unknown) or same_policy(stored, bundle.release_policy):
        return None
    return Mismatch(f"release policy {stored}", f"release policy {bundle.release_policy}")


def _found(mismatch: Mismatch | None, *, could_differ: bool) -> Finding:
    if mismatch is not None:
        return mismatch
    return HELD if could_differ else VACUOUS


def _mismatches(s: Situation[Any], bundle: KeyBundle) -> Iterator[Mismatch]:
    version = s.version
    if version is None:
        return
    for compare in (_identity, _material, _operations, _attributes, _times, _tags, _policy):
        mismatch = compare(s, version, bundle)
        if mismatch is not None:
            yield mismatch


@postcondition("KEY-212", basis=Basis.DOCUMENTED, sources=(REST, *_RECORDED))
def the_version_addressed_is_shown(s: Situation[Any], reply: Shown, /) -> Finding:
    """Show the version addressed, and the current one where the request names none."""
    version = s.version
    if version is None:
        return VACUOUS
    return _found(_identity(s, version, bundle_in(reply)), could_differ=version.version is not None)


@postcondition("KEY-210", basis=Basis.DOCUMENTED, sources=(REST, KEY_OPERATIONS, *_RECORDED))
def the_material_never_changes(s: Situation[Any], reply: Shown, /) -> Finding:
    """Show for a version the same key type and public key for as long as it exists."""
    version, material = s.version, s.material
    if version is None or material is None:
        return VACUOUS
    return _found(_material(s, version, bundle_in(reply)), could_differ=True)


@postcondition("KEY-214", basis=Basis.DOCUMENTED, sources=(ABOUT_KEYS,))
def generated_key_is_of_one_version(s: Situation[Any], reply: Shown, /) -> Finding:
    """Show a public key that was generated for one version under no other version of the key."""
    bundle, key = bundle_in(reply), s.key
    if bundle.public is None or key is None:
        return VACUOUS
    identifier = public_identifier(bundle.public)
    material = s.estate.materials.get(identifier)
    if material is None or material.knowledge is not Knowledge.CLOSED:
        return VACUOUS
    shown = bundle.kid.version
    others = [v.version for v in key.versions if v.material == identifier and v.version is not None]
    good = all(version == shown for version in others)
    return expect(good, "a public key of this version alone", f"that of {', '.join(others)}")


@postcondition("KEY-211", basis=Basis.OBSERVED, sources=_RECORDED)
def operations_are_as_last_set(s: Situation[Any], reply: Shown, /) -> Finding:
    """Show as key_ops the set last given to the version, in any order."""
    version = s.version
    if version is None or version.key_ops is UNKNOWN:
        return VACUOUS
    return _found(_operations(s, version, bundle_in(reply)), could_differ=True)


@postcondition("ATTR-210", basis=Basis.OBSERVED, sources=(KEY_ATTRIBUTES, *_RECORDED))
def attributes_are_as_last_set(s: Situation[Any], reply: Shown, /) -> Finding:
    """Show enabled, nbf, exp and exportable as last given to the version."""
    version = s.version
    if version is None or version.enabled is UNKNOWN:
        return VACUOUS
    return _found(_attributes(s, version, bundle_in(reply)), could_differ=True)


@postcondition("ATTR-211", basis=Basis.OBSERVED, sources=_RECORDED)
def times_are_as_last_changed(s: Situation[Any], reply: Shown, /) -> Finding:
    """Show created as at the version's creation and updated as at its last change."""
    version = s.version
    if version is None:
        return VACUOUS
    exact = version.created.exact is not None
    return _found(_times(s, version, bundle_in(reply)), could_differ=exact)


@postcondition("ATTR-212", basis=Basis.OBSERVED, sources=_RECORDED)
def tags_are_as_last_set(s: Situation[Any], reply: Shown, /) -> Finding:
    """Show the tags last given to the version, and no member tags where there are none."""
    version = s.version
    if version is None or version.tags is UNKNOWN:
        return VACUOUS
    return _found(_tags(s, version, bundle_in(reply)), could_differ=True)


@postcondition("SKR-210", basis=Basis.OBSERVED, sources=_RECORDED)
def policy_is_as_last_set(s: Situation[Any], reply: Shown, /) -> Finding:
    """Show the release policy last given to the version, its text compared as JSON."""
    version = s.version
    if version is None or version.release_policy is UNKNOWN:
        return VACUOUS
    bundle = bundle_in(reply)
    some = version.release_policy is not None or bundle.release_policy is not None
    return _found(_policy(s, version, bundle), could_differ=some)


# --- frame conditions -----------------------------------------------------------------------------


def undisturbed_finding(s: Situation[Any], reply: Shown) -> Finding:
    """Whether the reply shows the version addressed just as it was left, in every member."""
    if s.version is None:
        return VACUOUS
    return next(_mismatches(s, bundle_in(reply)), HELD)


def _undisturbed(s: Situation[Any], reply: Shown, *, disturbed: bool) -> Finding:
    return undisturbed_finding(s, reply) if disturbed else VACUOUS


@postcondition("FRAME-001", basis=Basis.DOCUMENTED, sources=(REST,), kind=Kind.FRAME)
def a_refusal_changes_nothing(s: Situation[Any], reply: Shown, /) -> Finding:
    """Leave a key as it was when a call on it is refused."""
    return _undisturbed(s, reply, disturbed=s.factor.refused > s.factor.confirmed)


@postcondition("FRAME-002", basis=Basis.DOCUMENTED, sources=(REST,), kind=Kind.FRAME)
def other_keys_stay(s: Situation[Any], reply: Shown, /) -> Finding:
    """Leave a key as it was when another key of the instance changes."""
    changed = s.instance.changed_elsewhere(s.name)
    return _undisturbed(s, reply, disturbed=changed > s.factor.confirmed)


@postcondition("FRAME-003", basis=Basis.DOCUMENTED, sources=(REST,), kind=Kind.FRAME)
def other_versions_stay(s: Situation[Any], reply: Shown, /) -> Finding:
    """Leave a version as it was when another version of the key changes or is made."""
    version, factor = s.version, s.factor
    if version is None or factor.changed_version is None or version.version is None:
        return VACUOUS
    disturbed = factor.changed_version != version.version and factor.changed >= factor.confirmed
    return _undisturbed(s, reply, disturbed=disturbed)


@postcondition("FRAME-004", basis=Basis.DOCUMENTED, sources=(SOFT_DELETE, REST), kind=Kind.FRAME)
def other_instances_stay(s: Situation[Any], reply: Shown, /) -> Finding:
    """Leave a key as it was when another instance changes."""
    changed = s.estate.changed_elsewhere(s.host)
    return _undisturbed(s, reply, disturbed=changed > s.factor.confirmed)


FRAMES: tuple[Postcondition[Any, Shown], ...] = (
    a_refusal_changes_nothing,
    other_keys_stay,
    other_versions_stay,
    other_instances_stay,
)

STORED: tuple[Postcondition[Any, Shown], ...] = (
    *SHAPE,
    the_version_addressed_is_shown,
    the_material_never_changes,
    generated_key_is_of_one_version,
    operations_are_as_last_set,
    attributes_are_as_last_set,
    times_are_as_last_changed,
    tags_are_as_last_set,
    policy_is_as_last_set,
    *FRAMES,
)
