"""Mutants that show a key in a wrong shape: identifier, type, public members, attributes."""

from __future__ import annotations

from dataclasses import replace

from mhsm_model.configuration import Configuration
from mhsm_model.exchange import KeyBundle
from mhsm_model.jwk import EcPublic, RsaPublic
from mhsm_model.tables.key_types import Family
from mhsm_targets.mutants.kinds import wrong_bundle
from mhsm_targets.mutants.mutant import wrong_configuration

__all__: list[str] = []


@wrong_bundle("KEY-003")
def upper_case_versions(bundle: KeyBundle) -> KeyBundle:
    """Writes version identifiers in upper case."""
    return replace(bundle, kid=replace(bundle.kid, version=(bundle.kid.version or "").upper()))


@wrong_bundle("KEY-003")
def versions_as_uuids(bundle: KeyBundle) -> KeyBundle:
    """Writes version identifiers as UUIDs, with hyphens."""
    digits = bundle.kid.version or ""
    places = (digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])
    return replace(bundle, kid=replace(bundle.kid, version="-".join(places)))


@wrong_bundle("KEY-004")
def kid_at_a_vault(bundle: KeyBundle) -> KeyBundle:
    """Names the instance in a kid as if it were a key vault."""
    host = bundle.kid.host.replace(".managedhsm.", ".vault.")
    return replace(bundle, kid=replace(bundle.kid, host=host))


@wrong_bundle("KEY-004")
def kid_with_a_port(bundle: KeyBundle) -> KeyBundle:
    """Writes the port into a kid."""
    return replace(bundle, kid=replace(bundle.kid, host=f"{bundle.kid.host}:443"))


@wrong_bundle("KEY-004")
def kid_without_version(bundle: KeyBundle) -> KeyBundle:
    """Leaves the version out of a kid."""
    return replace(bundle, kid=replace(bundle.kid, version=None))


@wrong_bundle("KEY-009")
def private_exponent_shown(bundle: KeyBundle) -> KeyBundle:
    """Shows the private member of asymmetric keys."""
    return bundle if bundle.public is None else replace(bundle, private_members=("d",))


@wrong_bundle("KEY-009")
def symmetric_key_shown(bundle: KeyBundle) -> KeyBundle:
    """Shows the bytes of symmetric keys."""
    return bundle if bundle.public is not None else replace(bundle, private_members=("k",))


@wrong_bundle("KEY-020")
def software_types_shown(bundle: KeyBundle) -> KeyBundle:
    """Shows keys under the software name of their type."""
    return replace(bundle, kty=str(bundle.kty).removesuffix("-HSM"))


@wrong_bundle("KEY-022")
def modulus_as_signed_integer(bundle: KeyBundle) -> KeyBundle:
    """Writes moduli as signed integers, with a zero byte in front."""
    if not isinstance(bundle.public, RsaPublic):
        return bundle
    return replace(bundle, public=replace(bundle.public, n=b"\0" + bundle.public.n))


@wrong_bundle("KEY-022")
def exponent_of_four_bytes(bundle: KeyBundle) -> KeyBundle:
    """Writes public exponents as 32-bit integers."""
    if not isinstance(bundle.public, RsaPublic):
        return bundle
    return replace(bundle, public=replace(bundle.public, e=bundle.public.e.rjust(4, b"\0")))


@wrong_bundle("KEY-022")
def modulus_left_out(bundle: KeyBundle) -> KeyBundle:
    """Shows no public key for RSA keys."""
    return replace(bundle, public=None) if bundle.kty == Family.RSA else bundle


@wrong_bundle("KEY-023")
def coordinates_without_leading_zeros(bundle: KeyBundle) -> KeyBundle:
    """Writes coordinates as short as they will go."""
    if not isinstance(bundle.public, EcPublic):
        return bundle
    x, y = bundle.public.x.lstrip(b"\0"), bundle.public.y.lstrip(b"\0")
    return replace(bundle, public=replace(bundle.public, x=x, y=y))


@wrong_bundle("KEY-023")
def coordinates_swapped(bundle: KeyBundle) -> KeyBundle:
    """Shows x as y and y as x."""
    if not isinstance(bundle.public, EcPublic):
        return bundle
    point = bundle.public
    return replace(bundle, public=EcPublic(point.curve, point.y, point.x))


@wrong_bundle("KEY-023")
def curve_by_its_other_name(bundle: KeyBundle) -> KeyBundle:
    """Names the curve P-256K by its older name SECP256K1."""
    if not isinstance(bundle.public, EcPublic) or bundle.public.curve != "P-256K":
        return bundle
    return replace(bundle, public=replace(bundle.public, curve="SECP256K1"))


@wrong_bundle("KEY-024")
def symmetric_key_with_public_members(bundle: KeyBundle) -> KeyBundle:
    """Fills the public members of symmetric keys with values that mean nothing."""
    if bundle.kty != Family.OCT:
        return bundle
    return replace(bundle, public=RsaPublic(b"\1" * 256, b"\1\0\1"))


@wrong_bundle("ATTR-003")
def exportable_left_out(bundle: KeyBundle) -> KeyBundle:
    """Leaves exportable out where it is false."""
    shown = replace(bundle.attributes, exportable=bundle.attributes.exportable or None)
    return replace(bundle, attributes=shown)


@wrong_bundle("ATTR-004")
def updated_left_out(bundle: KeyBundle) -> KeyBundle:
    """Leaves updated out where it is the same as created."""
    shown = bundle.attributes
    if shown.created != shown.updated:
        return bundle
    return replace(bundle, attributes=replace(shown, updated=None))


@wrong_bundle("ATTR-004")
def enabled_left_out(bundle: KeyBundle) -> KeyBundle:
    """Leaves enabled out where it is true."""
    if not bundle.attributes.enabled:
        return bundle
    return replace(bundle, attributes=replace(bundle.attributes, enabled=None))


@wrong_bundle("ATTR-004")
def updated_before_created(bundle: KeyBundle) -> KeyBundle:
    """Takes created and updated for each other, a second apart."""
    shown = bundle.attributes
    created = None if shown.created is None else shown.created + 1
    return replace(bundle, attributes=replace(shown, created=created))


@wrong_configuration("ATTR-005")
def retention_is_always_ninety_days(configuration: Configuration) -> Configuration:
    """Keeps deleted keys for 90 days, whatever the instance was configured with."""
    return replace(configuration, retention_days=90)


@wrong_bundle("ATTR-005")
def recoverable_days_left_out(bundle: KeyBundle) -> KeyBundle:
    """Shows no recoverableDays."""
    return replace(bundle, attributes=replace(bundle.attributes, recoverable_days=None))


@wrong_configuration("ATTR-006")
def purge_protection_is_forgotten(configuration: Configuration) -> Configuration:
    """Does not turn purge protection on."""
    return replace(configuration, purge_protection=False)


@wrong_bundle("ATTR-006")
def recovery_level_without_customized(bundle: KeyBundle) -> KeyBundle:
    """Shows the recovery level of 90 days for a shorter retention too."""
    level = (bundle.attributes.recovery_level or "").removeprefix("Customized")
    return replace(bundle, attributes=replace(bundle.attributes, recovery_level=level))


@wrong_bundle("KEY-206")
def first_operation_is_listed_twice(bundle: KeyBundle) -> KeyBundle:
    """Lists the first of the key_ops once more at the end."""
    operations = bundle.key_ops
    return bundle if not operations else replace(bundle, key_ops=(*operations, operations[0]))
