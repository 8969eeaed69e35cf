"""What is lawful is not accused: losses, imports, aliases and instances that existed before."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from mhsm_model.configuration import Configuration
from mhsm_model.exchange import (
    BackupKey,
    CreateKey,
    Decrypt,
    DeleteKey,
    Encrypt,
    GetKey,
    ImportKey,
    Indeterminate,
    KeyBackup,
    KeyBundle,
    KeyPage,
    ListKeys,
    Malformed,
    OperationResult,
    PurgeDeletedKey,
    Reach,
    Refused,
    Reply,
    Request,
    RestoreKey,
    Sign,
    Unmodelled,
    UnwrapKey,
    WrapKey,
)
from mhsm_model.generator import step
from mhsm_model.jwk import JsonWebKey
from mhsm_model.relations.backup_blobs import made_blob
from mhsm_model.state import Estate
from mhsm_model.tests.keys_to_import import ec_key, oct_key
from mhsm_model.tests.scenes import HOSTS, Scene, estate_of, judged, scene
from mhsm_model.unknown import UNKNOWN

EVERY: Final = ("encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey")
OCT: Final = CreateKey("a", "oct", 256, key_ops=EVERY)
LOST: Final = Indeterminate("lost")
IV: Final = bytes(16)
NEWEST: Final = "2026-04-01"


class Watched:
    """A scene and an onlooker's belief, who is told the replies or not."""

    def __init__(self, stage: Scene | None = None, belief: Estate | None = None) -> None:
        self.stage = scene() if stage is None else stage
        self.belief = self.stage.estate if belief is None else belief

    def send(self, request: Request, host: str = HOSTS[0], *, lost: bool = False) -> Reply:
        call = self.stage.call(request, host, api_version=NEWEST)
        moved = step(self.stage.estate, self.stage.vault, call, self.stage.entropy)
        self.stage.estate, self.stage.vault = moved.estate, moved.vault
        self.told(request, LOST if lost else moved.reply, host)
        return moved.reply

    def told(self, request: Request, reply: Reply, host: str = HOSTS[0]) -> None:
        """Judge a reply, which must be lawful."""
        call = self.stage.call(request, host, api_version=NEWEST)
        judgement = judged(self.belief, call, reply)
        assert (judgement.breaches, judgement.warnings) == ((), ())
        self.belief = judgement.estate

    def result(self, request: Request, host: str = HOSTS[0]) -> OperationResult:
        reply = self.send(request, host)
        assert isinstance(reply, OperationResult), reply
        return reply


def opening(name: str, made: OperationResult) -> Decrypt:
    return Decrypt(name, None, made.algorithm or "", made.value, made.iv, None, made.tag)


def late(*configurations: Configuration) -> Watched:
    """One who looks from now on at instances that existed before."""
    stage = scene(*configurations)
    told = [replace(c, domain=UNKNOWN) for c in configurations or (Configuration(),) * 2]
    return Watched(stage, estate_of(*told, fresh=False))


def test_a_key_whose_birth_was_lost_computes_before_it_is_shown() -> None:
    watched = Watched()
    watched.send(OCT, lost=True)
    sealed = watched.result(Encrypt("a", None, "A256GCM", b"plaintext"))
    watched.send(GetKey("a"))
    watched.send(opening("a", sealed))


def test_a_key_whose_birth_was_lost_is_backed_up_and_comes_back() -> None:
    shared = Configuration(domain="shared")
    watched = Watched(scene(shared, shared))
    watched.send(OCT, lost=True)
    blob = watched.send(BackupKey("a"))
    assert isinstance(blob, KeyBackup)
    watched.send(GetKey("a"))
    sealed = watched.result(Encrypt("a", None, "A256GCM", b"plaintext"))
    watched.send(RestoreKey(blob.blob), HOSTS[1])
    watched.send(opening("a", sealed), HOSTS[1])
    for request in (DeleteKey("a"), PurgeDeletedKey("a"), RestoreKey(blob.blob)):
        watched.send(request)
    watched.send(opening("a", sealed))


@pytest.mark.parametrize("lost", [False, True])
def test_a_key_imported_twice_is_one_key_whether_the_reply_came_or_not(lost: bool) -> None:
    watched = Watched()
    key = replace(oct_key(), key_ops=EVERY)
    watched.send(ImportKey("a", key))
    watched.send(ImportKey("b", key), lost=lost)
    watched.send(GetKey("b"))
    sealed = watched.result(Encrypt("a", None, "A256GCM", b"plaintext"))
    watched.send(opening("b", sealed))
    for name in ("a", "b"):
        watched.send(Encrypt(name, None, "A256CBC", b"plaintext", IV))


def test_an_asymmetric_key_imported_again_is_of_two_versions() -> None:
    watched = Watched()
    watched.send(ImportKey("a", ec_key()), lost=True)
    watched.send(GetKey("a"))
    watched.send(ImportKey("a", ec_key()))
    watched.send(GetKey("a"))


def test_a_key_that_only_a_list_showed_is_not_ours() -> None:
    watched = late()
    truth = watched.stage
    truth.send(OCT)
    sealed = truth.result(Encrypt("a", None, "A256GCM", b"plaintext"))
    assert isinstance(watched.send(ListKeys()), KeyPage)
    watched.send(GetKey("a"))
    watched.send(opening("a", sealed))


def test_hmac_keys_that_differ_in_zero_bytes_at_the_end_are_one() -> None:
    watched = Watched()
    for name, secret in (("a", b"K" * 16), ("b", b"K" * 16 + bytes(8))):
        watched.send(ImportKey(name, JsonWebKey("oct", key_ops=EVERY, k=secret)))
        watched.send(Sign(name, None, "HS256", bytes(32)))


def test_rsa1_5_may_answer_otherwise_each_time() -> None:
    watched = Watched()
    watched.send(CreateKey("a", "RSA"))
    shown = watched.send(GetKey("a"))
    assert isinstance(shown, KeyBundle)
    altered = Decrypt("a", None, "RSA1_5", bytes(1) + b"\1" * 255)
    for value in (b"unrelated", b"otherwise", b""):
        watched.told(altered, OperationResult(shown.kid, "RSA1_5", value))
    watched.told(altered, Refused(400, "BadParameter", "no"))


def test_what_a_mechanism_pads_it_unwraps_padded() -> None:
    watched = Watched()
    shown = watched.send(OCT)
    assert isinstance(shown, KeyBundle)
    wrap = WrapKey("a", None, "CKM_AES_KEY_WRAP", b"k" * 20)
    watched.told(wrap, OperationResult(shown.kid, wrap.algorithm, b"w" * 32))
    unwrap = UnwrapKey("a", None, wrap.algorithm, b"w" * 32)
    watched.told(unwrap, OperationResult(shown.kid, wrap.algorithm, b"k" * 20 + bytes(4)))


def test_what_one_name_wrapped_another_may_unwrap_or_refuse() -> None:
    for reply in ("unwrapped", "refused"):
        watched = Watched()
        watched.send(OCT)
        made = watched.result(WrapKey("a", None, "CKM_AES_KEY_WRAP_PAD", b"k" * 16))
        unwrap = UnwrapKey("a", None, "A256KW", made.value)
        answer: Reply = OperationResult(made.kid, "A256KW", b"k" * 16)
        watched.told(unwrap, answer if reply == "unwrapped" else Refused(400, "X", "no"))


def test_a_gcm_iv_of_the_callers_may_be_taken_as_it_is() -> None:
    watched = Watched()
    shown = watched.send(OCT)
    assert isinstance(shown, KeyBundle)
    for value in (b"one", b"two"):
        encrypt = Encrypt("a", None, "A256GCM", value, IV[:12])
        answer = OperationResult(shown.kid, "A256GCM", b"xyz", IV[:12], bytes(16))
        watched.told(encrypt, answer)


def test_released_material_may_come_back_as_an_import() -> None:
    watched = Watched()
    watched.send(OCT)
    sealed = watched.result(Encrypt("a", None, "A256CBC", b"plaintext", IV))
    watched.told(Unmodelled("Release", Reach.USE, "a"), Refused(400, "NotSupported", "no"))
    watched.belief = judged(
        watched.belief, watched.stage.call(Unmodelled("Release", Reach.USE, "a")), sealed
    ).estate
    secret = next(iter(watched.stage.vault.values()))
    value: bytes = getattr(secret, "value", b"")
    watched.send(ImportKey("a", JsonWebKey("oct", key_ops=EVERY, k=value)), HOSTS[1])
    watched.send(Encrypt("a", None, "A256CBC", b"plaintext", IV), HOSTS[1])
    watched.send(opening("a", sealed), HOSTS[1])


def test_a_blob_of_a_shared_domain_may_come_from_one_that_existed_before() -> None:
    shared = Configuration(domain="shared")
    truth = scene(shared, shared)
    blob = made_blob(truth.entropy)
    shown = truth.created(OCT)
    belief = estate_of(shared, shared)
    older = replace(belief.instances[HOSTS[1]], fresh=False)
    watched = Watched(truth, belief.with_instance(HOSTS[1], older))
    watched.told(RestoreKey(blob), shown)


def test_an_accepted_request_that_was_none_may_have_done_anything_to_its_key() -> None:
    watched = Watched()
    shown = watched.send(OCT)
    assert isinstance(shown, KeyBundle)
    malformed = Malformed("CreateKey", "b", "member kty is not a string")
    call = watched.stage.call(malformed)
    judgement = judged(watched.belief, call, shown)
    assert [breach.clause.identifier for breach in judgement.breaches] == ["WIRE-002"]
    watched.belief = judgement.estate
    there = replace(shown, kid=replace(shown.kid, name="b"))
    watched.told(GetKey("b"), there)


def test_a_blob_in_another_spelling_may_be_taken_or_not() -> None:
    for taken in (True, False):
        watched = Watched()
        shown = watched.send(OCT)
        blob = watched.send(BackupKey("a"))
        assert isinstance(blob, KeyBackup)
        for request in (DeleteKey("a"), PurgeDeletedKey("a")):
            watched.send(request)
        spelt = other_spelling(blob.blob)
        foreign = Refused(400, "MalformedBackupBlob", FOREIGN)
        watched.told(RestoreKey(spelt), shown if taken else foreign)


FOREIGN: Final = (
    "Backup blob belongs to a different crypto domain and cannot be used with this instance."
)


def other_spelling(blob: bytes) -> bytes:
    """The blob with bits set that base64url leaves unused at its end: the tag is of 32 bytes."""
    letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = letters.index(blob[-1:])
    return blob[:-1] + letters[last ^ 1 : (last ^ 1) + 1]


def test_a_blob_that_others_made_is_not_restored_onto_a_key_in_use() -> None:
    watched = late()
    shown = watched.send(OCT)
    assert isinstance(shown, KeyBundle)
    blob = made_blob(watched.stage.entropy)
    call = watched.stage.call(RestoreKey(blob))
    judgement = judged(watched.belief, call, shown)
    assert "KBK-004" in {breach.clause.identifier for breach in judgement.breaches}
