"""Readers for times: dates, instants, time zones, and windows of local time."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from itertools import pairwise
from operator import itemgetter
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .readers import Reader, integer, matching, record, text

_YEARS: Final = range(2000, 2101)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:?\d\d)", re.ASCII)
_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00", re.ASCII)

clock = matching(_CLOCK, "a time as HH:MM")
_day = matching(_DAY, "a date as YYYY-MM-DD")
_instant = matching(_INSTANT, "a time as 2026-03-01T14:00:00.000Z, with its zone")


def day(value: Any) -> date:
    """Read a date of the calendar."""
    date_ = date.fromisoformat(_day(value))
    if date_.year not in _YEARS:
        raise ValueError(f"must be in {_YEARS[0]} to {_YEARS[-1]}")
    return date_


def instant(value: Any) -> datetime:
    """Read a time with an offset. Return it in UTC."""
    time = datetime.fromisoformat(_instant(value).upper())
    if time.year not in _YEARS:
        raise ValueError(f"must be in {_YEARS[0]} to {_YEARS[-1]}")
    return time.astimezone(UTC)


def bound(value: Any) -> date | datetime:
    """Read an end of a date range: a date, or a time with an offset."""
    return day(value) if isinstance(value, str) and _DAY.fullmatch(value) else instant(value)


def zone(value: Any) -> str:
    """Read the name of an IANA time zone."""
    try:
        return ZoneInfo(text(64)(value)).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("must be an IANA time zone such as Europe/Berlin") from None


def hours(value: Any) -> dict[str, Any]:
    """Read a window of local time on a weekday. 0 is Sunday."""
    readers = {"dayOfWeek": integer(0, 6), "startTime": clock, "endTime": clock}
    window: dict[str, Any] = record(readers, readers)(value)
    if window["startTime"] >= window["endTime"]:
        raise ValueError("startTime must be before endTime")
    return window


def apart(windows: Reader) -> Reader:
    """Read windows that do not overlap on any weekday."""

    def read(value: Any) -> list[dict[str, Any]]:
        parsed: list[dict[str, Any]] = windows(value)
        for one, other in pairwise(sorted(parsed, key=itemgetter("dayOfWeek", "startTime"))):
            if one["dayOfWeek"] == other["dayOfWeek"] and other["startTime"] < one["endTime"]:
                raise ValueError(f"must not overlap on day {one['dayOfWeek']}")
        return parsed

    return read
