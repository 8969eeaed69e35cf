"""Knowledge of key material: known is recomputed, closed is remembered, open may be anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import pytest

from mhsm_model.exchange import (
    CreateKey,
    Decrypt,
    DeleteKey,
    Encrypt,
    GetKey,
    ImportKey,
    OperationResult,
    PurgeDeletedKey,
    RecoverDeletedKey,
    Refused,
    Reply,
    Request,
    Sign,
    Verification,
    Verify,
)
from mhsm_model.generator import step
from mhsm_model.identifiers import KeyIdentifier
from mhsm_model.material import Knowledge, Material
from mhsm_model.relations.secrets import OctSecret
from mhsm_model.state import Active, Estate
from mhsm_model.tests.keys_to_import import ec_key, oct_key
from mhsm_model.tests.scenes import HOSTS, Scene, estate_of, judged, scene

IV: Final = bytes(range(16))
PLAINTEXT: Final = b"a plaintext of 31 bytes, unique"
UNDECRYPTABLE: Final = Refused(400, "BadParameter", "The value cannot be decrypted")
UNSEEN_GCM: Final = Decrypt("a", None, "A256GCM", b"cipher", bytes(12), b"aad", bytes(16))


EVERY_USE: Final = ("encrypt", "decrypt", "sign", "verify")
SYMMETRIC: Final = CreateKey("a", "oct", 256, key_ops=EVERY_USE)


def closed(request: CreateKey = SYMMETRIC) -> Scene:
    stage = scene()
    stage.send(request)
    return stage


def opened() -> Scene:
    """A scene whose onlooker came after the key was made, and has read it."""
    stage = closed()
    shown = stage.send(GetKey("a"))
    belief = estate_of(*(i.configuration for i in stage.estate.instances.values()), fresh=False)
    call = stage.call(GetKey("a"))
    stage.estate = judged(belief, call, shown).estate
    return stage


def known() -> Scene:
    stage = scene()
    stage.send(ImportKey("a", replace(oct_key(32), key_ops=EVERY_USE)))
    return stage


def only_material(estate: Estate) -> Material:
    (material,) = estate.materials.values()
    return material


def forged(stage: Scene, value: bytes) -> OperationResult:
    """A result that names the key's version, with a value of our choice."""
    (entry,) = stage.estate.instances[HOSTS[0]].factors["a"].entries
    assert isinstance(entry, Active)
    kid = KeyIdentifier(HOSTS[0], "a", entry.key.versions[-1].version)
    return OperationResult(kid, None, value)


def is_accepted(stage: Scene, request: Request, reply: Reply) -> bool:
    return judged(stage.estate, stage.call(request), reply).accepted


# --- what each knowledge demands ------------------------------------------------------------------


def test_a_gcm_ciphertext_that_closed_material_never_made_must_be_refused() -> None:
    stage = closed()
    assert only_material(stage.estate).knowledge is Knowledge.CLOSED
    assert is_accepted(stage, UNSEEN_GCM, UNDECRYPTABLE)
    result = replace(forged(stage, b"plain!"), algorithm="A256GCM")
    assert not is_accepted(stage, UNSEEN_GCM, result)


def test_a_gcm_ciphertext_for_open_material_may_be_anything() -> None:
    stage = opened()
    assert only_material(stage.estate).knowledge is Knowledge.OPEN
    assert is_accepted(stage, UNSEEN_GCM, UNDECRYPTABLE)
    result = replace(forged(stage, b"plain!"), algorithm="A256GCM")
    assert is_accepted(stage, UNSEEN_GCM, result)


def test_open_material_is_held_to_what_it_has_shown() -> None:
    stage = opened()
    result = replace(forged(stage, b"plain!"), algorithm="A256GCM")
    stage.estate = judged(stage.estate, stage.call(UNSEEN_GCM), result).estate
    assert is_accepted(stage, UNSEEN_GCM, result)
    assert not is_accepted(stage, UNSEEN_GCM, replace(result, value=b"plaid!"))


@pytest.mark.parametrize("algorithm", ["A256GCM", "A256CBC", "A256CBCPAD"])
@pytest.mark.parametrize("make", [closed, known])
def test_a_ciphertext_gives_its_plaintext_and_nothing_else(
    make: Callable[[], Scene], algorithm: str
) -> None:
    stage = make()
    iv = None if algorithm.endswith("GCM") else IV
    made = stage.result(Encrypt("a", None, algorithm, PLAINTEXT + b".", iv))
    back = Decrypt("a", None, algorithm, made.value, made.iv, None, made.tag)
    shown = stage.result(back)
    assert shown.value == PLAINTEXT + b"."
    assert not is_accepted(stage, back, replace(shown, value=PLAINTEXT + b","))
    assert not is_accepted(stage, back, replace(shown, value=PLAINTEXT[1:]))


@pytest.mark.parametrize("algorithm", ["RSA-OAEP", "RSA-OAEP-256", "RSA1_5"])
def test_an_rsa_ciphertext_that_was_seen_gives_its_plaintext(algorithm: str) -> None:
    stage = closed(CreateKey("a", "RSA"))
    made = stage.result(Encrypt("a", None, algorithm, PLAINTEXT))
    back = Decrypt("a", None, algorithm, made.value)
    shown = stage.result(back)
    assert shown.value == PLAINTEXT
    assert not is_accepted(stage, back, replace(shown, value=b"another"))
    assert not is_accepted(stage, back, UNDECRYPTABLE)


@pytest.mark.parametrize("algorithm", ["A256GCM", "A256CBC", "A256CBCPAD", "HS256"])
def test_outputs_of_known_material_are_recomputed(algorithm: str) -> None:
    stage = known()
    request: Request = Encrypt("a", None, algorithm, PLAINTEXT, None if "GCM" in algorithm else IV)
    if algorithm == "HS256":
        request = Sign("a", None, algorithm, PLAINTEXT)
    call = stage.call(request)
    moved = step(stage.estate, stage.vault, call, stage.entropy)
    assert isinstance(moved.reply, OperationResult)
    altered = moved.reply.value[:-1] + bytes([moved.reply.value[-1] ^ 1])
    assert judged(stage.estate, call, moved.reply).accepted
    assert not judged(stage.estate, call, replace(moved.reply, value=altered)).accepted


def test_a_signature_is_verified_with_the_public_key_at_once() -> None:
    stage = closed(CreateKey("a", "EC"))
    request = Sign("a", None, "ES256", bytes(32))
    shown = stage.result(request)
    assert not is_accepted(stage, request, replace(shown, value=bytes(64)))


def test_a_mac_is_the_same_every_time() -> None:
    stage = closed()
    request = Sign("a", None, "HS256", b"message")
    shown = stage.result(request)
    assert is_accepted(stage, request, shown)
    assert not is_accepted(stage, request, replace(shown, value=bytes(32)))


@pytest.mark.parametrize(("make", "answer"), [(closed, False), (opened, None)])
def test_a_mac_that_nobody_made_is_wrong_where_all_was_seen(
    make: Callable[[], Scene], answer: bool | None
) -> None:
    stage = make()
    request = Verify("a", None, "HS256", b"message", bytes(32))
    kid = forged(stage, b"").kid
    for valid in (True, False):
        lawful = answer is None or valid == answer
        assert is_accepted(stage, request, Verification(valid, kid, "HS256")) == lawful


# --- functions, not names -------------------------------------------------------------------------


def test_cbc_facts_are_shared_by_both_paddings() -> None:
    stage = closed()
    padded = b"fifteen bytes ." + b"\x01"
    made = stage.result(Encrypt("a", None, "A256CBC", padded, IV))
    request = Decrypt("a", None, "A256CBCPAD", made.value, IV)
    right = replace(forged(stage, padded[:-1]), algorithm="A256CBCPAD")
    assert is_accepted(stage, request, right)
    assert not is_accepted(stage, request, replace(right, value=b"fifteen bytes !"))


def test_an_encryption_by_one_padding_binds_the_other() -> None:
    stage = closed()
    made = stage.result(Encrypt("a", None, "A256CBCPAD", b"fifteen bytes .", IV))
    request = Encrypt("a", None, "A256CBC", b"fifteen bytes ." + b"\x01", IV)
    right = replace(made, algorithm="A256CBC")
    assert is_accepted(stage, request, right)
    assert not is_accepted(stage, request, replace(right, value=bytes(16)))


def test_no_two_inputs_of_the_block_permutation_give_one_output() -> None:
    stage = closed()
    made = stage.result(Encrypt("a", None, "A256CBC", bytes(16), IV))
    other = Encrypt("a", None, "A256CBC", b"\x01" * 16, IV)
    assert not is_accepted(stage, other, made)


def test_an_iv_of_gcm_is_never_repeated() -> None:
    stage = closed()
    request = Encrypt("a", None, "A256GCM", PLAINTEXT)
    made = stage.result(request)
    again = judged(stage.estate, stage.call(request), made)
    assert [breach.clause.identifier for breach in again.breaches] == ["GCM-007"]


# --- how long facts live --------------------------------------------------------------------------


def test_facts_hold_digests_only() -> None:
    stage = closed()
    stage.send(Encrypt("a", None, "A256CBC", PLAINTEXT, IV))
    stage.send(Encrypt("a", None, "A256GCM", PLAINTEXT, None, b"an aad to be kept"))
    shown = stage.result(Sign("a", None, "HS512", PLAINTEXT))
    facts = only_material(stage.estate).facts
    assert len(facts) >= 8
    remembered = [part for fact in facts.items() for part in fact]
    assert max(map(len, remembered)) == 16
    secrets = [s.value for s in stage.vault.values() if isinstance(s, OctSecret)]
    for told in (PLAINTEXT, IV, b"an aad to be kept", shown.value, *secrets):
        pieces = {told[at : at + 6] for at in range(len(told) - 5)}
        assert not any(piece in part for piece in pieces for part in remembered)


def test_an_estate_moved_by_calls_alone_holds_no_secret_of_generated_keys() -> None:
    stage = closed()
    stage.send(CreateKey("b", "RSA"))
    stage.send(Encrypt("a", None, "A256CBC", PLAINTEXT, IV))
    assert all(material.secret is None for material in stage.estate.materials.values())


def test_facts_and_secrets_are_kept_by_a_deletion_and_dropped_by_a_purge() -> None:
    stage = closed()
    made = stage.result(Encrypt("a", None, "A256GCM", PLAINTEXT))
    stage.send(DeleteKey("a"))
    stage.send(RecoverDeletedKey("a"))
    assert (
        stage.result(Decrypt("a", None, "A256GCM", made.value, made.iv, None, made.tag)).value
        == PLAINTEXT
    )
    stage.send(DeleteKey("a"))
    assert len(stage.estate.materials) == 1
    stage.send(PurgeDeletedKey("a"))
    assert len(stage.estate.materials) == 0
    assert len(stage.vault) == 0


def test_material_that_stands_under_two_names_survives_the_purge_of_one() -> None:
    stage = known()
    stage.send(ImportKey("b", oct_key(32)))
    made = stage.result(Encrypt("a", None, "A256CBC", PLAINTEXT, IV))
    stage.send(DeleteKey("a"))
    stage.send(PurgeDeletedKey("a"))
    back = stage.result(Decrypt("b", None, "A256CBC", made.value, IV))
    assert back.value.rstrip(b"\0") == PLAINTEXT


def test_the_same_key_imported_twice_is_one_material() -> None:
    stage = scene()
    stage.send(ImportKey("a", ec_key()))
    stage.send(ImportKey("b", replace(ec_key(), kty="EC-HSM")))
    assert only_material(stage.estate).knowledge is Knowledge.KNOWN


def test_a_generated_public_key_that_another_version_has_is_a_breach() -> None:
    stage = closed(CreateKey("a", "EC"))
    request = CreateKey("b", "EC")
    shown = stage.created(CreateKey("a", "EC"))
    copied = replace(shown, kid=replace(shown.kid, name="b", version="0" * 32))
    judgement = judged(stage.estate, stage.call(request), copied)
    assert [breach.clause.identifier for breach in judgement.breaches] == ["KEY-204"]
