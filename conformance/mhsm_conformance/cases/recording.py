"""From what a session sent to a case: values by where they came from, and no secrets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, Final, cast

from mhsm_conformance.cases.case import Asked, Case, CaseStep, Message, TargetContext
from mhsm_conformance.cases.provenance import Provenance, derived
from mhsm_conformance.cases.terms import (
    Clock,
    Joined,
    LeftOut,
    Made,
    SampleMember,
    Taken,
    Term,
    leaves,
)
from mhsm_conformance.steps import Lapse, Loss, Sent, Step
from mhsm_conformance.vectors.sample_keys import sample_key
from mhsm_model.base64url import encoded
from mhsm_model.configuration import Configuration
from mhsm_model.exchange import (
    Call,
    Credential,
    ImportKey,
    Malformed,
    NoOperation,
    RestoreKey,
    Unmodelled,
)
from mhsm_model.jwk import PRIVATE_MEMBERS, JsonWebKey
from mhsm_model.tables.key_types import CURVES, RSA_BITS
from mhsm_model.wire.http import HttpRequest
from mhsm_targets.protocol import TargetProfile

__all__ = ["SECRET_MEMBERS", "context_of", "recorded_case"]

_TIMES: Final = ("not_before", "expires")
_NEAR: Final = 366 * 86400
"""A time that is no further from the clock, in seconds, was reckoned from it."""

_RETURNED: Final = ("ciphertext", "signature")
"""Members that hold what an earlier reply gave."""

SECRET_MEMBERS: Final = (*PRIVATE_MEMBERS, "key_hsm")
"""Members of a key to import that no case holds, and no history."""

_NO_BLOB: Final = 64
"""What is shorter, in bytes, holds no key: it is no backup blob, whatever it was sent as."""

_SERIALS: Final = range(2)
_RSA_SAMPLES: Final = (1024, *RSA_BITS)


def context_of(name: str, profile: TargetProfile) -> TargetContext:
    """What a case tells of the target that has this name."""
    capabilities = tuple(sorted(capability.value for capability in profile.capabilities))
    return TargetContext(name, profile.evidence, profile.live, profile.staleness, capabilities)


def recorded_case(
    steps: Sequence[Step],
    clause: str | None,
    check: str | None,
    seed: int,
    target: TargetContext,
    instances: Mapping[str, Configuration],
    *,
    strict: bool,
) -> Case:
    """The case of the steps, the last of which broke the clause, if there is one."""
    known = Provenance()
    written: list[CaseStep] = []
    for number, step in enumerate(steps, 1):
        match step:
            case Lapse() | Loss():
                written.append(step)
            case Sent(call, reply, message):
                written.append(
                    _asked(call, known) if message is None else _by_hand(call, message, known)
                )
                known.send(call.request)
                known.see(reply, number)
    return Case(clause, check, seed, target, strict, dict(instances), tuple(written))


def _credential(call: Call) -> Credential:
    return call.credential if isinstance(call.credential, Credential) else Credential.TOKEN


def _asked(call: Call, known: Provenance) -> Asked:
    version = call.api_version if isinstance(call.api_version, str) else None
    writer = _Writer(known, call.time.earliest)
    return Asked(call.host, writer.made(call.request), _credential(call), version)


class _Writer:
    """Writes a request down; `now` is the target's clock when it was sent."""

    def __init__(self, known: Provenance, now: int) -> None:
        self._known = known
        self._now = now

    def made(self, value: Any) -> Made:
        if isinstance(value, JsonWebKey):
            return _key(value)
        members = tuple(
            (field.name, self._term(field.name, getattr(value, field.name)))
            for field in fields(value)
            if field.default is MISSING or getattr(value, field.name) != field.default
        )
        if isinstance(value, RestoreKey):
            members = (("blob", _blob(value.blob, self._known.value(value.blob))),)
        return Made(type(value).__name__, members)

    def _term(self, name: str, value: Any) -> Term:
        if is_dataclass(value):
            return self.made(value)
        if isinstance(value, str):
            return self._known.text(value)
        if isinstance(value, bytes):
            return self._known.value(value, returned=name in _RETURNED)
        if name in _TIMES and isinstance(value, int) and abs(value - self._now) <= _NEAR:
            return Clock(value - self._now)
        if isinstance(value, Mapping):
            return dict(cast("Mapping[str, str]", value))
        told: Term = value
        return told


def _blob(blob: bytes, term: Term) -> Term:
    shown = isinstance(term, Taken | Joined)
    # Nor is one byte over and over.
    plain = len(blob) < _NO_BLOB or len(set(blob)) == 1
    return term if shown or plain else LeftOut("a backup blob")


def _key(key: JsonWebKey) -> Made:
    """An imported key: what it shares with a sample by the sample, no private member in clear."""
    samples = tuple(_samples_like(key))
    members: list[tuple[str, Term]] = []
    for field in fields(key):
        value = getattr(key, field.name)
        if isinstance(value, bytes):
            members.append((field.name, _key_member(field.name, value, samples)))
        elif value is not None:
            members.append((field.name, value))
    return Made("JsonWebKey", tuple(members))


Sample = tuple[str, int, JsonWebKey]


def _key_member(name: str, value: bytes, samples: Sequence[Sample]) -> Term:
    for kind, serial, sample in samples:
        whole: bytes | None = getattr(sample, name)
        if whole is not None:
            found = derived(value, whole, SampleMember(kind, serial, name))
            if found is not None:
                return found
    return LeftOut("a private member of a key") if name in SECRET_MEMBERS else value


def _samples_like(key: JsonWebKey) -> Iterator[Sample]:
    """Samples that the key may be one of, or made of one; those that share a secret first."""
    found = [
        (kind, serial, sample_key(kind, serial)) for kind in _kinds(key) for serial in _SERIALS
    ]
    yield from sorted(found, key=lambda row: (row[2].d, row[2].k) != (key.d, key.k))


def _kinds(key: JsonWebKey) -> Iterator[str]:
    if key.k is not None:
        yield f"oct {8 * len(key.k)}"
    # A key may lack any of its members: that is what some checks are about.
    half = key.p or key.q or b""
    bits = 16 * len(half) if key.n is None else int.from_bytes(key.n).bit_length()
    if bits in _RSA_SAMPLES:
        yield f"RSA {bits}"
    if key.x is not None or key.y is not None:
        yield from (f"EC {curve}" for curve in CURVES)


def _by_hand(call: Call, sent: HttpRequest, known: Provenance) -> Message:
    headers = dict(sent.headers)
    announced = headers.pop("content-type", None)
    return Message(
        call.host,
        sent.method,
        # Put behind a host, what begins otherwise might name another: no case is read that has it.
        known.parts(sent.target) if sent.target.startswith("/") else LeftOut("an empty path"),
        _body(call, sent, known),
        _credential(call),
        announced,
        headers,
    )


def _body(call: Call, sent: HttpRequest, known: Provenance) -> Term:
    try:
        text = sent.body.decode()
    except UnicodeDecodeError:
        text = None
    request = call.request
    obscure = isinstance(request, Malformed | NoOperation | Unmodelled)
    key = request.key if isinstance(request, ImportKey) else JsonWebKey()
    secrets = tuple(_secrets(key))
    term: Term = sent.body if text is None else known.parts(text, secrets)
    plain = b"".join(
        leaf.encode() if isinstance(leaf, str) else leaf
        for leaf in leaves(term)
        if isinstance(leaf, str | bytes)
    )
    # A letter of a name may be escaped.
    named = rb"\u00" in sent.body or any(
        f'"{name}"'.encode() in sent.body for name in SECRET_MEMBERS
    )
    if isinstance(request, ImportKey):
        values = (getattr(key, name) for name in SECRET_MEMBERS)
        if any(value and encoded(value).encode() in plain for value in values):
            return LeftOut("a private member of a key")
    elif obscure and named:
        return LeftOut("a body that names private members")
    if _restores(call, sent) and len(plain) >= 2 * _NO_BLOB:
        return LeftOut("a backup blob")
    return term


def _secrets(key: JsonWebKey) -> Iterator[tuple[str, Taken]]:
    """The private members that are a sample's, as they stand in a body."""
    for kind, serial, sample in _samples_like(key):
        for name in PRIVATE_MEMBERS:
            value: bytes | None = getattr(sample, name)
            if value is not None and value == getattr(key, name):
                source = SampleMember(kind, serial, name)
                yield encoded(value), Taken(source, as_text=True)


def _restores(call: Call, sent: HttpRequest) -> bool:
    return isinstance(call.request, RestoreKey) or "restore" in sent.path.lower()
