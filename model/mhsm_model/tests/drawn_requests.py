"""Strategies for requests: sound and broken ones, over few names, with ordinals for what was made.

Nothing drawn depends on a value that the emulator chose: a drawn ordinal picks among what earlier
replies showed, so that examples shrink and repeat.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import DataObject, SearchStrategy

from mhsm_model.exchange import (
    BackupKey,
    CreateKey,
    Decrypt,
    DeleteKey,
    Encrypt,
    GetDeletedKey,
    GetKey,
    GetRandomBytes,
    ImportKey,
    KeyBackup,
    KeyBundle,
    KeyPage,
    ListDeletedKeys,
    ListKeys,
    ListKeyVersions,
    Malformed,
    NoOperation,
    OperationResult,
    PurgeDeletedKey,
    Reach,
    RecoverDeletedKey,
    ReleasePolicy,
    Reply,
    Request,
    RequestedAttributes,
    RestoreKey,
    Sign,
    Unmodelled,
    UnwrapKey,
    UpdateKey,
    Verify,
    WrapKey,
)
from mhsm_model.operations.paging import next_token
from mhsm_model.tables.algorithms import ALGORITHMS, Use
from mhsm_model.tests.keys_to_import import broken_keys, sound_keys
from mhsm_model.tests.scenes import START

T = TypeVar("T")

NAMES: Final = ("a", "b", "c")
NO_VERSION: Final = "0" * 32
POLICY: Final = b'{"version":"1.0","anyOf":[{"authority":"https://x.attest.example/","allOf":[]}]}'


def mostly(usual: SearchStrategy[T], rare: SearchStrategy[T]) -> SearchStrategy[T]:
    """The usual values, and now and then a rare one."""
    return st.integers(0, 7).flatmap(lambda dice: rare if dice == 7 else usual)


NAME: Final = mostly(st.sampled_from(NAMES), st.sampled_from(["a_b", "n" * 127, "n" * 128, "é"]))
OPERATION_LISTS: Final[SearchStrategy[tuple[str, ...] | None]] = mostly(
    st.none(),
    st.sampled_from(
        [
            (),
            ("sign",),
            ("encrypt", "decrypt"),
            ("verify", "sign", "import"),
            ("import",),
            ("Sign",),
            ("secureWrapKey",),
        ]
    ),
)
MOMENTS: Final[SearchStrategy[int | None]] = mostly(
    st.none(), st.sampled_from([0, *(START + n for n in (-1000, -300, 0, 300, 1000))])
)
ATTRIBUTES: Final = mostly(
    st.just(RequestedAttributes()),
    st.builds(
        RequestedAttributes,
        enabled=st.none() | st.booleans(),
        not_before=MOMENTS,
        expires=MOMENTS,
        exportable=st.none() | st.booleans(),
    ),
)
TAGS: Final[SearchStrategy[dict[str, str] | None]] = mostly(
    st.none(),
    st.sampled_from(
        [
            {},
            {"a": "b"},
            {"x": "y", "z": ""},
            {str(n): "" for n in range(16)},
            {"long": "v" * 257},
            {"n" * 257: ""},
        ]
    ),
)
POLICIES: Final[SearchStrategy[ReleasePolicy | None]] = mostly(
    st.none(),
    st.sampled_from(
        [
            ReleasePolicy(POLICY),
            ReleasePolicy(POLICY, "application/json", True),
            ReleasePolicy(b'{"anyOf":[]}', None, False),
            ReleasePolicy(b"no JSON"),
        ]
    ),
)
PAGE_SIZES: Final[SearchStrategy[int | None]] = mostly(
    st.sampled_from([None, 1, 2]), st.sampled_from([0, -1, 25, 26])
)
OCTETS: Final = st.sampled_from([b"", b"1", *(bytes([n]) * n for n in (12, 15, 16, 17, 33, 190))])
DIGESTS: Final = mostly(
    st.sampled_from([bytes(32), b"\x01" * 32, bytes(48), b"\x02" * 64]),
    st.sampled_from([b"", b"1", bytes(300)]),
)
AADS: Final = st.sampled_from([None, b"", b"aad", b"aad\0", b"12345678", bytes(8), b"9" * 17])
IVS: Final = mostly(
    st.sampled_from([None, bytes(16), b"\x07" * 16]), st.sampled_from([b"", bytes(12), bytes(17)])
)
ODD_ALGORITHMS: Final = ("A128KW", "CKM_AES_KEY_WRAP", "CKM_AES_KEY_WRAP_PAD", "EdDSA", "none", "")


def _algorithms(use: Use) -> SearchStrategy[str]:
    fitting = sorted(name for name, row in ALGORITHMS.items() if use in row.uses)
    others = sorted({*ALGORITHMS} - {*fitting})
    return mostly(st.sampled_from(fitting), st.sampled_from([*others, *ODD_ALGORITHMS]))


@dataclass
class Memory:
    """What replies have shown, for ordinals to pick from."""

    versions: list[str] = field(default_factory=list[str])
    signed: list[tuple[Sign, OperationResult]] = field(
        default_factory=list[tuple[Sign, OperationResult]]
    )
    encrypted: list[tuple[Encrypt, OperationResult]] = field(
        default_factory=list[tuple[Encrypt, OperationResult]]
    )
    wrapped: list[tuple[WrapKey, OperationResult]] = field(
        default_factory=list[tuple[WrapKey, OperationResult]]
    )
    tokens: list[str] = field(default_factory=list[str])
    blobs: list[bytes] = field(default_factory=list[bytes])

    def learn(self, request: Request, reply: Reply) -> None:
        match reply:
            case KeyBundle() if reply.kid.version is not None:
                self.versions.append(reply.kid.version)
            case OperationResult() if isinstance(request, Sign):
                self.signed.append((request, reply))
            case OperationResult() if isinstance(request, Encrypt):
                self.encrypted.append((request, reply))
            case OperationResult() if isinstance(request, WrapKey):
                self.wrapped.append((request, reply))
            case KeyBackup(blob):
                self.blobs.append(blob)
            case KeyPage():
                token = next_token(reply)
                if token is not None:
                    self.tokens.append(token)
            case _:
                pass

    def version(self, data: DataObject) -> str | None:
        ordinal = data.draw(st.integers(-3, 5), "version")
        if ordinal < 0:
            return None
        return self.versions[-1 - ordinal] if ordinal < len(self.versions) else NO_VERSION

    def token(self, data: DataObject) -> str | None:
        ordinal = data.draw(st.integers(-2, 2), "token")
        if ordinal < 0:
            return None
        return self.tokens[-1 - ordinal] if ordinal < len(self.tokens) else "no token"


def _picked(data: DataObject, shown: Sequence[T]) -> T | None:
    ordinal = data.draw(st.integers(0, 3), "result")
    return shown[-1 - ordinal] if ordinal < len(shown) else None


CREATIONS: Final = st.builds(
    CreateKey,
    name=NAME,
    kty=mostly(
        st.sampled_from(["EC", "EC-HSM", "oct", "oct-HSM", "RSA"]),
        st.sampled_from([None, "nonsense", "AES", "OKP", "RSA-HSM"]),
    ),
    key_size=mostly(st.sampled_from([None, 256, 128, 2048]), st.sampled_from([0, -1, 1024, 192])),
    crv=mostly(st.none(), st.sampled_from(["P-256", "P-384", "P-521", "P-256K", "P-192"])),
    public_exponent=mostly(st.none(), st.sampled_from([3, 17, 65537, 5, 4, 1, 0, -3, 2**33 + 1])),
    key_ops=OPERATION_LISTS,
    attributes=ATTRIBUTES,
    tags=TAGS,
    release_policy=POLICIES,
)
IMPORTS: Final = st.builds(
    ImportKey,
    name=NAME,
    key=mostly(
        st.deferred(lambda: st.sampled_from(sound_keys())),
        st.deferred(lambda: st.sampled_from(broken_keys())),
    ),
    attributes=ATTRIBUTES,
    tags=TAGS,
    release_policy=POLICIES,
)


def _updating(data: DataObject, memory: Memory) -> Request:
    return UpdateKey(
        data.draw(NAME),
        memory.version(data),
        data.draw(OPERATION_LISTS),
        data.draw(ATTRIBUTES),
        data.draw(TAGS),
        data.draw(POLICIES),
    )


def _listing(data: DataObject, memory: Memory) -> Request:
    size, token = data.draw(PAGE_SIZES), memory.token(data)
    which = data.draw(st.sampled_from([ListKeys, ListDeletedKeys, ListKeyVersions]))
    if which is ListKeyVersions:
        return ListKeyVersions(data.draw(NAME), size, token)
    return (ListKeys if which is ListKeys else ListDeletedKeys)(size, token)


def _signing(data: DataObject, memory: Memory) -> Request:
    algorithm = data.draw(_algorithms(Use.SIGN))
    return Sign(data.draw(NAME), memory.version(data), algorithm, data.draw(DIGESTS))


def _verifying(data: DataObject, memory: Memory) -> Request:
    shown = _picked(data, memory.signed)
    if shown is None:
        algorithm = data.draw(_algorithms(Use.SIGN))
        return Verify(data.draw(NAME), None, algorithm, data.draw(DIGESTS), data.draw(OCTETS))
    sent, result = shown
    match data.draw(st.sampled_from(["as it is", "another digest", "altered", "cut"])):
        case "another digest":
            digest, value = data.draw(DIGESTS), result.value
        case "altered":
            digest, value = sent.digest, _altered(result.value)
        case "cut":
            digest, value = sent.digest, result.value[:-1]
        case _:
            digest, value = sent.digest, result.value
    return Verify(sent.name, result.kid.version, sent.algorithm, digest, value)


def _altered(value: bytes) -> bytes:
    return value[:-1] + bytes([value[-1] ^ 1]) if value else b"\0"


def _encrypting(data: DataObject, memory: Memory) -> Request:
    algorithm = data.draw(_algorithms(Use.ENCRYPT))
    name, version = data.draw(NAME), memory.version(data)
    return Encrypt(name, version, algorithm, data.draw(OCTETS), data.draw(IVS), data.draw(AADS))


def _decrypting(data: DataObject, memory: Memory) -> Request:
    shown = _picked(data, memory.encrypted)
    if shown is None:
        algorithm = data.draw(_algorithms(Use.ENCRYPT))
        name, value, tag = data.draw(NAME), data.draw(OCTETS), data.draw(IVS)
        return Decrypt(name, None, algorithm, value, data.draw(IVS), data.draw(AADS), tag)
    sent, made = shown
    value, iv, aad, tag, algorithm = made.value, made.iv, sent.aad, made.tag, sent.algorithm
    match data.draw(
        st.sampled_from(["as it is", "as it is", "value", "iv", "aad", "tag", "cut", "padding"])
    ):
        case "value":
            value = _altered(value)
        case "iv":
            iv = None if iv is None else _altered(iv)
        case "aad":
            aad = data.draw(AADS)
        case "tag":
            tag = None if tag is None else _altered(tag)
        case "cut":
            value = value[:-1]
        case "padding":
            algorithm = algorithm.removesuffix("PAD") if "PAD" in algorithm else algorithm + "PAD"
        case _:
            pass
    return Decrypt(sent.name, made.kid.version, algorithm, value, iv, aad, tag)


def _wrapping(data: DataObject, memory: Memory) -> Request:
    algorithm = data.draw(_algorithms(Use.WRAP))
    name, version = data.draw(NAME), memory.version(data)
    return WrapKey(name, version, algorithm, data.draw(OCTETS), data.draw(IVS))


def _unwrapping(data: DataObject, memory: Memory) -> Request:
    made = _picked(data, memory.wrapped) or _picked(data, memory.encrypted)
    if made is None:
        algorithm = data.draw(_algorithms(Use.WRAP))
        return UnwrapKey(data.draw(NAME), None, algorithm, data.draw(OCTETS), data.draw(IVS))
    sent, result = made
    value, algorithm = result.value, sent.algorithm
    match data.draw(st.sampled_from(["as it is", "as it is", "value", "cut", "alias"])):
        case "value":
            value = _altered(value)
        case "cut":
            value = value[:-1]
        case "alias":
            algorithm = data.draw(st.sampled_from(["A256KW", "A128KW", *ODD_ALGORITHMS]))
        case _:
            pass
    return UnwrapKey(sent.name, result.kid.version, algorithm, value, result.iv)


def _restoring(data: DataObject, memory: Memory) -> Request:
    blob = _picked(data, memory.blobs)
    if blob is None:
        return RestoreKey(data.draw(st.sampled_from([b"", b"doesnotexist", b"a.b.c.d.e"])))
    return RestoreKey(data.draw(st.sampled_from([blob, blob, blob, _altered(blob), blob[:-2]])))


def _name_alone(data: DataObject, memory: Memory) -> Request:
    name = data.draw(NAME)
    kinds: tuple[Request, ...] = (
        DeleteKey(name),
        GetDeletedKey(name),
        RecoverDeletedKey(name),
        PurgeDeletedKey(name),
        BackupKey(name),
    )
    return data.draw(st.sampled_from(kinds))


_KINDS: Final[tuple[Callable[[DataObject, Memory], Request], ...]] = (
    lambda data, memory: data.draw(CREATIONS),
    lambda data, memory: data.draw(CREATIONS),
    lambda data, memory: data.draw(IMPORTS),
    lambda data, memory: GetKey(data.draw(NAME), memory.version(data)),
    _updating,
    _listing,
    _signing,
    _verifying,
    _encrypting,
    _encrypting,
    _decrypting,
    _decrypting,
    _wrapping,
    _unwrapping,
    _restoring,
    lambda data, memory: GetRandomBytes(data.draw(st.sampled_from([1, 16, 128, 0, 129, -1]))),
    _name_alone,
    _name_alone,
)
_NO_OPERATIONS: Final[tuple[Request, ...]] = (
    Malformed("CreateKey", "a", "member kty is not a string"),
    NoOperation("PUT", "/keys/a/1f/sign"),
    Unmodelled("RotateKey", Reach.NOTHING),
)


def draw_request(data: DataObject, memory: Memory) -> Request:
    """A request of any modelled operation, now and then one that is none."""
    kind = data.draw(st.integers(0, 4 * len(_KINDS)), "kind")
    if kind == 4 * len(_KINDS):
        return data.draw(st.sampled_from(_NO_OPERATIONS))
    return _KINDS[kind % len(_KINDS)](data, memory)
