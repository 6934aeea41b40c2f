"""Times in the format of the API: UTC with milliseconds and Z."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def stamp(instant: datetime) -> str:
    """Format an instant. The texts sort in the order of time."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def instant(text: str) -> datetime:
    """Parse the format of `stamp`."""
    return datetime.fromisoformat(text)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the start of *day* in *zone*, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def since(bound: date | datetime, zone: ZoneInfo) -> str:
    """Return the first instant in a range that starts with `from`, as a stamp."""
    return stamp(bound if isinstance(bound, datetime) else midnight(bound, zone))


def until(bound: date | datetime, zone: ZoneInfo) -> str:
    """Return the first instant after a range that ends with `to`, as a stamp. A date includes its whole day."""
    if isinstance(bound, datetime):
        return stamp(bound + timedelta(milliseconds=1))
    return stamp(midnight(bound + timedelta(days=1), zone))
