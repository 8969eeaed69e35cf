"""A case: the clause that was broken, and the steps that showed it, without a secret in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from mhsm_conformance.cases.terms import Joined, LeftOut, Made, Piece, Shown, Taken, Term, leaves
from mhsm_conformance.steps import Lapse, Loss
from mhsm_model.catalogue import clause
from mhsm_model.configuration import Configuration
from mhsm_model.exchange import Credential
from mhsm_reports.render.visible_text import visible_line

__all__ = [
    "Asked",
    "Case",
    "CaseStep",
    "Message",
    "TargetContext",
    "sources",
    "terms_of",
    "without_steps",
]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, typed, to the instance at a host."""

    host: str
    request: Made
    credential: Credential = Credential.TOKEN
    api_version: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """An HTTP request made by hand; a body is text where it can be, and headers are further ones.

    `content_type` None is that of JSON.
    """

    host: str
    method: str
    target: Term
    body: Term
    credential: Credential = Credential.TOKEN
    content_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


CaseStep = Asked | Message | Lapse | Loss


@dataclass(frozen=True, slots=True)
class TargetContext:
    """What the target claimed to be that the case comes from; nothing is decided by it."""

    name: str
    evidence: str
    live: bool
    staleness: int
    capabilities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """A sequence of steps and the clause that the last of them broke.

    `clause` is None for a sequence that was lawful where it was recorded. `check`, None for what
    was typed, and `seed` say where it comes from; `instances` are configurations by host, in the
    order in which they are opened. `shortened_from` is the name of the file of a longer case.
    """

    clause: str | None
    check: str | None
    seed: int
    target: TargetContext
    strict: bool
    instances: Mapping[str, Configuration]
    steps: tuple[CaseStep, ...]
    shortened_from: str | None = None

    @property
    def title(self) -> str:
        """What it is about, in one line: scripts have it as a comment, which nothing may end."""
        if self.clause is None:
            return f"A sequence that {visible_line(self.target.name)} answered lawfully."
        return f"{self.clause}: {clause(self.clause).prose}"

    @property
    def left_out(self) -> str | None:
        """The first thing that the case does not hold, with its step, or None."""
        for number, step in enumerate(self.steps, 1):
            for term in terms_of(step):
                for leaf in leaves(term):
                    if isinstance(leaf, LeftOut):
                        return f"step {number} needs {leaf.why}, which no case holds"
        return None


def terms_of(step: CaseStep) -> tuple[Term, ...]:
    """What is sent in a step."""
    match step:
        case Asked(request=request):
            return (request,)
        case Message(target=target, body=body):
            return (target, body)
        case _:
            return ()


def sources(step: CaseStep) -> Iterator[Shown]:
    """The places in earlier replies that a step takes values from."""
    for term in terms_of(step):
        for leaf in leaves(term):
            if isinstance(leaf, Taken) and isinstance(leaf.source, Shown):
                yield leaf.source


def without_steps(case: Case, left_out: frozenset[int]) -> Case:
    """The case without the steps of these numbers; none of those that stay may need one of them."""
    kept = [number for number in range(1, len(case.steps) + 1) if number not in left_out]
    now = {number: place for place, number in enumerate(kept, 1)}
    steps = tuple(_renumbered(case.steps[number - 1], now) for number in kept)
    return replace(case, steps=steps)


def _renumbered(step: CaseStep, now: Mapping[int, int]) -> CaseStep:
    match step:
        case Asked(request=request):
            return replace(step, request=_moved_made(request, now))
        case Message(target=target, body=body):
            return replace(step, target=_moved(target, now), body=_moved(body, now))
        case _:
            return step


def _moved(term: Term, now: Mapping[int, int]) -> Term:
    match term:
        case Taken():
            return _moved_piece(term, now)
        case Joined(pieces):
            return Joined(tuple(_moved_piece(piece, now) for piece in pieces))
        case Made():
            return _moved_made(term, now)
        case _:
            return term


def _moved_made(made: Made, now: Mapping[int, int]) -> Made:
    return Made(made.kind, tuple((name, _moved(term, now)) for name, term in made.members))


def _moved_piece(piece: Piece, now: Mapping[int, int]) -> Piece:
    if isinstance(piece, Taken) and isinstance(piece.source, Shown):
        return replace(piece, source=replace(piece.source, step=now[piece.source.step]))
    return piece
