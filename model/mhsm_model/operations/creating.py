"""Create: a new key version generated in the HSM. POST /keys/{name}/create."""

from __future__ import annotations

from typing import Final

from mhsm_model.bundles import revealed_material, shown_version
from mhsm_model.clauses import Basis, Level
from mhsm_model.exchange import CreateKey, KeyBundle
from mhsm_model.findings import VACUOUS, Finding, expect
from mhsm_model.identifiers import KeyIdentifier
from mhsm_model.jwk import EcPublic, RsaPublic
from mhsm_model.material import (
    Knowledge,
    Material,
    born_identifier,
    public_identifier,
    unseen_identifier,
)
from mhsm_model.operations.birth import BORN, born, born_effect, lost_birth
from mhsm_model.operations.existence import ROOM, name_is_short_enough
from mhsm_model.operations.operation import Effect, Hand, Operation
from mhsm_model.operations.requested import REQUESTED
from mhsm_model.relations.secrets import OctSecret, Secret, kind_of, public_of
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
from mhsm_model.tables.errors import seen, unseen
from mhsm_model.tables.key_types import (
    CURVES,
    DEFAULT_CURVE,
    DEFAULT_OCT_BITS,
    DEFAULT_PUBLIC_EXPONENT,
    DEFAULT_RSA_BITS,
    OCT_BITS,
    PROMOTED,
    PUBLIC_EXPONENTS,
    RSA_BITS,
    Family,
    KeyKind,
)
from mhsm_model.tables.quirks import Quirk

__all__ = ["CREATE_KEY"]

_RECORDED: Final = (RECORDED_CLI, RECORDED_PYTHON, RECORDED_GO, RECORDED_JS)
_QUIRKY_TYPES: Final = {
    "AES": (Quirk.AES_KEY_TYPE, Family.OCT),
    "OKP": (Quirk.OCTET_KEY_PAIRS, Family.OKP),
    "OKP-HSM": (Quirk.OCTET_KEY_PAIRS, Family.OKP),
}


def _family(s: Situation[CreateKey]) -> Family | None:
    """The stored key type for the requested one, or None where there is none."""
    asked = s.request.kty or ""
    quirk, family = _QUIRKY_TYPES.get(asked, (None, None))
    if quirk is not None and quirk in s.configuration.quirks:
        return family
    return PROMOTED.get(asked)


@guard(
    "KEY-220",
    basis=Basis.DOCUMENTED,
    sources=(REST,),
    presupposes=(name_is_short_enough,),
)
def key_type_is_known(s: Situation[CreateKey], /) -> Objection:
    """Refuse to create a key without kty, or of a type that the schema lacks."""
    if _family(s) is not None:
        return None
    return unseen(400, "BadParameter", "Invalid or missing kty")


@guard(
    "KEY-025",
    basis=Basis.DOCUMENTED,
    sources=(ABOUT_KEYS,),
    presupposes=(key_type_is_known,),
)
def size_is_permitted(s: Situation[CreateKey], /) -> Objection:
    """Refuse RSA sizes other than 2048, 3072, 4096 and AES sizes other than 128, 192, 256."""
    size = s.request.key_size
    match _family(s):
        case Family.RSA:
            permitted, type_name = RSA_BITS, "RSA"
        case Family.OCT:
            permitted, type_name = OCT_BITS, "oct"
        case _:
            return None
    if size is None or size in permitted:
        return None
    return unseen(400, "BadParameter", f"Invalid key_size for {type_name}: {size}")


@guard(
    "KEY-221",
    basis=Basis.DOCUMENTED,
    sources=(REST,),
    presupposes=(key_type_is_known,),
)
def curve_is_permitted(s: Situation[CreateKey], /) -> Objection:
    """Refuse an EC key on a curve other than P-256, P-256K, P-384 and P-521."""
    curve = s.request.crv
    if _family(s) is not Family.EC or curve is None or curve in CURVES:
        return None
    return unseen(400, "BadParameter", f"Invalid crv: {curve}")


@guard(
    "KEY-222",
    level=Level.OPEN,
    basis=Basis.INFERRED,
    sources=(REST, RECORDED_PYTHON),
    presupposes=(key_type_is_known,),
)
def exponent_is_usual(s: Situation[CreateKey], /) -> Objection:
    """Refuse an RSA public exponent other than 3, 17 and 65537."""
    exponent = s.request.public_exponent
    if _family(s) is not Family.RSA or exponent is None or exponent in PUBLIC_EXPONENTS:
        return None
    usable = exponent > 1 and exponent % 2 == 1 and exponent.bit_length() <= 32
    refusal = unseen(400, "BadParameter", f"Invalid public_exponent: {exponent}")
    return Perhaps(refusal, emulated=not usable)


@guard(
    "KEY-223",
    level=Level.OPEN,
    basis=Basis.OBSERVED,
    sources=(RECORDED_JS,),
    presupposes=(key_type_is_known,),
)
def symmetric_key_has_a_size(s: Situation[CreateKey], /) -> Objection:
    """Refuse a symmetric key whose request names no size."""
    if _family(s) is not Family.OCT or s.request.key_size is not None:
        return None
    if Quirk.OCT_WITHOUT_SIZE_FAILS in s.configuration.quirks:
        return Perhaps(seen(500, "UnknownError", "Unknown error"))
    return Perhaps(unseen(400, "BadParameter", "key_size is missing"))


@guard(
    "KEY-031",
    level=Level.OPEN,
    basis=Basis.INFERRED,
    sources=(ABOUT_KEYS,),
    presupposes=(key_type_is_known,),
)
def operations_suit_the_type(s: Situation[CreateKey], /) -> Objection:
    """Refuse key_ops that the key's type can never perform."""
    asked = set(s.request.key_ops or ())
    family = _family(s)
    if family is Family.EC and asked & {"encrypt", "decrypt", "wrapKey", "unwrapKey"}:
        return Perhaps(unseen(400, "BadParameter", "key_ops do not suit the key type"))
    return None


@postcondition("KEY-224", basis=Basis.OBSERVED, sources=_RECORDED)
def key_is_of_the_type_requested(s: Situation[CreateKey], reply: KeyBundle, /) -> Finding:
    """Create a key of the HSM form of the type requested."""
    family = _family(s)
    return expect(reply.kty == family, str(family), reply.kty)


@postcondition("KEY-225", basis=Basis.OBSERVED, sources=_RECORDED)
def rsa_key_is_of_the_size_requested(s: Situation[CreateKey], reply: KeyBundle, /) -> Finding:
    """Create an RSA key with a modulus of exactly the size requested, 2048 bits by default."""
    public = reply.public
    if not isinstance(public, RsaPublic):
        return VACUOUS
    bits = s.request.key_size or DEFAULT_RSA_BITS
    return expect(public.bits == bits, f"{bits} bits", f"{public.bits} bits")


@postcondition("KEY-021", basis=Basis.OBSERVED, sources=(RECORDED_PYTHON, REST))
def exponent_is_as_requested(s: Situation[CreateKey], reply: KeyBundle, /) -> Finding:
    """Create an RSA key with the public exponent requested, 65537 by default."""
    public = reply.public
    if not isinstance(public, RsaPublic):
        return VACUOUS
    exponent = s.request.public_exponent or DEFAULT_PUBLIC_EXPONENT
    good = int.from_bytes(public.e) == exponent
    return expect(good, f"public exponent {exponent}", f"e {public.e[:16].hex()}")


@postcondition("KEY-226", basis=Basis.OBSERVED, sources=_RECORDED)
def ec_key_is_on_the_curve_requested(s: Situation[CreateKey], reply: KeyBundle, /) -> Finding:
    """Create an EC key on the curve requested, P-256 by default."""
    public = reply.public
    if not isinstance(public, EcPublic) or reply.kty != Family.EC:
        return VACUOUS
    curve = s.request.crv or DEFAULT_CURVE
    return expect(public.curve == curve, curve, public.curve)


@postcondition("KEY-204", basis=Basis.DOCUMENTED, sources=(ABOUT_KEYS,))
def material_is_new(s: Situation[CreateKey], reply: KeyBundle, /) -> Finding:
    """Generate an asymmetric key whose public part no other key of any instance shows."""
    if reply.public is None:
        return VACUOUS
    held = public_identifier(reply.public) in s.estate.materials
    return expect(not held, "a public key not seen before", "the public key of another version")


def _symmetric_bits(s: Situation[CreateKey]) -> int:
    return s.request.key_size or DEFAULT_OCT_BITS


def _secret(s: Situation[CreateKey], hand: Hand, family: Family) -> Secret:
    asked = s.request
    match family:
        case Family.RSA:
            exponent = asked.public_exponent or DEFAULT_PUBLIC_EXPONENT
            return hand.entropy.rsa(asked.key_size or DEFAULT_RSA_BITS, exponent)
        case Family.EC:
            return hand.entropy.ec(asked.crv or DEFAULT_CURVE)
        case _:
            return OctSecret(hand.entropy.octets(_symmetric_bits(s) // 8))


def _answer(s: Situation[CreateKey], hand: Hand, /) -> KeyBundle:
    family = _family(s) or Family.RSA
    secret = _secret(s, hand, family)
    version = hand.entropy.octets(16).hex()
    public = public_of(secret)
    if public is None:
        identifier = born_identifier(s.host, s.name, version)
    else:
        identifier = public_identifier(public)
    hand.keep(identifier, secret)
    material = Material(identifier, kind_of(secret), Knowledge.CLOSED, public)
    made = born(s, family, version, identifier)
    return shown_version(KeyIdentifier(s.host, s.name), made, material, s.configuration)


def _effect(s: Situation[CreateKey], reply: KeyBundle, /) -> Effect:
    """The key has a new current version, with material that nobody has seen."""
    bits = _symmetric_bits(s) if reply.public is None else None
    fresh = KeyIdentifier(s.host, s.name, reply.kid.version)
    material = revealed_material(s, reply, Knowledge.CLOSED, fresh, bits)
    return born_effect(s, reply, material)


def _lost(s: Situation[CreateKey], /) -> tuple[Effect, ...]:
    asked = s.request
    match _family(s):
        case None:
            return ()
        case Family.RSA:
            kind = KeyKind(Family.RSA, bits=asked.key_size or DEFAULT_RSA_BITS)
        case Family.EC:
            kind = KeyKind(Family.EC, curve=asked.crv or DEFAULT_CURVE)
        case Family.OCT:
            kind = KeyKind(Family.OCT, bits=asked.key_size)
        case family:
            kind = KeyKind(family)
    # Generated, so nobody has used it elsewhere: what it computes before it is shown is remembered.
    identifier = unseen_identifier(s.host, s.name, s.estate.serial)
    return lost_birth(s, Material(identifier, kind, Knowledge.CLOSED))


CREATE_KEY: Final[Operation[CreateKey, KeyBundle]] = Operation(
    name="CreateKey",
    request=CreateKey,
    reply=KeyBundle,
    guards=(
        *ROOM,
        key_type_is_known,
        size_is_permitted,
        curve_is_permitted,
        exponent_is_usual,
        symmetric_key_has_a_size,
        operations_suit_the_type,
        *REQUESTED,
    ),
    ensures=(
        *BORN,
        key_is_of_the_type_requested,
        rsa_key_is_of_the_size_requested,
        exponent_is_as_requested,
        ec_key_is_on_the_curve_requested,
        material_is_new,
    ),
    answers=_answer,
    effect=_effect,
    lost=_lost,
)
