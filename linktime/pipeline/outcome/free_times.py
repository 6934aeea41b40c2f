"""The free times around a wish, and the reason why its day has none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from ...answers import items, record, records
from ...errors import Failure
from ...message import Reply, Send, get
from ...wallclock import formatted, utc, zone_named
from .. import routes
from .comparison import instant

_OFFERED: Final = 5  # times
_BLOCKED: Final = "{0} is blocked by an override, which delete_availability_override with date {0} removes."
_CUSTOM: Final = "{} has custom hours, {}, by an override, see list_availability_overrides."
_CLOSED: Final = "{:%A} has no weekly hours, see get_availability_rules."
FULL: Final = "{} has hours, but no free time is left on it."
_NOTHING: Final = "LinkTime shows no free time around it: call check_availability for later days."


@dataclass(frozen=True, slots=True)
class Offer:
    """The free times around *wish*. *zone* is the account's, None if LinkTime does not name it."""

    wish: datetime
    free: tuple[datetime, ...]
    zone: ZoneInfo | None

    @classmethod
    def of(cls, reply: Reply, wish: datetime) -> Offer | None:
        """Read LinkTime's free slots. Return None if the answer has none of their form."""
        match record(reply.data):
            case {"slots": list(slots), **others}:
                starts = {instant(slot.get("startTime")) for slot in slots if isinstance(slot, dict)} - {None, wish}
                free = tuple(sorted(start for start in starts if start))
                return cls(wish, free, zone_named(others.get("timezone")))
            case _:
                return None

    @property
    def day(self) -> date | None:
        """The wish's date in the account's zone, None if that is unknown."""
        return self.wish.astimezone(self.zone).date() if self.zone else None

    @property
    def has_day(self) -> bool:
        """Whether a time on that day is free."""
        return any(start.astimezone(self.zone).date() == self.day for start in self.free)

    def __str__(self) -> str:
        nearest = sorted(sorted(self.free, key=lambda start: abs(start - self.wish))[:_OFFERED])
        times = ", ".join(utc(start) + (f" ({formatted(start, self.zone)})" if self.zone else "") for start in nearest)
        return f"Nearest free times: {times}." if times else _NOTHING


async def reason_of(send: Send, day: date) -> str:
    """Return why *day* has no free time: an override, no weekly hours, or meetings. It is empty if that is unknown."""
    try:
        overrides = records((await send(get(routes.AVAILABILITY_OVERRIDES, from_=day, to=day))).data)
        override = next((row for row in overrides if str(row.get("date"))[:10] == str(day)), None)
        rules = items((await send(get(routes.AVAILABILITY_RULES))).data) if override is None else None
    except Failure:
        return ""
    if override is not None:
        return _by_override(override, day)
    if rules is None or not all("dayOfWeek" in rule for rule in rules):
        return ""
    has_hours = any(rule["dayOfWeek"] == day.isoweekday() % 7 for rule in rules)  # 0 = Sunday
    return FULL.format(day) if has_hours else _CLOSED.format(day)


def _by_override(override: Mapping[str, Any], day: date) -> str:
    if override.get("isBlocked"):
        return _BLOCKED.format(day)
    return _CUSTOM.format(day, f"{override.get('startTime')}-{override.get('endTime')}")
