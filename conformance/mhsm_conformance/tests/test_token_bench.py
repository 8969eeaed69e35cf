"""The benchmark of token targets: it measures what was answered, and leaves out what cannot be."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from mhsm_conformance import token_bench
from mhsm_conformance.faults import HarnessFault
from mhsm_conformance.opening import HOSTS
from mhsm_model.configuration import Configuration
from mhsm_model.wire.http import HttpRequest, HttpResponse
from mhsm_targets.emulator import Emulator, EmulatorFactory
from mhsm_targets.protocol import CALL_JOURNALS, Replay


class Restarted(Emulator):
    """An emulator that claims to outlive its process; it refuses from a given request on."""

    def __init__(self, configurations: Mapping[str, Configuration], refuses_from: int) -> None:
        super().__init__(configurations, 0)
        self.asked: list[str] = []
        self._refuses_from = refuses_from

    def restart(self) -> None:
        self.asked.append("restart")

    def exchange(self, request: HttpRequest) -> HttpResponse | None:
        self.asked.append(f"{request.method} {request.target.partition('?')[0].rstrip('/')}")
        if len(self.asked) > self._refuses_from:
            return HttpResponse(507, {}, b"")
        return super().exchange(request)


class Factory(EmulatorFactory):
    """A factory that opens one target of the test's."""

    def __init__(self, target: Emulator) -> None:
        self._target = target

    def open(self, configurations: Mapping[str, Configuration], seed: int) -> Emulator:
        return self._target


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    def smoke(
        _: str, *, workers: int, variables: Mapping[str, str] | None = None
    ) -> tuple[float, dict[str, Any]]:
        if variables is not None:
            (Path(variables[CALL_JOURNALS]) / "journal").touch()
        usage = {"exchanges": 10, "calls": 40, "seconds": 10.0, "most_calls": 9}
        return 12.0 / workers, usage

    monkeypatch.setattr(token_bench, "_KEYS", 5)
    monkeypatch.setattr(token_bench, "_smoke", smoke)


class Replayable(Factory):
    """A factory whose replays take 10 seconds, with so many calls astray of 1,000."""

    def __init__(self, target: Emulator, left_out: int, otherwise: int) -> None:
        super().__init__(target)
        self._astray = (otherwise, left_out)

    def replayed(self, folder: Path) -> Replay:
        assert [path.name for path in folder.iterdir()] == ["journal"]
        return Replay(10.0, 1000, *self._astray, 0.1)


def measured(
    monkeypatch: pytest.MonkeyPatch, target: Emulator, opened: Factory | None = None
) -> dict[str, Any]:
    def factory(_: str) -> Factory:
        return opened or Factory(target)

    def available() -> list[str]:
        return ["token"]

    monkeypatch.setattr(token_bench, "target_factory", factory)
    monkeypatch.setattr(token_bench, "_available", available)
    row: dict[str, Any] = token_bench.token_targets()["token"]
    return row


def configured() -> dict[str, Configuration]:
    return {HOSTS[0]: Configuration()}


def test_opening_is_measured_by_the_last_key_after_a_restart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    target = Restarted(configured(), 100)
    row = measured(monkeypatch, target)
    created = [f"POST /keys/key-{number}/create" for number in range(5)]
    assert target.asked == [*created, "restart", "GET /keys/key-4"]
    assert row["seconds_to_open"] >= 0
    assert row["met"] is True


@pytest.mark.parametrize(
    ("after", "refused"), [(3, "POST /keys/key-3/create"), (6, "GET /keys/key-4")]
)
def test_a_request_that_is_refused_is_no_measurement(
    after: int, refused: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(HarnessFault, match=f"{refused}.* is answered with 507, not 200"):
        measured(monkeypatch, Restarted(configured(), after))


def test_what_cannot_be_measured_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    row = measured(monkeypatch, Emulator(configured(), 0))
    for name in ("seconds_to_open", "ratio"):
        assert name not in row
        assert name not in row["wanted"]
    assert row["met"] is True


def test_the_ratio_is_that_of_a_run_to_its_calls_made_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    target = Emulator(configured(), 0)
    row = measured(monkeypatch, target, Replayable(target, 20, 30))
    assert row["seconds_of_runs"] == [12.0] * 3
    assert row["seconds_of_replays"] == [10.0] * 3
    assert row["ratio"] == 1.2
    assert (row["calls_replayed"], row["calls_answered_otherwise"]) == (980, 30)


def test_a_replay_that_went_otherwise_than_the_run_is_no_measurement(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    target = Emulator(configured(), 0)
    with pytest.raises(HarnessFault, match="51 of 1000 calls did not go as in the run"):
        measured(monkeypatch, target, Replayable(target, 21, 30))


def test_one_measurement_over_its_limit_is_not_met() -> None:
    told = token_bench.judged([("a", 1.0, 1.4), ("b", 2.004, 2.0)])
    assert told == {"a": 1.0, "b": 2.0, "wanted": "a at most 1.4, b at most 2", "met": False}
