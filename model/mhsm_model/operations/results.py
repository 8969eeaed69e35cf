"""What every cryptographic result shows, and what using a version tells of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mhsm_model.clauses import Basis
from mhsm_model.exchange import OperationResult, Verification
from mhsm_model.findings import HELD, VACUOUS, Finding, Mismatch, expect
from mhsm_model.identifiers import KeyIdentifier, is_version
from mhsm_model.operations.permission import Cryptographic
from mhsm_model.rules import postcondition
from mhsm_model.situation import Situation
from mhsm_model.sources import RECORDED_CLI, RECORDED_JS, RECORDED_PYTHON, REST
from mhsm_model.state import Active, Entry

__all__ = [
    "learnt_by_use",
    "result_names_algorithm",
    "result_names_version",
    "verification_names_version",
]

_RECORDED = (RECORDED_PYTHON, RECORDED_CLI, RECORDED_JS)


def _kid_finding(s: Situation[Cryptographic], kid: KeyIdentifier) -> Finding:
    version = s.version
    wanted = version.version if version is not None else None
    here = kid.host == s.host
    named = kid.name == s.name and kid.collection == "keys"
    if not named or not is_version(kid.version or "") or not here:
        return Mismatch(f"{s.identifier}/{wanted or '<version>'}", str(kid))
    if wanted is None:
        key = s.key
        taken = key is not None and key.place_of(kid.version or "") is not None
        return Mismatch("a version that no other has", str(kid)) if taken else VACUOUS
    return expect(kid.version == wanted, f"version {wanted}", kid.version)


@postcondition("ALG-012", basis=Basis.OBSERVED, sources=(*_RECORDED, REST))
def result_names_version(s: Situation[Cryptographic], reply: OperationResult, /) -> Finding:
    """Name in every cryptographic result the version that was used, by its kid."""
    return _kid_finding(s, reply.kid)


@postcondition("ALG-211", basis=Basis.OBSERVED, sources=_RECORDED)
def result_names_algorithm(s: Situation[Cryptographic], reply: OperationResult, /) -> Finding:
    """Name in every cryptographic result the algorithm of the request."""
    asked = s.request.algorithm
    return expect(reply.algorithm == asked, f"alg {asked}", f"alg {reply.algorithm}")


@postcondition("ALG-212", basis=Basis.OBSERVED, sources=(RECORDED_JS,))
def verification_names_version(s: Situation[Cryptographic], reply: Verification, /) -> Finding:
    """Name in the answer to verify the version and the algorithm used."""
    if reply.kid is None or reply.algorithm is None:
        return Mismatch("members kid and alg", "not both")
    if reply.algorithm != s.request.algorithm:
        return Mismatch(f"alg {s.request.algorithm}", f"alg {reply.algorithm}")
    finding = _kid_finding(s, reply.kid)
    return HELD if finding is VACUOUS else finding


def learnt_by_use(s: Situation[Any], kid: KeyIdentifier) -> Entry:
    """The entry once a result has named the version used: it may be one not seen before."""
    version, key = s.version, s.active
    if version is None or key is None or s.place is None or version.version is not None:
        return s.entry
    return Active(key.with_version(s.place, replace(version, version=kid.version)))
