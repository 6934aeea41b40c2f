"""The scheduling rules, as pure functions: weekly hours, overrides, bookings and a clock go in, free slots come out."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

_FARTHEST_ZONE: Final = timedelta(hours=16)  # no zone is further from UTC
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Hours:
    """A window of local wall time within one day, in minutes after midnight; *end* may be 1440."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of real time, in UTC, without its end."""

    start: datetime
    end: datetime

    def meets(self, other: Span) -> bool:
        """Whether the two share an instant; touching is not meeting."""
        return self.start < other.end and other.start < self.end

    def widened(self, before: timedelta, after: timedelta) -> Span:
        """Return the span with its margins."""
        return Span(self.start - before, self.end + after)


@dataclass(frozen=True, slots=True)
class Booked:
    """A confirmed booking, as far as the rules look at it."""

    span: Span
    event_type: str


@dataclass(frozen=True, slots=True)
class Meeting:
    """What is to be booked; a buffer of None means the account's."""

    event_type: str
    duration: timedelta
    buffer_before: timedelta | None = None
    buffer_after: timedelta | None = None
    notice: timedelta = timedelta()
    daily_cap: int | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """The account's rules; weekdays count from Sunday = 0, and an override of no hours blocks its date."""

    zone: ZoneInfo
    weekly: Mapping[int, Sequence[Hours]]
    overrides: Mapping[date, Sequence[Hours]] = field(default_factory=dict)
    focus: Mapping[int, Sequence[Hours]] = field(default_factory=dict)
    buffer_before: timedelta = timedelta()
    buffer_after: timedelta = timedelta()
    gap: timedelta = timedelta()
    daily_cap: int | None = None

    def open_hours(self, day: date) -> Sequence[Hours]:
        """Return the hours of *day*: its override's, which replace the weekly ones."""
        return self.overrides.get(day, self.weekly.get(_weekday(day), ()))

    def focus_hours(self, day: date) -> Sequence[Hours]:
        """Return the hours of *day* that are kept free of meetings."""
        return self.focus.get(_weekday(day), ())

    def margins(self, meeting: Meeting) -> tuple[timedelta, timedelta]:
        """Return what must be free before and after *meeting*: its buffer, else the account's, or the gap if larger."""
        before = self.buffer_before if meeting.buffer_before is None else meeting.buffer_before
        after = self.buffer_after if meeting.buffer_after is None else meeting.buffer_after
        return max(before, self.gap), max(after, self.gap)


def offered(rules: Rules, meeting: Meeting, booked: Sequence[Booked], day: date, now: datetime) -> Iterator[Span]:
    """Yield the slots of one local *day*, in order, that may be booked at *now*."""
    if _is_full(rules, meeting, booked, day):
        return
    margins = rules.margins(meeting)
    earliest = now + meeting.notice
    blocked = list(_spans_of(rules.focus_hours(day), day, rules.zone))
    for slot in _candidates(rules, meeting, day):
        buffered = slot.widened(*margins)
        if (
            slot.start >= earliest
            and not any(slot.meets(block) for block in blocked)
            and not any(buffered.meets(other.span) for other in booked)
        ):
            yield slot


def is_offered(rules: Rules, meeting: Meeting, booked: Sequence[Booked], start: datetime, now: datetime) -> bool:
    """Whether a meeting may be booked at exactly *start*."""
    day = start.astimezone(rules.zone).date()
    return any(slot.start == start for slot in offered(rules, meeting, booked, day, now))


def spans(hours: Hours, day: date, zone: ZoneInfo) -> list[Span]:
    """Return when clocks in *zone* show *hours* of *day*: one span, but none to two around a clock change.

    Wall times that do not exist are left out, and those that come twice are in twice.
    """
    found: list[Span] = []
    midnight = datetime.combine(day, time(), UTC)
    for era, offset in _eras(day, zone):
        start = max(era.start, midnight + hours.start * _MINUTE - offset)
        end = min(era.end, midnight + hours.end * _MINUTE - offset)
        if found and found[-1].end == start < end:
            found[-1] = Span(found[-1].start, end)
        elif start < end:
            found.append(Span(start, end))
    return found


def _spans_of(windows: Iterable[Hours], day: date, zone: ZoneInfo) -> Iterator[Span]:
    for hours in sorted(windows, key=lambda hours: hours.start):
        yield from spans(hours, day, zone)


def _candidates(rules: Rules, meeting: Meeting, day: date) -> Iterator[Span]:
    for span in _spans_of(rules.open_hours(day), day, rules.zone):
        count = (span.end - span.start) // meeting.duration
        starts = [span.start + number * meeting.duration for number in range(count + 1)]
        yield from (Span(start, end) for start, end in pairwise(starts))


def _is_full(rules: Rules, meeting: Meeting, booked: Iterable[Booked], day: date) -> bool:
    that_day = [other for other in booked if other.span.start.astimezone(rules.zone).date() == day]
    alike = [other for other in that_day if other.event_type == meeting.event_type]
    return _reached(rules.daily_cap, that_day) or _reached(meeting.daily_cap, alike)


def _reached(cap: int | None, meetings: Sequence[Booked]) -> bool:
    return cap is not None and len(meetings) >= cap


def _weekday(day: date) -> int:
    return day.isoweekday() % 7


def _eras(day: date, zone: ZoneInfo) -> list[tuple[Span, timedelta]]:
    """Split the time around *day* where the zone's offset changes; no zone changes twice in three days."""
    midnight = datetime.combine(day, time(), UTC)
    first, last = midnight - _FARTHEST_ZONE, midnight + timedelta(days=1) + _FARTHEST_ZONE
    before, after = _offset(first, zone), _offset(last, zone)
    if before == after:
        return [(Span(first, last), before)]
    minutes = range((last - first) // _MINUTE)
    change = first + _MINUTE * bisect_left(
        minutes, 1, key=lambda minute: _offset(first + _MINUTE * minute, zone) != before
    )
    return [(Span(first, change), before), (Span(change, last), after)]


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta:
    offset = instant.astimezone(zone).utcoffset()
    assert offset is not None  # noqa: S101 - a ZoneInfo always has one for an instant
    return offset
