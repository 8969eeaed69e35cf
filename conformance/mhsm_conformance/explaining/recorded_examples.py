"""Real exchanges that exercised a clause, from recordings that the reader has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mhsm_conformance.examination import ExchangeVerdict, RecordedVerdict, examined
from mhsm_conformance.explaining.message_text import request_text, response_text
from mhsm_conformance.judging import named_files
from mhsm_model.clauses import Clause, Kind
from mhsm_targets.recordings.reading import UnknownFormatError, read_recording
from mhsm_targets.recordings.recording import RecordedExchange, RecordingError

__all__ = ["Example", "examples_of"]


@dataclass(frozen=True, slots=True)
class Example:
    """A recorded exchange: its file and number, its operation, and both messages as text.

    `told` is the answer to an open question, None for other clauses.
    """

    file: str
    sequence: int
    operation: str
    sent: str
    answered: str
    told: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The example as JSON values."""
        return {
            "file": self.file,
            "seq": self.sequence,
            "operation": self.operation,
            "request": self.sent,
            "response": self.answered,
            "answer": self.told,
        }


def examples_of(
    clauses: Sequence[Clause], paths: Sequence[str], each: int, problems: list[str]
) -> Mapping[str, tuple[Example, ...]]:
    """Up to `each` accepted exchanges for each clause, no two of one file, by identifier.

    Files that cannot be read are told in `problems`, a sentence each; in a folder, what is of no
    known format is skipped.
    """
    wanted = {clause.identifier: clause for clause in clauses}
    found: dict[str, list[Example]] = {identifier: [] for identifier in wanted}
    for path, is_named in named_files(paths, problems):
        if all(len(examples) >= each for examples in found.values()):
            break
        try:
            for identifier, example in _examples_in(path, wanted):
                if len(found[identifier]) < each:
                    found[identifier].append(example)
        except UnknownFormatError as error:
            if is_named:
                problems.append(str(error))
        except RecordingError as error:
            problems.append(str(error))
    return {identifier: tuple(examples) for identifier, examples in found.items()}


def _examples_in(path: Path, wanted: Mapping[str, Clause]) -> Iterator[tuple[str, Example]]:
    """The first exchange of the file for each clause that one exercised."""
    header, read = read_recording(path)
    exchanges: dict[int, RecordedExchange] = {}

    def kept() -> Iterator[RecordedExchange]:
        for exchange in read:
            exchanges[exchange.sequence] = exchange
            yield exchange

    shown: set[str] = set()
    for verdict in examined(str(path), header, kept()):
        exchange = exchanges.pop(verdict.sequence)
        if verdict.verdict is not RecordedVerdict.ACCEPTED:
            continue
        for identifier, told in _exercised(verdict):
            if identifier in wanted and identifier not in shown:
                shown.add(identifier)
                yield identifier, _example(verdict, exchange, wanted[identifier], told)


def _exercised(verdict: ExchangeVerdict) -> Iterator[tuple[str, str | None]]:
    yield from ((clause.identifier, None) for clause in verdict.clauses)
    yield from ((clause.identifier, told) for clause, told in verdict.answers)


def _example(
    verdict: ExchangeVerdict, exchange: RecordedExchange, clause: Clause, told: str | None
) -> Example:
    headers = clause.kind is Kind.WIRE
    return Example(
        verdict.file,
        verdict.sequence,
        verdict.operation,
        request_text(exchange.sent, headers=headers),
        response_text(exchange.answered, headers=headers),
        told,
    )
