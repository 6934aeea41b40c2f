"""Times, dates and zones as arguments: each is read, or refused with a ValueError that says what would be right."""

from __future__ import annotations

import re
from datetime import date, datetime
from difflib import get_close_matches
from functools import cache
from typing import Final
from zoneinfo import available_timezones

from ..message import utc

_LONGEST_ECHO: Final = 40  # characters of a refused value
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_CLOCK: Final = re.compile(r"(?P<hour>\d{1,2}):(?P<minute>\d{2})", re.ASCII)


def instant(text: str) -> str:
    """Take an ISO 8601 time with a zone, and give it as LinkTime writes it: UTC, with milliseconds and Z."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise _refused(text, "should be a time that exists, such as 2026-03-01T14:00:00Z") from None
    if time.tzinfo is None:
        raise _refused(text, "needs a zone, such as 2026-03-01T14:00:00Z or 2026-03-01T09:00:00-05:00")
    try:
        return utc(time)
    except OverflowError:
        raise _refused(text, "is outside the calendar") from None


def day(text: str) -> str:
    """Take a date that exists, as YYYY-MM-DD."""
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text).isoformat()
    except ValueError:
        raise _refused(text, "is a date that does not exist") from None
    raise _refused(text, "should be a date, such as 2026-03-01")


def clock(text: str) -> str:
    """Take a time of day from 00:00 to 23:59, as HH:MM; 24:00 is none, since LinkTime's documents know none."""
    found = _CLOCK.fullmatch(text)
    if found is None or int(found["hour"]) > 23 or int(found["minute"]) > 59:
        raise _refused(text, "should be a time of day from 00:00 to 23:59, such as 09:30")
    return text.zfill(5)


def zone(text: str) -> str:
    """Take an IANA zone, by its exact name."""
    if text in _zones():
        return text
    near = get_close_matches(text, _zones(), 1, cutoff=0.8)
    raise _refused(text, f"should be an IANA zone, such as {near[0] if near else 'America/New_York'}")


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _refused(text: str, why: str) -> ValueError:
    return ValueError(f"{why} (got {text[:_LONGEST_ECHO]!r})")
