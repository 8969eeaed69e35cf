"""Edges: lawful requests at the border; versions, dates and instances easily mixed up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from mhsm_conformance.guards.scenes import POLICY
from mhsm_conformance.session import InstanceSession
from mhsm_conformance.suites.test_encrypting import IV, back
from mhsm_conformance.suites.test_listing import walk
from mhsm_conformance.suites.test_signing import SINCE_HMAC, digest
from mhsm_conformance.suites.test_wrapping import NEWEST
from mhsm_conformance.vectors.forging import WRAPPED_HEAD, key_wrap, oaep
from mhsm_conformance.vectors.sample_keys import sample_key
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
    PurgeDeletedKey,
    RecoverDeletedKey,
    RequestedAttributes,
    Sign,
    UnwrapKey,
    UpdateKey,
    Verify,
)
from mhsm_model.relations.encryption import encrypted
from mhsm_model.relations.secrets import OctSecret, RsaSecret, imported_secret
from mhsm_model.relations.signatures import signed
from mhsm_model.tables.algorithms import ALGORITHMS
from mhsm_model.tables.lifecycle import DAY_SECONDS

EC: Final = CreateKey("subject", "EC")
OCT: Final = CreateKey("subject", "oct", key_size=256)
OFF: Final = RequestedAttributes(enabled=False)
P256_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
K256_ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@pytest.mark.exercises("ERR-002")
def test_use_of_a_deleted_key(hsm: InstanceSession) -> None:
    """A soft-deleted key neither signs nor verifies, neither encrypts nor decrypts."""
    hsm.send(EC)
    made = hsm.result(Sign("subject", None, "ES256", bytes(32)))
    hsm.send(CreateKey("symmetric", "oct", key_size=256))
    sealed = hsm.result(Encrypt("symmetric", None, "A256GCM", b"text"))
    hsm.send(DeleteKey("subject"))
    hsm.send(DeleteKey("symmetric"))
    hsm.send(Sign("subject", None, "ES256", bytes(32)))
    hsm.send(Verify("subject", None, "ES256", bytes(32), made.value))
    hsm.send(Encrypt("symmetric", None, "A256GCM", b"text"))
    hsm.send(back("symmetric", sealed))
    hsm.send(UpdateKey("subject", None, tags={"a": "b"}))


@pytest.mark.exercises("ERR-201")
@pytest.mark.parametrize(
    "hindrance",
    [
        {"attributes": OFF},
        {"key_ops": ("verify",)},
        {"attributes": RequestedAttributes(expires=1_500_000_000)},
    ],
    ids=["disabled", "not permitted", "expired"],
)
def test_each_version_by_itself(hsm: InstanceSession, hindrance: dict[str, Any]) -> None:
    """What keeps one version from signing does not keep another from it, older or newer."""
    hindered = replace(EC, **hindrance)
    for order in ((EC, hindered), (hindered, EC)):
        made = [hsm.created(request) for request in order]
        for bundle in made:
            hsm.send(Sign("subject", bundle.kid.version, "ES256", bytes(32)))


@pytest.mark.exercises("CBC-205", "CBC-206", "ALG-012")
def test_each_version_encrypts_by_itself(hsm: InstanceSession) -> None:
    """A version encrypts and decrypts with its own material after a newer one was made."""
    old = hsm.created(OCT).kid.version
    before = hsm.result(Encrypt("subject", old, "A256CBC", b"some plaintext", IV))
    hsm.send(OCT)
    hsm.send(Encrypt("subject", old, "A256CBC", b"some plaintext", IV))
    hsm.send(replace(back("subject", before), version=old))
    hsm.send(back("subject", before))


@pytest.mark.exercises("ATTR-210", "ATTR-211", "KEY-211", "LIFE-006", "PAGE-005")
def test_recovery_of_several_versions(hsm: InstanceSession) -> None:
    """Recovery brings every version back as it was, its times and its order too."""
    old = hsm.created(EC)
    hsm.session.advance(100)
    hsm.send(EC)
    hsm.session.advance(100)
    hsm.send(replace(EC, key_ops=("sign",), attributes=OFF))
    hsm.session.advance(100)
    hsm.send(DeleteKey("subject"))
    hsm.session.advance(100)
    hsm.send(RecoverDeletedKey("subject"))
    hsm.send(GetKey("subject"))
    hsm.send(GetKey("subject", old.kid.version))
    hsm.send(ListKeyVersions("subject"))


@pytest.mark.exercises("SKR-210")
def test_recovery_of_a_release_policy(hsm: InstanceSession) -> None:
    """Recovery brings a release policy back."""
    exportable = RequestedAttributes(exportable=True)
    hsm.send(replace(EC, attributes=exportable, release_policy=POLICY))
    hsm.send(DeleteKey("subject"))
    hsm.send(RecoverDeletedKey("subject"))
    hsm.send(GetKey("subject"))


@pytest.mark.exercises("GCM-005")
def test_ciphertext_of_a_purged_key(hsm: InstanceSession) -> None:
    """What a purged key encrypted means nothing to a new key of its name."""
    hsm.send(OCT)
    sealed = hsm.result(Encrypt("subject", None, "A256GCM", b"text"))
    hsm.send(DeleteKey("subject"))
    hsm.send(PurgeDeletedKey("subject"))
    hsm.send(OCT)
    hsm.send(back("subject", sealed))


@pytest.mark.exercises("FRAME-004", "ERR-201")
def test_deletions_of_two_instances(hsm: InstanceSession, other_hsm: InstanceSession) -> None:
    """Deleting, recovering and purging in one instance reaches no key of another."""
    for name in ("purged", "recovered"):
        for instance in (hsm, other_hsm):
            instance.send(CreateKey(name, "EC"))
            instance.send(DeleteKey(name))
    hsm.send(PurgeDeletedKey("purged"))
    hsm.send(RecoverDeletedKey("recovered"))
    other_hsm.send(GetDeletedKey("purged"))
    other_hsm.send(GetDeletedKey("recovered"))
    hsm.send(CreateKey("taken-there", "EC"))
    hsm.send(DeleteKey("taken-there"))
    other_hsm.send(CreateKey("taken-there", "EC"))


@pytest.mark.exercises("PAGE-206", "PAGE-209", "PAGE-203", "ERR-201")
def test_lists_at_the_border_of_a_page(hsm: InstanceSession) -> None:
    """Lists of exactly a page, and of one more, come whole."""
    for _ in range(26):
        hsm.send(EC)
    walk(hsm, lambda most, token: ListKeyVersions("subject", most, token), None)
    for number in range(24):
        hsm.send(CreateKey(f"key-{number}", "EC"))
    walk(hsm, ListKeys, None)
    hsm.send(CreateKey("one-more", "EC"))
    walk(hsm, ListKeys, None)
    for number in range(24):
        hsm.send(DeleteKey(f"key-{number}"))
    hsm.send(DeleteKey("one-more"))
    walk(hsm, ListDeletedKeys, None)
    hsm.send(DeleteKey("subject"))
    walk(hsm, ListDeletedKeys, None)


@pytest.mark.exercises("PAGE-206")
def test_list_goes_on_after_its_last_key_is_gone(hsm: InstanceSession) -> None:
    """A list goes on where it was, also when the last key it showed was deleted."""
    for number in range(5):
        hsm.send(CreateKey(f"key-{number}", "EC"))
    seen: list[str] = []

    def page(most: int | None, token: str | None) -> ListKeys:
        if token is not None and not seen:
            seen.append(token)
            hsm.send(DeleteKey("key-1"))
        return ListKeys(most, token)

    walk(hsm, page, 2)


@pytest.mark.exercises("LIFE-204")
@pytest.mark.parametrize("seconds", [-5, 2, 5])
def test_seconds_around_the_scheduled_purge(hsm: InstanceSession, seconds: int) -> None:
    """A deleted key is there until its scheduled purge date, and gone from then on."""
    hsm.send(EC)
    hsm.send(DeleteKey("subject"))
    hsm.session.advance(90 * DAY_SECONDS + seconds)
    hsm.send(GetDeletedKey("subject"))
    hsm.session.advance(10)
    hsm.send(GetDeletedKey("subject"))


@pytest.mark.exercises("ATTR-007", "ERR-201")
def test_window_is_judged_when_used(hsm: InstanceSession) -> None:
    """A version signs within its window and no more after it, by the clock of the use."""
    now = hsm.session.now()
    window = RequestedAttributes(not_before=now + 5000, expires=now + 10_000)
    hsm.send(replace(EC, attributes=window))
    for seconds in (10, 7000, 10_000):
        hsm.send(Sign("subject", None, "ES256", bytes(32)))
        hsm.session.advance(seconds)
    hsm.send(Sign("subject", None, "ES256", bytes(32)))


@pytest.mark.exercises("ATTR-211", "ATTR-231")
def test_update_of_an_old_version_moves_no_other_time(hsm: InstanceSession) -> None:
    """An update of an old version leaves the current one's times."""
    old = hsm.created(EC)
    hsm.send(EC)
    hsm.session.advance(100)
    hsm.send(UpdateKey("subject", old.kid.version, tags={"a": "b"}))
    hsm.send(GetKey("subject"))


@pytest.mark.exercises("ALG-005", "ALG-010")
def test_small_exponents_and_other_paddings(hsm: InstanceSession) -> None:
    """Keys with small exponents sign; a signature of one padding is none of another."""
    for exponent in (3, 17):
        hsm.send(CreateKey("subject", "RSA", public_exponent=exponent))
        made = hsm.result(Sign("subject", None, "RS256", digest("RS256")))
        hsm.send(Verify("subject", None, "RS256", digest("RS256"), made.value))
        hsm.send(Verify("subject", None, "PS256", digest("PS256"), made.value))


@pytest.mark.exercises("ALG-010")
@pytest.mark.parametrize(
    ("algorithm", "curve", "order"),
    [("ES256", "P-256", P256_ORDER), ("ES256K", "P-256K", K256_ORDER)],
)
def test_both_forms_of_s(hsm: InstanceSession, algorithm: str, curve: str, order: int) -> None:
    """A signature is right with either of its two values of s."""
    hsm.send(replace(EC, crv=curve))
    made = hsm.result(Sign("subject", None, algorithm, bytes(32))).value
    mirrored = made[:32] + (order - int.from_bytes(made[32:])).to_bytes(32)
    for signature in (made, mirrored):
        hsm.send(Verify("subject", None, algorithm, bytes(32), signature))


@pytest.mark.exercises("ALG-009")
@pytest.mark.parametrize("bits", [128, 192, 256])
def test_hmac_of_every_key_size(hsm: InstanceSession, bits: int) -> None:
    """HMACs are right for keys of every size and for long values."""
    key = replace(sample_key(f"oct {bits}"), key_ops=("sign", "verify"))
    hsm.send(ImportKey("subject", key))
    for value in (digest("HS256"), b"long" * 100):
        hsm.send(Sign("subject", None, "HS256", value), api_version=SINCE_HMAC)


@pytest.mark.exercises("GCM-202", "CBC-206", "ERR-201")
def test_long_texts(hsm: InstanceSession) -> None:
    """Long plaintexts and long aad come back as they were."""
    hsm.send(OCT)
    sealed = hsm.result(Encrypt("subject", None, "A256GCM", b"g" * 1040, None, b"a" * 100))
    hsm.send(back("subject", sealed, b"a" * 100))
    hsm.send(back("subject", sealed, b"a" * 99 + b"b"))
    hsm.send(Encrypt("subject", None, "A256GCM", b"text", None, b""))
    chained = hsm.result(Encrypt("subject", None, "A256CBC", bytes(range(208)) * 5, IV))
    hsm.send(back("subject", chained))


@pytest.mark.exercises("ATTR-206", "ATTR-002", "ERR-201", "KEY-004")
def test_lawful_names_and_tags(hsm: InstanceSession) -> None:
    """Names, tags and dates at the border of what is lawful are taken as they are."""
    tags = {"🔑": "a\u0308", "html": "<&>", " b ": " c ", "empty": "", "A": "1", "a": "2"}
    hsm.send(replace(EC, tags=tags))
    hsm.send(GetKey("subject"))
    hsm.send(replace(EC, attributes=RequestedAttributes(not_before=0)))
    for name in ("a", "1a", "Key", "n" * 127):
        hsm.send(CreateKey(name, "EC"))
        hsm.send(GetKey(name))
    full = {f"tag-{number}": "v" * 256 for number in range(15)}
    hsm.send(ImportKey("i" * 127, sample_key("EC P-256"), tags=full))
    walk(hsm, ListKeys, None)


# --- rare cases, sought with a key whose secret we know ---------------------------------------


@pytest.mark.exercises("ALG-213", "ALG-005", "ALG-010")
def test_signature_with_a_leading_zero(hsm: InstanceSession) -> None:
    """A signature that begins with a zero byte is as long as any other."""
    key = sample_key("RSA 2048")
    secret = imported_secret(key)
    assert secret is not None
    texts = (digest("RS256", str(number).encode()) for number in range(5000))
    rare = next(text for text in texts if signed(ALGORITHMS["RS256"], secret, text)[0] == 0)
    hsm.send(ImportKey("subject", key))
    made = hsm.result(Sign("subject", None, "RS256", rare))
    hsm.send(Verify("subject", None, "RS256", rare, made.value))


@pytest.mark.exercises("ALG-232", "ALG-222", "ERR-201")
def test_ciphertexts_made_outside(hsm: InstanceSession) -> None:
    """What was encrypted with the public key outside is decrypted, by its own padding alone."""
    key = sample_key("RSA 2048")
    secret = imported_secret(key)
    assert secret is not None
    hsm.send(ImportKey("subject", key))
    oaep = ALGORITHMS["RSA-OAEP"]
    made = (encrypted(oaep, secret, b"made outside", None, None).value for _ in range(5000))
    rare = next(value for value in made if value[0] == 0)
    hsm.send(Decrypt("subject", None, "RSA-OAEP", rare))
    hsm.send(Decrypt("subject", None, "RSA-OAEP-256", rare))


@pytest.mark.exercises("ALG-232", "ALG-222")
def test_forged_oaep_ciphertexts(hsm: InstanceSession) -> None:
    """Of OAEP every part is looked at: the label, the first byte, and the mark before the text."""
    key = sample_key("RSA 2048")
    secret = imported_secret(key)
    assert isinstance(secret, RsaSecret)
    hsm.send(ImportKey("subject", key))
    for name, hash_name in (("RSA-OAEP", "sha1"), ("RSA-OAEP-256", "sha256")):
        for made in (
            oaep(secret, hash_name),
            oaep(secret, hash_name, label=b"a label"),
            oaep(secret, hash_name, first=1),
            oaep(secret, hash_name, mark=2),
        ):
            hsm.send(Decrypt("subject", None, name, made))
            hsm.send(UnwrapKey("subject", None, name, made))


@pytest.mark.exercises("KW-206", "KW-003")
def test_forged_key_wraps(hsm: InstanceSession) -> None:
    """Of a wrapped key every part is looked at: the head, the length in it, and the zero bytes."""
    key = sample_key("oct 256")
    secret = imported_secret(key)
    assert isinstance(secret, OctSecret)
    hsm.send(ImportKey("subject", replace(key, key_ops=("unwrapKey",))))
    body = bytes(range(1, 14)) + bytes(3)
    right = WRAPPED_HEAD + (13).to_bytes(4)
    forged = {
        "CKM_AES_KEY_WRAP_PAD": (
            (right, body),
            (bytes.fromhex("a65959a7") + right[4:], body),
            (bytes(4) + right[4:], body),
            (WRAPPED_HEAD + (17).to_bytes(4), body),
            (WRAPPED_HEAD + (8).to_bytes(4), body),
            (right, body[:-1] + b"\1"),
        ),
        "A256KW": (
            (bytes.fromhex("a6" * 8), body),
            (bytes.fromhex("a6" * 7 + "a7"), body),
            (right, body),
        ),
    }
    for name, wraps in forged.items():
        for head, text in wraps:
            made = key_wrap(secret, head, text)
            hsm.send(UnwrapKey("subject", None, name, made), api_version=NEWEST)


@pytest.mark.exercises("ALG-010")
def test_signature_with_another_salt(hsm: InstanceSession) -> None:
    """A PSS signature whose salt is not as long as the hash is not right."""
    key = sample_key("RSA 2048")
    secret = imported_secret(key)
    assert isinstance(secret, RsaSecret)
    hsm.send(ImportKey("subject", key))
    hashed, text = hashes.SHA256(), digest("PS256")
    for salt in (0, 20, hashed.digest_size):
        scheme = padding.PSS(padding.MGF1(hashed), salt)
        signature = secret.key.sign(text, scheme, Prehashed(hashed))
        hsm.send(Verify("subject", None, "PS256", text, signature))
