"""The strength of the judge: operators, trials, scores, on sessions recorded from the emulator."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path
from typing import Any, Final

import pytest

from mhsm_conformance.corruption.gallery import OPERATORS
from mhsm_conformance.corruption.operator import Blindness, Operator, Seen, altered, corrupting
from mhsm_conformance.corruption.session import Place, RecordedSession
from mhsm_conformance.progress import LineProgress
from mhsm_conformance.scores import LEAST_FOUND, MISSED, Score, found_share, scores, survivors
from mhsm_conformance.specimens import SPECIMENS, recorded_specimens
from mhsm_conformance.strength import Outcome, Trial, trials
from mhsm_model.catalogue import catalogue

BY_NAME: Final = {operator.name: operator for operator in OPERATORS}


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> list[RecordedSession]:
    folder = tmp_path_factory.mktemp("specimens")
    return [RecordedSession.read(path) for path in recorded_specimens(folder)]


def tried(
    sessions: list[RecordedSession], *operators: Operator, each: int | None = 1
) -> list[Trial]:
    progress = LineProgress(io.StringIO(), "operators")
    return list(trials(sessions, each, 1, progress, operators or OPERATORS))


@pytest.fixture(scope="module")
def found(sessions: list[RecordedSession]) -> list[Trial]:
    return tried(sessions)


# --- the table of operators -----------------------------------------------------------------------


def test_operators_have_names_and_sentences_of_their_own() -> None:
    names = Counter(operator.name for operator in OPERATORS)
    assert [name for name, count in names.items() if count > 1] == []
    assert all(operator.sentence.endswith(".") for operator in OPERATORS)
    assert all(operator.sentence[0].isupper() for operator in OPERATORS)


def test_every_operator_applies_somewhere(found: list[Trial]) -> None:
    assert sorted(BY_NAME.keys() - {trial.operator for trial in found}) == []


def test_every_operation_of_the_specimens_is_corrupted(found: list[Trial]) -> None:
    asked = {type(request).__name__ for script in SPECIMENS.values() for request in script}
    assert asked <= {trial.operation for trial in found}


@pytest.mark.parametrize("name", BY_NAME)
def test_an_operator_alters_a_reply_and_foretells_clauses_that_exist(
    sessions: list[RecordedSession], name: str
) -> None:
    identifiers = {clause.identifier for clause in catalogue()}
    for place in (place for session in sessions for place in session.places):
        alteration = BY_NAME[name].corrupts(place)
        if alteration is None:
            continue
        assert place.index in alteration.answers
        for index, reply in alteration.answers.items():
            assert reply != place.session.exchanges[index].answered
        if isinstance(alteration.sight, Seen):
            assert alteration.sight.clauses
            assert set(alteration.sight.clauses) <= identifiers


def test_corrupting_leaves_the_session_as_it_was(sessions: list[RecordedSession]) -> None:
    session = sessions[0]
    before = [(e.answered.status, e.answered.body) for e in session.exchanges]
    for operator in OPERATORS:
        for place in session.places:
            operator.corrupts(place)
    assert [(e.answered.status, e.answered.body) for e in session.exchanges] == before


# --- trials ---------------------------------------------------------------------------------------


def test_what_a_clause_can_see_is_found(found: list[Trial]) -> None:
    missed = [trial for trial in found if trial.visible and not trial.found]
    assert found_share(found) >= LEAST_FOUND
    assert missed == []


def test_what_means_the_same_is_not_found(found: list[Trial]) -> None:
    equivalent = [trial for trial in found if trial.why is Blindness.EQUIVALENT]
    assert equivalent
    assert [trial for trial in equivalent if trial.found] == []


def test_the_same_files_give_the_same_trials(sessions: list[RecordedSession]) -> None:
    chosen = [BY_NAME[name] for name in ("key_ops-one-less", "refused-404", "item-dropped")]
    assert tried(sessions, *chosen, each=3) == tried(sessions, *chosen, each=3)


def test_an_operator_is_applied_to_each_operation_no_more_often_than_told(
    sessions: list[RecordedSession],
) -> None:
    told = Counter(trial.operation for trial in tried(sessions, BY_NAME["server-fault"], each=2))
    assert set(told.values()) <= {1, 2}
    assert told["CreateKey"] == 2
    everywhere = Counter(t.operation for t in tried(sessions, BY_NAME["server-fault"], each=None))
    assert everywhere["CreateKey"] > 2


def test_a_corruption_is_found_where_it_is_or_later(sessions: list[RecordedSession]) -> None:
    here = tried(sessions, BY_NAME["kty-software"], each=None)
    assert {trial.outcome for trial in here} == {Outcome.HERE}
    assert all("KEY-020" in trial.by for trial in here)
    later = tried(sessions, BY_NAME["version-other"], each=None)
    assert Outcome.LATER in {trial.outcome for trial in later}


def order(trial: Trial) -> tuple[str, str, str, int]:
    return trial.operator, trial.operation, trial.session, trial.sequence


def test_workers_find_what_one_process_finds(sessions: list[RecordedSession]) -> None:
    chosen = [BY_NAME[name] for name in ("body-cut", "nextLink-added")]
    progress = LineProgress(io.StringIO(), "operators")
    two = sorted(trials(sessions, 2, 2, progress, chosen), key=order)
    assert two == sorted(tried(sessions, *chosen, each=2), key=order)


@corrupting("nothing-altered")
def untouched(place: Place) -> Any:
    """Leave the reply as it is, and say that a clause sees it."""
    return altered(place, place.answered, Seen(("ERR-201",)))


def test_a_judge_that_accepts_is_counted_as_one_that_misses(
    sessions: list[RecordedSession],
) -> None:
    missed = tried(sessions, untouched)
    assert found_share(missed) == 0
    assert {survivor.reason for survivor in survivors(missed)} == {MISSED}


# --- scores ---------------------------------------------------------------------------------------


def trial(outcome: Outcome, why: Blindness | None = None, by: tuple[str, ...] = ()) -> Trial:
    return Trial("operator", "GetKey", "session", 1, why, ("KEY-003",), outcome, by)


def test_scores_count_what_was_found_and_by_which_clause() -> None:
    rows = [
        trial(Outcome.HERE, by=("KEY-003", "KEY-004")),
        trial(Outcome.LATER, by=("ERR-201",)),
        trial(Outcome.MISSED),
        trial(Outcome.MISSED, Blindness.RANDOM),
        trial(Outcome.HERE, Blindness.RANDOM),
    ]
    (score,) = scores(rows, lambda row: row.operator)
    assert score == Score("operator", 5, 3, 1, 1, named=1, unforeseen=1)
    assert (score.missed, score.unseen) == (1, 1)
    assert found_share(rows) == pytest.approx(2 / 3)
    assert [(s.reason, s.count) for s in survivors(rows)] == [("missed", 1), ("random", 1)]


def test_nothing_tried_is_nothing_missed() -> None:
    assert found_share([]) == 1
    assert scores([], lambda row: row.operator) == []


def test_the_specimens_are_the_same_every_time(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    names = [path.name for path in recorded_specimens(one)]
    assert names == [path.name for path in recorded_specimens(other)]
    first = [RecordedSession.read(one / name) for name in names]
    second = [RecordedSession.read(other / name) for name in names]
    assert [len(s.exchanges) for s in first] == [len(s.exchanges) for s in second]
