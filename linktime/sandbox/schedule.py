"""The schedule: reads the rules and bookings from the account's rows, and answers which slots are free."""

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
_REACH: Final = timedelta(days=2)  # longer than a day of buffer plus the longest meeting


def free_slots(account: Account, event_type: Row, first: date, last: date, zone: ZoneInfo) -> list[Span]:
    """Return the free slots that start on the days *first* to *last* in *zone*."""
    rules, meeting, now = rules_of(account), meeting_of(event_type), account.now()
    span = Span(midnight(first, zone), midnight(last + _DAY, zone))
    booked = booked_in(account.store, span)
    # The rules work on days of the account, the span on days of *zone*.
    day, end = first - _DAY, last + _DAY
    slots = []
    while day <= end:
        slots += [slot for slot in offered(rules, meeting, booked, day, now) if span.start <= slot.start < span.end]
        day += _DAY
    return slots


def is_free(account: Account, event_type: Row, start: datetime, *, besides: str = "") -> bool:
    """Return whether *start* can be booked. The booking with the id *besides* is ignored."""
    booked = booked_in(account.store, Span(start, start), besides)
    return is_offered(rules_of(account), meeting_of(event_type), booked, start, account.now())


def rules_of(account: Account) -> Rules:
    """Return the account's rules."""
    settings = account.settings
    overrides = account.store.rows("SELECT * FROM overrides")
    return Rules(
        zone=ZoneInfo(settings["timezone"]),
        weekly=_by_weekday(account.store.rows("SELECT * FROM rules")),
        # an override without hours blocks its date
        overrides={date.fromisoformat(row["date"]): () if row["isBlocked"] else (_hours(row),) for row in overrides},
        focus=_by_weekday(settings["focusTimeBlocks"]) if settings["focusTimeEnabled"] else {},
        buffer_before=timedelta(minutes=settings["bufferBefore"]),
        buffer_after=timedelta(minutes=settings["bufferAfter"]),
        gap=timedelta(minutes=settings["minGapMinutes"]),
        daily_cap=settings["maxMeetingsPerDay"],
    )


def meeting_of(event_type: Row) -> Meeting:
    """Return the meeting that an event type describes."""
    return Meeting(
        event_type=event_type["id"],
        duration=timedelta(minutes=event_type["durationMinutes"]),
        buffer_before=_minutes(event_type["bufferBefore"]),
        buffer_after=_minutes(event_type["bufferAfter"]),
        notice=timedelta(minutes=event_type["minimumNotice"]),
        daily_cap=event_type["maxBookingsPerDay"],
    )


def booked_in(store: Store, span: Span, besides: str = "") -> list[Booked]:
    """Return the confirmed bookings that can affect slots in *span*, without the booking with the id *besides*."""
    reach = span.widened(_REACH, _REACH)
    # Deleted event types count too: their rows and buffers stay.
    rows = store.rows(
        "SELECT b.eventTypeId, b.startTime, b.endTime, "
        "coalesce(e.bufferBefore, s.bufferBefore) AS bufferBefore, "
        "coalesce(e.bufferAfter, s.bufferAfter) AS bufferAfter "
        "FROM bookings b JOIN eventTypes e ON e.id = b.eventTypeId CROSS JOIN settings s "
        "WHERE b.status = 'CONFIRMED' AND b.startTime < ? AND b.endTime > ? AND b.id != ?",
        reach.end,
        reach.start,
        besides,
    )
    return [_booked(row) for row in rows]


def _booked(row: Row) -> Booked:
    """Return a row of `booked_in` as a booking of the rules."""
    return Booked(
        span=Span(instant(row["startTime"]), instant(row["endTime"])),
        event_type=row["eventTypeId"],
        buffer_before=timedelta(minutes=row["bufferBefore"]),
        buffer_after=timedelta(minutes=row["bufferAfter"]),
    )


def _by_weekday(rows: Iterable[Row]) -> dict[int, list[Hours]]:
    """Group rows of weekly hours by weekday, 0 = Sunday."""
    week: defaultdict[int, list[Hours]] = defaultdict(list)
    for row in rows:
        week[row["dayOfWeek"]].append(_hours(row))
    return dict(week)


def _hours(row: Row) -> Hours:
    return Hours(_minute_of_day(row["startTime"]), _minute_of_day(row["endTime"]))


def _minute_of_day(clock: str) -> int:
    """Return the minutes after midnight of HH:MM."""
    hour, minute = clock.split(":")
    return int(hour) * 60 + int(minute)


def _minutes(count: int | None) -> timedelta | None:
    return None if count is None else timedelta(minutes=count)
