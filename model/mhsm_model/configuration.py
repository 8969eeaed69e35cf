"""What an HSM instance is configured with; tests change limits here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mhsm_model.revisions import REVISIONS
from mhsm_model.tables.clouds import PUBLIC
from mhsm_model.tables.quirks import Quirk
from mhsm_model.unknown import UNKNOWN, Unknown

__all__ = ["Configuration"]


_AUTHORITY: Final = f"https://{PUBLIC.authority_host}/00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class Configuration:
    """The settings of one instance; the defaults are the service's own.

    `authority` is the URL that challenges send callers to for a token. `retention_days` is between
    7 and 90 and fixed at creation; UNKNOWN until a reply tells. `purge_settles_at_once` is False
    for a service whose purge other replicas see later. `clock_skew` is the doubt about the
    service's clock in seconds, `quirks` the deviations of earlier builds that are to be expected.
    `domain` names a security domain that instances share; None is a domain of the instance's own.
    """

    domain: str | Unknown | None = None
    authority: str | Unknown = _AUTHORITY
    retention_days: int | Unknown = 90
    purge_protection: bool | Unknown = False
    maximum_keys: int = 5000
    maximum_versions: int = 100
    maximum_tags: int = 15
    page_size: int = 25
    api_versions: tuple[str, ...] = REVISIONS
    purge_settles_at_once: bool = True
    clock_skew: int = 0
    quirks: frozenset[Quirk] = frozenset()

    def __post_init__(self) -> None:
        if self.retention_days is not UNKNOWN and not 7 <= self.retention_days <= 90:
            raise ValueError(f"retention is 7 to 90 days, not {self.retention_days}")

    @property
    def recovery_level(self) -> str | None:
        """The `recoveryLevel` that keys report, or None where the configuration is not known.

        Source: REST specification, DeletionRecoveryLevel; recorded for the Purgeable column.
        """
        if self.retention_days is UNKNOWN or self.purge_protection is UNKNOWN:
            return None
        base = "Recoverable" if self.retention_days == 90 else "CustomizedRecoverable"
        return base if self.purge_protection else f"{base}+Purgeable"
