"""Every tool over stdio, the real program, real HTTP and the sandbox."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from linktime.pipeline.system import STATE
from linktime.sandbox import Sandbox
from linktime.tools import TOOLS
from tests.support.process import Child, child
from tests.support.tool_requests import REQUESTS


async def test_every_call_becomes_the_request_that_the_table_says(sandbox: Sandbox, tmp_path: Path) -> None:
    settings = {"LINKTIME_BASE_URL": sandbox.url, "LINKTIME_API_KEY": sandbox.key, STATE: str(tmp_path)}
    async with child(**settings, LINKTIME_CACHE_TTL="0", LINKTIME_RATE_LIMIT="1000") as server:
        await server.greet()
        for expected in (row for row in REQUESTS if not row.is_looked_up):
            seen = len(sandbox.requests)
            await server.result(server.call(expected.tool, **expected.arguments))

            requests = [entry for entry in list(sandbox.requests)[seen:] if entry.path != "/settings"]
            first = (requests or list(sandbox.requests)[seen:])[0]  # a look for the account's zone may come with it
            assert (first.method, first.path, dict(parse_qsl(first.query)), first.body) == (
                expected.method,
                expected.path,
                dict(expected.query),
                expected.body,
            ), expected.tool

    assert {expected.tool for expected in REQUESTS} == set(TOOLS)


class Journey:
    """Calls tools that must succeed, and remembers which."""

    def __init__(self, server: Child) -> None:
        self._server = server
        self.called: set[str] = set()

    async def call(self, tool: str, **arguments: Any) -> Any:
        """Call a tool and return its answer."""
        self.called.add(tool)
        result = await self._server.result(self._server.call(tool, **arguments))
        assert result["isError"] is False, result["content"]
        return result["structuredContent"]


async def test_every_tool_does_its_work(server: Child) -> None:
    journey = Journey(server)
    call = journey.call
    today = datetime.now(UTC).date()
    fortnight = {"from": str(today + timedelta(1)), "to": str(today + timedelta(14))}
    holiday = str(today + timedelta(30))
    guest = {"inviteeName": "Ada Lovelace", "inviteeEmail": "ada@example.com", "inviteeTimezone": "Europe/London"}

    assert (await call("get_me"))["plan"]
    kind = await call("create_event_type", name="Walk", slug="walk", durationMinutes=30, locationType="IN_PERSON")
    assert (await call("update_event_type", eventTypeId=kind["id"], name="Long walk"))["name"] == "Long walk"
    assert "walk" in [kind["slug"] for kind in (await call("list_event_types"))["data"]]

    free = (await call("check_availability", eventTypeSlug="walk", **fortnight))["slots"]
    booked = await call("create_booking", eventTypeSlug="walk", startTime=free[0]["startTime"], **guest)
    moved = {"bookingId": booked["bookingId"], "newStartTime": free[5]["startTime"]}
    await call("reschedule_booking", **moved)
    assert (await call("get_booking", bookingId=booked["bookingId"]))["startTime"] == moved["newStartTime"]
    await call("cancel_booking", bookingId=booked["bookingId"], reason="rain")
    cancelled = (await call("list_bookings", status="CANCELLED", limit=100))["data"]
    assert booked["bookingId"] in [booking["id"] for booking in cancelled]
    await call("delete_event_type", eventTypeId=kind["id"])

    person = await call("create_contact", name="Grace Hopper", email="grace@example.com")
    await call("update_contact", contactId=person["id"], company="Navy")
    assert (await call("get_contact", contactId=person["id"]))["company"] == "Navy"
    assert len((await call("list_contacts", search="hopper"))["data"]) == 1
    await call("delete_contact", contactId=person["id"])
    assert (await call("list_contacts", search="hopper"))["data"] == []

    assert (await call("list_conversations", channel="SMS"))["data"]
    assert (await call("list_call_history"))["data"]

    rules = [{"dayOfWeek": 2, "startTime": "10:00", "endTime": "12:00"}]
    await call("update_availability_rules", rules=rules)
    assert (await call("get_availability_rules"))["data"] == rules
    override = await call("create_availability_override", date=holiday, reason="Vacation")
    listed = await call("list_availability_overrides", **{"from": holiday, "to": holiday})
    assert [override["id"] for override in listed["data"]] == [override["id"]]
    await call("delete_availability_override", overrideId=override["id"])

    await call("update_settings", maxMeetingsPerDay=0, minGapMinutes=5)
    assert (await call("get_settings"))["minGapMinutes"] == 5
    assert (await call("list_integrations"))["data"]

    hook = await call("create_webhook", url="http://127.0.0.1:9/hook", events=["booking.created"])
    assert hook["secret"].startswith("whsec_")
    await call("update_webhook", webhookId=hook["id"], isActive=False)
    assert "secret" not in (await call("list_webhooks"))["data"][-1]
    await call("delete_webhook", webhookId=hook["id"])

    flow = await call(
        "create_workflow",
        name="Thank",
        trigger="AFTER_MEETING",
        actions=[{"type": "SEND_EMAIL", "config": {"body": "Thanks"}}],
        triggerOffsetMinutes=60,
    )
    assert flow["id"] in [flow["id"] for flow in (await call("list_workflows"))["data"]]

    assert journey.called == set(TOOLS)


async def test_a_secret_is_never_answered_twice(server: Child) -> None:
    hook = {"url": "http://127.0.0.1:9/hook", "events": ["booking.created"]}

    first = await Journey(server).call("create_webhook", **hook)
    second = await server.result(server.call("create_webhook", **hook))
    other = await Journey(server).call("create_webhook", **hook, name="Other")

    assert second["isError"] is True
    assert first["secret"] not in str(second)
    assert first["secret"] != other["secret"]
