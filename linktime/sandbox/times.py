"""Times as the API writes them: UTC, with milliseconds and Z."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def stamp(instant: datetime) -> str:
    """Write an instant; what is written sorts as it follows in time."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def instant(text: str) -> datetime:
    """Read what `stamp` wrote."""
    return datetime.fromisoformat(text)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return when *day* begins in *zone*, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def since(bound: date | datetime, zone: ZoneInfo) -> str:
    """Write the first instant that a `from` lets in."""
    return stamp(bound if isinstance(bound, datetime) else midnight(bound, zone))


def until(bound: date | datetime, zone: ZoneInfo) -> str:
    """Write the first instant that a `to` shuts out: a date is in with its whole day."""
    if isinstance(bound, datetime):
        return stamp(bound + timedelta(milliseconds=1))
    return stamp(midnight(bound + timedelta(days=1), zone))
