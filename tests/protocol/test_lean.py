"""Lean answers: the fields that lists leave out, those that stay, and the tokens that an item costs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest

from linktime.message import Reply, Request
from linktime.protocol.session import Session
from linktime.sandbox import Sandbox
from linktime.tools import TOOLS
from tests.support.app_user import user_of
from tests.support.process import Child
from tests.support.sandbox_client import MONDAY
from tests.support.sdk_client import connected
from tests.support.sessions import upstream_of

WEEK: Final = {"from": "2026-03-03", "to": "2026-03-09"}
SLOTS: Final = {"eventTypeSlug": "30min", **WEEK}
AUDIT: Final = {"createdAt", "createdAtLocal", "updatedAt", "updatedAtLocal"}
MEETING: Final[dict[str, Any]] = {
    "id": "b1",
    "startTime": "2026-03-03T15:00:00.000Z",
    "endTime": "2026-03-03T15:30:00.000Z",
    "status": "CONFIRMED",
    "inviteeName": "Ada",
    "inviteeEmail": "ada@example.com",
    "location": "ZOOM",
    "isRecurring": False,
    "notes": None,
    "createdAt": "2026-03-01T15:00:00.000Z",
    "eventType": {"slug": "30min", "locationType": "ZOOM"},
    "contact": {"id": "c1", "name": "Ada", "email": "ada@example.com", "company": None},
}
LEAN: Final = {
    name: MEETING[name] for name in ("id", "startTime", "endTime", "status", "inviteeName", "inviteeEmail", "eventType")
}


@pytest.fixture
async def account() -> AsyncIterator[Sandbox]:
    async with Sandbox(limit=0, now=lambda: MONDAY) as sandbox:
        yield sandbox


def tokens(value: Any) -> int:
    """Return the number of o200k tokens of a JSON value. The vocabulary is in the package, so no network is needed."""
    import bpe_openai  # type: ignore[import-untyped] # noqa: PLC0415 - it has no stubs, and reads all at import

    return len(bpe_openai.get_encoding("o200k_base").encode(json.dumps(value, separators=(",", ":"))))


async def shown(tool: str, data: Any, **arguments: Any) -> dict[str, Any]:
    """Return the answer of a tool to a client, if LinkTime answers *data*."""

    async def send(_: Request) -> Reply:
        return Reply(200, data)

    async with asyncio.timeout(10), connected(Session(upstream_of(send), TOOLS).server) as client:
        answer: dict[str, Any] = (await client.call_tool(tool, arguments)).structured_content or {}
        return answer


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:open_binary is deprecated")  # bpe_openai's way to its vocabularies
@pytest.mark.parametrize(
    ("tool", "arguments", "items", "most"),
    [
        ("list_bookings", {"status": "all", "limit": 100}, "data", 190),
        ("list_event_types", {}, "data", 90),
        ("list_contacts", {}, "data", 80),
        ("check_availability", SLOTS, "slots", 45),
    ],
)
async def test_an_item_costs_few_tokens(
    account: Sandbox, tool: str, arguments: dict[str, Any], items: str, most: int
) -> None:
    async with user_of(account) as user:
        rows = (await user.answer(tool, arguments))[items]

    assert len(rows) >= 5
    assert sum(map(tokens, rows)) / len(rows) <= most


async def test_lists_leave_out_fields_without_information(account: Sandbox) -> None:
    async with user_of(account) as user:
        for tool in (name for name in TOOLS if name.startswith("list_")):
            rows = (await user.answer(tool))["data"]
            assert not any(AUDIT & row.keys() for row in rows)
            assert not any(value is None for row in rows for value in row.values())
        meetings = (await user.answer("list_bookings"))["data"]
        slots = (await user.answer("check_availability", SLOTS))["slots"]

    assert meetings
    assert not any({"contact", "location", "isRecurring"} & each.keys() for each in meetings)
    assert {"endTime", "endTimeLocal"} <= meetings[0].keys()
    assert {frozenset(slot) for slot in slots} == {frozenset({"startTime", "startTimeLocal"})}


async def test_get_tools_keep_all_fields_with_a_value(account: Sandbox) -> None:
    async with user_of(account) as user:
        listed = (await user.answer("list_bookings"))["data"][0]
        booking = await user.answer("get_booking", bookingId=listed["id"])
        person = await user.answer("get_contact", contactId=booking["contact"]["id"])
        settings = await user.answer("get_settings")

    assert {"contact", "location", "isRecurring", *AUDIT} <= booking.keys()
    assert person.keys() >= AUDIT
    assert None not in [*booking.values(), *person.values(), *settings.values()]
    meetings = [*person["upcomingMeetings"], *person["pastMeetings"]]
    assert meetings
    assert not any("contact" in each for each in meetings)
    assert all({"location", "inviteeName", *AUDIT} <= each.keys() for each in meetings)


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({}, {}),
        ({"vip": True, "contact": None}, {"vip": True}),
        ({"location": "PHONE"}, {"location": "PHONE"}),
        ({"isRecurring": True}, {"isRecurring": True}),
        ({"contact": {"id": "c1", "name": "Ada B.", "email": "ada@example.com"}}, "contact"),
        ({"contact": {"id": "c1", "name": "Ada", "email": "b@example.com"}}, "contact"),
        ({"contact": {"id": "c1", "name": "Ada", "email": "ada@example.com", "tier": "gold"}}, "contact"),
        ({"contact": "c1"}, "contact"),
        ({"eventType": "30min"}, {"eventType": "30min", "location": "ZOOM"}),
    ],
)
async def test_meeting_keeps_the_fields_that_say_more(change: dict[str, Any], kept: Any) -> None:
    answer = await shown("list_bookings", {"data": [MEETING | change]})

    more = change if kept == "contact" else kept
    assert answer["data"] == [LEAN | more]


async def test_contact_of_a_meeting_keeps_fields_the_profile_lacks() -> None:
    meeting = {"id": "b1", "contact": {"id": "c1", "name": "Ada Byron", "company": None}}
    profile = {"id": "c1", "name": "Ada", "upcomingMeetings": [meeting], "pastMeetings": [{"contact": {"id": "c1"}}, 7]}

    answer = await shown("get_contact", profile, contactId="c1")

    assert answer["upcomingMeetings"] == [{"id": "b1", "contact": {"name": "Ada Byron"}}]
    assert answer["pastMeetings"] == [{}, 7]


async def test_messages_and_calls_keep_their_times() -> None:
    thread = {"id": "m1", "createdAt": "2026-03-01T15:00:00.000Z", "messages": [{"createdAt": "x", "body": "Hi"}]}

    for tool in ("list_conversations", "list_call_history"):
        assert (await shown(tool, {"data": [thread]}))["data"] == [thread]


async def test_answers_of_another_form_pass() -> None:
    days = {"slots": {"2026-03-03": [{"startTime": "15:00", "endTime": "15:30"}]}}

    assert await shown("check_availability", days, **SLOTS) == days
    assert await shown("check_availability", {"slots": ["15:00", {"endTime": "15:30"}]}, **SLOTS) == {
        "slots": ["15:00", {"endTime": "15:30"}]
    }
    assert await shown("list_bookings", {"data": "none"}) == {"data": "none"}
    assert await shown("get_me", None) == {"data": None}


async def test_writes_keep_their_nulls() -> None:
    answer = await shown("create_contact", {"id": "c1", "phone": None}, name="Ada", email="ada@example.com")

    assert answer == {"id": "c1", "phone": None}


async def test_the_program_lists_lean(server: Child) -> None:
    result = await server.result(server.call("list_bookings", limit=3))

    assert json.loads(result["content"][0]["text"]) == result["structuredContent"]
    assert not any(AUDIT & row.keys() for row in result["structuredContent"]["data"])
