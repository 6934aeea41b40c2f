"""The scheduling rules, as pure functions from hours, overrides, bookings and a time to free slots.

All times are in UTC, except `Hours`, which are local.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

_FARTHEST_ZONE: Final = timedelta(hours=16)  # the largest UTC offset of any zone, rounded up
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Hours:
    """A window of local time within a day, in minutes after midnight. *end* is at most 1440."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open interval of time in UTC: *end* is not part of it."""

    start: datetime
    end: datetime

    def overlaps(self, other: Span) -> bool:
        """Return whether the two share an instant. Adjacent spans do not overlap."""
        return self.start < other.end and other.start < self.end

    def widened(self, before: timedelta, after: timedelta) -> Span:
        """Return the span with a margin on each side."""
        return Span(self.start - before, self.end + after)


@dataclass(frozen=True, slots=True)
class Booked:
    """A confirmed booking. *event_type* is an id, and the buffers are those of that event type."""

    span: Span
    event_type: str
    buffer_before: timedelta = timedelta()
    buffer_after: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meeting to book. A buffer of None means the account's buffer, a cap of None means no cap."""

    event_type: str
    duration: timedelta
    buffer_before: timedelta | None = None
    buffer_after: timedelta | None = None
    notice: timedelta = timedelta()
    daily_cap: int | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """The account's rules. Weekdays count from Sunday = 0. An override without hours blocks its date."""

    zone: ZoneInfo
    weekly: Mapping[int, Sequence[Hours]]
    overrides: Mapping[date, Sequence[Hours]] = field(default_factory=dict)
    focus: Mapping[int, Sequence[Hours]] = field(default_factory=dict)
    buffer_before: timedelta = timedelta()
    buffer_after: timedelta = timedelta()
    gap: timedelta = timedelta()
    daily_cap: int | None = None

    def open_hours(self, day: date) -> Sequence[Hours]:
        """Return the bookable hours of *day*. An override replaces the weekly hours."""
        return self.overrides.get(day, self.weekly.get(_weekday(day), ()))

    def focus_hours(self, day: date) -> Sequence[Hours]:
        """Return the focus hours of *day*, which stay free of meetings."""
        return self.focus.get(_weekday(day), ())

    def margins(self, meeting: Meeting) -> tuple[timedelta, timedelta]:
        """Return the time to keep free before and after *meeting*: its buffer or the account's, at least the gap."""
        before = self.buffer_before if meeting.buffer_before is None else meeting.buffer_before
        after = self.buffer_after if meeting.buffer_after is None else meeting.buffer_after
        return max(before, self.gap), max(after, self.gap)


def offered(rules: Rules, meeting: Meeting, booked: Sequence[Booked], day: date, now: datetime) -> Iterator[Span]:
    """Yield the slots of a local *day* that can be booked at *now*, in order."""
    # A slot is free if
    # 1. the day is below the caps,
    # 2. the slot starts after the minimum notice,
    # 3. it overlaps no focus time, and keeps its distance from every booking.
    if _is_full(rules, meeting, booked, day):
        return
    earliest = now + meeting.notice
    blocked = [*_spans_of(rules.focus_hours(day), day, rules.zone)]
    blocked += [_reserved(rules, meeting, other) for other in booked]
    for slot in _candidates(rules, meeting, day):
        if slot.start >= earliest and not any(slot.overlaps(span) for span in blocked):
            yield slot


def is_offered(rules: Rules, meeting: Meeting, booked: Sequence[Booked], start: datetime, now: datetime) -> bool:
    """Return whether *meeting* can be booked at exactly *start*."""
    day = start.astimezone(rules.zone).date()
    return any(slot.start == start for slot in offered(rules, meeting, booked, day, now))


def spans(hours: Hours, day: date, zone: ZoneInfo) -> list[Span]:
    """Return the spans in which clocks in *zone* show *hours* of *day*.

    There is one span on most days, and up to two around a clock change. Local times that do not exist give no span,
    and local times that occur twice are covered twice.
    """
    result: list[Span] = []
    midnight = datetime.combine(day, time(), UTC)
    # Within an era the offset is constant, so local hours become UTC by subtraction.
    for era, offset in _eras(day, zone):
        start = max(era.start, midnight + hours.start * _MINUTE - offset)
        end = min(era.end, midnight + hours.end * _MINUTE - offset)
        # Hours across a change of the offset continue without a gap, and stay one span.
        if result and result[-1].end == start < end:
            result[-1] = Span(result[-1].start, end)
        elif start < end:
            result.append(Span(start, end))
    return result


def _reserved(rules: Rules, meeting: Meeting, other: Booked) -> Span:
    """Return the span that *meeting* must not overlap because of the booking *other*.

    Between two meetings lies the largest of three: the buffer after the first, the buffer before the second, the gap.
    """
    before, after = rules.margins(meeting)
    return other.span.widened(max(after, other.buffer_before), max(before, other.buffer_after))


def _spans_of(windows: Iterable[Hours], day: date, zone: ZoneInfo) -> Iterator[Span]:
    """Yield the spans of several windows of *day*, in order."""
    for hours in sorted(windows, key=lambda hours: hours.start):
        yield from spans(hours, day, zone)


def _candidates(rules: Rules, meeting: Meeting, day: date) -> Iterator[Span]:
    """Yield the slots of *day* as if nothing were booked. They follow each other from the start of each window."""
    for span in _spans_of(rules.open_hours(day), day, rules.zone):
        count = (span.end - span.start) // meeting.duration
        starts = [span.start + number * meeting.duration for number in range(count + 1)]
        yield from (Span(start, end) for start, end in pairwise(starts))


def _is_full(rules: Rules, meeting: Meeting, booked: Iterable[Booked], day: date) -> bool:
    """Return whether *day* has as many meetings as the account's cap or the event type's cap allows."""
    on_day = [other for other in booked if other.span.start.astimezone(rules.zone).date() == day]
    same_type = [other for other in on_day if other.event_type == meeting.event_type]
    return _reached(rules.daily_cap, on_day) or _reached(meeting.daily_cap, same_type)


def _reached(cap: int | None, meetings: Sequence[Booked]) -> bool:
    """Return whether there are *cap* meetings or more. No cap is never reached."""
    return cap is not None and len(meetings) >= cap


def _weekday(day: date) -> int:
    """Return the weekday of *day*, 0 = Sunday."""
    return day.isoweekday() % 7


def _eras(day: date, zone: ZoneInfo) -> list[tuple[Span, timedelta]]:
    """Split the time around *day* at a change of the zone's offset. Each part comes with its offset.

    No zone changes its offset twice in three days, so there are at most two parts.
    """
    midnight = datetime.combine(day, time(), UTC)
    first, last = midnight - _FARTHEST_ZONE, midnight + timedelta(days=1) + _FARTHEST_ZONE
    before, after = _offset(first, zone), _offset(last, zone)
    if before == after:
        return [(Span(first, last), before)]
    # All changes are at whole minutes. Find the first minute with another offset.
    minutes = range((last - first) // _MINUTE)
    change = first + _MINUTE * bisect_left(
        minutes, 1, key=lambda minute: _offset(first + _MINUTE * minute, zone) != before
    )
    return [(Span(first, change), before), (Span(change, last), after)]


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta:
    """Return the UTC offset of *zone* at *instant*."""
    offset = instant.astimezone(zone).utcoffset()
    assert offset is not None  # noqa: S101 - a ZoneInfo always has one for an instant
    return offset
