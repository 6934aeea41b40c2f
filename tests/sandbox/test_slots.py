from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from linktime.sandbox.slots import Booked, Hours, Meeting, Rules, Span, is_offered, offered, spans

NEW_YORK: Final = ZoneInfo("America/New_York")
LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
DAY: Final = date(2026, 6, 1)  # a Monday
HOUR: Final = timedelta(hours=1)
CALL: Final = Meeting("call", HOUR)
NINE_TO_ONE: Final = Rules(NEW_YORK, {1: [Hours(9 * 60, 13 * 60)]})


def every_day(zone: ZoneInfo, start: int, end: int) -> Rules:
    return Rules(zone, {weekday: [Hours(start, end)] for weekday in range(7)})


def local(slots: Sequence[Span], zone: ZoneInfo = NEW_YORK) -> list[str]:
    return [f"{slot.start.astimezone(zone):%H:%M %Z}" for slot in slots]


def at(hour: float) -> datetime:
    return datetime(2026, 6, 1, tzinfo=NEW_YORK).astimezone(UTC) + hour * HOUR


def booked(hour: float, hours: float = 1, event_type: str = "call", buffers: tuple[float, float] = (0, 0)) -> Booked:
    return Booked(Span(at(hour), at(hour + hours)), event_type, *(part * HOUR for part in buffers))


def free(rules: Rules = NINE_TO_ONE, meeting: Meeting = CALL, *others: Booked, now: datetime = LONG_AGO) -> list[str]:
    return [start[:5] for start in local(list(offered(rules, meeting, others, DAY, now)))]


def test_slots_follow_each_other_from_the_window_start() -> None:
    assert free() == ["09:00", "10:00", "11:00", "12:00"]


def test_slot_fits_into_its_window() -> None:
    assert free(NINE_TO_ONE, replace(CALL, duration=1.5 * HOUR)) == ["09:00", "10:30"]
    assert free(NINE_TO_ONE, replace(CALL, duration=5 * HOUR)) == []


def test_windows_have_separate_slots_in_order() -> None:
    rules = replace(NINE_TO_ONE, weekly={1: [Hours(13 * 60 + 15, 15 * 60), Hours(9 * 60, 10 * 60 + 30)]})

    assert free(rules) == ["09:00", "13:15"]


def test_day_without_hours_has_no_slots() -> None:
    assert list(offered(NINE_TO_ONE, CALL, (), date(2026, 6, 2), LONG_AGO)) == []


def test_sunday_is_the_first_weekday() -> None:
    rules = replace(NINE_TO_ONE, weekly={0: [Hours(60, 120)], 6: [Hours(180, 240)]})

    assert local(list(offered(rules, CALL, (), date(2026, 6, 7), LONG_AGO))) == ["01:00 EDT"]
    assert local(list(offered(rules, CALL, (), date(2026, 6, 6), LONG_AGO))) == ["03:00 EDT"]


@pytest.mark.parametrize(
    ("zone", "day", "window", "minutes", "expected"),
    [
        ("America/New_York", date(2026, 3, 8), (0, 240), 60, ["00:00 EST", "01:00 EST", "03:00 EDT"]),
        (
            "America/New_York",
            date(2026, 11, 1),
            (0, 240),
            60,
            ["00:00 EDT", "01:00 EDT", "01:00 EST", "02:00 EST", "03:00 EST"],
        ),
        ("America/New_York", date(2026, 3, 8), (120, 180), 60, []),
        ("America/New_York", date(2026, 3, 8), (150, 240), 30, ["03:00 EDT", "03:30 EDT"]),
        ("America/New_York", date(2026, 3, 8), (60, 240), 90, ["01:00 EST"]),
        ("America/New_York", date(2026, 11, 1), (60, 120), 30, ["01:00 EDT", "01:30 EDT", "01:00 EST", "01:30 EST"]),
        ("America/New_York", date(2026, 11, 1), (30, 90), 30, ["00:30 EDT", "01:00 EDT", "01:00 EST"]),
        ("America/New_York", date(2026, 11, 1), (0, 120), 180, ["00:00 EDT"]),
        ("America/New_York", date(2026, 11, 1), (540, 660), 60, ["09:00 EST", "10:00 EST"]),
        ("Europe/Berlin", date(2026, 3, 29), (0, 240), 60, ["00:00 CET", "01:00 CET", "03:00 CEST"]),
        ("America/Havana", date(2026, 3, 8), (0, 180), 60, ["01:00 CDT", "02:00 CDT"]),
        ("Australia/Lord_Howe", date(2026, 4, 5), (60, 120), 30, ["01:00 +11", "01:30 +11", "01:30 +1030"]),
        ("Asia/Kathmandu", date(2026, 3, 8), (0, 60), 60, ["00:00 +0545"]),
        ("Pacific/Kiritimati", date(2026, 3, 8), (1380, 1440), 60, ["23:00 +14"]),
        ("Pacific/Apia", date(2011, 12, 30), (0, 1440), 60, []),  # a day that Samoa left out
    ],
)
def test_local_hours_become_utc_for_each_date(
    zone: str, day: date, window: tuple[int, int], minutes: int, expected: list[str]
) -> None:
    rules = every_day(ZoneInfo(zone), *window)
    meeting = replace(CALL, duration=timedelta(minutes=minutes))

    assert local(list(offered(rules, meeting, (), day, LONG_AGO)), rules.zone) == expected


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 8), 23), (date(2026, 11, 1), 25), (DAY, 24)])
def test_whole_day_has_23_to_25_hours(day: date, hours: int) -> None:
    (whole,) = spans(Hours(0, 1440), day, NEW_YORK)

    assert whole.end - whole.start == hours * HOUR


def test_override_replaces_the_weekly_hours() -> None:
    custom = replace(NINE_TO_ONE, overrides={DAY: [Hours(600, 660)]})
    blocked = replace(NINE_TO_ONE, overrides={DAY: ()})

    assert free(custom) == ["10:00"]
    assert free(blocked) == []
    assert free(replace(custom, weekly={})) == ["10:00"]


def test_booking_blocks_only_overlapping_slots() -> None:
    assert free(NINE_TO_ONE, CALL, booked(10)) == ["09:00", "11:00", "12:00"]
    assert free(NINE_TO_ONE, CALL, booked(9.5, 0.75)) == ["11:00", "12:00"]


@pytest.mark.parametrize(
    ("account", "own", "gap", "expected"),
    [
        ((0, 0), (None, None), 0, ["09:00", "10:00", "12:00"]),
        ((10, 0), (None, None), 0, ["09:00", "10:00"]),
        ((0, 10), (None, None), 0, ["09:00", "12:00"]),
        ((10, 10), (0, 0), 0, ["09:00", "10:00", "12:00"]),
        ((0, 0), (60, 60), 0, ["09:00"]),
        ((10, 10), (None, 0), 0, ["09:00", "10:00"]),
        ((0, 0), (0, 0), 30, ["09:00"]),
        ((60, 60), (None, None), 60, ["09:00"]),
        ((61, 61), (None, None), 60, []),
        ((0, 0), (30, 30), 61, []),
        ((0, 0), (45, 45), 45, ["09:00"]),
    ],
)
def test_margin_is_the_larger_of_buffer_and_gap(
    account: tuple[int, int], own: tuple[int | None, int | None], gap: int, expected: list[str]
) -> None:
    minutes = [None if number is None else timedelta(minutes=number) for number in own]
    before, after = (timedelta(minutes=number) for number in account)
    rules = replace(NINE_TO_ONE, buffer_before=before, buffer_after=after, gap=timedelta(minutes=gap))
    meeting = replace(CALL, buffer_before=minutes[0], buffer_after=minutes[1])

    assert free(rules, meeting, booked(11)) == expected


def test_distance_is_the_larger_of_both_buffers_and_the_gap() -> None:
    half = replace(CALL, buffer_before=HOUR / 2, buffer_after=HOUR / 2)

    assert free(NINE_TO_ONE, CALL, booked(11, buffers=(0, 0.1))) == ["09:00", "10:00"]
    assert free(NINE_TO_ONE, CALL, booked(11, buffers=(0.1, 0))) == ["09:00", "12:00"]
    assert free(NINE_TO_ONE, half, booked(10.5, 0.25, buffers=(0.25, 0.25))) == ["09:00", "12:00"]
    assert free(NINE_TO_ONE, half, booked(10.5, 0.25, buffers=(0.75, 0))) == ["12:00"]


def test_buffer_can_reach_past_the_window() -> None:
    meeting = replace(CALL, buffer_before=HOUR, buffer_after=HOUR)

    assert free(NINE_TO_ONE, meeting) == ["09:00", "10:00", "11:00", "12:00"]
    assert free(NINE_TO_ONE, meeting, booked(8.5, 0.25)) == ["10:00", "11:00", "12:00"]


def test_slots_before_the_minimum_notice_are_dropped() -> None:
    meeting = replace(CALL, notice=2 * HOUR)

    assert free(NINE_TO_ONE, CALL, now=at(10)) == ["10:00", "11:00", "12:00"]
    assert free(NINE_TO_ONE, CALL, now=at(10.01)) == ["11:00", "12:00"]
    assert free(NINE_TO_ONE, meeting, now=at(9)) == ["11:00", "12:00"]


def test_account_cap_counts_every_meeting_of_the_day() -> None:
    rules = replace(NINE_TO_ONE, daily_cap=2)
    late, next_day = booked(23.5, 0.25, "other"), booked(24, 1)

    assert free(rules, CALL, booked(9), next_day) == ["10:00", "11:00", "12:00"]
    assert free(rules, CALL, booked(9), late) == []


def test_event_type_cap_counts_its_own_meetings() -> None:
    meeting = replace(CALL, daily_cap=1)

    assert free(NINE_TO_ONE, meeting, booked(9, 1, "other")) == ["10:00", "11:00", "12:00"]
    assert free(NINE_TO_ONE, meeting, booked(9)) == []


def test_focus_time_stays_free() -> None:
    rules = replace(NINE_TO_ONE, focus={1: [Hours(630, 660)], 2: [Hours(540, 780)]})

    assert free(rules) == ["09:00", "11:00", "12:00"]


def test_only_slot_starts_are_offered() -> None:
    assert is_offered(NINE_TO_ONE, CALL, (), at(10), LONG_AGO)
    assert not is_offered(NINE_TO_ONE, CALL, (), at(10.25), LONG_AGO)
    assert not is_offered(NINE_TO_ONE, CALL, (booked(10),), at(10), LONG_AGO)


MINUTES: Final = st.integers(0, 120).map(lambda number: timedelta(minutes=number))
ZONES: Final = st.sampled_from(["America/New_York", "Europe/London", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"])
DAYS: Final = st.sampled_from([DAY, date(2026, 3, 8), date(2026, 11, 1), date(2026, 4, 5), date(2026, 10, 25)])


@st.composite
def windows(draw: st.DrawFn) -> list[Hours]:
    start = draw(st.integers(0, 1380))
    return [Hours(start, draw(st.integers(start + 1, 1440)))]


@st.composite
def schedules(draw: st.DrawFn) -> tuple[Rules, Meeting, list[Booked], date]:
    zone, day = ZoneInfo(draw(ZONES)), draw(DAYS)
    weeks = st.dictionaries(st.integers(0, 6), windows(), max_size=7)
    cap = st.none() | st.integers(1, 6)
    rules = Rules(
        zone,
        dict.fromkeys(range(7), draw(windows())),
        draw(st.dictionaries(st.just(day), windows(), max_size=1)),
        draw(weeks),
        draw(MINUTES),
        draw(MINUTES),
        draw(MINUTES),
        draw(cap),
    )
    duration = timedelta(minutes=draw(st.integers(30, 120)))
    buffer = st.none() | MINUTES
    meeting = Meeting("call", duration, draw(buffer), draw(buffer), timedelta(), draw(cap))
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    taken = draw(st.lists(st.tuples(st.integers(-600, 2000), st.integers(1, 180)), max_size=6))
    others = [
        Booked(
            Span(midnight + timedelta(minutes=start), midnight + timedelta(minutes=start + length)),
            "call",
            draw(MINUTES),
            draw(MINUTES),
        )
        for start, length in taken
    ]
    return rules, meeting, others, day


@given(schedules())
def test_offered_slots_keep_their_distance(schedule: tuple[Rules, Meeting, list[Booked], date]) -> None:
    rules, meeting, others, day = schedule
    before, after = rules.margins(meeting)
    for slot in offered(rules, meeting, others, day, LONG_AGO):
        for other in others:
            assert slot.end <= other.span.start - max(after, other.buffer_before) or slot.start >= other.span.end + max(
                before, other.buffer_after
            )


@given(schedules(), st.data())
def test_slots_can_be_booked_until_none_is_left(
    schedule: tuple[Rules, Meeting, list[Booked], date], data: st.DataObject
) -> None:
    rules, meeting, others, day = schedule
    while slots := list(offered(rules, meeting, others, day, LONG_AGO)):
        slot = data.draw(st.sampled_from(slots))
        assert is_offered(rules, meeting, others, slot.start, LONG_AGO)
        others = [*others, Booked(slot, "call")]
        assert not is_offered(rules, meeting, others, slot.start, LONG_AGO)


@given(schedules())
def test_offered_slots_lie_in_the_hours_of_the_day(schedule: tuple[Rules, Meeting, list[Booked], date]) -> None:
    rules, meeting, others, day = schedule
    for slot in offered(rules, meeting, others, day, LONG_AGO):
        (hours,) = rules.open_hours(day)
        instants = [slot.start + (slot.end - slot.start) * part / 4 for part in range(4)]
        for clock in (instant.astimezone(rules.zone) for instant in instants):
            assert clock.date() == day
            assert hours.start <= clock.hour * 60 + clock.minute < hours.end
