"""Where the scheduling rules meet the account's rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from .account import Account
from .slots import Booked, Hours, Meeting, Rules, Span, is_offered, offered
from .store import Row, Store
from .times import instant, midnight

_DAY: Final = timedelta(days=1)
_REACH: Final = timedelta(days=2)  # further than any buffer, gap or meeting


def free_slots(account: Account, event_type: Row, first: date, last: date, zone: ZoneInfo) -> list[Span]:
    """Return the slots that start on the days *first* to *last* of *zone*."""
    rules, meeting, now = rules_of(account), meeting_of(event_type), account.now()
    asked = Span(midnight(first, zone), midnight(last + _DAY, zone))
    booked = booked_in(account.store, asked)
    day, end = first - _DAY, last + _DAY  # the account's days may begin earlier or later than those of *zone*
    found = []
    while day <= end:
        found += [slot for slot in offered(rules, meeting, booked, day, now) if asked.start <= slot.start < asked.end]
        day += _DAY
    return found


def is_free(account: Account, event_type: Row, start: datetime, *, besides: str = "") -> bool:
    """Whether *start* may be booked; the booking *besides* is taken for gone."""
    booked = booked_in(account.store, Span(start, start), besides)
    return is_offered(rules_of(account), meeting_of(event_type), booked, start, account.now())


def rules_of(account: Account) -> Rules:
    """Read the account's rules."""
    settings = account.settings
    overrides = account.store.rows("SELECT * FROM overrides")
    return Rules(
        zone=ZoneInfo(settings["timezone"]),
        weekly=_by_weekday(account.store.rows("SELECT * FROM rules")),
        overrides={date.fromisoformat(row["date"]): () if row["isBlocked"] else (_hours(row),) for row in overrides},
        focus=_by_weekday(settings["focusTimeBlocks"]) if settings["focusTimeEnabled"] else {},
        buffer_before=timedelta(minutes=settings["bufferBefore"]),
        buffer_after=timedelta(minutes=settings["bufferAfter"]),
        gap=timedelta(minutes=settings["minGapMinutes"]),
        daily_cap=settings["maxMeetingsPerDay"],
    )


def meeting_of(event_type: Row) -> Meeting:
    """Read what an event type asks of its slots."""
    return Meeting(
        event_type=event_type["id"],
        duration=timedelta(minutes=event_type["durationMinutes"]),
        buffer_before=_minutes(event_type["bufferBefore"]),
        buffer_after=_minutes(event_type["bufferAfter"]),
        notice=timedelta(minutes=event_type["minimumNotice"]),
        daily_cap=event_type["maxBookingsPerDay"],
    )


def booked_in(store: Store, asked: Span, besides: str = "") -> list[Booked]:
    """Return the confirmed bookings that may matter to slots in the span *asked*."""
    reach = asked.widened(_REACH, _REACH)
    rows = store.rows(
        "SELECT eventTypeId, startTime, endTime FROM bookings "
        "WHERE status = 'CONFIRMED' AND startTime < ? AND endTime > ? AND id != ?",
        reach.end,
        reach.start,
        besides,
    )
    return [Booked(Span(instant(row["startTime"]), instant(row["endTime"])), row["eventTypeId"]) for row in rows]


def _by_weekday(rows: Iterable[Row]) -> dict[int, list[Hours]]:
    week: defaultdict[int, list[Hours]] = defaultdict(list)
    for row in rows:
        week[row["dayOfWeek"]].append(_hours(row))
    return dict(week)


def _hours(row: Row) -> Hours:
    return Hours(_wall(row["startTime"]), _wall(row["endTime"]))


def _wall(clock: str) -> int:
    hour, minute = clock.split(":")
    return int(hour) * 60 + int(minute)


def _minutes(count: int | None) -> timedelta | None:
    return None if count is None else timedelta(minutes=count)
