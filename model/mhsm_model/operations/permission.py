"""Whether a version may be used: enabled, in its validity window, permitted, suitable."""

from __future__ import annotations

from typing import Any, Final

from mhsm_model.clauses import Basis, Level
from mhsm_model.exchange import Decrypt, Encrypt, Sign, UnwrapKey, Verify, WrapKey
from mhsm_model.operations.access import is_older
from mhsm_model.operations.existence import PRESENT, version_exists
from mhsm_model.rules import Guard, Objection, Perhaps, guard
from mhsm_model.situation import Situation
from mhsm_model.sources import ABOUT_KEYS, KEY_ATTRIBUTES, KEY_OPERATIONS, RECORDED_JS, REST
from mhsm_model.tables.algorithms import ALGORITHMS, Algorithm, Scheme, Use, suits
from mhsm_model.tables.errors import unseen
from mhsm_model.tables.key_types import Family
from mhsm_model.tables.quirks import Quirk
from mhsm_model.unknown import UNKNOWN

__all__ = [
    "LEEWAY_SECONDS",
    "USABLE",
    "Cryptographic",
    "Deciphering",
    "Enciphering",
    "algorithm_is_for_the_operation",
    "algorithm_is_known",
    "algorithm_of",
    "algorithm_suits_key",
    "key_is_enabled",
    "key_is_within_validity",
    "key_permits_the_operation",
    "scheme_of",
]

Enciphering = Encrypt | WrapKey
Deciphering = Decrypt | UnwrapKey
Cryptographic = Sign | Verify | Enciphering | Deciphering

LEEWAY_SECONDS: Final = 600
"""The doubt at both ends of a validity window. Source: key attributes, "up to a few minutes"."""

_OPERATION: Final[dict[type[Cryptographic], tuple[str, Use]]] = {
    Sign: ("sign", Use.SIGN),
    Verify: ("verify", Use.SIGN),
    Encrypt: ("encrypt", Use.ENCRYPT),
    Decrypt: ("decrypt", Use.ENCRYPT),
    WrapKey: ("wrapKey", Use.WRAP),
    UnwrapKey: ("unwrapKey", Use.WRAP),
}
"""What key_ops call an operation, and the use of an algorithm that it makes."""

_SERVING: Final[dict[type[Cryptographic], dict[str, Algorithm]]] = {
    request: {row.name: row for row in ALGORITHMS.values() if use in row.uses | row.perhaps}
    for request, (_, use) in _OPERATION.items()
}
"""The algorithms that serve an operation, or may, by name."""


def algorithm_of(s: Situation[Cryptographic]) -> Algorithm | None:
    """The algorithm that the request names, where it serves the request's operation, or may."""
    return _SERVING[type(s.request)].get(s.request.algorithm)


def scheme_of(s: Situation[Cryptographic]) -> Scheme | None:
    """The construction behind the algorithm that the request names."""
    algorithm = algorithm_of(s)
    return None if algorithm is None else algorithm.scheme


@guard(
    "ATTR-009",
    basis=Basis.DOCUMENTED,
    sources=(KEY_ATTRIBUTES,),
    presupposes=(version_exists,),
)
def key_is_enabled(s: Situation[Cryptographic], /) -> Objection:
    """Refuse every cryptographic operation with a version that is not enabled."""
    version = s.version
    refusal = unseen(403, "Forbidden", "The key is disabled")
    if version is None or version.enabled is UNKNOWN:
        return Perhaps(refusal)
    return None if version.enabled else refusal


@guard(
    "ATTR-007",
    basis=Basis.DOCUMENTED,
    sources=(KEY_ATTRIBUTES,),
    presupposes=(version_exists,),
)
def key_is_within_validity(s: Situation[Sign | Enciphering], /) -> Objection:
    """Refuse to sign, encrypt or wrap with a version before its nbf or from its exp on."""
    version = s.version
    refusal = unseen(403, "Forbidden", "The key is not within its validity period")
    if version is None or version.not_before is UNKNOWN or version.expires is UNKNOWN:
        return Perhaps(refusal)
    starts = 0 if version.not_before is None else version.not_before
    ends = version.expires
    too_early = s.now.latest < starts - LEEWAY_SECONDS
    too_late = ends is not None and s.now.earliest >= ends + LEEWAY_SECONDS
    if too_early or too_late:
        return refusal
    surely_started = starts == 0 or s.now.earliest >= starts + LEEWAY_SECONDS
    surely_not_ended = ends is None or s.now.latest < ends - LEEWAY_SECONDS
    if surely_started and surely_not_ended:
        return None
    outside = s.now.earliest < starts or (ends is not None and s.now.earliest >= ends)
    return Perhaps(refusal, emulated=outside)


@guard(
    "ALG-003",
    basis=Basis.DOCUMENTED,
    sources=(KEY_OPERATIONS,),
    presupposes=(version_exists,),
)
def key_permits_the_operation(s: Situation[Cryptographic], /) -> Objection:
    """Refuse an operation that the version's key_ops lack."""
    version = s.version
    operation, _ = _OPERATION[type(s.request)]
    refusal = unseen(403, "Forbidden", f"Operation {operation} is not permitted on this key")
    if version is None or version.key_ops is UNKNOWN or version.key_ops is None:
        # What a version without the list permits is not documented.
        return Perhaps(refusal, emulated=True)
    return None if operation in version.key_ops else refusal


@guard(
    "ALG-201",
    basis=Basis.DOCUMENTED,
    sources=(REST,),
    presupposes=(version_exists,),
)
def algorithm_is_known(s: Situation[Cryptographic], /) -> Objection:
    """Refuse an algorithm name that the schema lacks, or that is not for this operation."""
    if algorithm_of(s) is not None:
        return None
    refusal = unseen(400, "BadParameter", f"Unknown algorithm {s.request.algorithm}")
    if s.request.algorithm == "EdDSA" and Quirk.OCTET_KEY_PAIRS in s.configuration.quirks:
        return Perhaps(refusal)
    return refusal


@guard(
    "ALG-240",
    level=Level.OPEN,
    basis=Basis.DOCUMENTED,
    sources=(ABOUT_KEYS, REST),
    presupposes=(algorithm_is_known,),
)
def algorithm_is_for_the_operation(s: Situation[Enciphering | Deciphering], /) -> Objection:
    """Refuse to encrypt with an algorithm that is documented to wrap keys, and the reverse."""
    algorithm = algorithm_of(s)
    _, use = _OPERATION[type(s.request)]
    if algorithm is None or use in algorithm.uses:
        return None
    operation, _ = _OPERATION[type(s.request)]
    refusal = unseen(400, "BadParameter", f"{algorithm.name} is not for {operation}")
    return Perhaps(refusal, emulated=True)


@guard(
    "ALG-202",
    level=Level.OPEN,
    basis=Basis.DOCUMENTED,
    sources=(REST,),
    presupposes=(algorithm_is_known,),
)
def algorithm_is_in_force(s: Situation[Cryptographic], /) -> Objection:
    """Refuse an algorithm under an api-version older than the one that brought it."""
    algorithm = algorithm_of(s)
    if algorithm is None or algorithm.since is None or not is_older(s, algorithm.since):
        return None
    return Perhaps(unseen(400, "BadParameter", f"Unknown algorithm {algorithm.name}"))


@guard(
    "ALG-002",
    basis=Basis.DOCUMENTED,
    sources=(ABOUT_KEYS, RECORDED_JS),
    presupposes=(algorithm_is_known,),
)
def algorithm_suits_key(s: Situation[Cryptographic], /) -> Objection:
    """Refuse an algorithm that is not for the key's type, curve or size."""
    algorithm, material = algorithm_of(s), s.material
    if algorithm is None:
        return None
    refusal = unseen(400, "BadParameter", f"{algorithm.name} does not suit this key")
    fits = None if material is None else suits(algorithm, material.kind)
    if fits is None:
        return Perhaps(refusal)
    if material is not None and material.kind.family is Family.OKP:
        return Perhaps(refusal)
    return None if fits else refusal


USABLE: Final[tuple[Guard[Any], ...]] = (
    *PRESENT,
    key_is_enabled,
    key_permits_the_operation,
    algorithm_is_known,
    algorithm_is_in_force,
    algorithm_suits_key,
)
"""What every cryptographic operation asks first."""
