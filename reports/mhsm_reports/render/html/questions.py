"""Open questions and what was answered, told by what happened and not by how it was worded."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mhsm_reports.results import Answer


@dataclass(frozen=True, slots=True)
class Reaction:
    """What a target did where a question is open, for example `refused: 400 BadParameter`.

    `wordings` are the messages that came with it, the most frequent first; `count` is how often it
    did so.
    """

    told: str
    wordings: tuple[str, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Question:
    """An open question and the reactions of the target, the most frequent first."""

    clause: str
    question: str
    reactions: tuple[Reaction, ...]


def questions(answers: Iterable[Answer]) -> tuple[Question, ...]:
    """Gather answers by question, in the order in which questions first come."""
    groups: dict[tuple[str, str], list[Answer]] = {}
    for answer in answers:
        groups.setdefault((answer.clause, answer.question), []).append(answer)
    return tuple(
        Question(clause, question, reactions(group)) for (clause, question), group in groups.items()
    )


def reactions(answers: Sequence[Answer]) -> tuple[Reaction, ...]:
    """Gather the answers to one question by what was done."""
    groups: dict[str, list[tuple[str, int]]] = {}
    for answer in sorted(answers, key=lambda answer: -answer.count):
        told, wording = _parted(answer.answer)
        groups.setdefault(told, []).append((wording, answer.count))
    found = (
        Reaction(
            told,
            tuple(wording for wording, _ in group if wording),
            sum(count for _, count in group),
        )
        for told, group in groups.items()
    )
    return tuple(sorted(found, key=lambda reaction: -reaction.count))


def _parted(answer: str) -> tuple[str, str]:
    """Part an answer from the message of the service, which stands in quotes at its end."""
    told, quote, wording = answer.partition(' "')
    if told and quote and wording.endswith('"'):
        return told, wording[:-1]
    return answer, ""
