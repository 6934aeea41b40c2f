from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple

import pytest
from aiohttp import web

from tests.support.sandbox_client import Visitor, visitor

NINE: Final = "2026-03-03T14:00:00.000Z"
HALF_PAST: Final = "2026-03-03T14:30:00.000Z"
EVENTS: Final = ["booking.created", "booking.cancelled", "booking.rescheduled", "payment.received", "contact.created"]


class Delivered(NamedTuple):
    """One delivery, as it came."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def payload(self) -> Any:
        """Return the body, read."""
        return json.loads(self.body)


class Endpoint:
    """A receiver of webhooks that answers with *status*, or not before *gate* opens."""

    def __init__(self) -> None:
        self.url = ""
        self.status = 200
        self.gate = asyncio.Event()
        self.gate.set()
        self.inside = 0
        self.arrived: asyncio.Queue[Delivered] = asyncio.Queue()

    async def take(self, request: web.Request) -> web.Response:
        """Take a delivery."""
        self.inside += 1
        self.arrived.put_nowait(Delivered(request.headers, await request.read()))
        await self.gate.wait()
        return web.Response(status=self.status)

    async def next(self) -> Delivered:
        """Wait for a delivery."""
        async with asyncio.timeout(5):
            return await self.arrived.get()


@asynccontextmanager
async def listening() -> AsyncIterator[Endpoint]:
    endpoint = Endpoint()
    app = web.Application()
    app.router.add_post("/hook", endpoint.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        endpoint.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
        yield endpoint
    finally:
        endpoint.gate.set()
        await runner.cleanup()


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    async with listening() as endpoint:
        yield endpoint


@pytest.fixture
async def maya() -> AsyncIterator[Visitor]:
    async with visitor() as maya:
        yield maya


async def subscribe(maya: Visitor, endpoint: Endpoint, *events: str) -> str:
    made = await maya.make("/webhooks", url=endpoint.url, events=list(events or EVENTS))
    return str(made["secret"])


async def counts(maya: Visitor) -> tuple[int, int, str | None]:
    async with asyncio.timeout(5):
        await maya.sandbox.delivered()
    webhook = (await maya.get("/webhooks"))["data"][-1]
    return webhook["deliveryCount"], webhook["failureCount"], webhook["lastDeliveryAt"]


async def test_new_booking_is_delivered_with_a_signature(maya: Visitor, endpoint: Endpoint) -> None:
    secret = await subscribe(maya, endpoint, "booking.created")
    ident = (await maya.book(NINE, notes="Zoë's")).data["bookingId"]

    delivered = await endpoint.next()

    signature = hmac.new(secret.encode(), delivered.body, hashlib.sha256).hexdigest()
    assert delivered.headers["X-LinkTime-Signature"] == signature
    assert delivered.headers["X-LinkTime-Event"] == "booking.created"
    assert delivered.headers["X-LinkTime-Timestamp"] == delivered.payload["timestamp"] == "2026-03-02T13:00:00.000Z"
    assert delivered.headers["User-Agent"] == "LinkTime-Webhook/1.0"
    assert delivered.headers["Content-Type"] == "application/json"
    me, event_type = await maya.get("/me"), (await maya.get("/event-types"))["data"][0]
    assert delivered.payload == {
        "event": "booking.created",
        "timestamp": "2026-03-02T13:00:00.000Z",
        "data": {
            "id": ident,
            "eventType": {"id": event_type["id"], "name": "30-Minute Call", "slug": "30min", "duration": 30},
            "startTime": NINE,
            "endTime": HALF_PAST,
            "status": "CONFIRMED",
            "invitee": {"name": "Robin Hale", "email": "robin@hale.example", "timezone": "Europe/Berlin"},
            "host": {"id": me["id"], "name": me["name"], "email": me["email"]},
            "meetingLink": f"https://zoom.example/j/{ident[-10:]}",
            "location": "ZOOM",
            "notes": "Zoë's",
            "isRecurring": False,
            "recurringGroupId": None,
        },
    }
    assert await counts(maya) == (1, 0, "2026-03-02T13:00:00.000Z")


async def test_move_and_cancellation_carry_old_times_and_reason(maya: Visitor, endpoint: Endpoint) -> None:
    await subscribe(maya, endpoint, "booking.rescheduled", "booking.cancelled")
    ident = (await maya.book(NINE)).data["bookingId"]

    await maya.ask("POST", f"/bookings/{ident}/reschedule", {"newStartTime": "2026-03-03T15:00:00Z"})
    moved = (await endpoint.next()).payload
    await maya.ask("POST", f"/bookings/{ident}/cancel", {"reason": "Ill"})
    cancelled = (await endpoint.next()).payload

    assert (moved["event"], cancelled["event"]) == ("booking.rescheduled", "booking.cancelled")
    assert moved["data"]["startTime"] == "2026-03-03T15:00:00.000Z"
    assert (moved["data"]["previousStartTime"], moved["data"]["previousEndTime"]) == (NINE, HALF_PAST)
    assert (cancelled["data"]["status"], cancelled["data"]["cancelReason"]) == ("CANCELLED", "Ill")


async def test_new_contact_is_delivered_from_both_routes(maya: Visitor, endpoint: Endpoint) -> None:
    await subscribe(maya, endpoint, "contact.created")
    made = await maya.make("/contacts", name="Jo", email="jo@ng.example")
    assert (await endpoint.next()).payload["data"] == made

    await maya.book(NINE)
    await maya.book(HALF_PAST)

    assert (await endpoint.next()).payload["data"]["email"] == "robin@hale.example"
    assert (await counts(maya))[0] == 2


async def test_booking_with_a_price_is_a_payment(maya: Visitor, endpoint: Endpoint) -> None:
    await subscribe(maya, endpoint, "payment.received")
    ident = (await maya.book("2026-03-03T15:00:00Z", "strategy-session")).data["bookingId"]

    payment = (await endpoint.next()).payload["data"]

    assert payment == {"bookingId": ident, "amount": 150, "currency": "USD"}


async def test_refused_or_unreachable_delivery_is_a_failure(maya: Visitor, endpoint: Endpoint) -> None:
    await subscribe(maya, endpoint, "contact.created")
    for status in (500, 302, 204):
        endpoint.status = status
        await maya.make("/contacts", name="Jo", email=f"jo@{status}.example")
        await endpoint.next()
    assert (await counts(maya))[:2] == (3, 2)

    webhook = (await maya.get("/webhooks"))["data"][-1]
    await maya.ask("PATCH", f"/webhooks/{webhook['id']}", {"url": "http://127.0.0.1:9/"})
    await maya.make("/contacts", name="Jo", email="jo@last.example")

    assert (await counts(maya))[:2] == (4, 3)


async def test_disabled_or_deleted_webhook_receives_nothing(maya: Visitor, endpoint: Endpoint) -> None:
    await subscribe(maya, endpoint)
    webhook = (await maya.get("/webhooks"))["data"][-1]
    await maya.ask("PATCH", f"/webhooks/{webhook['id']}", {"isActive": False})
    await maya.book(NINE)
    assert await counts(maya) == (0, 0, None)

    await maya.ask("DELETE", f"/webhooks/{webhook['id']}")
    await maya.book(HALF_PAST)
    await maya.sandbox.delivered()

    assert endpoint.arrived.empty()


async def test_slow_endpoint_delays_no_response(maya: Visitor, endpoint: Endpoint) -> None:
    await subscribe(maya, endpoint, "contact.created")
    endpoint.gate.clear()
    for number in range(12):
        await maya.make("/contacts", name="Jo", email=f"jo{number}@ng.example")
    for _ in range(8):
        await endpoint.next()
    assert (endpoint.inside, endpoint.arrived.qsize()) == (8, 0)

    endpoint.gate.set()

    assert (await counts(maya))[:2] == (12, 0)


async def test_deliveries_end_with_the_sandbox(endpoint: Endpoint) -> None:
    endpoint.gate.clear()
    async with asyncio.timeout(5), visitor() as maya:
        await subscribe(maya, endpoint)
        await maya.book(NINE)
        await endpoint.next()

    assert {task.get_name() for task in asyncio.all_tasks() if "_carry" in repr(task)} == set()


@pytest.mark.parametrize(
    ("changes", "executions"),
    [
        ({"trigger": "BOOKING_CREATED"}, 2),
        ({"trigger": "BOOKING_CREATED", "eventTypeIds": ["30min"]}, 1),
        ({"trigger": "BOOKING_CREATED", "isEnabled": False}, 0),
        ({"trigger": "BOOKING_RESCHEDULED"}, 1),
        ({"trigger": "BOOKING_CANCELLED", "eventTypeIds": ["quick-call"]}, 0),
        ({"trigger": "BOOKING_CANCELLED"}, 1),
        ({"trigger": "PAYMENT_RECEIVED"}, 1),
        ({"trigger": "BEFORE_MEETING"}, 0),
    ],
)
async def test_workflows_count_their_executions(maya: Visitor, changes: dict[str, Any], executions: int) -> None:
    ids = {event_type["slug"]: event_type["id"] for event_type in (await maya.get("/event-types"))["data"]}
    actions = [{"type": "SEND_EMAIL", "config": {}}]
    chosen = [ids[slug] for slug in changes.get("eventTypeIds", [])]
    await maya.make("/workflows", **{"name": "Tell", "actions": actions, **changes, "eventTypeIds": chosen})

    ident = (await maya.book(NINE)).data["bookingId"]
    await maya.book("2026-03-03T16:00:00Z", "strategy-session")
    await maya.ask("POST", f"/bookings/{ident}/reschedule", {"newStartTime": HALF_PAST})
    await maya.ask("POST", f"/bookings/{ident}/cancel")

    assert (await maya.get("/workflows"))["data"][-1]["executionCount"] == executions
