"""Key bundles and stored versions: how one is shown as the other.

`shown_version` is what the emulator answers from the state, `revealed` what the state becomes from
an answer. They are each other's inverse where nothing is unknown.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

from immutables import Map

from mhsm_model.configuration import Configuration
from mhsm_model.exchange import Attributes, DeletedKeyBundle, KeyBundle, KeyItem
from mhsm_model.findings import Mismatch
from mhsm_model.identifiers import KeyIdentifier
from mhsm_model.jwk import EcPublic, PublicKey
from mhsm_model.material import Knowledge, Material, born_identifier, public_identifier
from mhsm_model.moments import ANY_TIME, Interval
from mhsm_model.release_policy import ReleasePolicy
from mhsm_model.situation import Situation
from mhsm_model.state import NO_TAGS, KeyVersion
from mhsm_model.tables.key_types import Family, KeyKind
from mhsm_model.tables.release_policies import DEFAULT_CONTENT_TYPE, normalised
from mhsm_model.unknown import Unknown

__all__ = [
    "POLICY_FILLED_SINCE",
    "attributes_mismatch",
    "bundle_in",
    "kind_of_public",
    "known",
    "point",
    "revealed",
    "revealed_item",
    "revealed_material",
    "shown_item",
    "shown_version",
    "stored_policy",
    "times_mismatch",
]

T = TypeVar("T")
_FAMILIES: Final = frozenset(family.value for family in Family)


def known(value: T | Unknown) -> T:
    """The value where it is known; raises ValueError for UNKNOWN, which an emulator never holds."""
    if isinstance(value, Unknown):
        raise ValueError("the emulator cannot answer from a state with unknown members")
    return value


def point(moment: int | None) -> Interval:
    """The interval that holds just the moment, or any time where no moment was told."""
    return ANY_TIME if moment is None else Interval(moment, moment)


def bundle_in(reply: KeyBundle | DeletedKeyBundle) -> KeyBundle:
    """The key bundle that a reply shows."""
    return reply.bundle if isinstance(reply, DeletedKeyBundle) else reply


def kind_of_public(public: PublicKey) -> KeyKind:
    """The key kind that a public key belongs to."""
    if isinstance(public, EcPublic):
        return KeyKind(Family.EC, curve=public.curve)
    return KeyKind(Family.RSA, bits=public.bits)


def _kind_shown(bundle: KeyBundle, public: PublicKey) -> KeyKind:
    if bundle.kty == Family.OKP and isinstance(public, EcPublic):
        return KeyKind(Family.OKP, curve=public.curve)
    return kind_of_public(public)


def _attributes(version: KeyVersion, configuration: Configuration) -> Attributes:
    return Attributes(
        enabled=known(version.enabled),
        created=version.created.earliest,
        updated=version.updated.earliest,
        recovery_level=configuration.recovery_level,
        recoverable_days=known(configuration.retention_days),
        not_before=known(version.not_before),
        expires=known(version.expires),
        exportable=known(version.exportable),
    )


def shown_version(
    identifier: KeyIdentifier, version: KeyVersion, material: Material, configuration: Configuration
) -> KeyBundle:
    """The bundle that shows a fully known version."""
    permitted = known(version.key_ops)
    tags = known(version.tags)
    return KeyBundle(
        kid=KeyIdentifier(identifier.host, identifier.name, version.version),
        kty=material.kind.family,
        public=material.public,
        key_ops=None if permitted is None else tuple(sorted(permitted)),
        attributes=_attributes(version, configuration),
        tags=tags if tags else None,
        release_policy=known(version.release_policy),
    )


def shown_item(
    identifier: KeyIdentifier, version: KeyVersion, configuration: Configuration
) -> KeyItem:
    """The list item that shows a version under the identifier given, with or without a version."""
    tags = known(version.tags)
    return KeyItem(identifier, _attributes(version, configuration), tags if tags else None)


def revealed(bundle: KeyBundle, material: str) -> KeyVersion:
    """What is known of a version once a reply has shown its bundle."""
    shown = bundle.attributes
    return KeyVersion(
        version=bundle.kid.version,
        material=material,
        key_ops=None if bundle.key_ops is None else frozenset(bundle.key_ops),
        enabled=bool(shown.enabled),
        not_before=shown.not_before,
        expires=shown.expires,
        created=point(shown.created),
        updated=point(shown.updated),
        exportable=bool(shown.exportable),
        tags=Map(bundle.tags) if bundle.tags else NO_TAGS,
        release_policy=bundle.release_policy,
    )


def revealed_item(item: KeyItem, version: KeyVersion) -> KeyVersion:
    """What is known of a version once a list has shown it: neither key nor operations."""
    shown = item.attributes
    return KeyVersion(
        version=item.kid.version if item.kid.version is not None else version.version,
        material=version.material,
        key_ops=version.key_ops,
        enabled=bool(shown.enabled),
        not_before=shown.not_before,
        expires=shown.expires,
        created=point(shown.created),
        updated=point(shown.updated),
        exportable=version.exportable if shown.exportable is None else shown.exportable,
        tags=Map(item.tags) if item.tags else NO_TAGS,
        release_policy=version.release_policy,
    )


def revealed_material(
    s: Situation[Any],
    bundle: KeyBundle,
    knowledge: Knowledge,
    newborn: KeyIdentifier | None = None,
    bits: int | None = None,
) -> Material:
    """The material that a bundle shows: the one already known, or a new one.

    `knowledge` is that of new material, `newborn` the identifier of a version just made, `bits` the
    size of a symmetric key where it is known.
    """
    if bundle.public is not None:
        identifier = public_identifier(bundle.public)
        return s.estate.materials.get(identifier) or Material(
            identifier, _kind_shown(bundle, bundle.public), knowledge, bundle.public
        )
    held = s.material
    if newborn is None and held is not None and held.public is None:
        return held
    identifier = born_identifier(s.host, s.name, bundle.kid.version or "")
    family = Family(bundle.kty) if bundle.kty in _FAMILIES else Family.OCT
    return s.estate.materials.get(identifier) or Material(
        identifier, KeyKind(family, bits=bits), knowledge
    )


def attributes_mismatch(version: KeyVersion, shown: Attributes) -> Mismatch | None:
    """Where enabled, nbf, exp or exportable contradict what is known of a version."""
    for name, stored, seen in (
        ("enabled", version.enabled, shown.enabled),
        ("nbf", version.not_before, shown.not_before),
        ("exp", version.expires, shown.expires),
        ("exportable", version.exportable, shown.exportable),
    ):
        if not isinstance(stored, Unknown) and stored != seen:
            return Mismatch(f"{name} {stored}", f"{name} {seen}")
    return None


def times_mismatch(version: KeyVersion, shown: Attributes) -> Mismatch | None:
    """Where created or updated contradict what is known of a version."""
    for name, times, seen in (
        ("created", version.created, shown.created),
        ("updated", version.updated, shown.updated),
    ):
        if seen is None or seen not in times:
            return Mismatch(f"{name} {times}", f"{name} {seen}")
    return None


POLICY_FILLED_SINCE: Final = "7.3"
"""The first api-version under which a policy was recorded to show `immutable` unasked."""


def stored_policy(policy: ReleasePolicy, *, filled: bool) -> ReleasePolicy:
    """A release policy that was sent, as the service stores it; `filled` has `immutable` too."""
    content_type = policy.content_type or DEFAULT_CONTENT_TYPE
    immutable = bool(policy.immutable) if filled else policy.immutable
    return ReleasePolicy(normalised(policy.data), content_type, immutable)
