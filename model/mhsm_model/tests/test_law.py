"""The law that binds the generator to the acceptor, for any sequence of calls.

What step answers, accepts accepts; and the acceptor's belief afterwards contains the estate that
step moved to. An onlooker who knows less than that may accept more, and never less.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from mhsm_model.acceptor import accepts
from mhsm_model.configuration import Configuration
from mhsm_model.entropy import SeededEntropy
from mhsm_model.exchange import (
    Call,
    Credential,
    Indeterminate,
    Malformed,
    NoOperation,
    Reply,
    Unmodelled,
)
from mhsm_model.generator import step
from mhsm_model.moments import ANY_TIME, Interval
from mhsm_model.revisions import LATEST_RECORDED
from mhsm_model.state import Estate, Instance
from mhsm_model.tables.lifecycle import DAY_SECONDS
from mhsm_model.tests.drawn_requests import Memory, draw_request
from mhsm_model.tests.scenes import HOSTS, STRICT, Scene, difference, estate_of, is_exact
from mhsm_model.unknown import UNKNOWN

STEPS: Final = 25
PROPERTY: Final = settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

CONFIGURATIONS: Final = st.builds(
    Configuration,
    retention_days=st.sampled_from([7, 90]),
    purge_protection=st.booleans(),
    maximum_keys=st.sampled_from([5000, 2]),
    maximum_versions=st.sampled_from([100, 2]),
    maximum_tags=st.sampled_from([15, 1]),
    page_size=st.sampled_from([25, 1, 2]),
    api_versions=st.sampled_from([Configuration().api_versions, ("7.4", LATEST_RECORDED)]),
)
PAUSES: Final = st.sampled_from(
    [0, 0, 0, 0, 1, 599, 600, 1000, 7 * DAY_SECONDS - 1, 7 * DAY_SECONDS, 90 * DAY_SECONDS]
)
CREDENTIALS: Final = st.sampled_from([*[Credential.TOKEN] * 20, *Credential])
API_VERSIONS: Final = st.sampled_from([*[LATEST_RECORDED] * 20, None, "7.2", "nonsense", "7.6"])


def drawn_scene(data: DataObject) -> Scene:
    configurations = data.draw(CONFIGURATIONS), data.draw(CONFIGURATIONS)
    return Scene(estate_of(*configurations), SeededEntropy(data.draw(st.integers(0, 3), "seed")))


def draw_call(data: DataObject, scene: Scene, memory: Memory) -> Call:
    scene.clock += data.draw(PAUSES, "pause")
    return scene.call(
        draw_request(data, memory),
        data.draw(st.sampled_from([HOSTS[0], HOSTS[0], HOSTS[1]])),
        data.draw(CREDENTIALS),
        data.draw(API_VERSIONS),
    )


@PROPERTY
@given(st.data())
def test_what_the_generator_answers_the_acceptor_accepts(data: DataObject) -> None:
    scene, memory = drawn_scene(data), Memory()
    belief = scene.estate
    for _ in range(data.draw(st.integers(1, STEPS), "steps")):
        call = draw_call(data, scene, memory)
        moved = step(scene.estate, scene.vault, call, scene.entropy)
        judgement = accepts(belief, call, moved.reply, STRICT)
        assert (judgement.breaches, judgement.warnings) == ((), ())
        assert difference(judgement.estate, moved.estate) is None
        if is_exact(belief) and is_exact(judgement.estate):
            assert judgement.estate == moved.estate
        scene.estate, scene.vault, belief = moved.estate, moved.vault, judgement.estate
        memory.learn(call.request, moved.reply)


@PROPERTY
@given(st.data())
def test_an_onlooker_from_the_middle_accepts_what_the_generator_answers(data: DataObject) -> None:
    scene, memory = drawn_scene(data), Memory()
    unseen = data.draw(st.integers(0, 10), "calls before anyone looked")
    belief = Estate()
    for host, instance in scene.estate.instances.items():
        untold = replace(instance.configuration, retention_days=UNKNOWN, purge_protection=UNKNOWN)
        belief = belief.with_instance(host, Instance(untold, fresh=False))
    for number in range(data.draw(st.integers(1, STEPS), "steps")):
        call = draw_call(data, scene, memory)
        moved = step(scene.estate, scene.vault, call, scene.entropy)
        scene.estate, scene.vault = moved.estate, moved.vault
        memory.learn(call.request, moved.reply)
        if number < unseen:
            continue
        vague = replace(call, time=ANY_TIME, credential=UNKNOWN)
        judgement = accepts(belief, vague, moved.reply, STRICT)
        assert judgement.breaches == ()
        belief = judgement.estate


@PROPERTY
@given(st.data())
def test_an_onlooker_whose_replies_get_lost_accepts_the_others(data: DataObject) -> None:
    scene, memory = drawn_scene(data), Memory()
    belief = scene.estate
    for _ in range(data.draw(st.integers(1, STEPS), "steps")):
        call = draw_call(data, scene, memory)
        fate = data.draw(st.sampled_from(["answered"] * 4 + ["lost after", "lost before"]))
        if isinstance(call.request, Malformed | NoOperation | Unmodelled):
            fate = "answered"
        reply: Reply = Indeterminate("lost")
        if fate != "lost before":
            moved = step(scene.estate, scene.vault, call, scene.entropy)
            scene.estate, scene.vault = moved.estate, moved.vault
            reply = moved.reply if fate == "answered" else reply
        memory.learn(call.request, reply)
        judgement = accepts(belief, call, reply, STRICT)
        assert judgement.breaches == ()
        belief = judgement.estate


@PROPERTY
@given(st.data())
def test_a_later_answer_does_not_make_an_exchange_unlawful(data: DataObject) -> None:
    scene, memory = drawn_scene(data), Memory()
    belief = scene.estate
    for _ in range(data.draw(st.integers(1, STEPS), "steps")):
        call = draw_call(data, scene, memory)
        moved = step(scene.estate, scene.vault, call, scene.entropy)
        early, late = data.draw(st.integers(0, 5)), data.draw(st.integers(0, 700))
        wide = Interval(call.time.earliest - early, call.time.latest + late)
        judgement = accepts(belief, replace(call, time=wide), moved.reply, STRICT)
        assert judgement.breaches == ()
        scene.estate, scene.vault, belief = moved.estate, moved.vault, judgement.estate
        memory.learn(call.request, moved.reply)
