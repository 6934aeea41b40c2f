from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from mcp import Client
from rich.console import Console

from linktime.app import app
from linktime.commands.demo import converse
from linktime.commands.demo.assistant import StepFailed
from linktime.commands.demo.transcript import Transcript
from linktime.config import Settings
from linktime.sandbox import Sandbox
from tests.support.process import PATIENCE
from tests.support.sandbox_client import misbehave
from tests.support.sdk_client import connected

SENTENCES = [
    "Book a 30-minute call with Sarah Chen tomorrow afternoon",
    "What meetings do I have this week?",
    "Push my meeting with Alex to Thursday",
    "I'm on vacation next week, block my calendar",
    'Create a 15-minute "Quick Chat" event with Zoom',
    "Send a webhook to my server when someone books a meeting",
    "What do I know about Sarah Chen?",
    "How did my voice agent calls go this week?",
]
MONDAY = datetime(2026, 11, 23, 13, tzinfo=UTC)  # 8 in the morning in New York
WEEK = [MONDAY + timedelta(days=number) for number in range(7)]
ODD_TIMES = [
    datetime(2026, 11, 24, 4, 30, tzinfo=UTC),  # another day in UTC than in New York
    datetime(2026, 11, 28, 4, 30, tzinfo=UTC),  # Friday, half past eleven in the evening
    datetime(2026, 11, 30, 5, 1, tzinfo=UTC),  # a minute into a Monday
    datetime(2026, 3, 6, 17, tzinfo=UTC),  # the clocks go forward in between
    datetime(2026, 10, 30, 17, tzinfo=UTC),  # the clocks go back in between
    datetime(2026, 12, 31, 20, tzinfo=UTC),
    datetime(2028, 2, 28, 20, tzinfo=UTC),
]


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(limit=0, now=lambda: MONDAY) as running:
        yield running


@asynccontextmanager
async def client_of(sandbox: Sandbox, **settings: str) -> AsyncIterator[Client]:
    """Yield a client of a server in this process."""
    environ = {"LINKTIME_API_KEY": sandbox.key, "LINKTIME_BASE_URL": sandbox.url, "LINKTIME_RATE_LIMIT": "5000"}
    parsed = Settings.from_environ({**environ, **settings})
    async with asyncio.timeout(PATIENCE), app(parsed) as application, connected(application.session.server) as client:
        yield client


def page() -> tuple[Transcript, StringIO]:
    """Return a transcript with unlimited line length, and the text that it writes."""
    written = StringIO()
    return Transcript(Console(file=written, width=1000)), written


async def conversed(sandbox: Sandbox, now: Callable[[], datetime]) -> str:
    """Hold all conversations. Return the transcript's text."""
    transcript, written = page()
    async with client_of(sandbox) as client:
        await converse(client, transcript, now)
    return written.getvalue()


@pytest.mark.slow
@pytest.mark.measured
@pytest.mark.parametrize("moment", [*WEEK, *ODD_TIMES], ids=str)
async def test_conversations_come_out_right_on_any_day(moment: datetime) -> None:
    async with Sandbox(limit=0, now=lambda: moment) as sandbox:
        written = await conversed(sandbox, lambda: moment)

    assert [sentence for sentence in SENTENCES if sentence not in written] == []
    assert written.count(" create_availability_override ") == 5


async def test_assistant_repeats_the_results_of_its_tools(sandbox: Sandbox) -> None:
    written = await conversed(sandbox, lambda: MONDAY)

    messages = [
        " ".join(text.split()) for text in re.findall(r"^Assistant +((?:.+\n(?: {12}.+\n)*))", written, re.MULTILINE)
    ]
    assert messages == [
        (
            "Done! Booked a 30-Minute Call with Sarah Chen tomorrow at 1:30pm EST. "
            "Sarah will receive a confirmation email with the meeting link."
        ),
        (
            "You have 5 meetings this week. - Mon 10am: Product Demo with Alex Rivera "
            "- Tue 1:30pm: 30-Minute Call with Sarah Chen - Tue 2pm: Quick Call with Sarah Chen "
            "- Wed 11am: Strategy Session with Jordan Lee - Fri 3pm: Intro Call with Sam Okafor"
        ),
        "Thursday slots: 9am, 10am, 11am, 12pm, 1pm, 2pm, 3pm, 4pm. Which?",
        "Done! Alex will get an email with the updated time, on Thursday at 10am EST.",
        (
            "Done! Your calendar is blocked November 30 to December 4. No one can book meetings with you that week. "
            "Booked before, and still standing: Strategy Session with Alex Rivera, Quick Call with Priya Nair and "
            "Product Demo with Sam Okafor. I can remove these blocks anytime with delete_availability_override."
        ),
        'Created! Your new "Quick Chat" event is live at linktime.io/maya/quick-chat — 15 minutes on Zoom.',
        messages[6],
        (
            "Sarah Chen — VP Engineering at Acme Corp You've met 4 times. Last meeting: Product Demo (Nov 18). "
            'Next: 30-Minute Call (Nov 24). Notes: "Interested in enterprise plan. Budget review in Q1."'
        ),
        (
            "8 calls this week. - 5 completed (avg 2m 15s) — 3 resulted in bookings - 2 no answer - 1 failed (5s) "
            'Your "Sales Agent" handled all of them.'
        ),
    ]
    assert re.fullmatch(
        r"Webhook created! Your signing secret is whsec_\w{4}… \(cut short in this demo\) Save it now — it won't be "
        r"shown again. You'll receive POST requests for booking.created and booking.cancelled at "
        r"https://api.example.com/bookings.",
        messages[6],
    )


async def test_days_without_free_slots_are_skipped() -> None:
    friday, thanksgiving = WEEK[4], "Thursday, November 26"
    async with Sandbox(limit=0, now=lambda: friday) as sandbox:
        on_friday = await conversed(sandbox, lambda: friday)
    async with Sandbox(limit=0, now=lambda: MONDAY) as sandbox:
        blocked = {"slots": [], "eventTypeSlug": "product-demo", "timezone": "America/New_York"}
        await misbehave(sandbox, path="/availability", skip=1, times=1, status=200, body=blocked)
        on_monday = await conversed(sandbox, lambda: MONDAY)

    assert re.search("Assistant +Tomorrow is Saturday ", on_friday)
    assert "Booked a 30-Minute Call with Sarah Chen on Monday at 2pm EST." in on_friday
    assert re.search(f"Assistant +{thanksgiving} ", on_monday)


def none_free(path: str = "/availability", skip: int = 0) -> dict[str, Any]:
    return {"path": path, "skip": skip, "status": 200, "body": {"slots": []}}


NOTHING: dict[str, Any] = {"status": 200, "body": {"data": []}}
LIES: list[tuple[dict[str, Any], int, str]] = [
    ({"path": "/event-types", **NOTHING}, 1, "30-minute event type"),
    ({"path": "/contacts", **NOTHING}, 1, "Sarah Chen"),
    ({"path": "/bookings", "method": "GET", **NOTHING}, 1, "new booking"),
    (none_free(), 1, "free afternoon"),
    (none_free(skip=1), 3, "Thursday"),
    ({"path": "/settings", "status": 200, "body": {"data": []}}, 1, "get_settings"),
    ({"path": "/availability", "status": 200, "body": {"slots": "none"}}, 1, "check_availability"),
    ({"path": "/bookings", "method": "GET", "skip": 2, **NOTHING}, 3, "meeting with Alex"),
    ({"path": "/bookings/*/reschedule", "status": 200, "body": {"success": True}}, 3, "new time"),
    (
        {"path": "/availability/overrides", "method": "POST", "skip": 1, "times": 1, "status": 200, "body": {}},
        4,
        "all five days",
    ),
    ({"path": "/event-types", "method": "POST", "status": 200, "body": {"id": "clx"}}, 5, "new event type"),
    (
        {"path": "/webhooks", "method": "POST", "status": 200, "body": {"id": "clx", "secret": "x"}},
        6,
        "signing secret",
    ),
    ({"path": "/calls", "status": 200, "body": {"data": [], "pagination": {"total": 1}}}, 8, "all calls"),
]


@pytest.mark.slow
@pytest.mark.measured
@pytest.mark.parametrize(("fault", "number", "subject"), LIES, ids=[subject for *_, subject in LIES])
async def test_wrong_data_from_the_service_is_detected(
    sandbox: Sandbox, fault: dict[str, Any], number: int, subject: str
) -> None:
    await misbehave(sandbox, **{"times": None, **fault})

    async with client_of(sandbox) as client:
        with pytest.raises(StepFailed, match=rf"^conversation {number} \(.+\): .*{subject}"):
            await converse(client, page()[0], lambda: MONDAY)
