"""Deadlines of an event loop, on a loop whose clock the test moves."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from typing import Any

import pytest

from mhsm_targets.server.deadline import Deadline


class Timer:
    """A call that is to happen at a moment."""

    def __init__(self, moment: float, call: Callable[[], None]) -> None:
        self.moment = moment
        self.call = call
        self.is_cancelled = False

    def when(self) -> float:
        """The moment."""
        return self.moment

    def cancel(self) -> None:
        """Let it not happen."""
        self.is_cancelled = True


class Clock:
    """What a deadline asks of a loop; `made` counts its timers."""

    def __init__(self) -> None:
        self.now = 100.0
        self.made = 0
        self._timers: list[tuple[float, int, Timer]] = []

    def time(self) -> float:
        """The present."""
        return self.now

    def call_later(self, seconds: float, call: Callable[[], None]) -> Timer:
        """Have the call happen."""
        timer = Timer(self.now + seconds, call)
        self.made += 1
        heapq.heappush(self._timers, (timer.moment, self.made, timer))
        return timer

    def pass_to(self, moment: float) -> None:
        """Let time pass, and happen what is due."""
        while self._timers and self._timers[0][0] <= moment:
            self.now, _, timer = heapq.heappop(self._timers)
            if not timer.is_cancelled:
                timer.call()
        self.now = moment

    @property
    def pending(self) -> int:
        """How many timers are to go off."""
        return sum(not timer.is_cancelled for _, _, timer in self._timers)


class Watched:
    """A deadline, and the moments at which it was reached."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.reached: list[float] = []
        loop: Any = self.clock
        self.deadline = Deadline(loop, lambda: self.reached.append(self.clock.now))


@pytest.fixture
def watched() -> Watched:
    return Watched()


def test_a_deadline_is_reached_once(watched: Watched) -> None:
    states = [watched.deadline.is_set]
    watched.deadline.set(5)
    states.append(watched.deadline.is_set)
    watched.clock.pass_to(1000)
    states.append(watched.deadline.is_set)
    assert (watched.reached, states) == ([105.0], [False, True, False])


def test_a_deadline_that_moves_on_is_reached_at_its_last_moment_and_takes_few_timers(
    watched: Watched,
) -> None:
    for moment in range(100, 200):
        watched.clock.pass_to(moment)
        watched.deadline.set(50)
    watched.clock.pass_to(1000)
    assert watched.reached == [249.0]
    assert watched.clock.made <= 5


def test_a_deadline_that_moves_nearer_is_reached_there(watched: Watched) -> None:
    watched.deadline.set(60)
    watched.deadline.set(5)
    watched.clock.pass_to(1000)
    assert watched.reached == [105.0]


def test_a_deadline_that_is_lifted_is_not_reached_unless_it_is_set_again(watched: Watched) -> None:
    watched.deadline.set(5)
    watched.deadline.lift()
    watched.clock.pass_to(150)
    assert watched.reached == []
    watched.deadline.set(5)
    watched.clock.pass_to(1000)
    assert watched.reached == [155.0]


def test_a_deadline_that_is_ended_leaves_no_timer(watched: Watched) -> None:
    watched.deadline.set(5)
    watched.deadline.end()
    assert (watched.clock.pending, watched.deadline.is_set) == (0, False)


def test_a_deadline_holds_in_a_real_loop() -> None:
    async def waited() -> bool:
        reached = asyncio.Event()
        deadline = Deadline(asyncio.get_running_loop(), reached.set)
        deadline.set(3600)
        deadline.set(0.01)
        async with asyncio.timeout(30):
            await reached.wait()
        return deadline.is_set

    assert not asyncio.run(waited())
