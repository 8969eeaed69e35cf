"""Drawn cases: any steps with any values, links and pieces that a case can hold."""

from __future__ import annotations

from hypothesis import strategies as st

from mhsm_conformance.cases.case import Asked, Case, CaseStep, Message, TargetContext
from mhsm_conformance.cases.request_kinds import REQUESTS
from mhsm_conformance.cases.terms import (
    Clock,
    LeftOut,
    Made,
    SampleMember,
    Shown,
    Taken,
    Term,
    joined,
)
from mhsm_conformance.steps import Lapse, Loss
from mhsm_model.catalogue import catalogue
from mhsm_model.configuration import Configuration
from mhsm_model.exchange import Credential

HOSTS = ("hsm-a.managedhsm.azure.net", "hsm-b.managedhsm.azure.net")


def _run(letter: str, times: int, more: str) -> str:
    return letter * times + more


texts = st.text(max_size=12) | st.builds(
    _run,
    st.sampled_from("ag \n"),
    st.integers(60, 300),
    st.text(max_size=3),
)
octets = st.binary(max_size=40) | st.integers(60, 300).map(bytes)
ends = st.none() | st.integers(-40, 40)
samples = st.builds(
    SampleMember,
    st.sampled_from(("RSA 2048", "EC P-256", "oct 128")),
    st.integers(0, 1),
    st.sampled_from(("d", "k", "n", "x")),
)
flips = st.lists(st.tuples(st.integers(-9, 9), st.integers(1, 255)), max_size=3).map(tuple)


def taken(
    sources: st.SearchStrategy[Shown | SampleMember], *, in_text: bool
) -> st.SearchStrategy[Taken]:
    return st.builds(
        Taken, sources, ends, ends, flips, st.booleans() if in_text else st.just(False)
    )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Any case; links lead to earlier requests."""
    steps: list[CaseStep] = []
    answered: list[int] = []
    for number in range(1, draw(st.integers(0, 8)) + 1):
        step = draw(_steps(answered))
        steps.append(step)
        if isinstance(step, Asked | Message):
            answered.append(number)
    return Case(
        clause=draw(st.sampled_from([clause.identifier for clause in catalogue()])),
        check=draw(st.text(max_size=20)),
        seed=draw(st.integers()),
        target=draw(
            st.builds(
                TargetContext,
                st.text(max_size=9),
                st.sampled_from(("self", "live")),
                st.booleans(),
                st.integers(0, 600),
                st.sampled_from(((), ("clock", "losses"))),
            )
        ),
        strict=draw(st.booleans()),
        instances={host: draw(_configurations) for host in HOSTS},
        steps=tuple(steps),
        shortened_from=draw(st.none() | st.just("a.json")),
    )


_configurations = st.builds(
    Configuration,
    domain=st.none() | st.text(max_size=5),
    retention_days=st.integers(7, 90),
    purge_protection=st.booleans(),
    maximum_keys=st.integers(0, 9),
    page_size=st.integers(1, 9),
    api_versions=st.sampled_from((("7.4",), ("7.5", "7.6"))),
)


def _steps(answered: list[int]) -> st.SearchStrategy[CaseStep]:
    sources: st.SearchStrategy[Shown | SampleMember] = samples
    if answered:
        members = st.sampled_from(("kid.version", "value", "items.0.item.kid.version", "tag"))
        sources = samples | st.builds(Shown, st.sampled_from(answered), members)
    linked, bare = taken(sources, in_text=True), taken(sources, in_text=False)
    text = texts | linked | st.lists(texts | linked, min_size=1, max_size=4).map(joined)
    value = (
        octets
        | bare
        | st.lists(octets | bare, min_size=1, max_size=4).filter(any).map(joined)
        | st.builds(LeftOut, st.text(max_size=9))
    )
    hosts = st.sampled_from(HOSTS)
    credentials = st.sampled_from(Credential)
    return st.one_of(
        st.builds(Lapse, st.integers(0, 1 << 31)),
        st.builds(Loss, st.booleans()),
        st.builds(Asked, hosts, _made(text, value), credentials, st.none() | st.just("7.5")),
        st.builds(
            Message,
            hosts,
            st.sampled_from(("GET", "BREW")),
            st.text(max_size=9).map(lambda path: f"/{path}") | linked,
            text | value,
            credentials,
            st.none() | st.just("text/plain"),
            st.dictionaries(st.sampled_from(("x-a", "x-b")), st.just("c"), max_size=2),
        ),
    )


@st.composite
def _made(draw: st.DrawFn, text: st.SearchStrategy[Term], value: st.SearchStrategy[Term]) -> Made:
    kind = draw(st.sampled_from(sorted(REQUESTS)))
    members: list[tuple[str, Term]] = []
    for name, term in _terms(kind, text, value):
        if name in REQUESTS[kind].__dataclass_fields__:
            members.append((name, draw(term)))
    order = list(REQUESTS[kind].__dataclass_fields__)
    return Made(kind, tuple(sorted(members, key=lambda row: order.index(row[0]))))


def _attributes(start: Term, on: bool) -> Made:
    return Made("RequestedAttributes", (("enabled", on), ("not_before", start)))


def _key(kty: Term, secret: Term) -> Made:
    return Made("JsonWebKey", (("kty", kty), ("k", secret)))


def _terms(
    kind: str, text: st.SearchStrategy[Term], value: st.SearchStrategy[Term]
) -> list[tuple[str, st.SearchStrategy[Term]]]:
    attributes: st.SearchStrategy[Term] = st.builds(
        _attributes,
        st.integers() | st.builds(Clock, st.integers()),
        st.booleans(),
    )
    key: st.SearchStrategy[Term] = st.builds(_key, text, value)
    return [
        *((name, text) for name in ("name", "kty", "version", "continuation", "algorithm")),
        *((n, value) for n in ("digest", "signature", "plaintext", "ciphertext", "iv", "blob")),
        ("count", st.integers()),
        ("attributes", attributes),
        ("key", key),
        ("key_ops", st.lists(st.text(max_size=5), max_size=3).map(tuple)),
        ("tags", st.none() | st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2)),
    ]
