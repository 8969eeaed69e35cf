"""Operators on what cryptographic operations answer: values, and what stands beside them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

from mhsm_conformance.corruption.encodings import flipped, shortened
from mhsm_conformance.corruption.hosts import host_seen
from mhsm_conformance.corruption.operator import (
    Alteration,
    Blindness,
    Operator,
    Seen,
    Sight,
    Unseen,
    altered,
    corrupting,
)
from mhsm_conformance.corruption.session import Document, Place
from mhsm_conformance.corruption.sightings import member_at, shows
from mhsm_model.base64url import decoded, encoded
from mhsm_model.exchange import ImportKey

__all__ = ["RESULTS", "asked_of", "public_is_shown"]

_SIGNATURES: Final = ("ALG-005", "ALG-006", "ALG-007")
_ENCIPHERED: Final = ("GCM-201", "CBC-205", "ALG-231", "GCM-202", "CBC-206", "GCM-005", "CBC-204")
_DECIPHERED: Final = ("GCM-202", "CBC-206", "ALG-232")
_OTHER_HOST: Final = "another.managedhsm.azure.net"
_INTO: Final = frozenset({"encrypt", "wrapkey"})
_OUT_OF: Final = frozenset({"decrypt", "unwrapkey"})


def _action(place: Place) -> str:
    """The last part of the path, in lower case."""
    return place.sent.path.rstrip("/").rpartition("/")[2].lower()


def asked_of(place: Place, member: str) -> Any:
    """A member of the request's JSON body, or None."""
    document = place.sent.document()
    return cast("Document", document).get(member) if isinstance(document, dict) else None


def _is_result(place: Place) -> bool:
    """Whether the reply is a cryptographic result."""
    shown = place.shown
    return place.succeeded and shown is not None and {"kid", "value"} <= shown.keys()


def _same_key(place: Place, index: int) -> bool:
    other = Place(place.session, index)
    request = place.session.requests[index]
    if request is None or other.sent.host != place.sent.host:
        return False
    return getattr(request, "name", None) == place.name


def public_is_shown(place: Place) -> bool:
    """Whether an earlier reply shows the public key of the version that was used."""
    used = member_at(place.shown, ("kid",))
    version = str(used).rpartition("/")[2]
    for index in range(place.index):
        for show in shows(place.session, index):
            if (show.name, show.version) == (place.name, version) and not show.is_item:
                return {"n", "y"} & cast("Document", show.document["key"]).keys() != set()
    return False


def _secret_is_known(place: Place) -> bool:
    """Whether the symmetric key was imported before, in this session."""
    return any(
        isinstance(place.session.requests[index], ImportKey)
        and _same_key(place, index)
        and place.session.exchanges[index].answered.status == 200
        for index in range(place.index)
    )


def _ciphertexts(place: Place, index: int) -> set[tuple[Any, Any, Any]]:
    """What an exchange shows as ciphertext under an algorithm with an iv."""
    other = Place(place.session, index)
    if not _same_key(place, index) or not _is_result(other):
        return set()
    if _action(other) in _INTO:
        shown = cast("Document", other.shown)
        return {(shown.get("alg"), shown.get("value"), shown.get("iv"))}
    if _action(other) in _OUT_OF:
        return {tuple(asked_of(other, member) for member in ("alg", "value", "iv"))}
    return set()


def _value_seen(place: Place) -> Sight:
    """Whether something in the session binds the value of a result."""
    kind = _action(place)
    if kind == "sign":
        known = public_is_shown(place) and str(asked_of(place, "alg"))[:2] in ("RS", "PS", "ES")
        return Seen(_SIGNATURES) if known else Unseen(Blindness.FIRST_SIGHT)
    if kind in _INTO | _OUT_OF:
        clauses = _ENCIPHERED if kind in _INTO else _DECIPHERED
        if _secret_is_known(place):
            return Seen(clauses)
        if kind in _INTO and str(asked_of(place, "alg")).startswith("RSA"):
            # Anyone encrypts with a public key: a ciphertext that nobody answered may be right.
            return Unseen(Blindness.RANDOM)
        mine = _ciphertexts(place, place.index)
        for index in range(len(place.session.exchanges)):
            if index != place.index and mine & _ciphertexts(place, index):
                return Seen(clauses, later=index > place.index)
        return Unseen(Blindness.RANDOM if kind in _INTO else Blindness.FIRST_SIGHT)
    return Unseen(Blindness.RANDOM)


def _length_seen(place: Place) -> Sight:
    """Whether the length of a value is bound: by the algorithm, or by a key that was shown."""
    algorithm, kind = str(asked_of(place, "alg")), _action(place)
    if kind == "sign" and algorithm.startswith("ES"):
        return Seen(("ALG-213", "ALG-007"))
    if kind in _INTO and not algorithm.startswith("RSA"):
        return Seen(("GCM-006", "CBC-002", "CBC-003", "CBC-205"))
    if kind in _OUT_OF and algorithm.endswith(("GCM", "CBC")):
        return Seen(("GCM-202", "CBC-206"))
    if kind in _INTO and public_is_shown(place):
        return Seen(("ALG-230",))
    return _value_seen(place)


Sees = Callable[[Place], Sight]


def _member(
    name: str, sentence: str, member: str, change: Callable[[str], str], sees: Sees
) -> Operator:
    """The operator that changes a text member of a result; an unchanged one does not apply."""

    def corrupts(place: Place) -> Alteration | None:
        if not _is_result(place):
            return None
        document = place.document()
        value = document.get(member)
        if not isinstance(value, str) or not value or change(value) == value:
            return None
        document[member] = change(value)
        return altered(place, place.with_document(document), sees(place))

    return Operator(name, sentence, corrupts)


def _surely(*clauses: str) -> Sees:
    return lambda place: Seen(clauses)


def _host_seen(place: Place) -> Sight:
    return host_seen(place, "ALG-012", "ALG-212")


def _version_seen(place: Place) -> Sight:
    """A version that the request names is bound; the current one where a bundle showed it."""
    if place.version is not None or public_is_shown(place):
        return Seen(("ALG-012", "ALG-212"))
    return Unseen(Blindness.FIRST_SIGHT)


def _iv_seen(place: Place) -> Sight:
    return Seen(("CBC-001",)) if "CBC" in str(asked_of(place, "alg")) else _value_seen(place)


def _part(place: int, value: str) -> Callable[[str], str]:
    def changed(kid: str) -> str:
        parts = kid.split("/")
        return "/".join([*parts[:place], value, *parts[place + 1 :]])

    return changed


def _last_flipped(value: str) -> str:
    return flipped(value, len(value) - 1)


@corrupting("verification-inverted")
def inverted_verification(place: Place) -> Alteration | None:
    """Answer verify the other way."""
    shown = place.shown
    if not _is_result(place) or shown is None or not isinstance(shown["value"], bool):
        return None
    document = {**place.document(), "value": not shown["value"]}
    sight: Sight = Unseen(Blindness.FIRST_SIGHT)
    if public_is_shown(place):
        sight = Seen(("ALG-010",))
    return altered(place, place.with_document(document), sight)


@corrupting("bare-value-bit-flipped")
def bare_value(place: Place) -> Alteration | None:
    """Flip one bit of a value that stands alone: random bytes, a backup."""
    shown = place.shown
    if not place.succeeded or shown is None or shown.keys() != {"value"}:
        return None
    if not isinstance(shown["value"], str) or not shown["value"]:
        return None
    document = {"value": flipped(shown["value"], len(shown["value"]) // 2)}
    return altered(place, place.with_document(document), Unseen(Blindness.RANDOM))


@corrupting("random-bytes-one-more")
def one_byte_more(place: Place) -> Alteration | None:
    """Answer with one random byte more than asked for."""
    shown = place.shown
    if not place.succeeded or shown is None or asked_of(place, "count") is None:
        return None
    document = {**shown, "value": encoded(decoded(str(shown["value"])) + b"\0")}
    return altered(place, place.with_document(document), Seen(("RNG-001",)))


RESULTS: Final[tuple[Operator, ...]] = (
    _member(
        "result-alg-other",
        "Name another algorithm.",
        "alg",
        lambda alg: "RS256" if alg != "RS256" else "PS256",
        _surely("ALG-211", "ALG-212"),
    ),
    _member(
        "result-kid-other-host",
        "Name another host in the kid of a result.",
        "kid",
        _part(2, _OTHER_HOST),
        _host_seen,
    ),
    _member(
        "result-kid-other-name",
        "Name another key in the kid of a result.",
        "kid",
        _part(4, "other"),
        _surely("ALG-012", "ALG-212"),
    ),
    _member(
        "result-version-other",
        "Name another version in the kid of a result.",
        "kid",
        _part(5, "0123456789abcdef0123456789abcdef"),
        _version_seen,
    ),
    _member(
        "result-kid-without-version",
        "Give the kid of a result without a version.",
        "kid",
        lambda kid: kid.rpartition("/")[0],
        _surely("ALG-012", "ALG-212"),
    ),
    _member(
        "value-bit-flipped", "Flip the last bit of a value.", "value", _last_flipped, _value_seen
    ),
    _member(
        "value-first-bit-flipped",
        "Flip a bit at the beginning of a value.",
        "value",
        lambda value: flipped(value, 0),
        _value_seen,
    ),
    _member("value-shorter", "Cut the last byte off a value.", "value", shortened, _length_seen),
    _member(
        "value-longer",
        "Put a byte after a value.",
        "value",
        lambda value: encoded(decoded(value) + b"\x01"),
        _length_seen,
    ),
    _member("iv-bit-flipped", "Flip a bit of the iv.", "iv", lambda iv: flipped(iv, 0), _iv_seen),
    _member(
        "iv-shorter",
        "Cut the last byte off the iv.",
        "iv",
        shortened,
        _surely("GCM-001", "CBC-001"),
    ),
    _member("tag-bit-flipped", "Flip a bit of the tag.", "tag", _last_flipped, _value_seen),
    _member("tag-shorter", "Cut the last byte off the tag.", "tag", shortened, _surely("GCM-001")),
    _member("aad-bit-flipped", "Flip a bit of the aad.", "aad", _last_flipped, _surely("GCM-001")),
    inverted_verification,
    bare_value,
    one_byte_more,
)
