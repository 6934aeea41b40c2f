"""Instants as arguments: each is returned in its normal form, or refused with a ValueError."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import ValidationInfo

from ..wallclock import choices, unclear, utc
from ._clocks import WEEKDAYS, weekday_number
from ._refusals import refused
from .zones import known_zone, zone

_EXAMPLE: Final = "2026-03-01"  # if today's date is not known
_MINUTE: Final = timedelta(minutes=1)
_SECOND: Final = timedelta(seconds=1)
_MINUS: Final = "\u2212"  # the sign of offsets in ISO 8601
_INSTANT: Final = re.compile(
    r"((?P<weekday>[A-Za-z]{3,9})\.?,?\s+)?(?P<time>\d[^\[\]]*?)(\s*\[!?(?P<bracketed>[^\[\]]+)\]|\s+(?P<zone>[A-Za-z]\S+))?",
    re.ASCII,
)
_BEFORE_OFFSET: Final = re.compile(r"\s+(?=[+-]|[Zz]$)")
_LEAP_SECOND: Final = re.compile(r"(?<=:59):60")


def instant(text: str, info: ValidationInfo) -> str:
    """Return a time with an offset or a zone as LinkTime writes it: UTC, with milliseconds and Z.

    The error for a time without a zone shows the time in each of the context's `zones`.
    """
    time, context = read(text), info.context or {}
    if time is None:
        raise refused(
            text, f"should be a time that exists, with its date and offset, such as {example(context)}T14:00:00Z"
        )
    try:
        if time.tzinfo is None:
            raise refused(text, f"needs a zone{_in_zones(text, time, context)}")
        return utc(time)
    except OverflowError:
        raise refused(text, "is outside the calendar") from None


def example(context: Mapping[str, Any]) -> str:
    """Return a date for an error message: today's, if the context has the time `now`."""
    now = context.get("now")
    return f"{now.astimezone(context.get('account') or UTC):%Y-%m-%d}" if now else _EXAMPLE


def read(text: str) -> datetime | None:
    """Return the time in *text*, or None if it has none. The time has no offset if the text has no zone.

    1. RFC 3339, and ISO 8601 as Python reads it
    2. a zone after it, in brackets or after a blank: an offset before it must agree
    3. a weekday before it, as in `startTimeLocal`: it must agree
    """
    match = _INSTANT.fullmatch(text.strip().replace(_MINUS, "-"))
    time = _iso(match["time"]) if match else None
    if match is None or time is None:
        return None
    if name := match["bracketed"] or match["zone"]:
        known = known_zone(name) or ""
        if not (match["bracketed"] or "/" in name or "/" in known or known in {"UTC", "GMT"}):
            return None  # an abbreviation
        time = _in_zone(text, time, ZoneInfo(zone(name)))
    if match["weekday"]:
        return time if _on_weekday(text, time.date(), match["weekday"]) else None
    return time


def _iso(text: str) -> datetime | None:
    text = _BEFORE_OFFSET.sub("", text).upper()
    try:
        time = datetime.fromisoformat(_LEAP_SECOND.sub(":59", text))
        if not _LEAP_SECOND.search(text):
            return time
        # RFC 3339 has leap seconds, but only at the end of a day in UTC.
        later = time + _SECOND
        return later if time.tzinfo and f"{later.astimezone(UTC):%H:%M:%S}" == "00:00:00" else None
    except (OverflowError, ValueError):
        return None


def _in_zone(text: str, time: datetime, zone: ZoneInfo) -> datetime:
    """Return a time in the zone that is named after it."""
    try:
        meant = choices(time.replace(tzinfo=None), zone)
    except OverflowError:
        raise refused(text, "is outside the calendar") from None
    if time.tzinfo is None:
        if fault := unclear(time, zone):
            raise refused(text, f"{fault} in {zone}. Send {_either(meant)}")
        return meant[0]
    if time.utcoffset() != time.astimezone(zone).utcoffset():
        raise refused(text, f"can mean {_either([time, *meant])}, because {zone} has another offset. Send one of them")
    return time


def _either(times: Iterable[datetime]) -> str:
    return " or ".join(each.isoformat() for each in times)


def _on_weekday(text: str, day: date, weekday: str) -> bool:
    """Return whether *weekday* names a weekday, which must be that of *day*."""
    number = weekday_number(weekday)
    if number is None:
        return False
    if ahead := (number - day.isoweekday()) % 7:
        near = date.fromordinal(max(1, day.toordinal() + (ahead if ahead <= 3 else ahead - 7)))
        is_other = f"{day} is a {WEEKDAYS[day.isoweekday() % 7]}, and the nearest {WEEKDAYS[number]} is {near}"
        raise refused(text, f"has two meanings: {is_other}. Send one of them without the weekday")
    return True


def _in_zones(text: str, time: datetime, context: Mapping[str, Any]) -> str:
    # A date without a time is not shown in zones: its midnight is rarely meant.
    zones = context.get("zones", ()) if ":" in text else ()
    meanings = "; ".join(_in(zone, time) for zone in zones)
    day = example(context)
    return f": {meanings}" if meanings else f", such as {day}T14:00:00Z or {day}T09:00:00-05:00"


def _in(zone: ZoneInfo, time: datetime) -> str:
    fault = unclear(time, zone)
    return f"{_either(choices(time, zone))} in {zone}" + (f", where it {fault}" if fault else "")


def not_once(day: str, clock: str, zone: ZoneInfo) -> str | None:
    """Return an error if clocks in *zone* show this time never or twice on this day. It names unambiguous times."""
    time = datetime.fromisoformat(f"{day}T{clock}")
    fault = unclear(time, zone)
    if fault is None:
        return None
    # The closest unambiguous times before and after it, if they are on the same day.
    near = [_clear(time, zone, step) for step in (-_MINUTE, _MINUTE)]
    choice = " or ".join(f"{each:%H:%M}" for each in near if each.date() == time.date())
    return f"{clock} {fault} on {day} in {zone}, where the clocks change; take {choice or 'another day'}"


def _clear(time: datetime, zone: ZoneInfo, step: timedelta) -> datetime:
    return next(each for n in count(1) if not unclear(each := time + n * step, zone))
