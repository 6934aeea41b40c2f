"""Variants of the sandbox's service, as a client sees them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

import aiohttp
import pytest

from tests.support.sandbox_client import Visitor, visitor

NINE: Final = "2026-03-03T14:00:00.000Z"
HOOK: Final = {"url": "http://127.0.0.1:9/hook", "events": ["payment.received"]}


@pytest.fixture
async def clock() -> list[float]:
    """Return a clock to set by hand, in seconds."""
    return [100.0]


@pytest.fixture
async def maya(clock: list[float]) -> AsyncIterator[Visitor]:
    async with visitor(clock=lambda: clock[0]) as maya:
        yield maya


async def names(maya: Visitor) -> list[str]:
    return [row["name"] for row in (await maya.get("/workflows"))["data"]]


def workflow(name: str) -> dict[str, Any]:
    return {"name": name, "trigger": "PAYMENT_RECEIVED", "actions": [{"type": "SEND_SLACK", "config": {}}]}


async def test_a_read_sees_the_state_of_some_seconds_ago(maya: Visitor, clock: list[float]) -> None:
    before = await names(maya)
    maya.sandbox.variant.start_lagging(3.0, 3.0)
    await maya.make("/workflows", **workflow("one"))
    clock[0] += 2
    await maya.make("/workflows", **workflow("two"))

    seen = []
    for second in (0.9, 1.1, 2.0):
        clock[0] = 102 + second
        seen.append(len(await names(maya)) - len(before))
    clock[0] = 105.1

    assert seen == [0, 1, 1]
    assert await names(maya) == [*before, "one", "two"]


async def test_old_states_are_forgotten(maya: Visitor, clock: list[float]) -> None:
    maya.sandbox.variant.start_lagging(6.0, 6.0)
    for number in range(20):
        clock[0] += 1
        await maya.make("/workflows", **workflow(f"{number}"))

    assert "13" in await names(maya)
    assert "14" not in await names(maya)
    maya.sandbox.variant.start_lagging(0.0, 0.0)
    assert "19" in await names(maya)


async def test_a_write_sees_the_present_state(maya: Visitor) -> None:
    maya.sandbox.variant.start_lagging(6.0, 6.0)

    assert (await maya.book(NINE)).status == 201
    assert (await maya.book(NINE)).error == (409, "conflict")


async def test_replicas_may_lag_by_different_times(maya: Visitor, clock: list[float]) -> None:
    maya.sandbox.variant.start_lagging(0.0, 6.0)
    await maya.make("/workflows", **workflow("one"))
    clock[0] += 3

    seen = {"one" in await names(maya) for _ in range(40)}

    assert seen == {True, False}


async def test_answers_to_reads_can_leave_fields_out(maya: Visitor) -> None:
    maya.sandbox.variant.hidden = {"/webhooks": frozenset({"url", "createdAt"})}
    made = await maya.make("/webhooks", **HOOK)

    (row,) = [row for row in (await maya.get("/webhooks"))["data"] if row["id"] == made["id"]]

    assert made["url"] == HOOK["url"]
    assert {"url", "createdAt"} & row.keys() == set()
    assert row["events"] == HOOK["events"]
    assert "name" in await maya.get("/me")


@pytest.mark.parametrize(
    ("path", "body", "stored"),
    [
        ("/contacts", {"name": " Jo ", "email": "jo@x.example", "phone": "(212) 555-0142"}, {"phone": "+12125550142"}),
        (
            "/contacts",
            {"name": " Jo ", "email": "jo@x.example", "phone": "+49 30 1"},
            {"name": "Jo", "phone": "+49301"},
        ),
        ("/webhooks", HOOK, {"url": f"{HOOK['url']}/"}),
        (
            "/event-types",
            {"name": "Call", "slug": "call", "durationMinutes": 50, "locationType": "ZOOM", "bufferAfter": 4},
            {"slug": "call-1", "durationMinutes": 45, "bufferAfter": 15},
        ),
    ],
)
async def test_a_service_can_store_its_own_form(
    maya: Visitor, path: str, body: dict[str, Any], stored: dict[str, Any]
) -> None:
    maya.sandbox.variant.normalizes = True

    made = await maya.make(path, **body)

    assert {name: made[name] for name in stored} == stored


async def test_a_normalising_service_cuts_seconds(maya: Visitor) -> None:
    maya.sandbox.variant.normalizes = True

    ident = (await maya.book(NINE.replace(":00.000", ":20.500"))).data["bookingId"]

    assert (await maya.get(f"/bookings/{ident}"))["startTime"] == NINE


async def test_new_bookings_can_be_pending(maya: Visitor) -> None:
    maya.sandbox.variant.pending = True
    ident = (await maya.book(NINE)).data["bookingId"]

    assert (await maya.get(f"/bookings/{ident}"))["status"] == "PENDING"
    listed = (await maya.get("/bookings?from=2026-03-03&to=2026-03-03"))["data"]
    assert {row["status"] for row in listed} == {"PENDING"}
    assert (await maya.get("/bookings?status=CONFIRMED"))["data"] == []


async def test_a_repeated_key_is_answered_from_memory(maya: Visitor) -> None:
    key = {"Idempotency-Key": "k1"}
    first = await maya.ask("POST", "/webhooks", HOOK, headers=key)
    second = await maya.ask("POST", "/webhooks", HOOK, headers=key)
    other = await maya.ask("POST", "/webhooks", HOOK, headers={"Idempotency-Key": "k2"})

    assert (second.status, second.data) == (first.status, first.data)
    assert other.data["id"] != first.data["id"]
    assert [one.replay for one in maya.sandbox.variant.handled] == [False, True, False]


async def test_a_key_in_flight_is_answered_once(maya: Visitor) -> None:
    key = {"Idempotency-Key": "k1"}
    answers = await asyncio.gather(*(maya.ask("POST", "/webhooks", HOOK, headers=key) for _ in range(5)))

    assert len({answer.data["id"] for answer in answers}) == 1


async def test_a_refusal_does_not_keep_its_key(maya: Visitor) -> None:
    key, contact = {"Idempotency-Key": "k1"}, {"name": "Jo", "email": "jo@x.example"}
    made = await maya.make("/contacts", **contact)
    refused = await maya.ask("POST", "/contacts", contact, headers=key)
    await maya.ask("DELETE", f"/contacts/{made['id']}")

    assert refused.error == (409, "conflict")
    assert (await maya.ask("POST", "/contacts", contact, headers=key)).status == 201


async def test_a_service_can_ignore_keys(maya: Visitor) -> None:
    maya.sandbox.variant.honors_keys = False
    key = {"Idempotency-Key": "k1"}

    made = {(await maya.ask("POST", "/webhooks", HOOK, headers=key)).data["id"] for _ in range(2)}

    assert len(made) == 2


async def test_each_write_that_took_effect_is_recorded(maya: Visitor, clock: list[float]) -> None:
    await maya.fault(method="POST", path="/bookings", when="after", status=500)
    await maya.book(NINE)
    clock[0] += 1
    await maya.book(NINE)

    (handled,) = maya.sandbox.variant.handled
    assert (handled.method, handled.path, handled.status, handled.at) == ("POST", "/bookings", 201, 100.0)
    assert handled.body["startTime"] == NINE


async def test_a_request_can_take_a_while(maya: Visitor) -> None:
    maya.sandbox.variant.latency = (3600.0, 3600.0)

    with pytest.raises(TimeoutError):
        await maya.ask("POST", "/webhooks", HOOK, timeout=aiohttp.ClientTimeout(total=0.05))

    assert maya.sandbox.variant.handled == []
