"""The state as text: what the specification knows of every key of an instance."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from mhsm_model.alternatives import factor_at
from mhsm_model.key import Key, KeyVersion
from mhsm_model.material import Material
from mhsm_model.moments import FOREVER, Interval
from mhsm_model.state import Absent, Deleted, Entry, Estate
from mhsm_model.tables.lifecycle import DAY_SECONDS
from mhsm_model.unknown import UNKNOWN
from mhsm_reports.render.visible_text import visible

__all__ = ["hanging", "key_lines", "moment_text", "state_text"]

_LATEST: Final = 253_402_300_799
"""The last second of the year 9999, beyond which there are no dates."""


def state_text(estate: Estate, host: str, now: int) -> Iterator[RenderableType]:
    """All keys of the instance, and what is known of the instance itself."""
    instance = estate.instances[host]
    told = instance.configuration
    yield Text.assemble((host, "bold"), f"  {moment_text(now)}")
    days = "unknown" if told.retention_days is UNKNOWN else f"{told.retention_days} days"
    purges = "whether they can be purged is unknown"
    if told.purge_protection is not UNKNOWN:
        purges = "cannot be purged" if told.purge_protection else "can be purged"
    yield Text(f"  deleted keys stay {days}, and {purges}", "dim")
    if not instance.fresh:
        yield Text("  it was there before us: it may have other keys too", "dim")
    if not instance.factors:
        yield Text("  no keys")
    for name in sorted(instance.factors):
        for line in key_lines(estate, host, name):
            yield hanging(line, "  ")


def hanging(line: str, mark: str, style: str = "") -> Table:
    """A line after a mark; what does not fit goes on below its beginning."""
    text = line.lstrip(" ")
    grid = Table.grid()
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(Text(mark + " " * (len(line) - len(text)), style), Text(text, style))
    return grid


def key_lines(estate: Estate, host: str, name: str) -> list[str]:
    """What may be at a name: a line for each alternative, and one for each version of it."""
    instance = estate.instances[host]
    entries = factor_at(instance, name).entries
    days = instance.configuration.retention_days
    retention = None if days is UNKNOWN else days * DAY_SECONDS
    lines: list[str] = []
    for order, entry in enumerate(entries):
        either = "" if len(entries) == 1 else ("either " if order == 0 else "or ")
        lines.append(f"{visible(name)}: {either}{_standing(entry, retention)}")
        if not isinstance(entry, Absent):
            lines += _versions(estate, entry.key)
    return lines


def _standing(entry: Entry, retention: int | None) -> str:
    if isinstance(entry, Absent):
        return "absent"
    if not isinstance(entry, Deleted):
        return "active"
    told = f"deleted {_interval(entry.deleted)}"
    if retention is not None and _is_near(entry.deleted):
        told += f", purged {moment_text(entry.deleted.latest + retention)}"
    return told


def _versions(estate: Estate, key: Key) -> Iterator[str]:
    for place, version in enumerate(key.versions):
        is_current = key.headed and place == len(key.versions) - 1
        yield f"  {version.version or 'a version not seen'}{' (current)' if is_current else ''}"
        yield f"    {', '.join(_properties(version, estate.materials.get(version.material)))}"
    if not key.complete:
        yield "  and perhaps versions that nobody has seen"


def _properties(version: KeyVersion, material: Material | None) -> Iterator[str]:
    if material is not None:
        yield str(material.kind)
        yield material.knowledge.name.lower()
    if version.enabled is not UNKNOWN:
        yield "enabled" if version.enabled else "disabled"
    if version.key_ops is not UNKNOWN:
        permitted = version.key_ops
        yield "may " + (" ".join(sorted(permitted)) or "nothing") if permitted else "no key_ops"
    for word, moment in (("from", version.not_before), ("until", version.expires)):
        if isinstance(moment, int):
            yield f"{word} {moment_text(moment)}"
    yield from _marks(version, material)


def _marks(version: KeyVersion, material: Material | None) -> Iterator[str]:
    if version.exportable is True:
        yield "exportable"
    tags: Any = version.tags
    if tags is not UNKNOWN and tags:
        yield "tags " + visible(" ".join(f"{name}={value}" for name, value in sorted(tags.items())))
    if material is not None and material.facts:
        yield f"{len(material.facts)} points of its function known"


def _is_near(interval: Interval) -> bool:
    """Whether it is so short that it may be told by its end: clocks tell whole seconds."""
    return interval.latest - interval.earliest <= 1


def _interval(interval: Interval) -> str:
    if _is_near(interval):
        return moment_text(interval.latest)
    if interval.latest >= FOREVER:
        return "some time ago"
    return f"between {moment_text(interval.earliest)} and {moment_text(interval.latest)}"


def moment_text(moment: int) -> str:
    """A time in seconds as a date."""
    if not 0 <= moment <= _LATEST:
        return str(moment)
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
