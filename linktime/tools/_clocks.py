"""Times of day and weekdays as arguments: each is returned in its normal form, or refused with a ValueError."""

from __future__ import annotations

import re
from typing import Any, Final

from pydantic import ValidationInfo

from ..sanitize.spelling import bare
from ._marks import remark
from ._refusals import refused

_CLOCK: Final = re.compile(
    r"(?P<hour>[0-9]{1,2})(:(?P<minute>[0-5][0-9])(:00(\.0+)?)?)?\s*((?P<half>[ap])\.?m\.?)?", re.IGNORECASE
)
_WORDS: Final = {"noon": "12:00", "midday": "12:00", "midnight": "00:00"}
_ENDS: Final = {"midnight", "24:00", "24:00:00"}
_LAST: Final = "23:59"  # LinkTime's documents do not mention 24:00
_STARTS: Final = ("startTime", "start_time", "time_from")  # the fields that an end belongs to
WEEKDAYS: Final = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_SHORT: Final = {"tues": 2, "weds": 3, "thur": 4, "thurs": 4}
_WEEKDAY_NUMBERS: Final = {
    **{name[:3].casefold(): number for number, name in enumerate(WEEKDAYS)},
    **{name.casefold() + end: number for number, name in enumerate(WEEKDAYS) for end in ("", "s")},
    **_SHORT,
}


def weekday_number(text: str) -> int | None:
    """Return the number of the weekday called *text*, with 0 for Sunday, or None."""
    return _WEEKDAY_NUMBERS.get(bare(text))


def weekday(value: Any) -> Any:
    """Return the number of a weekday that is given by its name. Other values stay."""
    if not isinstance(value, str) or re.fullmatch(r"\s*-?[0-9.]+\s*", value):
        return value
    number = weekday_number(value)
    if number is None:
        raise refused(value, "should be a weekday, such as Monday, or its number, 0 for Sunday to 6")
    return number


def clock(text: str) -> str:
    """Return a time of day from 00:00 to 23:59 as HH:MM."""
    text = text.strip()
    match = _CLOCK.fullmatch(text)
    if match is None:
        time = _WORDS.get(text.casefold())
    elif match["half"]:
        time = _of_half(int(match["hour"]), match["minute"] or "00", match["half"])
    else:
        time = _of_day(text, int(match["hour"]), match["minute"])
    if time is None:
        raise refused(text, "should be a time of day from 00:00 to 23:59, such as 09:30")
    return time


def _of_half(hour: int, minute: str, half: str) -> str | None:
    return f"{hour % 12 + 12 * (half in 'pP'):02}:{minute}" if 1 <= hour <= 12 else None


def _of_day(text: str, hour: int, minute: str | None) -> str | None:
    if minute is None and 1 <= hour <= 11:
        raise refused(text, f"can mean {hour:02}:00 or {hour + 12}:00. Send one of them")
    return f"{hour:02}:{minute}" if minute and hour <= 23 else None


def until(text: str, info: ValidationInfo) -> str:
    """Return the end of a span as HH:MM, which is 24:00 for midnight."""
    if text.strip().casefold() in _ENDS:
        return "24:00"
    time = clock(text)
    if time != "00:00":
        return time
    # An end at 00:00 is the midnight after the start. From 00:00 on, it can also be an empty span.
    if "00:00" in (info.data.get(name) for name in _STARTS):
        raise refused(text, "can mean the start or the end of the day. Send 24:00 for its end")
    return "24:00"


def last_minute(time: str, info: ValidationInfo) -> str:
    """Return 23:59 for 24:00, with a remark. Other times stay."""
    if time != "24:00":
        return time
    remark(info, f"midnight was sent as {_LAST}, because LinkTime documents no 24:00.")
    return _LAST
