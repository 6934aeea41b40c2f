"""Times, dates and zones as arguments: each is returned in its normal form, or refused with a ValueError."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import cache
from itertools import count
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

from pydantic import ValidationInfo

from ..message import utc
from ..wallclock import choices, unclear, zone_named

_LONGEST_ECHO: Final = 40  # characters of a refused value
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DIGIT: Final = re.compile(r"\d")
_MINUTE: Final = timedelta(minutes=1)
_CLOCK: Final = re.compile(r"(?P<hour>\d{1,2}):(?P<minute>\d{2})", re.ASCII)
_NO_ZONES: Final = {"Factory", "localtime", "posixrules"}  # files beside the zones: a default, and this machine's own
_OFFSET_OR_ABBREVIATION: Final = re.compile(r"(?!(UTC|GMT)$)[A-Z\d]{3,7}|.*[+-]?\d")  # EST, EST5EDT, Etc/GMT+5
_NO_ZONE: Final = "should be an IANA zone of the form Area/City, not an offset, an abbreviation or a Windows name"


def instant(text: str, info: ValidationInfo) -> str:
    """Return an ISO 8601 time with a zone as LinkTime writes it: UTC, with milliseconds and Z.

    The error for a time without a zone shows the time in each of the context's `zones`.
    """
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise _refused(text, "should be a time that exists, such as 2026-03-01T14:00:00Z") from None
    try:
        if time.tzinfo is None:
            raise _refused(text, f"needs a zone{_in_zones(text, time, info.context or {})}")
        return utc(time)
    except OverflowError:
        raise _refused(text, "is outside the calendar") from None


def _in_zones(text: str, time: datetime, context: Mapping[str, Any]) -> str:
    # A date without a time is not shown in zones: its midnight is rarely meant.
    zones = context.get("zones", ()) if len(text) > len("2026-03-01") else ()
    meanings = "; ".join(_in(zone, time) for zone in zones)
    return f": {meanings}" if meanings else ", such as 2026-03-01T14:00:00Z or 2026-03-01T09:00:00-05:00"


def _in(zone: ZoneInfo, time: datetime) -> str:
    meant = " or ".join(each.isoformat() for each in choices(time, zone))
    fault = unclear(time, zone)
    return f"{meant} in {zone}" + (f", where it {fault}" if fault else "")


def zones_of(arguments: Mapping[str, Any], account: ZoneInfo | None) -> list[ZoneInfo]:
    """Return the zones that a time without a zone may be meant in: the account's, and those among the arguments."""
    named = [zone_named(value) for name, value in arguments.items() if name.lower().endswith("timezone")]
    return list(dict.fromkeys(zone for zone in (account, *named) if zone))


def day(text: str) -> str:
    """Return an existing date as YYYY-MM-DD."""
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text).isoformat()
    except ValueError:
        raise _refused(text, "is a date that does not exist") from None
    raise _refused(text, "should be a date, such as 2026-03-01")


def clock(text: str) -> str:
    """Return a time of day from 00:00 to 23:59 as HH:MM. LinkTime's documents do not mention 24:00."""
    match = _CLOCK.fullmatch(text)
    if match is None or int(match["hour"]) > 23 or int(match["minute"]) > 59:
        raise _refused(text, "should be a time of day from 00:00 to 23:59, such as 09:30")
    return text.zfill(5)


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


def zone(text: str) -> str:
    """Return *text* if it is the exact name of an IANA zone.

    The error suggests a zone only if its name differs by case, blanks or one typing mistake. A similar name of another
    place would be another time.
    """
    if text in _zones():
        return text
    near = _same_name(text)
    raise _refused(text, f"should be an IANA zone (did you mean {near}?)" if near else _NO_ZONE)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones() - _NO_ZONES)


def _same_name(text: str) -> str | None:
    """Return the one zone whose name differs from *text* by case, blanks or a typing mistake, or None."""
    bare = _bare(text)
    names = _names_by_bare_form()
    # A short name without a slash, or with a digit, is too close to other names for a guess.
    if bare in names or "/" not in bare or _DIGIT.search(bare):
        return names.get(bare)
    # Two candidates are no suggestion.
    close = [name for other, name in names.items() if "/" in other and _one_mistake(bare, other)]
    return close[0] if len(close) == 1 else None


@cache
def _names_by_bare_form() -> Mapping[str, str]:
    """Return the zones that may be suggested: no offsets, and no abbreviations but UTC and GMT."""
    return {_bare(name): name for name in _zones() if not _OFFSET_OR_ABBREVIATION.fullmatch(name)}


def _bare(name: str) -> str:
    return re.sub(r"[\s_]+", "", name).casefold()


def _one_mistake(text: str, right: str) -> bool:
    """Return whether *text* is *right* with one character added, left out, replaced or swapped with its neighbour."""
    # Compare from the first difference on.
    start = next((n for n, (a, b) in enumerate(zip(text, right, strict=False)) if a != b), min(len(text), len(right)))
    text, right = text[start:], right[start:]
    swapped = right[1::-1] + right[2:]
    return text in {swapped, right[1:]} or text[1:] in {right, right[1:]}


def _refused(text: str, why: str) -> ValueError:
    return ValueError(f"{why} (got {text[:_LONGEST_ECHO]!r})")
