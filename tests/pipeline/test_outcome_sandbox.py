from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from linktime.errors import NotCommitted, OutcomeUnknown, Rejected
from linktime.message import Reply, Request
from linktime.pipeline.outcome import Outcome
from linktime.pipeline.rest.client import Rest
from linktime.sandbox import Sandbox
from linktime.tools import TOOLS

from ..support.sandbox_client import MONDAY

pytestmark = pytest.mark.timeout(30)


OTHER = {"inviteeEmail": "other@hale.example"}


class Faulty:
    """The way to a sandbox on which every write ends in a fault, before it is done or after it was."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.commits = False
        self.rest: Rest
        self._outcome = Outcome(self._send, clock=lambda: self.seconds, wall=self.wall, sleep=self._sleep)

    def wall(self) -> datetime:
        """Return the time of day, here and in the sandbox."""
        return MONDAY + timedelta(seconds=self.seconds)

    async def _sleep(self, seconds: float) -> None:
        self.seconds += seconds

    async def _send(self, request: Request) -> Reply:
        if request.is_read:
            return await self.rest(request)
        self.seconds += 0.05  # on its way
        if self.commits:
            await self.rest(request)
        raise OutcomeUnknown("LinkTime answered 500.", answered=True)

    async def call(self, tool: str, **arguments: Any) -> Any:
        """Call a tool, once without and once with effect, and return what the second answers."""
        request = TOOLS[tool].request(arguments)
        self.commits = False
        with pytest.raises(NotCommitted):
            await self._outcome(request)
        self.seconds += 60
        self.commits = True
        reply = await self._outcome(request)
        assert reply.notes.outcome == "verified"
        self.seconds += 60
        return reply.data

    async def read(self, tool: str, **arguments: Any) -> Any:
        """Call a tool that reads."""
        return (await self._outcome(TOOLS[tool].request(arguments))).data

    async def refusal(self, tool: str, **arguments: Any) -> str:
        """Return how a write is refused that meets no fault but LinkTime's own rules."""
        with pytest.raises(Rejected) as refusal:
            await Outcome(self.rest, clock=lambda: 0.0)(TOOLS[tool].request(arguments))
        return str(refusal.value)


@pytest.fixture
async def faulty() -> AsyncIterator[Faulty]:
    faulty = Faulty()
    async with Sandbox(limit=0, now=faulty.wall) as sandbox:
        faulty.rest = Rest(sandbox.url, sandbox.key, timeout=5, connections=2)
        yield faulty
        await faulty.rest.aclose()


async def test_bookings(faulty: Faulty) -> None:
    offered = await faulty.read(
        "check_availability", eventTypeSlug="30min", **{"from": "2026-03-09", "to": "2026-03-09"}
    )
    first, *_, last = [slot["startTime"] for slot in offered["slots"]]
    guest = {"inviteeName": "Robin Hale", "inviteeEmail": "Robin@Hale.example", "inviteeTimezone": "Asia/Tokyo"}

    booked = await faulty.call("create_booking", eventTypeSlug="30min", startTime=first, **guest)
    refused = await faulty.refusal("create_booking", eventTypeSlug="30min", startTime=first, **guest | OTHER)
    assert refused.startswith("conflict: LinkTime says")
    assert ". Nearest free times: 2026-03-09T" in refused

    assert await faulty.call("reschedule_booking", bookingId=booked["bookingId"], newStartTime=last) == {
        "success": True
    }
    refused = await faulty.refusal("reschedule_booking", bookingId=booked["bookingId"], newStartTime=MONDAY.isoformat())
    assert "in the past" in refused
    sunday = "2026-03-08T15:00:00Z"
    refused = await faulty.refusal("reschedule_booking", bookingId=booked["bookingId"], newStartTime=sunday)
    assert "Sunday" in refused
    assert "Nearest free times: 2026-03-0" in refused

    assert await faulty.call("cancel_booking", bookingId=booked["bookingId"]) == {"success": True}
    refused = await faulty.refusal("reschedule_booking", bookingId=booked["bookingId"], newStartTime=first)
    assert "Nearest" not in refused


async def test_contacts(faulty: Faulty) -> None:
    contact = await faulty.call("create_contact", name="Robin Hale", email="Robin@Hale.example", phone="+1 555 0100")
    changed = await faulty.call("update_contact", contactId=contact["id"], email="R@Hale.example", company="Hale & Co")
    assert (changed["email"], changed["company"]) == ("r@hale.example", "Hale & Co")
    await faulty.call("delete_contact", contactId=contact["id"])


async def test_event_types(faulty: Faulty) -> None:
    made = {"name": "Quick", "slug": "quick", "durationMinutes": 15, "locationType": "ZOOM", "price": 9.5}
    kind = await faulty.call("create_event_type", **made)
    await faulty.call("update_event_type", eventTypeId=kind["id"], isActive=False, currency="EUR", bufferAfter=0)
    await faulty.call("update_event_type", eventTypeId=kind["id"], isActive=True)
    await faulty.call("delete_event_type", eventTypeId=kind["id"])


async def test_availability_and_settings(faulty: Faulty) -> None:
    override = await faulty.call("create_availability_override", date="2026-03-10", reason="Holiday")
    await faulty.call("delete_availability_override", overrideId=override["id"])
    window = {"dayOfWeek": 1, "startTime": "9:00", "endTime": "12:00"}
    await faulty.read("get_availability_rules")
    await faulty.call("update_availability_rules", rules=[window | {"dayOfWeek": 3}, window])
    await faulty.call("update_availability_rules", rules=[])
    await faulty.read("get_settings")
    await faulty.call("update_settings", maxMeetingsPerDay=3, bufferBefore=7, focusTimeBlocks=[window])
    await faulty.call("update_settings", maxMeetingsPerDay=0, timezone="Europe/Berlin", focusTimeBlocks=[])


async def test_webhooks_and_workflows(faulty: Faulty) -> None:
    events = ["contact.created", "booking.created"]
    hook = await faulty.call("create_webhook", url="https://hooks.example.com/hook", events=events)
    assert "secret" not in hook
    assert hook["secretNote"].startswith("The signing secret was in the answer that was lost")
    await faulty.call("update_webhook", webhookId=hook["id"], isActive=False, events=events[:1])
    await faulty.call("delete_webhook", webhookId=hook["id"])
    action = {"type": "SEND_SMS", "config": {"text": "Hello"}}
    flow = {"name": "Remind", "trigger": "BEFORE_MEETING", "triggerOffsetMinutes": 60, "actions": [action, action]}
    await faulty.call("create_workflow", **flow)
