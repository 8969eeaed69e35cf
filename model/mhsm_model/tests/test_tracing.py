from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from mhsm_model.acceptor import accepts
from mhsm_model.alternatives import situations
from mhsm_model.configuration import Configuration
from mhsm_model.entropy import SeededEntropy
from mhsm_model.exchange import (
    CreateKey,
    Credential,
    Encrypt,
    GetKey,
    Indeterminate,
    Malformed,
    NoOperation,
    Reach,
    Refused,
    Reply,
    Request,
    Sign,
    Unauthenticated,
    Unmodelled,
    UpdateKey,
)
from mhsm_model.generator import step
from mhsm_model.misfits import MALFORMED, NO_OPERATION
from mhsm_model.tests.drawn_requests import Memory
from mhsm_model.tests.scenes import HOSTS, STRICT, Scene, estate_of
from mhsm_model.tests.test_law import PROPERTY, draw_call, drawn_scene
from mhsm_model.tracing import Answer, Trace, trace

ERRORS = Refused | Unauthenticated


def clauses(found: Trace, *answers: Answer) -> set[str]:
    return {row.guard.clause.identifier for row in found.asked if row.answer in answers}


@settings(PROPERTY, max_examples=60)
@given(st.data())
def test_a_trace_says_what_the_judge_says(data: DataObject) -> None:
    scene, memory = drawn_scene(data), Memory()
    belief = scene.estate
    for _ in range(data.draw(st.integers(1, 15), "steps")):
        call = draw_call(data, scene, memory)
        lost = data.draw(st.integers(0, 5)) == 5
        moved = step(scene.estate, scene.vault, call, scene.entropy)
        reply: Reply = Indeterminate("lost") if lost else moved.reply
        judgement = accepts(belief, call, reply, STRICT)
        found = trace(belief, call, reply)
        if isinstance(call.request, Malformed | NoOperation | Unmodelled):
            assert found is None
        else:
            assert found is not None
            check(found, reply)
            refused = {clause.identifier for clause in judgement.refused}
            assert refused <= {row.guard.clause.identifier for row in found.deciding}
            if not isinstance(reply, ERRORS) and not lost and found.situations == 1:
                satisfied = {c.identifier for c in judgement.satisfied}
                satisfied -= {MALFORMED.identifier, NO_OPERATION.identifier}
                assert clauses(found, Answer.PASSES) == satisfied
        scene.estate, scene.vault, belief = moved.estate, moved.vault, judgement.estate
        memory.learn(call.request, moved.reply)


def check(found: Trace, reply: Reply) -> None:
    """Check that every guard is there, in order, and that what is closed was closed before."""
    assert [id(row.guard) for row in found.asked] == [id(g) for g in found.operation.guards]
    shut: set[int] = set()
    for row in found.asked:
        assert {id(guard) for guard in row.closed_by} <= shut
        assert (row.answer is Answer.NOT_ASKED) == bool(row.closed_by)
        assert (row.objection is not None) == (row.answer in (Answer.REFUSES, Answer.MAY_REFUSE))
        if row.answer in (Answer.REFUSES, Answer.NOT_ASKED):
            shut.add(id(row.guard))
    if isinstance(reply, ERRORS):
        assert found.deciding
    else:
        assert not found.deciding


def scene() -> Scene:
    return Scene(estate_of(Configuration()), SeededEntropy(0))


def traced(
    of: Scene, request: Request, credential: Credential = Credential.TOKEN
) -> tuple[Trace, Reply]:
    before, call = of.estate, of.call(request, credential=credential)
    reply, _ = of.carry_out(call)
    found = trace(before, call, reply)
    assert found is not None
    return found, reply


def test_the_guard_that_refuses_decides_and_closes_what_presupposes_it() -> None:
    found, _ = traced(scene(), Sign("k", None, "ES256", bytes(32)))
    assert [row.guard.clause.identifier for row in found.deciding] == ["ERR-002"]
    assert clauses(found, Answer.REFUSES) == {"ERR-002"}
    assert {"KEY-011", "ATTR-009", "ALG-003", "ALG-004"} <= clauses(found, Answer.NOT_ASKED)
    closed = {row.guard.clause.identifier: row.closed_by for row in found.asked}
    assert [guard.clause.identifier for guard in closed["KEY-011"]] == ["ERR-002"]


def test_of_several_that_refuse_the_ones_that_fit_the_answer_decide() -> None:
    at = scene()
    at.send(CreateKey("k", "oct", key_ops=("encrypt",)))
    at.send(UpdateKey("k", None, key_ops=("wrapKey",)))
    found, reply = traced(at, Encrypt("k", None, "A128GCM", b"x"))
    assert clauses(found, Answer.REFUSES) == {"ALG-003", "ALG-002"}
    assert isinstance(reply, Refused)
    assert {row.guard.clause.identifier for row in found.deciding} == {"ALG-003", "ALG-002"}
    # Only a challenge is an answer to a bad token, which nothing else comes before.
    found, _ = traced(at, GetKey("k"), Credential.INVALID)
    assert [row.guard.clause.identifier for row in found.deciding] == ["AUTH-001"]
    assert clauses(found, Answer.PASSES) == set()


def test_of_several_situations_the_first_that_allows_the_answer_is_told() -> None:
    at = scene()
    call = at.call(CreateKey("k", "EC"))
    lost = accepts(at.estate, call, Indeterminate("lost"), STRICT).estate
    read = at.call(GetKey("k"))
    assert len(list(situations(lost, read))) == 2
    carried_out = step(at.estate, at.vault, call, at.entropy)
    shown = step(carried_out.estate, carried_out.vault, read, at.entropy).reply
    absent = step(at.estate, at.vault, read, at.entropy).reply
    for reply, deciding in ((shown, []), (absent, ["ERR-002"])):
        found = trace(lost, read, reply)
        assert found is not None
        assert found.situations == 2
        assert [row.guard.clause.identifier for row in found.deciding] == deciding
        assert (clauses(found, Answer.REFUSES) == set()) == (not deciding)


@pytest.mark.parametrize(
    "request_",
    [
        Malformed("CreateKey", "k", "kty must be a string"),
        NoOperation("PUT", "/x"),
        Unmodelled("Release", Reach.USE, "k"),
    ],
)
def test_what_no_operation_carries_out_has_no_trace(request_: Request) -> None:
    at = scene()
    call = at.call(request_)
    reply = step(at.estate, at.vault, call, at.entropy).reply
    assert trace(at.estate, call, reply) is None


def test_an_unknown_host_is_an_error() -> None:
    at = scene()
    with pytest.raises(KeyError):
        trace(at.estate, at.call(GetKey("k"), HOSTS[1]), Refused(404, "KeyNotFound"))
