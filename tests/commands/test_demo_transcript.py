from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from linktime.commands.demo.calls import Call, Totals, one_line
from linktime.commands.demo.formatting import clock, count, days, duration, listed, when
from linktime.commands.demo.transcript import Transcript


def page() -> tuple[Transcript, StringIO]:
    """Return a transcript with unlimited line length, and the text that it writes."""
    written = StringIO()
    return Transcript(Console(file=written, width=1000)), written


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        ({"slots": []}, "no slots"),
        ({"slots": [{"startTime": "a"}]}, "1 slot, a to a"),
        ({"slots": [{"startTime": "a"}, {"startTime": "b"}]}, "2 slots, a to b"),
        ({"slots": [{"startTime": "a", "startTimeLocal": "Mon 09:00"}]}, "1 slot, Mon 09:00 to Mon 09:00"),
        ({"data": []}, "0 found"),
        ({"data": [{"name": "x"}, {"status": "y"}, {}, "z"], "pagination": {"total": 9}}, "9 found: x, y, ?, z"),
        ({"id": "clx", "price": 0, "isActive": True, "notes": None, "events": []}, "price 0, isActive true"),
        ({"secret": "whsec_0123456789"}, "secret whsec_0123…"),
    ],
)
def test_result_is_summarized_in_one_line(answer: dict[str, Any], line: str) -> None:
    assert one_line(answer) == line


def test_times_and_numbers_are_formatted() -> None:
    today = date(2026, 11, 23)
    moments = [datetime(2026, 11, 23, hour, minute, tzinfo=UTC) for hour, minute in ((0, 5), (9, 0), (12, 0), (15, 30))]

    assert list(map(clock, moments)) == ["12:05am", "9am", "12pm", "3:30pm"]
    assert [when(today + timedelta(days=number), today) for number in (-1, 0, 1, 6, 7)] == [
        "on Sunday, November 22",
        "today",
        "tomorrow",
        "on Sunday",
        "on Monday, November 30",
    ]
    assert days(date(2026, 3, 9), date(2026, 3, 13)) == "March 9 to 13"
    assert days(date(2026, 3, 30), date(2026, 4, 3)) == "March 30 to April 3"
    assert [duration(5), duration(135.2)] == ["5s", "2m 15s"]
    assert [count(1, "call"), count(2, "call")] == ["1 call", "2 calls"]
    assert [listed([]), listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


def test_summary_with_shared_calls_and_unknown_budget() -> None:
    transcript, written = page()
    calls = [Call("list_bookings", {}, {}, {"linktime/cache": how}, reads=True) for how in ("miss", "coalesced", "hit")]

    transcript.summary(8, Totals.of([*calls, Call("get_me", {}, {}, {}, reads=False)], 2, seconds=1.25))

    result, *lines = written.getvalue().splitlines()[1:]
    assert re.findall(r"\d+", result) == ["8"]
    assert [(line.split()[0], re.findall(r"[\d.]+", line)) for line in lines] == [
        ("Tool", ["4", "3", "1"]),
        ("Cache", ["1", "3", "1"]),
        ("Upstream", ["2"]),
        ("Budget", []),
        ("Time", ["1.2"]),
    ]


def test_failure_without_stderr() -> None:
    transcript, written = page()

    transcript.failed("there is no Tuesday", "")

    assert written.getvalue() == "\nFailed      there is no Tuesday\n"


def test_only_labels_are_coloured() -> None:
    written = StringIO()

    Transcript(Console(file=written, width=80, force_terminal=True, color_system="standard")).user("Hello")

    assert written.getvalue() == "\x1b[1;36mUser        \x1b[0mHello\n"
