"""The clock of a server follows the real one, and never runs back."""

from __future__ import annotations

import pytest

from mhsm_targets.server.clock import ServerClock


class Real:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def test_it_follows_the_real_clock_and_is_moved_ahead() -> None:
    real = Real()
    clock = ServerClock(real=real)
    assert clock.now() == 1000
    real.seconds += 5
    clock.advance(60)
    assert (clock.now(), clock.ahead) == (1065, 60)


def test_it_stands_still_while_it_is_frozen_and_runs_on_from_there() -> None:
    real = Real()
    clock = ServerClock(real=real)
    clock.freeze()
    real.seconds += 100
    assert (clock.now(), clock.is_frozen) == (1000, True)
    clock.advance(7)
    assert clock.now() == 1007
    clock.resume()
    real.seconds += 1
    assert (clock.now(), clock.is_frozen) == (1008, False)


def test_it_never_runs_back() -> None:
    real = Real()
    clock = ServerClock(real=real)
    assert clock.now() == 1000
    real.seconds -= 500
    assert clock.now() == 1000
    for seconds in (-1.0, float("nan")):
        with pytest.raises(ValueError, match="does not run back"):
            clock.advance(seconds)
