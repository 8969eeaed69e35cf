"""What builds of a recording's time did otherwise, and the target need not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from mhsm_conformance.fidelity.comparison import Comparison, Difference
from mhsm_model.exchange import CreateKey, Encrypt, Request
from mhsm_model.revisions import LATEST_RECORDED
from mhsm_model.tables.quirks import Quirk
from mhsm_model.tables.release_policies import has_short_version

__all__ = ["excused", "is_of_an_old_build", "version_on"]

_VERSIONS: Final = (
    ("2021-06-30", "7.2"),
    ("2022-02-28", "7.3-preview"),
    ("2022-10-31", "7.3"),
    ("2023-10-31", "7.4"),
)
"""The newest api-version that recordings made up to a day (ISO 8601) were sent with."""


def version_on(day: str | None) -> str:
    """The api-version that a recording of that day, which shows none, may have been sent with."""
    if day is None:
        return LATEST_RECORDED
    found = (version for until, version in _VERSIONS if day <= until)
    return next(found, LATEST_RECORDED)


def _fails_for_want_of_a_size(request: Request) -> bool:
    return isinstance(request, CreateKey) and request.key_size is None


def _is_an_octet_key_pair(request: Request) -> bool:
    return isinstance(request, CreateKey) and (request.kty or "").startswith("OKP")


def _is_called_aes(request: Request) -> bool:
    return isinstance(request, CreateKey) and request.kty == "AES"


def _has_a_short_policy_version(request: Request) -> bool:
    policy = getattr(request, "release_policy", None)
    return policy is not None and has_short_version(policy.data)


_OUTCOMES: Final[Mapping[Quirk, Callable[[Request], bool]]] = {
    Quirk.OCT_WITHOUT_SIZE_FAILS: _fails_for_want_of_a_size,
    Quirk.OCTET_KEY_PAIRS: _is_an_octet_key_pair,
    Quirk.AES_KEY_TYPE: _is_called_aes,
    Quirk.SHORT_POLICY_VERSION: _has_a_short_policy_version,
}


def is_of_an_old_build(request: Request, quirks: frozenset[Quirk]) -> bool:
    """Whether one of the quirks explains that a request had another outcome."""
    return any(quirk in quirks and speaks(request) for quirk, speaks in _OUTCOMES.items())


def _is_by_quirk(request: Request, found: Difference, quirks: frozenset[Quirk]) -> bool:
    if found.place == "error.message":
        short = Quirk.SHORT_POLICY_VERSION in quirks
        return short and _has_a_short_policy_version(request)
    if found.place == "attributes.exportable":
        return Quirk.RESTORED_IS_EXPORTABLE in quirks and found.recorded == "True"
    padded = found.place == "iv" and isinstance(request, Encrypt)
    return padded and Quirk.GCM_IV_PADDED in quirks


def excused(request: Request, result: Comparison, quirks: frozenset[Quirk]) -> Comparison:
    """The comparison without the members that the quirks explain."""
    kept = tuple(d for d in result.members if not _is_by_quirk(request, d, quirks))
    told = None if len(kept) < len(result.members) else result.message
    return Comparison(result.outcome, kept, result.headers, told)
