"""Operators on the key of a bundle: its identifier, type, operations, public members and policy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

from mhsm_conformance.corruption.attributes import BY_NAME
from mhsm_conformance.corruption.encodings import flipped, shortened, widened
from mhsm_conformance.corruption.hosts import host_seen
from mhsm_conformance.corruption.members import bound, chosen_show, uses
from mhsm_conformance.corruption.operator import (
    Alteration,
    Blindness,
    Operator,
    Seen,
    Sight,
    Unseen,
    altered,
)
from mhsm_conformance.corruption.session import Document, Place
from mhsm_conformance.corruption.sightings import ABSENT, Show, member_at, shows, witnessed
from mhsm_model.base64url import decoded, encoded
from mhsm_model.exchange import CreateKey, ImportKey
from mhsm_model.tables.key_operations import DEFAULTS
from mhsm_model.tables.key_types import Family

__all__ = ["KEYS"]

_OTHER_HOST: Final = "another.managedhsm.azure.net"
_OTHER_VERSION: Final = "0123456789abcdef0123456789abcdef"
_OTHER_TYPE: Final = {"RSA-HSM": "oct-HSM", "EC-HSM": "RSA-HSM", "oct-HSM": "RSA-HSM"}
_OTHER_CURVE: Final = {"P-256": "P-256K", "P-256K": "P-256", "P-384": "P-521", "P-521": "P-384"}
_MATERIAL: Final = ("KEY-210", "IMP-003", "ALG-005", "ALG-006", "ALG-007")


Change = Callable[[Any, Place], Any]
Sees = Callable[[Place, Show], Sight]


def _key(name: str, sentence: str, member: str, change: Change, sees: Sees) -> Operator:
    """The operator that changes a member of the key of a bundle; ABSENT: it does not apply."""

    def corrupts(place: Place) -> Alteration | None:
        show = chosen_show(place, name)
        if show is None or show.is_item:
            return None
        value = member_at(show.document, ("key", member))
        made = ABSENT if value is ABSENT else change(value, place)
        if made is ABSENT or made == value:
            return None
        document = place.document()
        document["key"][member] = made
        return altered(place, place.with_document(document), sees(place, show))

    return Operator(name, sentence, corrupts)


def _surely(*clauses: str) -> Sees:
    return lambda place, show: Seen(clauses)


def _host_seen(place: Place, show: Show) -> Sight:
    return host_seen(place, "KEY-004")


def _part(place: int, value: str) -> Change:
    def changed(kid: Any, _: Place) -> Any:
        parts = str(kid).split("/")
        if len(parts) <= place:
            return ABSENT
        return "/".join([*parts[:place], value, *parts[place + 1 :]])

    return changed


def _another_seen(kid: Any, place: Place) -> Any:
    """The kid with another version of the session, of the same key where there is one."""
    parts = str(kid).split("/")
    found = [
        s.version for i in range(len(place.session.exchanges)) for s in shows(place.session, i)
    ]
    others = sorted({version for version in found if version and version != parts[-1]})
    if not others or len(parts) < 6:
        return ABSENT
    return "/".join([*parts[:5], others[place.draw("version-of-another", len(others))]])


def _version_seen(place: Place, show: Show) -> Sight:
    """Whether the version is bound: by the request, by another reply, or by a later request."""
    if place.version is not None:
        return Seen(("KEY-212",))
    if isinstance(place.request, CreateKey | ImportKey):
        sight = _named_later(place, show)
        if isinstance(sight, Unseen) and isinstance(place.request, CreateKey):
            return _generated_seen(place, show)
        return sight
    sight = witnessed(place, show, ("key", "kid"), ("KEY-212", "LIFE-006"))
    return sight if isinstance(sight, Seen) else _named_later(place, show)


def _named_later(place: Place, show: Show) -> Sight:
    """A later reply without a version in its request shows which one is current."""
    return witnessed(place, show, ("key", "kid"), ("KEY-212", "LIFE-006"))


def _generated_seen(place: Place, show: Show) -> Sight:
    """A public key that was generated is shown under one version alone."""
    member = "n" if "n" in show.document["key"] else "x"
    if member not in show.document["key"]:
        return Unseen(Blindness.FIRST_SIGHT)
    return witnessed(place, show, ("key", member), ("KEY-214",))


def _material_seen(place: Place, show: Show) -> Sight:
    if isinstance(place.request, ImportKey):
        return Seen(("IMP-003",))
    member = "n" if "n" in show.document["key"] else "x"
    sight = witnessed(place, show, ("key", member), _MATERIAL)
    if isinstance(sight, Seen):
        return sight
    if uses(place, show):
        return Seen(_MATERIAL, later=True)
    # Not every composite number shows a small factor.
    return Unseen(Blindness.RANDOM)


def _exponent_seen(place: Place, show: Show) -> Sight:
    if isinstance(place.request, CreateKey):
        return Seen(("KEY-021",))
    return _material_seen(place, show)


def _operations_seen(place: Place, show: Show) -> Sight:
    return bound(place, show, BY_NAME["key_ops"])


def _one_operation_less(operations: Any, place: Place) -> Any:
    # One that only some builds give by default may be lacking.
    surely = [o for o in operations if o not in _in_some_builds(place)]
    if len(operations) < 2 or not surely:
        return ABSENT
    return [o for o in operations if o != surely[place.draw("operation", len(surely))]]


def _in_some_builds(place: Place) -> frozenset[str]:
    """The operations that only some builds give a key whose request names none."""
    key = place.shown.get("key") if place.shown is not None else None
    kty = cast("Document", key).get("kty") if isinstance(key, dict) else None
    default = DEFAULTS.get(Family(kty)) if kty in set(Family) else None
    return frozenset() if default is None else default.in_some_builds


def _one_operation_more(operations: Any, _: Place) -> Any:
    return next(([*operations, o] for o in ("import", "export") if o not in operations), ABSENT)


def _even(n: str) -> str:
    value = bytearray(decoded(n))
    value[-1] &= 0xFE
    return encoded(bytes(value))


def _point_seen(place: Place, show: Show) -> Sight:
    """A coordinate alone: a point of an octet key pair has no other to compare it with."""
    if "y" in show.document["key"]:
        return Seen(("KEY-023",))
    return _material_seen(place, show)


KEYS: Final[tuple[Operator, ...]] = (
    _key("kid-other-host", "Name another host in kid.", "kid", _part(2, _OTHER_HOST), _host_seen),
    _key("kid-other-name", "Name another key.", "kid", _part(4, "other"), _surely("KEY-004")),
    _key(
        "kid-deleted",
        "Give a kid under /deletedkeys.",
        "kid",
        _part(3, "deletedkeys"),
        _surely("KEY-004", "WIRE-001"),
    ),
    _key(
        "kid-without-version",
        "Give a kid without a version.",
        "kid",
        lambda kid, place: str(kid).rpartition("/")[0],
        _surely("KEY-003", "KEY-004"),
    ),
    _key(
        "version-in-capitals",
        "Write the version in capitals.",
        "kid",
        lambda kid, place: "/".join([*str(kid).split("/")[:5], str(kid).split("/")[-1].upper()]),
        _surely("KEY-003", "WIRE-001"),
    ),
    _key(
        "version-too-short",
        "Write a version of 31 digits.",
        "kid",
        lambda kid, place: str(kid)[:-1],
        _surely("KEY-003", "WIRE-001"),
    ),
    _key(
        "version-not-hexadecimal",
        "Write a version with another letter than a to f.",
        "kid",
        lambda kid, place: f"{str(kid)[:-1]}g",
        _surely("KEY-003", "WIRE-001"),
    ),
    _key(
        "version-other",
        "Name a version that nobody has seen.",
        "kid",
        _part(5, _OTHER_VERSION),
        _version_seen,
    ),
    _key(
        "version-of-another",
        "Name another version that the session shows.",
        "kid",
        _another_seen,
        _version_seen,
    ),
    _key(
        "kty-software",
        "Show the software type of a key.",
        "kty",
        lambda kty, place: str(kty).removesuffix("-HSM"),
        _surely("KEY-020"),
    ),
    _key(
        "kty-other",
        "Show another HSM type with the members as they are.",
        "kty",
        lambda kty, place: _OTHER_TYPE.get(kty, ABSENT),
        _surely("KEY-022", "KEY-023", "KEY-024", "WIRE-202"),
    ),
    _key(
        "crv-other",
        "Show another curve for the same coordinates.",
        "crv",
        lambda crv, place: _OTHER_CURVE.get(crv, ABSENT),
        _surely("KEY-023"),
    ),
    _key(
        "key_ops-one-less",
        "Leave out one operation of key_ops.",
        "key_ops",
        _one_operation_less,
        _operations_seen,
    ),
    _key(
        "key_ops-one-more",
        "Add an operation to key_ops.",
        "key_ops",
        _one_operation_more,
        _operations_seen,
    ),
    _key(
        "key_ops-twice",
        "List an operation of key_ops twice.",
        "key_ops",
        lambda operations, place: [*operations, *operations[:1]],
        _surely("KEY-206"),
    ),
    _key(
        "key_ops-other-case",
        "Write an operation of key_ops in capitals.",
        "key_ops",
        lambda operations, place: (
            [*operations[1:], operations[0].upper()] if operations else ABSENT
        ),
        _surely("KEY-203", "KEY-028", "KEY-211", "KEY-230"),
    ),
    _key(
        "key_ops-reordered",
        "List key_ops in another order.",
        "key_ops",
        lambda operations, place: list(reversed(operations)),
        lambda place, show: Unseen(Blindness.EQUIVALENT),
    ),
    _key(
        "n-bit-flipped",
        "Flip one bit in the middle of the modulus.",
        "n",
        lambda n, place: flipped(n, len(n) // 2),
        _material_seen,
    ),
    _key("n-even", "Make the modulus even.", "n", lambda n, place: _even(n), _surely("KEY-022")),
    _key(
        "n-shorter",
        "Cut the last byte off the modulus.",
        "n",
        lambda n, place: shortened(n),
        _surely("KEY-022", "KEY-225"),
    ),
    _key(
        "n-with-zero",
        "Put a zero byte before the modulus.",
        "n",
        lambda n, place: widened(n),
        _surely("KEY-022"),
    ),
    _key(
        "e-other",
        "Show another odd public exponent.",
        "e",
        lambda e, place: "Aw" if e != "Aw" else "AQAB",
        _exponent_seen,
    ),
    _key("e-even", "Show an even public exponent.", "e", lambda e, _: "AQAC", _surely("KEY-022")),
    _key(
        "x-bit-flipped",
        "Flip one bit of the coordinate x.",
        "x",
        lambda x, place: flipped(x, len(x) // 2),
        _point_seen,
    ),
    _key(
        "y-bit-flipped",
        "Flip one bit of the coordinate y.",
        "y",
        lambda y, place: flipped(y, len(y) // 2),
        _surely("KEY-023"),
    ),
    _key(
        "x-shorter",
        "Cut the last byte off the coordinate x.",
        "x",
        lambda x, place: shortened(x),
        _point_seen,
    ),
)
