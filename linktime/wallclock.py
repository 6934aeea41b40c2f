"""Wall-clock times: the local time of an instant, and the instants that a local time can mean."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")  # in every locale
_MINUTES: Final = len("2026-12-01 10:00")


def zone_named(name: object) -> ZoneInfo | None:
    """Return the IANA zone called *name*, or None if there is none."""
    try:
        return ZoneInfo(name) if isinstance(name, str) else None
    except (KeyError, OSError, ValueError):
        return None


def utc(time: datetime) -> str:
    """Return a time as LinkTime writes it: UTC, with milliseconds and Z."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def formatted(instant: datetime, zone: tzinfo) -> str:
    """Format an instant in *zone*: Tue 2026-12-01 10:00 -05:00.

    Raises:
        OverflowError: The instant is within a day of the first or the last representable time.
    """
    time = instant.astimezone(zone)
    text = time.isoformat(" ", "minutes")
    return f"{_DAYS[time.weekday()]} {text[:_MINUTES]} {text[_MINUTES:]}"


def choices(wall: datetime, zone: tzinfo) -> list[datetime]:
    """Return the times that the local time *wall* can mean in *zone*, in order.

    1. It occurs once: that time.
    2. It occurs twice, because the clocks go back: both times.
    3. It does not occur, because the clocks go forward: two times, as far from *wall* as the clocks jump.
    """
    instants = [wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
    return [instant.astimezone(zone) for instant in sorted(set(instants))]


def unclear(wall: datetime, zone: tzinfo) -> str | None:
    """Return the reason why *wall* is ambiguous in *zone*, as a phrase, or None if it occurs exactly once."""
    try:
        times = choices(wall, zone)
    except OverflowError:  # no clocks change at the first and the last representable time
        return None
    if len(times) == 1:
        return None
    return "exists twice" if times[0].replace(tzinfo=None) == wall else "does not exist"
