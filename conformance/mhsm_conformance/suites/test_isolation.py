"""Isolation: three instances with the same names, of which two share a security domain.

What one instance's material made means nothing to unrelated material; a version, a deletion or a
blob of one is nothing in another. A blob of a shared domain brings the same material with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import pytest

from mhsm_conformance.guards.scenes import DIGEST, IV, PRIVILEGES, SUBJECT, backed_up
from mhsm_conformance.opening import HOSTS
from mhsm_conformance.session import InstanceSession, Session
from mhsm_conformance.vectors.sample_keys import sample_key
from mhsm_model.configuration import Configuration
from mhsm_model.exchange import (
    CreateKey,
    Decrypt,
    DeleteKey,
    Encrypt,
    GetDeletedKey,
    GetKey,
    ImportKey,
    ListDeletedKeys,
    ListKeys,
    ListKeyVersions,
    OperationResult,
    PurgeDeletedKey,
    RecoverDeletedKey,
    Request,
    RestoreKey,
    Sign,
    UnwrapKey,
    UpdateKey,
    Verify,
    WrapKey,
)

NEWEST: Final = "2026-04-01"
SECRET: Final = bytes(range(100, 132))
SHARED: Final = Configuration(domain="shared")
DOMAINS: Final = {HOSTS[0]: SHARED, HOSTS[1]: Configuration(), "hsm-c.managedhsm.azure.net": SHARED}


@dataclass(frozen=True)
class Three:
    """An instance, one that is unrelated to it, and one that shares its security domain."""

    one: InstanceSession
    unrelated: InstanceSession
    related: InstanceSession

    @property
    def all(self) -> tuple[InstanceSession, ...]:
        """All three."""
        return self.one, self.unrelated, self.related


@pytest.fixture
def three(open_session: Callable[[Mapping[str, Configuration]], Session]) -> Three:
    """Three instances."""
    session = open_session(DOMAINS)
    return Three(*(session.at(host) for host in DOMAINS))


KINDS: Final[Mapping[str, tuple[CreateKey, tuple[Request, ...]]]] = {
    "oct": (
        CreateKey(SUBJECT, "oct", key_size=256, key_ops=PRIVILEGES),
        (
            Encrypt(SUBJECT, None, "A256GCM", SECRET),
            Encrypt(SUBJECT, None, "A256CBC", SECRET, IV),
            Encrypt(SUBJECT, None, "A256CBCPAD", SECRET, IV),
            WrapKey(SUBJECT, None, "A256KW", SECRET),
            WrapKey(SUBJECT, None, "CKM_AES_KEY_WRAP", SECRET),
            WrapKey(SUBJECT, None, "CKM_AES_KEY_WRAP_PAD", SECRET),
            Sign(SUBJECT, None, "HS256", DIGEST),
        ),
    ),
    "RSA": (
        CreateKey(SUBJECT, "RSA", key_ops=PRIVILEGES),
        (
            Encrypt(SUBJECT, None, "RSA1_5", SECRET),
            Encrypt(SUBJECT, None, "RSA-OAEP", SECRET),
            WrapKey(SUBJECT, None, "RSA-OAEP-256", SECRET),
            WrapKey(SUBJECT, None, "RSA1_5", SECRET),
            Sign(SUBJECT, None, "RS256", DIGEST),
            Sign(SUBJECT, None, "PS256", DIGEST),
        ),
    ),
    "EC": (CreateKey(SUBJECT, "EC"), (Sign(SUBJECT, None, "ES256", DIGEST),)),
}


def inverse(asked: Request, made: OperationResult) -> Request:
    """The request that takes back, or verifies, what was made."""
    match asked:
        case Sign(name, version, algorithm, digest):
            return Verify(name, version, algorithm, digest, made.value)
        case WrapKey(name, version, algorithm):
            return UnwrapKey(name, version, algorithm, made.value, made.iv, None, made.tag)
        case Encrypt(name, version, algorithm):
            return Decrypt(name, version, algorithm, made.value, made.iv, None, made.tag)
        case _:
            raise TypeError(f"{type(asked).__name__} has no inverse")


def made_by(hsm: InstanceSession, requests: tuple[Request, ...]) -> Iterator[Request]:
    """What takes back everything that the instance computed."""
    for asked in requests:
        made = hsm.send(asked, api_version=NEWEST)
        if isinstance(made, OperationResult):
            yield inverse(asked, made)


@pytest.mark.exercises("ISO-002")
@pytest.mark.parametrize("kind", ["oct", "RSA"])
def test_unrelated_material(three: Three, kind: str) -> None:
    """What an instance computed gives nothing in others that have a key of the same name."""
    create, computed = KINDS[kind]
    for hsm in three.all:
        hsm.send(create)
    for taken in made_by(three.one, computed):
        for hsm in (three.unrelated, three.related, three.one):
            hsm.send(taken, api_version=NEWEST)


@pytest.mark.exercises("ISO-002", "CBC-206")
@pytest.mark.parametrize("imported", [False, True])
def test_an_imported_key_beside_a_generated_one(three: Three, imported: bool) -> None:
    """A ciphertext of an imported key is nothing to a generated one of that name, and back."""
    create, computed = KINDS["oct"]
    sample = ImportKey(SUBJECT, replace(sample_key("oct 256"), key_ops=PRIVILEGES))
    one, other = (sample, create) if imported else (create, sample)
    three.one.send(one)
    three.unrelated.send(other)
    for taken in made_by(three.one, computed):
        three.unrelated.send(taken, api_version=NEWEST)
        three.one.send(taken, api_version=NEWEST)


@pytest.mark.exercises("ALG-010")
def test_unrelated_signatures(three: Three) -> None:
    """A signature of one instance's key is no signature of another's key of that name."""
    for kind in ("EC", "RSA"):
        create, computed = KINDS[kind]
        for hsm in three.all:
            hsm.send(create)
        for taken in made_by(three.one, computed):
            for hsm in three.all:
                hsm.send(taken, api_version=NEWEST)


@pytest.mark.exercises("GCM-202", "KW-206", "CBC-206")
def test_equal_material_is_equal(three: Three) -> None:
    """The same bytes imported twice are one key: what one instance encrypts the other decrypts."""
    sample = ImportKey(SUBJECT, replace(sample_key("oct 256"), key_ops=PRIVILEGES))
    three.one.send(sample)
    three.unrelated.send(sample)
    for taken in made_by(three.one, KINDS["oct"][1]):
        three.unrelated.send(taken, api_version=NEWEST)


@pytest.mark.exercises("KEY-011", "ERR-002")
def test_a_version_at_another_host(three: Three) -> None:
    """A version identifier of one instance names nothing in another."""
    version = three.one.created(KINDS["EC"][0]).kid.version
    for hsm in (three.unrelated, three.related):
        for create in (None, CreateKey(SUBJECT, "EC")):
            if create is not None:
                hsm.send(create)
            hsm.send(GetKey(SUBJECT, version))
            hsm.send(Sign(SUBJECT, version, "ES256", DIGEST))
            hsm.send(UpdateKey(SUBJECT, version, tags={"a": "b"}))
    three.one.send(GetKey(SUBJECT, version))


@pytest.mark.exercises("PAGE-007", "FRAME-004", "ERR-003", "PAGE-209")
def test_deletion_and_lists(three: Three) -> None:
    """A key deleted and purged in one instance is in the others and in their lists as before."""
    for number, hsm in enumerate(three.all):
        hsm.send(CreateKey(SUBJECT, "EC", tags={"at": str(number)}))
        hsm.send(CreateKey(f"only-{number}", "EC"))
    for request in (DeleteKey(SUBJECT), PurgeDeletedKey(SUBJECT)):
        three.one.send(request)
        for hsm in three.all:
            hsm.send(GetKey(SUBJECT))
            hsm.send(GetDeletedKey(SUBJECT))
            hsm.send(ListKeys())
            hsm.send(ListDeletedKeys())
            hsm.send(ListKeyVersions(SUBJECT))
    three.unrelated.send(RecoverDeletedKey(SUBJECT))
    three.unrelated.send(GetKey("only-0"))


@pytest.mark.exercises("KBK-002", "KBK-001", "KEY-004")
def test_blobs(three: Three) -> None:
    """A blob restores where the security domain is its own, under that instance's host."""
    old = three.one.created(CreateKey(SUBJECT, "EC", tags={"n": "1"}))
    three.one.send(CreateKey(SUBJECT, "RSA"))
    blob = backed_up(three.one)
    three.unrelated.send(RestoreKey(blob))
    three.unrelated.send(GetKey(SUBJECT))
    three.related.send(RestoreKey(blob))
    for version in (None, old.kid.version):
        three.related.send(GetKey(SUBJECT, version))
    three.related.send(ListKeyVersions(SUBJECT))
    again = backed_up(three.related)
    three.unrelated.send(RestoreKey(again))
    three.one.send(DeleteKey(SUBJECT))
    three.one.send(PurgeDeletedKey(SUBJECT))
    three.one.send(RestoreKey(again))
    three.one.send(GetKey(SUBJECT))
    three.related.send(GetKey(SUBJECT))


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param("oct", marks=pytest.mark.exercises("ISO-002", "GCM-202", "CBC-206", "KW-206")),
        pytest.param("RSA", marks=pytest.mark.exercises("ISO-002", "ALG-232", "ALG-010")),
        pytest.param("EC", marks=pytest.mark.exercises("ALG-010")),
    ],
)
def test_restored_material_is_the_same(three: Three, kind: str) -> None:
    """What an instance computed is understood where its key was restored, and nowhere else."""
    create, computed = KINDS[kind]
    three.one.send(create)
    before = list(made_by(three.one, computed))
    three.related.send(RestoreKey(backed_up(three.one)))
    three.unrelated.send(create)
    for taken in (*before, *made_by(three.one, computed)):
        three.related.send(taken, api_version=NEWEST)
        three.unrelated.send(taken, api_version=NEWEST)
    for taken in made_by(three.related, computed):
        three.one.send(taken, api_version=NEWEST)


@pytest.mark.exercises("FRAME-004", "KEY-011")
def test_twins_live_apart(three: Three) -> None:
    """Once restored, a key and its twin change, grow and die each for itself."""
    three.one.send(CreateKey(SUBJECT, "EC", tags={"n": "1"}))
    three.related.send(RestoreKey(backed_up(three.one)))
    three.related.send(UpdateKey(SUBJECT, None, ("verify",), tags={"n": "2"}))
    three.one.send(GetKey(SUBJECT))
    grown = three.related.created(CreateKey(SUBJECT, "EC"))
    three.one.send(GetKey(SUBJECT, grown.kid.version))
    three.one.send(GetKey(SUBJECT))
    three.related.send(DeleteKey(SUBJECT))
    three.one.send(GetKey(SUBJECT))
    three.one.send(Sign(SUBJECT, None, "ES256", DIGEST))
    three.related.send(PurgeDeletedKey(SUBJECT))
    three.one.send(GetKey(SUBJECT))
