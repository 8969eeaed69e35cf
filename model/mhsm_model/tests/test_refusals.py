"""Every objection that stands may be the one reported, and each is attributed to its clause."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import pytest

from mhsm_model.alternatives import situations
from mhsm_model.belief import objections
from mhsm_model.configuration import Configuration
from mhsm_model.entropy import SeededEntropy
from mhsm_model.exchange import (
    Call,
    CreateKey,
    Credential,
    Decrypt,
    DeleteKey,
    Encrypt,
    GetKey,
    ImportKey,
    PurgeDeletedKey,
    Refused,
    ReleasePolicy,
    Request,
    RequestedAttributes,
    Sign,
    UpdateKey,
)
from mhsm_model.generator import step
from mhsm_model.operations import BY_REQUEST
from mhsm_model.relations.secrets import EcSecret, RsaSecret
from mhsm_model.rules import Guard, Perhaps
from mhsm_model.tables.errors import Refusal
from mhsm_model.tests.keys_to_import import oct_key
from mhsm_model.tests.scenes import Scene, is_refusal, judged, scene


@dataclass
class Chooser:
    """Entropy whose every choice is the same place, as far as there is one."""

    place: int
    asked: int = 0

    def choice(self, count: int) -> int:
        self.asked = count
        return min(self.place, count - 1)

    def octets(self, count: int) -> bytes:
        return SeededEntropy(self.place).octets(count)

    def rsa(self, bits: int, exponent: int) -> RsaSecret:
        return SeededEntropy(self.place).rsa(bits, exponent)

    def ec(self, curve: str) -> EcSecret:
        return SeededEntropy(self.place).ec(curve)


def objecting(stage: Scene, call: Call) -> list[tuple[Guard[Request], Refusal]]:
    """The guards that refuse the call in this scene, and what each demands."""
    (situation,) = situations(stage.estate, call)
    found = objections(BY_REQUEST[type(call.request)].guards, situation)
    return [(guard, o) for guard, o in found if isinstance(o, Refusal)]


def outcomes(stage: Scene, call: Call) -> Iterator[Refused]:
    """The refusals that the emulator gives, one for each choice that it has."""
    place, count = 0, 1
    while place < count:
        entropy = Chooser(place)
        reply = step(stage.estate, stage.vault, call, entropy).reply
        count = max(count, entropy.asked)
        assert isinstance(reply, Refused), reply
        yield reply
        place += 1


EARLY: Final = RequestedAttributes(enabled=False, not_before=2_000_000_000)
LONG: Final = {"n" * 257: "v", **{str(n): "" for n in range(15)}}


def disabled(stage: Scene) -> None:
    stage.send(CreateKey("a", "oct", 256, key_ops=("decrypt",), attributes=EARLY))


def deleted(stage: Scene) -> None:
    stage.send(CreateKey("a", "EC"))
    stage.send(DeleteKey("a"))


def immutable(stage: Scene) -> None:
    policy = ReleasePolicy(b'{"version":"1.0.0"}', None, True)
    exportable = RequestedAttributes(exportable=True)
    stage.send(CreateKey("a", "EC", attributes=exportable, release_policy=policy))


def crowded(stage: Scene) -> None:
    stage.send(CreateKey("other", "EC"))
    stage.send(CreateKey("a", "oct", 128))


def nothing(stage: Scene) -> None:
    """Leave the scene as it is."""


Setting = Callable[[Scene], None]
SMALL: Final = Configuration(maximum_keys=1, maximum_versions=1, purge_protection=True)
DEFAULT: Final = Configuration()
POLICY: Final = ReleasePolicy(b"{}")
SITUATIONS: Final = [
    (disabled, DEFAULT, Encrypt("a", None, "A128CBC", b"x"), 4),
    (disabled, DEFAULT, Encrypt("a", None, "A256CBC", b"x", b"short"), 4),
    (disabled, DEFAULT, Decrypt("a", None, "A256CBCPAD", b"x"), 3),
    (disabled, DEFAULT, Sign("a", None, "none", b""), 4),
    (nothing, DEFAULT, CreateKey("a", "RSA", 1024, key_ops=("Sign",), tags=LONG), 4),
    (nothing, DEFAULT, CreateKey("a", None, tags=LONG, release_policy=POLICY), 5),
    (nothing, DEFAULT, CreateKey("a", "EC", crv="P-1", attributes=EARLY, release_policy=POLICY), 3),
    (nothing, DEFAULT, ImportKey("a", oct_key(65), tags=LONG, release_policy=POLICY), 5),
    (nothing, DEFAULT, GetKey("a_b"), 1),
    (nothing, DEFAULT, DeleteKey("n" * 128), 1),
    (deleted, DEFAULT, CreateKey("a", "nonsense", tags=LONG), 4),
    (deleted, SMALL, CreateKey("b", "EC", crv="P-1"), 1),
    (deleted, SMALL, PurgeDeletedKey("a"), 1),
    (immutable, DEFAULT, UpdateKey("a", None, ("Sign",), tags=LONG, release_policy=POLICY), 4),
    (immutable, DEFAULT, GetKey("a", "0" * 32), 1),
]


@pytest.mark.parametrize(("setting", "configuration", "request_", "count"), SITUATIONS)
def test_every_guard_that_objects_is_reported_under_some_entropy(
    setting: Setting, configuration: Configuration, request_: Request, count: int
) -> None:
    stage = scene(configuration)
    setting(stage)
    call = stage.call(request_)
    demanded = objecting(stage, call)
    assert len(demanded) == count
    given = set(outcomes(stage, call))
    for guard, refusal in demanded:
        assert refusal.reply() in given
        judgement = judged(stage.estate, call, refusal.reply())
        assert judgement.accepted
        assert guard.clause in judgement.refused
        assert judgement.alone == (len(demanded) == 1)


@pytest.mark.parametrize(("setting", "configuration", "request_", "count"), SITUATIONS)
def test_a_success_where_guards_object_breaks_each_of_them(
    setting: Setting, configuration: Configuration, request_: Request, count: int
) -> None:
    stage = scene(configuration)
    setting(stage)
    call = stage.call(request_)
    other = scene()
    shown = other.created(CreateKey("a", "EC"))
    judgement = judged(stage.estate, call, shown)
    if isinstance(shown, BY_REQUEST[type(request_)].reply):
        broken = {breach.clause for breach in judgement.breaches}
        assert broken >= {guard.clause for guard, _ in objecting(stage, call)}
    assert not judgement.accepted


def test_an_anonymous_caller_is_told_nothing_else() -> None:
    stage = scene()
    call = replace(
        stage.call(CreateKey("a_b", "nonsense", tags=LONG)), credential=Credential.ANONYMOUS
    )
    assert [guard.clause.identifier for guard, _ in objecting(stage, call)] == ["AUTH-001"]
    moved = step(stage.estate, stage.vault, call, stage.entropy)
    assert is_refusal(moved.reply)
    assert not judged(stage.estate, call, Refused(400, "BadParameter", "no")).accepted


def test_an_open_question_may_be_answered_either_way() -> None:
    stage = scene()
    call = stage.call(CreateKey("a", "EC", attributes=RequestedAttributes(None, 10, 5)))
    (situation,) = situations(stage.estate, call)
    found = objections(BY_REQUEST[CreateKey].guards, situation)
    assert [g.clause.identifier for g, o in found if isinstance(o, Perhaps)] == ["ATTR-011"]
    refused = judged(stage.estate, call, Refused(422, "Anything", "whatever"))
    assert refused.accepted
    assert [clause.identifier for clause, _ in refused.answers] == ["ATTR-011"]
    moved = step(
        stage.estate,
        stage.vault,
        call,
        stage.entropy,
        ignoring=lambda guard: guard.clause.identifier == "ATTR-011",
    )
    carried_out = judged(stage.estate, call, moved.reply)
    assert carried_out.accepted
    assert "ATTR-011" in [clause.identifier for clause, _ in carried_out.answers]


def test_a_refusal_with_a_wrong_text_breaks_the_clause_that_has_the_text() -> None:
    stage = scene()
    call = stage.call(GetKey("a"))
    judgement = judged(stage.estate, call, Refused(404, "KeyNotFound", "no such key"))
    assert [breach.clause.identifier for breach in judgement.breaches] == ["ERR-002"]
