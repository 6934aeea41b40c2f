"""Local times as a client sees them, against the sandbox."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import pytest
from mcp import Client

from linktime.app import app
from linktime.config import Settings
from linktime.sandbox import Sandbox
from tests.support.process import Child, child
from tests.support.redis_server import RedisServer
from tests.support.sandbox_client import MONDAY, misbehave
from tests.support.sdk_client import connected

BOUND = 20.0  # s
GUEST = {"inviteeName": "Ada Lovelace", "inviteeEmail": "ada@example.com", "inviteeTimezone": "Europe/London"}
NEXT_DAYS = {"from": "2026-03-03", "to": "2026-03-10"}


@pytest.fixture
async def account() -> AsyncIterator[Sandbox]:
    """Start a sandbox in New York, six days before its clocks change."""
    async with Sandbox(limit=0, now=lambda: MONDAY) as sandbox:
        yield sandbox


@asynccontextmanager
async def client_of(sandbox: Sandbox, **settings: str) -> AsyncIterator[Client]:
    environ = {"LINKTIME_API_KEY": sandbox.key, "LINKTIME_BASE_URL": sandbox.url, "LINKTIME_BUDGET": "process"}
    async with (
        asyncio.timeout(BOUND),
        app(Settings.from_environ(environ | settings)) as application,
        connected(application.session.server) as client,
    ):
        yield client


def looks(sandbox: Sandbox) -> int:
    return [f"{entry.method} {entry.path}" for entry in sandbox.requests].count("GET /settings")


async def answer(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    assert isinstance(result.structured_content, dict)
    return result.structured_content


async def refusal(client: Client, tool: str, **arguments: Any) -> str:
    result = await client.call_tool(tool, arguments)
    assert result.is_error
    return str(result.content[0].text)  # type: ignore[union-attr]


def is_local(time: str, offset: str) -> bool:
    """Return whether a local time has the right weekday and *offset*."""
    weekday, date, minute, actual = time.split()
    return f"{datetime.fromisoformat(f'{date} {minute}'):%a}" == weekday and actual == offset


async def test_booking_has_all_local_times_after_one_lookup(account: Sandbox) -> None:
    async with client_of(account) as client:
        slots = (await answer(client, "check_availability", eventTypeSlug="30min", **NEXT_DAYS))["slots"]
        assert is_local(slots[0]["startTimeLocal"], "-05:00")
        assert is_local(slots[-1]["startTimeLocal"], "-04:00")
        assert looks(account) == 0

        booked = await answer(client, "create_booking", eventTypeSlug="30min", startTime=slots[0]["startTime"], **GUEST)
        booking = await answer(client, "get_booking", bookingId=booked["bookingId"])
        assert booking["startTime"] == slots[0]["startTime"]
        assert booking["startTimeLocal"] == slots[0]["startTimeLocal"]
        assert is_local(booking["startTimeGuest"], "+00:00")
        assert is_local(booking["emailLogs"][0]["sentAtLocal"], "-05:00")

        result = await client.call_tool("list_bookings", {})
        assert result.meta
        assert result.meta["linktime/timezone"] == "America/New_York"
        assert all(each["startTimeLocal"] for each in result.structured_content["data"])
    assert looks(account) == 1


async def test_slots_are_local_and_in_the_requested_zone(account: Sandbox) -> None:
    async with client_of(account) as client:
        arguments = {"eventTypeSlug": "30min", "timezone": "Asia/Kathmandu", **NEXT_DAYS}
        slots = (await answer(client, "check_availability", **arguments))["slots"]

    assert slots
    assert all(is_local(slot["startTimeGuest"], "+05:45") for slot in slots)
    assert {slot["startTimeLocal"][-6:] for slot in slots} == {"-05:00", "-04:00"}
    assert looks(account) == 1


@pytest.mark.parametrize("ttl", ["30", "0"])
async def test_new_zone_applies_at_once_after_a_second_lookup(account: Sandbox, ttl: str) -> None:
    async with client_of(account, LINKTIME_CACHE_TTL=ttl) as client:
        before = [await answer(client, "list_call_history") for _ in range(3)]
        await answer(client, "update_settings", timezone="Asia/Tokyo")
        after = [await answer(client, "list_call_history") for _ in range(3)]

    assert {is_local(call["startedAtLocal"], "-05:00") for each in before for call in each["data"]} == {True}
    assert {is_local(call["startedAtLocal"], "+09:00") for each in after for call in each["data"]} == {True}
    assert looks(account) == 2


async def test_first_answer_with_redis_has_local_times(account: Sandbox, redis: RedisServer) -> None:
    async with client_of(account, LINKTIME_BUDGET=redis.url) as client:
        first = await answer(client, "list_call_history")

    assert is_local(first["data"][0]["startedAtLocal"], "-05:00")
    assert looks(account) == 1


async def test_zone_change_by_another_server_reaches_the_cache(account: Sandbox) -> None:
    async with client_of(account, LINKTIME_BUDGET="local") as one, client_of(account, LINKTIME_BUDGET="local") as other:
        before = await answer(one, "list_call_history")
        await answer(other, "update_settings", timezone="Asia/Tokyo")
        after = await one.call_tool("list_call_history", {})

    assert is_local(before["data"][0]["startedAtLocal"], "-05:00")
    assert after.meta
    assert after.meta["linktime/cache"] == "hit"
    assert is_local(after.structured_content["data"][0]["startedAtLocal"], "+09:00")


async def test_missing_hours_are_refused_before_a_request(account: Sandbox) -> None:
    spring = {"date": "2026-03-08", "isBlocked": False, "endTime": "12:00"}
    async with client_of(account) as client:
        refused = await refusal(client, "create_availability_override", startTime="02:30", **spring)
        named = await refusal(client, "reschedule_booking", bookingId="clx1", newStartTime="2026-03-08T02:30")
        await answer(client, "create_availability_override", startTime="03:00", **spring)

    assert refused.startswith("invalid_arguments: startTime: 02:30 ")
    assert refused.endswith("01:59 or 03:00")
    assert "2026-03-08T01:30:00-05:00 or 2026-03-08T03:30:00-04:00 in America/New_York" in named
    assert [f"{entry.method} {entry.path}" for entry in account.requests] == [
        "GET /settings",
        "POST /availability/overrides",
    ]


async def test_lookup_is_skipped_on_a_small_budget(account: Sandbox) -> None:
    async with client_of(account, LINKTIME_RATE_LIMIT="10") as client:
        bookings = (await answer(client, "list_bookings"))["data"]

    assert bookings
    assert "startTimeLocal" not in bookings[0]
    assert looks(account) == 0


async def test_failed_settings_leave_the_times_in_utc(account: Sandbox) -> None:
    await misbehave(account, path="/settings", status=404, times=None)
    async with client_of(account) as client:
        answers = [await answer(client, "list_bookings", limit=limit) for limit in range(1, 6)]

    assert not any("startTimeLocal" in booking for each in answers for booking in each["data"])
    assert looks(account) == 1


@pytest.mark.slow
async def test_hanging_settings_delay_neither_answer_nor_exit(sandbox: Sandbox) -> None:
    await misbehave(sandbox, path="/settings", hang=True, times=None)
    async with child(
        LINKTIME_BASE_URL=sandbox.url, LINKTIME_API_KEY=sandbox.key, LINKTIME_TIMEOUT="2", LINKTIME_CACHE_TTL="0"
    ) as server:
        await server.greet()
        results = [await server.result(server.call("list_bookings", limit=1)) for _ in range(2)]
        assert looks(sandbox) == 1
        assert await server.close() == 0

    assert not any("startTimeLocal" in result["structuredContent"]["data"][0] for result in results)
    assert server.log == ["LinkTime MCP server running"]


@pytest.mark.slow
async def test_one_shot_client_gets_local_times(server: Child) -> None:
    call = server.call("list_bookings", limit=1)
    server.stdin.close()

    result = await server.result(call)

    assert result["structuredContent"]["data"][0]["startTimeLocal"]
    assert await server.ended() == 0
