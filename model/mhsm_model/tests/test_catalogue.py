"""Clauses: identifiers, prose, sources, and that each one is used."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

import pytest

import mhsm_model.acceptor
import mhsm_model.staleness
from mhsm_model.catalogue import catalogue, clause
from mhsm_model.clauses import Basis, Clause, Kind, Level, declare
from mhsm_model.operations import OPERATIONS
from mhsm_model.revisions import is_known
from mhsm_model.sources import REST
from mhsm_model.wire.judge import WIRE_RULES

IDENTIFIER: Final = re.compile(r"[A-Z]+-[0-9]{3}")
VERBS: Final = frozenset(
    [
        "Answer",
        "Authenticate",
        "Bring",
        "Carry",
        "Challenge",
        "Create",
        "Decrypt",
        "Enable",
        "Encrypt",
        "End",
        "Fill",
        "Generate",
        "Give",
        "Ignore",
        "Keep",
        "Leave",
        "List",
        "Make",
        "Name",
        "Pad",
        "Purge",
        "Refuse",
        "Replace",
        "Send",
        "Set",
        "Show",
        "Sign",
        "Unwrap",
        "Use",
        "Wrap",
        "Write",
    ]
)


def clauses_of_operations() -> Iterator[Clause]:
    for row in OPERATIONS:
        yield from (guard.clause for guard in row.guards)
        yield from (ensure.clause for ensure in row.ensures)


@pytest.mark.parametrize("row", catalogue(), ids=lambda row: row.identifier)
def test_a_clause_is_one_imperative_sentence(row: Clause) -> None:
    assert row.prose.split()[0] in VERBS
    assert row.prose.endswith(".")
    assert ". " not in row.prose.removesuffix(".")
    assert "\n" not in row.prose
    assert "  " not in row.prose


@pytest.mark.parametrize("row", catalogue(), ids=lambda row: row.identifier)
def test_a_clause_has_an_identifier_and_sources(row: Clause) -> None:
    assert IDENTIFIER.fullmatch(row.identifier)
    assert row.identifier.startswith(f"{row.area}-")
    assert row.sources
    assert all(source.name and source.place for source in row.sources)
    assert len(set(row.sources)) == len(row.sources)


@pytest.mark.parametrize("row", catalogue(), ids=lambda row: row.identifier)
def test_level_basis_and_kind_go_together(row: Clause) -> None:
    recorded = any(source.name == "Recorded service" for source in row.sources)
    standard = any(source.name.startswith(("RFC", "NIST")) for source in row.sources)
    if row.basis is Basis.OBSERVED:
        assert recorded
    if row.basis is Basis.DOCUMENTED:
        assert any(source.name != "Recorded service" for source in row.sources)
    if row.kind is Kind.QUESTION:
        assert row.level is Level.OPEN
    if row.kind is Kind.GUARD:
        assert row.level is not Level.OPEN
    if row.kind is Kind.CHOICE:
        assert row.level is Level.MAY
    if row.kind is Kind.WIRE:
        assert row.demands
    if row.basis is Basis.STANDARD:
        assert standard or row.identifier == "KEY-204"
    assert row.demands == (row.level in (Level.MUST, Level.SHOULD))


@pytest.mark.parametrize("row", catalogue(), ids=lambda row: row.identifier)
def test_a_clause_holds_between_revisions_of_the_table(row: Clause) -> None:
    assert row.since is None or is_known(row.since)
    assert row.until is None or is_known(row.until)


def test_identifiers_are_unique_and_in_order() -> None:
    names = [row.identifier for row in catalogue()]
    assert names == sorted(set(names))
    assert not [name for name, count in Counter(names).items() if count > 1]


def test_no_two_clauses_say_the_same() -> None:
    told = Counter(row.prose for row in catalogue())
    assert not [prose for prose, count in told.items() if count > 1]


def test_every_clause_is_used() -> None:
    used = {*clauses_of_operations(), *(rule.clause for rule in WIRE_RULES)}
    for module in (mhsm_model.acceptor, mhsm_model.staleness):
        used |= {value for value in vars(module).values() if isinstance(value, Clause)}
    assert [row.identifier for row in catalogue() if row not in used] == []


def test_every_rule_of_a_table_is_in_the_catalogue() -> None:
    for found in {*clauses_of_operations(), *(rule.clause for rule in WIRE_RULES)}:
        assert clause(found.identifier) is found


def test_the_kind_of_a_clause_is_that_of_the_table_it_stands_in() -> None:
    for row in OPERATIONS:
        assert {rule.clause.kind for rule in row.guards} <= {Kind.GUARD, Kind.QUESTION}
        assert {rule.clause.kind for rule in row.ensures} <= {Kind.POSTCONDITION, Kind.FRAME}
    assert {rule.clause.kind for rule in WIRE_RULES} == {Kind.WIRE}


def test_an_identifier_that_is_taken_cannot_be_declared_again() -> None:
    with pytest.raises(ValueError, match="KEY-001 is declared twice"):
        declare(
            "KEY-001",
            "Answer.",
            level=Level.MUST,
            basis=Basis.DOCUMENTED,
            sources=(REST,),
            kind=Kind.GUARD,
        )


def test_an_identifier_that_nothing_has_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        clause("KEY-999")
