"""How to break the guards of signing, encrypting and wrapping, of lists and of random bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from mhsm_conformance.guards.breaking import Attempt, breaks
from mhsm_conformance.guards.scenes import (
    DIGEST,
    IV,
    OCT,
    PRIVILEGES,
    RSA,
    SUBJECT,
    request_in_scene,
)
from mhsm_conformance.session import InstanceSession
from mhsm_conformance.vectors.altering import flipped
from mhsm_conformance.vectors.sample_keys import sample_key
from mhsm_model.exchange import (
    Decrypt,
    Encrypt,
    GetRandomBytes,
    ImportKey,
    OperationResult,
    Request,
    Sign,
    Verify,
    WrapKey,
)

__all__: list[str] = []

_NEWEST: Final = "2026-04-01"
_SIGNING: Final = (Sign, Verify)
_ENCIPHERING: Final = (Encrypt, WrapKey)


RSA_IMPORT: Final = ImportKey(SUBJECT, sample_key("RSA 2048"))
OCT_IMPORT: Final = ImportKey(SUBJECT, replace(sample_key("oct 256"), key_ops=PRIVILEGES))


def _flipped_at_the_end(value: bytes) -> bytes:
    return flipped(value, -1)


def _cut(value: bytes) -> bytes:
    return value[:-1]


def _beheaded(value: bytes) -> bytes:
    return value[1:]


def _signing(kind: type[Any], algorithm: str, value: bytes, signature: bytes) -> Request:
    if kind is Sign:
        return Sign(SUBJECT, None, algorithm, value)
    return Verify(SUBJECT, None, algorithm, value, signature)


def _made_here(kind: type[Any]) -> type[Encrypt] | type[WrapKey]:
    """The operation that makes what this one takes."""
    return Encrypt if kind in (Encrypt, Decrypt) else WrapKey


def _taken(kind: type[Any], made: OperationResult, aad: bytes | None = None) -> Any:
    """The request of that kind that takes back what was made."""
    algorithm = made.algorithm or ""
    return kind(SUBJECT, None, algorithm, made.value, made.iv, aad, made.tag)


# --- algorithms -----------------------------------------------------------------------------------


@breaks("ALG-201")
def unknown_algorithm(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """An algorithm name that the schema lacks."""
    request = request_in_scene(hsm, kind)
    yield Attempt(replace(request, algorithm="none"))
    yield Attempt(request)


@breaks("ALG-240")
def algorithm_of_the_other_use(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """An algorithm that is documented for wrapping, in encrypt, and the reverse."""
    request = request_in_scene(hsm, kind)
    if kind in (Encrypt, Decrypt):
        made = hsm.result(WrapKey(SUBJECT, None, "A256KW", bytes(32)))
    else:
        made = hsm.result(Encrypt(SUBJECT, None, "A256GCM", bytes(32)))
    if kind in _ENCIPHERING:
        yield Attempt(kind(SUBJECT, None, made.algorithm or "", bytes(32)))
    else:
        yield Attempt(_taken(kind, made))
    yield Attempt(request)


@breaks("ALG-202")
def algorithm_before_its_time(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """An algorithm of 7.6 under 7.5, and under the newest api-version."""
    hsm.send(OCT)
    request: Request
    if kind in _SIGNING:
        request = _signing(kind, "HS256", DIGEST, DIGEST)
    elif kind in _ENCIPHERING:
        request = kind(SUBJECT, None, "CKM_AES_KEY_WRAP", bytes(32))
    else:
        making = WrapKey(SUBJECT, None, "CKM_AES_KEY_WRAP", bytes(32))
        request = _taken(kind, hsm.result(making, api_version=_NEWEST))
    yield Attempt(request, api_version="7.5")
    yield Attempt(request, api_version=_NEWEST)


@breaks("ALG-002")
def algorithm_of_another_key(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """An algorithm for keys of another curve or size, and one for keys of this."""
    request = request_in_scene(hsm, kind)
    name: str = request.algorithm
    other = name.replace("ES256", "ES384").replace("A256", "A128")
    if kind in _SIGNING:
        other = "ES256K"
    yield Attempt(replace(request, algorithm=other))
    yield Attempt(request)


# --- signing --------------------------------------------------------------------------------------


@breaks("ALG-004")
def short_digest(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """A digest that is one byte too short."""
    request = request_in_scene(hsm, kind)
    yield Attempt(replace(request, digest=DIGEST[:-1]))
    yield Attempt(request)


@breaks("ALG-208")
def long_raw_block(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """A value of one byte more than RSNULL holds, and of just as many."""
    hsm.send(RSA)
    yield Attempt(Sign(SUBJECT, None, "RSNULL", bytes([1]) * 246))
    yield Attempt(Sign(SUBJECT, None, "RSNULL", bytes([1]) * 245))


@breaks("ALG-209")
def long_mac_value(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """A value for HS256 that is longer than its hash, and one as long."""
    hsm.send(OCT)
    for value in (bytes(33), DIGEST):
        request = _signing(kind, "HS256", value, DIGEST)
        yield Attempt(request, api_version=_NEWEST)


@breaks("ALG-210")
def short_signature(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """A signature that is one byte too short."""
    request = request_in_scene(hsm, kind)
    yield Attempt(replace(request, signature=request.signature[:-1]))
    yield Attempt(request)


# --- encrypting and wrapping ----------------------------------------------------------------------


@breaks("ALG-011")
def long_plaintext(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """A plaintext of one byte more than RSA-OAEP holds, and of just as many."""
    hsm.send(RSA)
    for length in (215, 214):
        yield Attempt(kind(SUBJECT, None, "RSA-OAEP", bytes([7]) * length))


@breaks("ALG-220")
def empty_plaintext(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """Nothing at all, and one byte."""
    hsm.send(RSA)
    for length in (0, 1):
        yield Attempt(kind(SUBJECT, None, "RSA-OAEP", bytes(length)))


@breaks("GCM-002")
def iv_for_gcm(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """An iv that comes with a GCM plaintext, and none."""
    hsm.send(OCT)
    for iv in (IV[:12], None):
        yield Attempt(kind(SUBJECT, None, "A256GCM", b"plaintext", iv))


def _for_cbc(hsm: InstanceSession, kind: type[Any], iv: bytes | None) -> Iterator[Attempt]:
    hsm.send(OCT)
    made = hsm.result(Encrypt(SUBJECT, None, "A256CBC", bytes(16), IV))
    value = bytes(16) if kind in _ENCIPHERING else made.value
    for chosen in (iv, IV):
        yield Attempt(kind(SUBJECT, None, "A256CBC", value, chosen))


@breaks("CBC-201")
def no_iv_to_encrypt(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """A CBC plaintext without an iv, and with one."""
    yield from _for_cbc(hsm, kind, None)


@breaks("CBC-202")
def iv_of_no_block(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """An iv of 15 bytes, and of 16."""
    yield from _for_cbc(hsm, kind, IV[:15])


@breaks("CBC-005")
def no_iv_to_decrypt(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """A CBC ciphertext without an iv, and with one."""
    yield from _for_cbc(hsm, kind, None)


@breaks("KW-002")
def odd_value_to_wrap(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """A value that is no multiple of 8 bytes, and one that is."""
    hsm.send(OCT)
    for length in (17, 24):
        yield Attempt(kind(SUBJECT, None, "A256KW", bytes(length)))


@breaks("KW-202")
def odd_value_for_the_mechanism(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """The same for the name of the PKCS #11 mechanism."""
    hsm.send(OCT)
    for length in (17, 24):
        request = kind(SUBJECT, None, "CKM_AES_KEY_WRAP", bytes(length))
        yield Attempt(request, api_version=_NEWEST)


# --- decrypting and unwrapping --------------------------------------------------------------------


@breaks("CBC-203")
def part_of_a_block(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """A ciphertext that ends inside a block, and a whole one."""
    hsm.send(OCT)
    for length in (31, 32):
        yield Attempt(kind(SUBJECT, None, "A256CBC", bytes(length), IV))


def _altered(
    hsm: InstanceSession, kind: type[Any], making: Encrypt | WrapKey, **members: Any
) -> Iterator[Attempt]:
    """What was made, with members altered, and as it was."""
    request = _taken(kind, hsm.result(making))
    changed = {n: v(getattr(request, n)) if callable(v) else v for n, v in members.items()}
    yield Attempt(replace(request, **changed))
    yield Attempt(request)


@breaks("GCM-003")
def no_tag(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """A GCM ciphertext without its tag, and with it."""
    hsm.send(OCT)
    yield from _altered(hsm, kind, Encrypt(SUBJECT, None, "A256GCM", b"text"), tag=None)


@breaks("GCM-005")
def altered_gcm_ciphertext(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """A GCM ciphertext with one bit changed, and as it was."""
    hsm.send(OCT)
    making = Encrypt(SUBJECT, None, "A256GCM", b"text")
    yield from _altered(hsm, kind, making, ciphertext=_flipped_at_the_end)


@breaks("ALG-221")
def short_rsa_ciphertext(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """An RSA ciphertext that is one byte too short, and a whole one."""
    hsm.send(RSA)
    making = _made_here(kind)(SUBJECT, None, "RSA-OAEP", b"text")
    yield from _altered(hsm, kind, making, ciphertext=_beheaded)


@breaks("ALG-222")
def altered_oaep_ciphertext(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """An RSA-OAEP ciphertext of an imported key with one bit changed, and as it was."""
    hsm.send(RSA_IMPORT)
    making = _made_here(kind)(SUBJECT, None, "RSA-OAEP", b"text")
    yield from _altered(hsm, kind, making, ciphertext=_flipped_at_the_end)


@breaks("ALG-223")
def altered_pkcs1_ciphertext(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """An RSA1_5 ciphertext with one bit changed, and as it was."""
    hsm.send(RSA)
    making = _made_here(kind)(SUBJECT, None, "RSA1_5", b"text")
    yield from _altered(hsm, kind, making, ciphertext=_flipped_at_the_end)


@breaks("CBC-204")
def wrong_padding(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """A ciphertext of an imported key whose last byte is no padding, and one padded rightly."""
    hsm.send(OCT_IMPORT)
    bare = hsm.result(Encrypt(SUBJECT, None, "A256CBC", bytes(15) + b"\xff", IV))
    yield Attempt(kind(SUBJECT, None, "A256CBCPAD", bare.value, IV))
    padded = hsm.result(Encrypt(SUBJECT, None, "A256CBCPAD", b"text", IV))
    yield Attempt(kind(SUBJECT, None, "A256CBCPAD", padded.value, IV))


@breaks("KW-205")
def short_wrapped_key(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """A wrapped key that lacks its last byte, and a whole one."""
    hsm.send(OCT)
    making = WrapKey(SUBJECT, None, "A256KW", bytes(32))
    yield from _altered(hsm, kind, making, ciphertext=_cut)


@breaks("KW-003")
def altered_wrapped_key(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """A wrapped key with one bit changed, and as it was."""
    hsm.send(OCT)
    making = WrapKey(SUBJECT, None, "A256KW", bytes(32))
    yield from _altered(hsm, kind, making, ciphertext=_flipped_at_the_end)


# --- lists and random bytes -----------------------------------------------------------------------


@breaks("PAGE-002")
def page_of_nothing(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """A page of no items, and one of some."""
    request = request_in_scene(hsm, kind)
    yield Attempt(replace(request, maxresults=0))
    yield Attempt(request)


@breaks("PAGE-211")
def page_after_nothing(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """A page after one that never was, and the first."""
    request = request_in_scene(hsm, kind)
    yield Attempt(replace(request, continuation="bm8gcGFnZQ"))
    yield Attempt(request)


@breaks("RNG-002")
def byte_too_many(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """One byte more than a call gives, and just as many."""
    yield Attempt(GetRandomBytes(129))
    yield Attempt(GetRandomBytes(128))


@breaks("RNG-202")
def random_bytes_before_their_time(hsm: InstanceSession, kind: type[Any]) -> Iterator[Attempt]:
    """Random bytes under 7.2, and under 7.3."""
    yield Attempt(GetRandomBytes(16), api_version="7.2")
    yield Attempt(GetRandomBytes(16), api_version="7.3")
