"""Wall-clock times: in answers and in arguments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings, strategies as st

from linktime.errors import InvalidArguments
from linktime.tools import TOOLS
from linktime.wallclock import choices, formatted, unclear

NEW_YORK = ZoneInfo("America/New_York")
OVERRIDE = {"date": "2026-03-08", "isBlocked": False}


@pytest.mark.parametrize(
    ("wall", "meant", "fault"),
    [
        ("2026-03-01T09:00", ["2026-03-01T09:00:00-05:00"], None),
        ("2026-11-01T01:30", ["2026-11-01T01:30:00-04:00", "2026-11-01T01:30:00-05:00"], "exists twice"),
        ("2026-03-08T02:30", ["2026-03-08T01:30:00-05:00", "2026-03-08T03:30:00-04:00"], "does not exist"),
    ],
)
def test_local_time_means_one_or_two_instants(wall: str, meant: list[str], fault: str | None) -> None:
    time = datetime.fromisoformat(wall)

    assert [each.isoformat() for each in choices(time, NEW_YORK)] == meant
    assert unclear(time, NEW_YORK) == fault


def test_shown_has_day_and_offset_of_the_zone() -> None:
    midnight = datetime.fromisoformat("2026-12-31T20:45:00Z")

    zones = ("Asia/Kathmandu", "America/St_Johns", "UTC")
    assert [formatted(midnight, ZoneInfo(zone)) for zone in zones] == [
        "Fri 2027-01-01 02:30 +05:45",
        "Thu 2026-12-31 17:15 -03:30",
        "Thu 2026-12-31 20:45 +00:00",
    ]


zones = st.sampled_from(sorted(available_timezones())).map(ZoneInfo)
times = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1))  # noqa: DTZ001 - local times have no zone


@settings(max_examples=300)
@given(times.map(lambda time: time.replace(tzinfo=UTC)), zones)
def test_shown_is_exact_to_the_minute_in_every_zone(instant: datetime, zone: ZoneInfo) -> None:
    weekday, day, minute, offset = formatted(instant, zone).split()

    read = datetime.fromisoformat(f"{day}T{minute}{offset}")
    assert timedelta() <= instant - read < timedelta(minutes=1)
    assert f"{read:%a}" == weekday


@settings(max_examples=300)
@given(times, zones)
def test_choices_exist_and_surround_the_local_time(wall: datetime, zone: ZoneInfo) -> None:
    meant, fault = choices(wall, zone), unclear(wall, zone)

    clock_times = {each.replace(tzinfo=None, fold=0) for each in meant}
    match fault:
        case None:
            assert (len(meant), clock_times) == (1, {wall})
        case "exists twice":
            assert (len(meant), clock_times) == (2, {wall})
        case _:
            assert len(clock_times) == 2
            assert min(clock_times) < wall < max(clock_times)


def refusal(tool: str, zone: ZoneInfo | None, **arguments: Any) -> str:
    with pytest.raises(InvalidArguments) as refused:
        TOOLS[tool].request(arguments, zone)
    return refused.value.message


def test_time_without_a_zone_is_refused_with_its_meanings() -> None:
    guest = {"eventTypeSlug": "x", "inviteeName": "A", "inviteeEmail": "a@b.example"}

    assert refusal("reschedule_booking", NEW_YORK, bookingId="b", newStartTime="2026-11-01T01:30") == (
        "newStartTime: needs a zone: 2026-11-01T01:30:00-04:00 or 2026-11-01T01:30:00-05:00 in America/New_York, "
        "where it exists twice (got '2026-11-01T01:30')"
    )
    assert refusal("create_booking", NEW_YORK, startTime="2026-03-08T02:30", inviteeTimezone="Asia/Tokyo", **guest) == (
        "startTime: needs a zone: 2026-03-08T01:30:00-05:00 or 2026-03-08T03:30:00-04:00 in America/New_York, "
        "where it does not exist; 2026-03-08T02:30:00+09:00 in Asia/Tokyo (got '2026-03-08T02:30')"
    )


@pytest.mark.parametrize(
    ("zone", "date", "hours", "faults"),
    [
        (
            "America/New_York",
            "2026-03-08",
            ("02:30", "17:00"),
            {"startTime": ("02:30 does not exist", "01:59 or 03:00")},
        ),
        (
            "America/New_York",
            "2026-11-01",
            ("01:00", "01:30"),
            {
                "startTime": ("01:00 exists twice", "00:59 or 02:00"),
                "endTime": ("01:30 exists twice", "00:59 or 02:00"),
            },
        ),
        (
            "Africa/Cairo",
            "2026-04-24",
            ("00:30", "09:00"),
            {"startTime": ("00:30 does not exist", "01:00")},
        ),
        (
            "Pacific/Apia",
            "2011-12-30",
            ("09:00", "17:00"),
            {"startTime": ("09:00 does not exist", "another day"), "endTime": ("17:00 does not exist", "another day")},
        ),
    ],
)
def test_ambiguous_or_missing_hours_are_refused(
    zone: str, date: str, hours: tuple[str, str], faults: dict[str, tuple[str, str]]
) -> None:
    arguments = {"date": date, "isBlocked": False, "startTime": hours[0], "endTime": hours[1]}

    text = refusal("create_availability_override", ZoneInfo(zone), **arguments)

    parts = {name: text.partition(f"{name}: ")[2] for name in ("startTime", "endTime") if f"{name}: " in text}
    assert parts.keys() == faults.keys()
    for name, (fault, choice) in faults.items():
        assert parts[name].startswith(f"{fault} on {date} in {zone}")
        assert parts[name].partition("; endTime: ")[0].endswith(choice)
    assert TOOLS["create_availability_override"].request(arguments).template == "/availability/overrides"


@pytest.mark.parametrize(
    ("day", "zone"), [("2026-03-09", "America/New_York"), ("0001-01-01", "Asia/Tokyo"), ("2026-03-08", "UTC")]
)
def test_unambiguous_hours_are_accepted(day: str, zone: str) -> None:
    arguments = {"date": day, "isBlocked": False, "startTime": "02:30", "endTime": "03:30"}

    assert TOOLS["create_availability_override"].request(arguments, ZoneInfo(zone)).body


def test_only_hours_need_the_zone() -> None:
    tool = TOOLS["create_availability_override"]

    assert tool.zone_patience(OVERRIDE | {"startTime": "09:00"})
    assert not tool.zone_patience({"date": "2026-03-08"})
    assert not tool.zone_patience(None)
    assert [each.name for each in TOOLS.values() if each.local] == [tool.name]
