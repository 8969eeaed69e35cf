"""What earlier builds of the service did otherwise, each with the last day it was recorded.

A quirk widens a clause for recordings of its time; it never applies to the emulator or to a live
service. A row without a second sighting is a quirk and not a rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

__all__ = ["QUIRKS", "Quirk", "QuirkRow", "expected_on"]


class Quirk(Enum):
    """The deviations that recordings show."""

    GCM_IV_PADDED = "encrypt answers a 16-byte GCM iv: 12 bytes and four zero bytes"
    OCT_WITHOUT_SIZE_FAILS = "creating an oct key without key_size answers 500 UnknownError"
    OCTET_KEY_PAIRS = "OKP keys on Ed25519 exist, and EdDSA signs the value as sent"
    RESTORED_IS_EXPORTABLE = "a restored key shows exportable true, whatever it showed before"
    SHORT_POLICY_VERSION = "a release policy whose version has two numbers is refused as if without"
    AES_KEY_TYPE = "kty AES is taken for oct"


@dataclass(frozen=True, slots=True)
class QuirkRow:
    """A quirk, the last day (ISO 8601) that it may be from, and where it was seen.

    That day is the end of the year of the last sighting, or the day before the first recording that
    shows the service without it.
    """

    quirk: Quirk
    last_seen: str
    seen_in: str


QUIRKS: Final[tuple[QuirkRow, ...]] = (
    QuirkRow(Quirk.GCM_IV_PADDED, "2022-12-31", "azure-cli and azure-sdk-for-js, sessions of 2021"),
    QuirkRow(Quirk.OCT_WITHOUT_SIZE_FAILS, "2021-12-31", "azure-sdk-for-js, January 2021"),
    QuirkRow(Quirk.OCTET_KEY_PAIRS, "2024-12-31", "azure-sdk-for-js, api-version 7.4-preview.1"),
    QuirkRow(
        Quirk.RESTORED_IS_EXPORTABLE,
        "2023-10-31",
        "10 restores from 2021 to March 2023; two of November 2023 show it as it was",
    ),
    QuirkRow(
        Quirk.SHORT_POLICY_VERSION,
        "2022-12-31",
        "azure-sdk-for-js, api-version 7.4-preview.1, November 2022; earlier builds took it",
    ),
    QuirkRow(Quirk.AES_KEY_TYPE, "2022-12-31", "azure-sdk-for-js, kty AES with key_size 256"),
)


def expected_on(day: str | None) -> frozenset[Quirk]:
    """The quirks that a session recorded by `day` (ISO 8601) may show; all for None."""
    return frozenset(row.quirk for row in QUIRKS if day is None or day <= row.last_seen)
