"""Import: key material from outside as a new key version. PUT /keys/{name}.

A transfer blob (`key_hsm`, bring your own key) is a later chapter; a request that carries one is
not modelled.
"""

from __future__ import annotations

from typing import Final

from mhsm_model.bundles import shown_version
from mhsm_model.clauses import Basis, Level
from mhsm_model.exchange import ImportKey, KeyBundle
from mhsm_model.findings import VACUOUS, Finding, expect
from mhsm_model.identifiers import KeyIdentifier
from mhsm_model.jwk import EcPublic, JsonWebKey, PublicKey, RsaPublic
from mhsm_model.material import (
    Knowledge,
    Material,
    public_identifier,
    secret_identifier,
    unseen_identifier,
)
from mhsm_model.operations.birth import BORN, born, born_effect, lost_birth
from mhsm_model.operations.existence import ROOM, name_is_short_enough
from mhsm_model.operations.operation import Effect, Hand, Operation
from mhsm_model.operations.requested import REQUESTED
from mhsm_model.relations.secrets import (
    OctSecret,
    Secret,
    imported_secret,
    kind_of,
    minimal,
    public_of,
)
from mhsm_model.rules import Objection, Perhaps, guard, postcondition
from mhsm_model.situation import Situation
from mhsm_model.sources import (
    ABOUT_KEYS,
    RECORDED_CLI,
    RECORDED_GO,
    RECORDED_JS,
    RECORDED_PYTHON,
    REST,
)
from mhsm_model.tables.errors import bad_parameter, unseen
from mhsm_model.tables.key_types import CURVES, OCT_BITS, PROMOTED, RSA_BITS, Family, KeyKind

__all__ = ["IMPORT_KEY"]

_RECORDED: Final = (RECORDED_CLI, RECORDED_PYTHON, RECORDED_GO, RECORDED_JS)
_OCT_LIMIT: Final = 64
_MEMBERS: Final[dict[Family, tuple[str, ...]]] = {
    Family.RSA: ("n", "e", "d", "p", "q", "dp", "dq", "qi"),
    Family.EC: ("crv", "x", "y", "d"),
    Family.OCT: ("k",),
}


def _family(s: Situation[ImportKey]) -> Family | None:
    return PROMOTED.get(s.request.key.kty or "")


def _secret(s: Situation[ImportKey]) -> Secret | None:
    return imported_secret(s.request.key)


@guard(
    "IMP-201",
    basis=Basis.OBSERVED,
    sources=(RECORDED_GO,),
    presupposes=(name_is_short_enough,),
)
def imported_key_has_a_type(s: Situation[ImportKey], /) -> Objection:
    """Refuse to import a JWK without kty: 400 BadParameter."""
    if s.request.key.kty is not None:
        return None
    return bad_parameter("JSON Web Key: kty is missing")


@guard(
    "IMP-202",
    basis=Basis.DOCUMENTED,
    sources=(REST,),
    presupposes=(imported_key_has_a_type,),
)
def imported_type_is_known(s: Situation[ImportKey], /) -> Objection:
    """Refuse to import a key of a type that the schema lacks."""
    if _family(s) is not None:
        return None
    return unseen(400, "BadParameter", "JSON Web Key: unknown kty")


@guard(
    "IMP-001",
    basis=Basis.DOCUMENTED,
    sources=(REST,),
    presupposes=(imported_type_is_known,),
)
def imported_key_is_whole(s: Situation[ImportKey], /) -> Objection:
    """Refuse to import a JWK that lacks a member its type needs, private ones included."""
    key = s.request.key
    if key.key_hsm is not None:
        return None
    missing = [name for name in _MEMBERS[_family(s) or Family.OCT] if _member(key, name) is None]
    if not missing:
        return None
    return unseen(400, "BadParameter", f"JSON Web Key: missing {', '.join(missing)}")


def _member(key: JsonWebKey, name: str) -> object:
    return getattr(key, name)


@guard(
    "KEY-027",
    basis=Basis.OBSERVED,
    sources=(RECORDED_CLI,),
    presupposes=(imported_key_is_whole,),
)
def symmetric_key_is_at_most_64_bytes(s: Situation[ImportKey], /) -> Objection:
    """Refuse to import more than 64 bytes of symmetric key: 400 BadParameter."""
    if len(s.request.key.k or b"") <= _OCT_LIMIT or _family(s) is not Family.OCT:
        return None
    text = "JSON Web Key: k property of oct key is too large, maximum size is 64"
    return bad_parameter(text)


@guard(
    "IMP-203",
    level=Level.OPEN,
    basis=Basis.INFERRED,
    sources=(RECORDED_CLI,),
    presupposes=(symmetric_key_is_at_most_64_bytes,),
)
def symmetric_key_is_of_an_aes_size(s: Situation[ImportKey], /) -> Objection:
    """Refuse to import a symmetric key of other than 16, 24 or 32 bytes."""
    if _family(s) is not Family.OCT or 8 * len(s.request.key.k or b"") in OCT_BITS:
        return None
    return Perhaps(unseen(400, "BadParameter", "Invalid size of oct key"), emulated=True)


@guard(
    "IMP-204",
    basis=Basis.DOCUMENTED,
    sources=(ABOUT_KEYS,),
    presupposes=(imported_key_is_whole,),
)
def imported_rsa_key_is_of_a_permitted_size(s: Situation[ImportKey], /) -> Objection:
    """Refuse to import an RSA key of other than 2048, 3072 or 4096 bits."""
    if _family(s) is not Family.RSA or s.request.key.key_hsm is not None:
        return None
    bits = int.from_bytes(s.request.key.n or b"").bit_length()
    if bits in RSA_BITS:
        return None
    return unseen(400, "BadParameter", f"Invalid RSA key size: {bits}")


@guard(
    "IMP-205",
    basis=Basis.DOCUMENTED,
    sources=(REST,),
    presupposes=(imported_key_is_whole,),
)
def imported_curve_is_permitted(s: Situation[ImportKey], /) -> Objection:
    """Refuse to import an EC key on a curve other than P-256, P-256K, P-384 and P-521."""
    curve = s.request.key.crv
    if _family(s) is not Family.EC or curve in CURVES:
        return None
    return unseen(400, "BadParameter", f"Invalid crv: {curve}")


@guard(
    "IMP-005",
    level=Level.OPEN,
    basis=Basis.INFERRED,
    sources=(REST,),
    presupposes=(
        imported_rsa_key_is_of_a_permitted_size,
        imported_curve_is_permitted,
        symmetric_key_is_of_an_aes_size,
    ),
)
def imported_key_is_consistent(s: Situation[ImportKey], /) -> Objection:
    """Refuse to import a JWK whose members contradict each other."""
    if s.request.key.key_hsm is not None or _secret(s) is not None:
        return None
    return Perhaps(unseen(400, "BadParameter", "JSON Web Key is inconsistent"), emulated=True)


@postcondition("IMP-003", basis=Basis.OBSERVED, sources=_RECORDED)
def public_key_is_the_imported_one(s: Situation[ImportKey], reply: KeyBundle, /) -> Finding:
    """Show the public key that was imported, without the leading zero bytes it came with."""
    sent = _sent_public(s.request.key)
    if sent is None:
        return VACUOUS
    return expect(reply.public == sent, "the public key sent", "another public key")


@postcondition("IMP-206", basis=Basis.OBSERVED, sources=_RECORDED)
def imported_type_is_promoted(s: Situation[ImportKey], reply: KeyBundle, /) -> Finding:
    """Show an imported key under the HSM form of the type it was sent with."""
    return expect(reply.kty == _family(s), str(_family(s)), reply.kty)


def _sent_public(key: JsonWebKey) -> PublicKey | None:
    if key.n is not None and key.e is not None:
        return RsaPublic(minimal(int.from_bytes(key.n)), minimal(int.from_bytes(key.e)))
    if key.crv in CURVES and key.x is not None and key.y is not None:
        width = CURVES[key.crv]
        return EcPublic(key.crv, key.x.rjust(width, b"\0"), key.y.rjust(width, b"\0"))
    return None


def _material(s: Situation[ImportKey], reply: KeyBundle) -> Material:
    secret = _secret(s)
    if secret is None:
        # A key that contradicts itself was taken: only what the reply shows of it is known.
        kind = KeyKind(_family(s) or Family.OCT)
        identifier = f"taken-{s.host}/{s.name}/{reply.kid.version}"
        return Material(identifier, kind, Knowledge.OPEN, reply.public)
    return _known_material(secret)


def _known_material(secret: Secret) -> Material:
    """The material of a secret that a client brought."""
    public = public_of(secret)
    if isinstance(secret, OctSecret):
        identifier = secret_identifier(secret.value)
    else:
        identifier = public_identifier(public) if public is not None else ""
    return Material(identifier, kind_of(secret), Knowledge.KNOWN, public, secret)


def _answer(s: Situation[ImportKey], hand: Hand, /) -> KeyBundle:
    secret = _secret(s)
    if secret is None:
        raise ValueError("the guards let a contradictory key pass")
    family = _family(s) or Family.OCT
    material = _known_material(secret)
    hand.keep(material.identifier, secret)
    version = hand.entropy.octets(16).hex()
    made = born(s, family, version, material.identifier)
    return shown_version(KeyIdentifier(s.host, s.name), made, material, s.configuration)


def _effect(s: Situation[ImportKey], reply: KeyBundle, /) -> Effect:
    """The key has a new current version, with the material that was imported."""
    return born_effect(s, reply, _material(s, reply))


def _lost(s: Situation[ImportKey], /) -> tuple[Effect, ...]:
    secret, family = _secret(s), _family(s)
    if family is None:
        return ()
    if secret is not None:
        return lost_birth(s, _known_material(secret))
    identifier = unseen_identifier(s.host, s.name, s.estate.serial)
    return lost_birth(s, Material(identifier, KeyKind(family), Knowledge.OPEN))


IMPORT_KEY: Final[Operation[ImportKey, KeyBundle]] = Operation(
    name="ImportKey",
    request=ImportKey,
    reply=KeyBundle,
    guards=(
        *ROOM,
        imported_key_has_a_type,
        imported_type_is_known,
        imported_key_is_whole,
        symmetric_key_is_at_most_64_bytes,
        symmetric_key_is_of_an_aes_size,
        imported_rsa_key_is_of_a_permitted_size,
        imported_curve_is_permitted,
        imported_key_is_consistent,
        *REQUESTED,
    ),
    ensures=(*BORN, public_key_is_the_imported_one, imported_type_is_promoted),
    answers=_answer,
    effect=_effect,
    lost=_lost,
)
