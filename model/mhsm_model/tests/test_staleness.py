"""Replicas that lag: an answer may show any state of the last seconds, and no other."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from mhsm_model.acceptor import LENIENT, accepts
from mhsm_model.configuration import Configuration
from mhsm_model.entropy import SeededEntropy
from mhsm_model.exchange import (
    Call,
    CreateKey,
    Credential,
    DeleteKey,
    GetKey,
    KeyBundle,
    ListKeys,
    PurgeDeletedKey,
    Reply,
    Request,
    Sign,
    UpdateKey,
)
from mhsm_model.generator import Vault, step
from mhsm_model.judgement import Judgement
from mhsm_model.moments import Interval
from mhsm_model.revisions import LATEST_RECORDED
from mhsm_model.staleness import LAG, RecentStates
from mhsm_model.state import Estate, Instance

HOST = "hsm-a.managedhsm.azure.net"
WINDOW = 360


def call(request: Request, second: int) -> Call:
    time = Interval(second, second)
    return Call(HOST, request, time, LATEST_RECORDED, Credential.TOKEN)


@dataclass
class Replicated:
    """What a service does (`estate`), and what an onlooker believes (`belief`), step by step."""

    estate: Estate
    belief: Estate
    recent: RecentStates
    vault: Vault
    entropy: SeededEntropy
    second: int = 1000

    def sent(self, request: Request) -> Reply:
        asked = call(request, self.second)
        moved = step(self.estate, self.vault, asked, self.entropy)
        self.estate, self.vault = moved.estate, moved.vault
        self.judged(request, moved.reply)
        return moved.reply

    def judged(self, request: Request, reply: Reply) -> Judgement:
        asked = call(request, self.second)
        judgement = accepts(self.belief, asked, reply)
        judgement = self.recent.excused(self.belief, asked, reply, judgement, LENIENT)
        self.recent = self.recent.followed(self.belief, judgement.estate, self.second)
        self.belief = judgement.estate
        return judgement

    @property
    def state(self) -> tuple[Estate, Vault]:
        """What a replica knows that knows all of it."""
        return self.estate, self.vault

    def stale(self, request: Request, old: tuple[Estate, Vault]) -> Reply:
        """What a replica answers that knows the old state."""
        return step(*old, call(request, self.second), self.entropy).reply


def replicated(window: int = WINDOW) -> Replicated:
    estate = Estate().with_instance(HOST, Instance(Configuration()))
    return Replicated(estate, estate, RecentStates(window), Vault(), SeededEntropy(1))


def test_a_read_may_show_the_state_before_the_last_change() -> None:
    hsm = replicated()
    hsm.sent(CreateKey("a", "EC", tags={"n": "1"}))
    old = hsm.state
    hsm.sent(UpdateKey("a", None, tags={"n": "2"}))
    judgement = hsm.judged(GetKey("a"), hsm.stale(GetKey("a"), old))
    assert judgement.accepted
    assert [clause for clause, _ in judgement.answers] == [LAG]
    assert judgement.held == ()
    # What was believed is believed on.
    assert hsm.judged(GetKey("a"), hsm.stale(GetKey("a"), hsm.state)).held


@pytest.mark.parametrize("request_", [GetKey("a"), Sign("a", None, "ES256", bytes(32)), ListKeys()])
def test_a_replica_may_not_know_a_key_yet_or_know_it_still(request_: Request) -> None:
    hsm = replicated()
    empty = hsm.state
    hsm.sent(CreateKey("a", "EC"))
    there = hsm.state
    assert hsm.judged(request_, hsm.stale(request_, empty)).accepted
    hsm.sent(DeleteKey("a"))
    hsm.sent(PurgeDeletedKey("a"))
    assert hsm.judged(request_, hsm.stale(request_, there)).accepted


def test_a_list_may_show_one_name_as_it_is_and_another_as_it_was() -> None:
    hsm = replicated()
    hsm.sent(CreateKey("a", "EC"))
    only_a = hsm.state
    hsm.sent(CreateKey("b", "EC"))
    hsm.sent(DeleteKey("a"))
    for old in (only_a, hsm.state):
        assert hsm.judged(ListKeys(), hsm.stale(ListKeys(), old)).accepted


def test_what_is_older_than_the_window_is_unlawful() -> None:
    hsm = replicated()
    hsm.sent(CreateKey("a", "EC", tags={"n": "1"}))
    old = hsm.state
    hsm.sent(UpdateKey("a", None, tags={"n": "2"}))
    hsm.second += WINDOW + 1
    assert not hsm.judged(GetKey("a"), hsm.stale(GetKey("a"), old)).accepted


def test_without_a_window_every_answer_is_of_the_present() -> None:
    hsm = replicated(window=0)
    hsm.sent(CreateKey("a", "EC", tags={"n": "1"}))
    old = hsm.state
    hsm.sent(UpdateKey("a", None, tags={"n": "2"}))
    assert not hsm.judged(GetKey("a"), hsm.stale(GetKey("a"), old)).accepted
    assert hsm.recent.states == ()


def test_what_was_never_the_case_is_not_excused() -> None:
    hsm = replicated()
    hsm.sent(CreateKey("a", "EC", tags={"n": "1"}))
    hsm.sent(UpdateKey("a", None, tags={"n": "2"}))
    shown = hsm.stale(GetKey("a"), hsm.state)
    assert isinstance(shown, KeyBundle)
    assert not hsm.judged(GetKey("a"), replace(shown, tags={"n": "3"})).accepted


def test_a_change_that_succeeds_on_an_old_state_is_not_excused() -> None:
    hsm = replicated()
    hsm.sent(CreateKey("a", "EC"))
    old = hsm.state
    hsm.sent(DeleteKey("a"))
    assert not hsm.judged(DeleteKey("a"), hsm.stale(DeleteKey("a"), old)).accepted
