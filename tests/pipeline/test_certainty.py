"""Bookings through the real program while the service commits and then fails."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from linktime.sandbox import Sandbox
from tests.support.process import Child
from tests.support.sandbox_client import misbehave


async def booking(server: Child, slot: int = 0) -> dict[str, Any]:
    """Return the arguments that book a free slot."""
    days = {"from": "2030-03-04", "to": "2030-03-08"}
    free = await server.result(server.call("check_availability", eventTypeSlug="30min", **days))
    return {
        "eventTypeSlug": "30min",
        "startTime": free["structuredContent"]["slots"][slot]["startTime"],
        "inviteeName": "Ada Lovelace",
        "inviteeEmail": "ada@example.com",
        "inviteeTimezone": "Europe/London",
    }


async def bookings(server: Child) -> list[dict[str, Any]]:
    """Return the bookings of that week."""
    call = server.call("list_bookings", status="CONFIRMED", **{"from": "2030-03-04", "to": "2030-03-08"})
    rows: list[dict[str, Any]] = (await server.result(call))["structuredContent"]["data"]
    return rows


@pytest.mark.slow
@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500},
        {"status": 502, "body": "<html>Bad Gateway</html>"},
        {"reset": True},
        {"close": True},
        {"status": 200, "body": ""},
        {"truncate": True},
    ],
    ids=str,
)
async def test_a_booking_that_was_made_is_a_success_and_stands_once(
    server: Child, sandbox: Sandbox, fault: dict[str, Any]
) -> None:
    wish = await booking(server)
    await misbehave(sandbox, method="POST", path="/bookings", when="after", **fault)

    result = await server.result(server.call("create_booking", **wish))

    [made] = await bookings(server)
    assert result["structuredContent"]["bookingId"] == made["id"]
    assert result["structuredContent"]["startTime"] == made["startTime"]
    assert result["_meta"]["linktime/outcome"] == "verified"
    assert [entry.method for entry in sandbox.requests].count("POST") == 1


@pytest.mark.slow
async def test_booking_that_was_not_made_may_be_called_again(server: Child, sandbox: Sandbox) -> None:
    wish = await booking(server)
    await misbehave(sandbox, method="POST", path="/bookings", when="before", status=500)

    refused = await server.result(server.call("create_booking", **wish))
    made = await server.result(server.call("create_booking", **wish))

    assert refused["content"][0]["text"].startswith("not_committed: ")
    assert made["isError"] is False
    assert len(await bookings(server)) == 1
    assert len({entry.headers["idempotency-key"] for entry in sandbox.requests if entry.method == "POST"}) == 1


async def test_end_of_input_ends_a_verification(server: Child, sandbox: Sandbox) -> None:
    wish = await booking(server)
    await misbehave(sandbox, method="POST", path="/bookings", when="before", status=500)

    call = server.call("create_booking", **wish)
    async with asyncio.timeout(30):
        while not any(entry.method == "POST" and entry.status for entry in sandbox.requests):
            await asyncio.sleep(0.01)
    server.stdin.close()
    answer = await server.result(call)

    assert answer["content"][0]["text"].startswith("outcome_unknown: ")
    async with asyncio.timeout(30):
        assert await server.process.wait() == 0


@pytest.mark.slow
async def test_a_booking_that_was_lost_on_its_way_is_not_called_undone(server: Child, sandbox: Sandbox) -> None:
    wish = await booking(server)
    await misbehave(sandbox, method="POST", path="/bookings", when="before", reset=True)

    lost = await server.result(server.call("create_booking", **wish))

    assert lost["content"][0]["text"].startswith("outcome_unknown: ")
    assert "list_bookings" in lost["content"][0]["text"]
    assert "ada@example.com" not in lost["content"][0]["text"]
    assert await bookings(server) == []


async def test_a_taken_time_is_refused_with_the_nearest_free_ones(server: Child) -> None:
    wish = await booking(server, slot=1)
    await server.result(server.call("create_booking", **wish))

    refused = await server.result(server.call("create_booking", **wish | {"inviteeEmail": "grace@example.com"}))

    text = refused["content"][0]["text"]
    assert text.startswith("conflict: ")
    assert (await booking(server, slot=0))["startTime"] in text
    assert wish["startTime"] not in text


async def test_one_idempotency_key_goes_with_every_try_of_a_call(server: Child, sandbox: Sandbox) -> None:
    wish = await booking(server)
    await misbehave(sandbox, method="POST", path="/bookings", status=429, headers={"Retry-After": "0"})

    await server.result(server.call("create_booking", **wish))

    keys = [entry.headers["idempotency-key"] for entry in sandbox.requests if entry.method == "POST"]
    assert len(keys) == 2
    assert len(set(keys)) == 1
