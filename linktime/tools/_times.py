"""Times, dates and zones as arguments: each is read, or refused with a ValueError that says what would be right."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from functools import cache
from itertools import count
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

from pydantic import ValidationInfo

from ..message import utc
from ..wallclock import choices, unclear, zone_named

_LONGEST_ECHO: Final = 40  # characters of a refused value
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MINUTE: Final = timedelta(minutes=1)
_CLOCK: Final = re.compile(r"(?P<hour>\d{1,2}):(?P<minute>\d{2})", re.ASCII)


def instant(text: str, info: ValidationInfo) -> str:
    """Take an ISO 8601 time with a zone, and give it as LinkTime writes it: UTC, with milliseconds and Z.

    One without is refused with what it would be in each of the context's `zones`.
    """
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise _refused(text, "should be a time that exists, such as 2026-03-01T14:00:00Z") from None
    try:
        if time.tzinfo is None:
            raise _refused(text, f"needs a zone{_told(text, time, info.context or {})}")
        return utc(time)
    except OverflowError:
        raise _refused(text, "is outside the calendar") from None


def _told(text: str, time: datetime, context: Mapping[str, Any]) -> str:
    zones = context.get("zones", ()) if len(text) > len("2026-03-01") else ()
    told = "; ".join(_in(zone, time) for zone in zones)
    return f": {told}" if told else ", such as 2026-03-01T14:00:00Z or 2026-03-01T09:00:00-05:00"


def _in(zone: ZoneInfo, time: datetime) -> str:
    meant = " or ".join(each.isoformat() for each in choices(time, zone))
    fault = unclear(time, zone)
    return f"{meant} in {zone}" + (f", where it {fault}" if fault else "")


def zones_of(arguments: Mapping[str, Any], account: ZoneInfo | None) -> list[ZoneInfo]:
    """Collect the zones that a time without one may be meant in: the account's, and those among the arguments."""
    named = [zone_named(value) for name, value in arguments.items() if name.lower().endswith("timezone")]
    return list(dict.fromkeys(zone for zone in (account, *named) if zone))


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


def not_once(day: str, clock: str, zone: ZoneInfo) -> str | None:
    """Tell that a clock in *zone* never shows this time on this day, or twice, and which times near it are clear."""
    time = datetime.fromisoformat(f"{day}T{clock}")
    fault = unclear(time, zone)
    if fault is None:
        return None
    near = [_clear(time, zone, step) for step in (-_MINUTE, _MINUTE)]
    choice = " or ".join(f"{each:%H:%M}" for each in near if each.date() == time.date())
    return f"{clock} {fault} on {day} in {zone}, where the clocks change; take {choice or 'another day'}"


def _clear(time: datetime, zone: ZoneInfo, step: timedelta) -> datetime:
    return next(each for n in count(1) if not unclear(each := time + n * step, zone))


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
