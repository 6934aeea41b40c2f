"""Clocks on a wall: what they show at an instant, and which instants they may mean."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MINUTES: Final = len("2026-12-01 10:00")


def zone_named(name: object) -> ZoneInfo | None:
    """Find an IANA zone; None if *name* is not the name of one."""
    try:
        return ZoneInfo(name) if isinstance(name, str) else None
    except (KeyError, OSError, ValueError):
        return None


def shown(instant: datetime, zone: tzinfo) -> str:
    """Write an instant as it is read in *zone*: Tue 2026-12-01 10:00 -05:00.

    Raises OverflowError within a day of the ends of time.
    """
    time = instant.astimezone(zone)
    text = time.isoformat(" ", "minutes")
    return f"{_DAYS[time.weekday()]} {text[:_MINUTES]} {text[_MINUTES:]}"


def choices(wall: datetime, zone: tzinfo) -> list[datetime]:
    """Read what a clock in *zone* shows: one time as a rule, two where *wall* exists twice or not at all.

    Both are times that exist. Where *wall* does not, they are as far before and after the jump as it is beyond it.
    """
    read = [wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
    return [instant.astimezone(zone) for instant in sorted(set(read))]


def unclear(wall: datetime, zone: tzinfo) -> str | None:
    """Tell in words why *wall* is not one time in *zone*; None if it is."""
    try:
        found = choices(wall, zone)
    except OverflowError:  # no clocks change at the ends of time
        return None
    if len(found) == 1:
        return None
    return "exists twice" if found[0].replace(tzinfo=None) == wall else "does not exist"
