"""Dates as arguments: each is returned as YYYY-MM-DD, or refused with a ValueError."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from pydantic import ValidationInfo

from ..sanitize.spelling import bare
from ._clocks import weekday_number
from ._refusals import refused
from ._times import example, read

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DAYS: Final = {"daybeforeyesterday": -2, "yesterday": -1, "today": 0, "tomorrow": 1, "dayaftertomorrow": 2}
"""The words that stand for a date, in their bare form, with the number of days from today."""

_WEEKDAY: Final = re.compile(r"\s*((?P<which>on|this|next|last)\s+)?(?P<weekday>[A-Za-z]{3,9})\s*", re.IGNORECASE)


def day(text: str, info: ValidationInfo) -> str:
    """Return an existing date as YYYY-MM-DD.

    A word such as tomorrow is a date in the context's `account` zone, at the time `now`. An instant stands for its
    date, if that is the same as written and in each of the context's `zones`. Without the account's zone neither is
    known.
    """
    if is_date(text):
        try:
            return date.fromisoformat(text).isoformat()
        except ValueError:
            raise refused(text, "is a date that does not exist") from None
    context = info.context or {}
    if bare(text) in _DAYS:
        return _from_today(text, context)
    time = read(text) if _DATE.search(text) else None
    if time is None:
        words = _weekday(text, context) or f"should be today, tomorrow or one date, such as {example(context)}"
        raise refused(text, words)
    if time.tzinfo is None:
        return time.date().isoformat()
    return _only_date(text, time, context)


def last_day(text: str, info: ValidationInfo) -> str:
    """Return the date of `day` that is the last of a range. Midnight may be the end of the day before."""
    if not is_date(text) and (time := read(text)) and ":" in text and f"{time:%H:%M:%S}" == "00:00:00":
        before = date.fromordinal(max(1, time.date().toordinal() - 1))
        raise refused(text, f"can mean that the last day is {before} or {time.date()}. Send one of them")
    return day(text, info)


def is_date(text: str) -> bool:
    """Return whether *text* has the form of a date, which may not exist."""
    return bool(_DATE.fullmatch(text))


def needs_zone(text: str) -> bool:
    """Return whether the date that *text* means depends on the zone: an instant, or a word such as tomorrow."""
    return not is_date(text) and (":" in text or bare(text) in _DAYS or _weekday_in(text) is not None)


def _from_today(text: str, context: Mapping[str, Any]) -> str:
    today = _today(context)
    if today is None:
        raise _without_zone(text, context)
    return (today + timedelta(_DAYS[bare(text)])).isoformat()


def _today(context: Mapping[str, Any]) -> date | None:
    now, zone = context.get("now"), context.get("account")
    return now.astimezone(zone).date() if now and zone else None


def _weekday(text: str, context: Mapping[str, Any]) -> str | None:
    """Return the two meanings of a weekday as an error, or None if *text* names none or today is not known."""
    named, today = _weekday_in(text), _today(context)
    if named is None or today is None:
        return None
    which, number = named
    # 1. Next Monday: the first or the second Monday after today.
    # 2. Last Monday: likewise before today.
    # 3. Monday: the last one or the next one, or if it is Monday, today or in a week.
    ahead = (number - today.isoweekday()) % 7
    first = {"next": ahead or 7, "last": ahead - 14}.get(which, ahead - 7 if ahead else 0)
    one, other = (today + timedelta(days) for days in (first, first + 7))
    return f"can mean {one} or {other}. Send one of them"


def _weekday_in(text: str) -> tuple[str, int] | None:
    """Return the word before a weekday, and the weekday's number. None if *text* has something else."""
    match = _WEEKDAY.fullmatch(text)
    number = weekday_number(match["weekday"]) if match else None
    return ((match["which"] or "").casefold(), number) if match and number is not None else None


def _only_date(text: str, time: datetime, context: Mapping[str, Any]) -> str:
    if context.get("account") is None:
        raise _without_zone(text, context)
    try:
        places = {f"{zone}": time.astimezone(zone).date().isoformat() for zone in context.get("zones", ())}
    except OverflowError:
        raise refused(text, "is outside the calendar") from None
    written = time.date().isoformat()
    if others := [f"{day} in {zone}" for zone, day in places.items() if day != written]:
        raise refused(text, f"can mean {written}, as written, or {' or '.join(others)}. Send one date")
    return written


def _without_zone(text: str, context: Mapping[str, Any]) -> ValueError:
    return refused(text, f"should be a date, such as {example(context)}, because the account's zone is not known")
