"""The shape of every key bundle: identifier, type, public members, the attributes always there."""

from __future__ import annotations

from typing import Any

from mhsm_model.bundles import bundle_in
from mhsm_model.clauses import Basis, Level
from mhsm_model.exchange import Attributes, DeletedKeyBundle, KeyBundle
from mhsm_model.findings import VACUOUS, Finding, Mismatch, expect
from mhsm_model.identifiers import is_name, is_version
from mhsm_model.jwk import EcPublic, RsaPublic
from mhsm_model.relations.public_keys import is_plausible, is_point
from mhsm_model.rules import Postcondition, postcondition
from mhsm_model.situation import Situation
from mhsm_model.sources import (
    KEY_OPERATIONS,
    RECORDED_CLI,
    RECORDED_GO,
    RECORDED_JS,
    RECORDED_PYTHON,
    REST,
    SOFT_DELETE,
)
from mhsm_model.tables.key_types import CURVES, RSA_BITS, Family
from mhsm_model.unknown import UNKNOWN

__all__ = ["SHAPE", "Shown", "retention_finding"]

Shown = KeyBundle | DeletedKeyBundle
_RECORDED = (RECORDED_CLI, RECORDED_PYTHON, RECORDED_GO)


@postcondition("KEY-003", basis=Basis.OBSERVED, sources=_RECORDED)
def version_is_32_hex_digits(s: Situation[Any], reply: Shown, /) -> Finding:
    """Name a key version by exactly 32 lower-case hexadecimal digits."""
    version = bundle_in(reply).kid.version or ""
    return expect(is_version(version), "32 lower-case hexadecimal digits", repr(version))


@postcondition("KEY-004", basis=Basis.OBSERVED, sources=_RECORDED)
def kid_names_the_key(s: Situation[Any], reply: Shown, /) -> Finding:
    """Give as kid the URL of the instance, the name asked for, and a version."""
    kid = bundle_in(reply).kid
    here = kid.host == s.host
    named = kid.name == s.name and is_name(kid.name) and kid.collection == "keys"
    good = here and named and kid.version is not None
    return expect(good, f"{s.identifier}/<version>", kid)


@postcondition("KEY-020", basis=Basis.OBSERVED, sources=(*_RECORDED, RECORDED_JS))
def kty_is_an_hsm_type(s: Situation[Any], reply: Shown, /) -> Finding:
    """Show every key under an HSM key type, also where a software type was asked for."""
    kty = bundle_in(reply).kty
    return expect(kty in {family.value for family in Family}, "a key type that ends in -HSM", kty)


@postcondition("KEY-022", basis=Basis.OBSERVED, sources=_RECORDED)
def rsa_key_shows_n_and_e(s: Situation[Any], reply: Shown, /) -> Finding:
    """Show an RSA key by n and e, no leading zero bytes, of a permitted size and plausible."""
    bundle = bundle_in(reply)
    if bundle.kty != Family.RSA:
        return VACUOUS
    public = bundle.public
    if not isinstance(public, RsaPublic):
        return Mismatch("members n and e", "not both")
    if public.n[:1] == b"\0" or public.e[:1] == b"\0":
        return Mismatch("n and e without leading zero bytes", "a leading zero byte")
    if public.bits not in RSA_BITS:
        return Mismatch(f"a modulus of {RSA_BITS} bits", f"one of {public.bits} bits")
    return expect(is_plausible(public), "an odd exponent, a modulus of two primes", "neither")


@postcondition("KEY-023", basis=Basis.OBSERVED, sources=(*_RECORDED, REST))
def ec_key_shows_a_point(s: Situation[Any], reply: Shown, /) -> Finding:
    """Show an EC key by its curve and a point on it, both coordinates as wide as the curve."""
    bundle = bundle_in(reply)
    if bundle.kty != Family.EC:
        return VACUOUS
    public = bundle.public
    if not isinstance(public, EcPublic) or public.curve not in CURVES:
        return Mismatch(f"members crv (one of {', '.join(CURVES)}), x and y", f"{public}")
    width = CURVES[public.curve]
    if (len(public.x), len(public.y)) != (width, width):
        return Mismatch(f"two coordinates of {width} bytes", f"{len(public.x)} and {len(public.y)}")
    return expect(is_point(public), f"a point on {public.curve}", "a point that is not on it")


@postcondition("KEY-024", basis=Basis.OBSERVED, sources=(RECORDED_PYTHON,))
def oct_key_shows_no_material(s: Situation[Any], reply: Shown, /) -> Finding:
    """Show a symmetric key by kid, kty and key_ops alone."""
    bundle = bundle_in(reply)
    if bundle.kty != Family.OCT:
        return VACUOUS
    return expect(bundle.public is None, "no members of key material", "public members")


@postcondition("KEY-206", level=Level.SHOULD, basis=Basis.OBSERVED, sources=_RECORDED)
def operations_are_listed_once(s: Situation[Any], reply: Shown, /) -> Finding:
    """List every operation in key_ops once."""
    shown = bundle_in(reply).key_ops
    if not shown:
        return VACUOUS
    return expect(len(set(shown)) == len(shown), "every operation once", ", ".join(shown))


@postcondition("KEY-009", basis=Basis.DOCUMENTED, sources=(REST, KEY_OPERATIONS))
def no_private_member_is_shown(s: Situation[Any], reply: Shown, /) -> Finding:
    """Show no private member of a key in any reply."""
    shown = bundle_in(reply).private_members
    return expect(not shown, "none of d, p, q, dp, dq, qi, k", f"members {', '.join(shown)}")


@postcondition("ATTR-003", basis=Basis.OBSERVED, sources=_RECORDED)
def exportable_is_always_shown(s: Situation[Any], reply: Shown, /) -> Finding:
    """Show exportable in the attributes of every key."""
    exportable = bundle_in(reply).attributes.exportable
    return expect(exportable is not None, "attributes.exportable", "no such member")


@postcondition("ATTR-004", basis=Basis.OBSERVED, sources=_RECORDED)
def times_are_always_shown(s: Situation[Any], reply: Shown, /) -> Finding:
    """Show enabled, created and updated for every key, updated never before created."""
    shown = bundle_in(reply).attributes
    if shown.created is None or shown.updated is None or shown.enabled is None:
        return Mismatch("attributes enabled, created and updated", "not all three")
    good = shown.created <= shown.updated
    return expect(good, "updated at or after created", f"{shown.updated} before {shown.created}")


@postcondition("ATTR-005", basis=Basis.OBSERVED, sources=(REST, SOFT_DELETE, *_RECORDED))
def recoverable_days_is_the_retention(s: Situation[Any], reply: Shown, /) -> Finding:
    """Show as recoverableDays the instance's retention, 7 to 90 days."""
    return _days_finding(s, bundle_in(reply).attributes)


@postcondition("ATTR-006", basis=Basis.OBSERVED, sources=(REST, *_RECORDED))
def recovery_level_follows_the_configuration(s: Situation[Any], reply: Shown, /) -> Finding:
    """Show as recoveryLevel the word for the instance's retention and purge protection."""
    return _level_finding(s, bundle_in(reply).attributes)


def _days_finding(s: Situation[Any], shown: Attributes) -> Finding:
    days, retention = shown.recoverable_days, s.configuration.retention_days
    if retention is UNKNOWN:
        good = days is not None and 7 <= days <= 90
        return expect(good, "recoverableDays 7 to 90", days)
    return expect(days == retention, f"recoverableDays {retention}", days)


def _level_finding(s: Situation[Any], shown: Attributes) -> Finding:
    level = s.configuration.recovery_level
    if level is not None:
        return expect(shown.recovery_level == level, level, shown.recovery_level)
    base = "Recoverable" if shown.recoverable_days == 90 else "CustomizedRecoverable"
    good = shown.recovery_level in (base, f"{base}+Purgeable")
    return expect(good, f"{base}, or {base}+Purgeable", shown.recovery_level)


def retention_finding(s: Situation[Any], shown: Attributes) -> Finding:
    """Whether attributes show the instance's retention and the word for it."""
    days = _days_finding(s, shown)
    return days if isinstance(days, Mismatch) else _level_finding(s, shown)


SHAPE: tuple[Postcondition[Any, Shown], ...] = (
    version_is_32_hex_digits,
    kid_names_the_key,
    kty_is_an_hsm_type,
    rsa_key_shows_n_and_e,
    ec_key_shows_a_point,
    oct_key_shows_no_material,
    operations_are_listed_once,
    no_private_member_is_shown,
    exportable_is_always_shown,
    times_are_always_shown,
    recoverable_days_is_the_retention,
    recovery_level_follows_the_configuration,
)
