"""Dates in words, through the real program: their date in the account's zone, or the two dates that they can mean."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import pytest

from linktime.errors import InvalidArguments
from linktime.pipeline.system import STATE
from linktime.sandbox import Sandbox
from linktime.tools import TOOLS
from tests.support.process import Child, child

NEW_YORK = ZoneInfo("America/New_York")  # of the sandbox's account
LATE = datetime(2026, 11, 28, 3, tzinfo=UTC)  # Friday 22:00 in New York


@pytest.fixture
async def server(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[Child]:
    settings = {"LINKTIME_BASE_URL": sandbox.url, "LINKTIME_API_KEY": sandbox.key, STATE: str(tmp_path)}
    async with child(**settings) as started:
        await started.greet()
        yield started


def today() -> date:
    return datetime.now(NEW_YORK).date()


async def refusal(server: Child, tool: str, **arguments: str) -> str:
    result = await server.result(server.call(tool, **arguments))
    assert result["isError"]
    return str(result["content"][0]["text"])


async def test_words_are_dates_of_the_account(server: Child, sandbox: Sandbox) -> None:
    before = today()
    result = await server.result(server.call("list_bookings", **{"from": "Today", "to": "tomorrow"}))

    [entry] = [each for each in sandbox.requests if each.path.endswith("/bookings")]
    sent = {name: date.fromisoformat(value) for name, [value] in parse_qs(entry.query).items()}
    assert before <= sent["from"] <= today()
    assert sent["to"] == sent["from"] + timedelta(1)
    assert result["_meta"]["linktime/readAs"] == {"from": str(sent["from"]), "to": str(sent["to"])}


async def test_weekday_is_refused_with_its_two_dates(server: Child, sandbox: Sandbox) -> None:
    text = await refusal(server, "list_bookings", **{"from": "Monday"})

    named = [date.fromisoformat(word.rstrip(".")) for word in text.split() if word[:2] == "20"]
    assert [day.isoweekday() for day in named] == [1, 1]
    assert named[1] == named[0] + timedelta(7)
    assert not [entry for entry in sandbox.requests if entry.path.endswith("/bookings")]


@pytest.mark.parametrize("written", ["next week", "soon", "3 days ago"])
async def test_refusal_has_the_words_and_a_date(server: Child, written: str) -> None:
    text = await refusal(server, "list_bookings", **{"from": written})

    assert "today, tomorrow" in text
    assert f"such as {datetime.now(UTC):%Y-}" in text


async def test_time_is_refused_with_an_example_of_today(server: Child) -> None:
    booking = {"inviteeName": "Ada", "inviteeEmail": "ada@example.com", "inviteeTimezone": "Berlin"}

    text = await refusal(server, "create_booking", eventTypeSlug="intro-call", startTime="tomorrow 3pm", **booking)

    assert text.count(": ") == 2, "the zone is understood"
    assert f"such as {datetime.now(UTC):%Y-}" in text


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("today", "2026-11-27"),
        (" Tomorrow ", "2026-11-28"),
        ("day after tomorrow", "2026-11-29"),
        ("YESTERDAY", "2026-11-26"),
    ],
)
def test_word_is_a_day_of_the_account_and_not_of_utc(written: str, day: str) -> None:
    tool = TOOLS["delete_availability_override"]

    assert tool.read({"date": written}, NEW_YORK, LATE).values["date"] == day


@pytest.mark.parametrize(
    ("written", "meanings"),
    [
        ("monday", ("2026-11-23", "2026-11-30")),
        ("Fri", ("2026-11-27", "2026-12-04")),
        ("next Friday", ("2026-12-04", "2026-12-11")),
        ("next Saturday", ("2026-11-28", "2026-12-05")),
        ("last Friday", ("2026-11-13", "2026-11-20")),
        ("on Thursday", ("2026-11-26", "2026-12-03")),
    ],
)
def test_weekday_has_two_meanings(written: str, meanings: tuple[str, str]) -> None:
    with pytest.raises(InvalidArguments) as refused:
        TOOLS["delete_availability_override"].read({"date": written}, NEW_YORK, LATE)

    assert "{} or {}".format(*meanings) in refused.value.message


@pytest.mark.parametrize("written", ["tomorrow", "Monday"])
def test_word_needs_the_zone_of_the_account(written: str) -> None:
    tool = TOOLS["delete_availability_override"]

    assert tool.zone_patience({"date": written}) > tool.zone_patience({"date": "2026-12-01"})
    with pytest.raises(InvalidArguments, match="date"):
        tool.read({"date": written}, None, LATE)
