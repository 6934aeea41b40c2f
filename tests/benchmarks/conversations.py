"""Counts the calls and the tokens of the eight conversations, and of a vacation of two weeks.

`python -m tests.benchmarks.conversations [checkout]` plays them through the real program, from this checkout or another
one, over this checkout's sandbox. The assistant knows only the tool list. It uses a range or a time of day if the tools
offer them. It reads a booking again if the answer of a write does not show the time. A token is one of o200k. The
arguments and the answers of the calls count.
"""

from __future__ import annotations

import asyncio
import json
import sys
import warnings
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, NamedTuple

from linktime.sandbox import Sandbox
from tests.support.process import Child, child

MONDAY: Final = datetime(2026, 3, 2, 13, tzinfo=UTC)  # 8:00 in New York, where the account is
_TODAY: Final = date(2026, 3, 2)
_ZONE: Final = "America/New_York"


class Cost(NamedTuple):
    """The number of tool calls, and of tokens."""

    calls: int
    tokens: int


class Assistant:
    """Calls the tools of *server*, and counts."""

    def __init__(self, server: Child, tools: list[dict[str, Any]], count: Callable[[str], int]) -> None:
        self._server = server
        self._count = count
        self._known = {tool["name"]: tool["inputSchema"]["properties"] for tool in tools}
        self.cost = Cost(0, 0)

    def offers(self, tool: str, argument: str) -> bool:
        """Return whether *tool* takes *argument*."""
        return argument in self._known[tool]

    async def call(self, name: str, /, **arguments: Any) -> dict[str, Any]:
        """Return the answer of a call, which must succeed. `from_` is the argument `from`."""
        sent = {argument.rstrip("_"): value for argument, value in arguments.items()}
        result = await self._server.result(self._server.ask("tools/call", name=name, arguments=sent))
        text = result["content"][0]["text"]
        assert not result["isError"], text
        tokens = self._count(json.dumps(sent)) + self._count(text)
        self.cost = Cost(self.cost.calls + 1, self.cost.tokens + tokens)
        answer: dict[str, Any] = result["structuredContent"]
        return answer

    async def afternoon(self, slug: str, day: date) -> str:
        """Return the first free time of an afternoon."""
        part = {"timeFrom": "13:00", "timeTo": "18:00"} if self.offers("check_availability", "timeFrom") else {}
        slots = (await self.call("check_availability", eventTypeSlug=slug, from_=str(day), to=str(day), **part))[
            "slots"
        ]
        free: str = next(slot["startTime"] for slot in slots if slot["startTimeLocal"][15:17] >= "13")
        return free

    async def look(self, booking: str, answer: dict[str, Any]) -> None:
        """Read a booking unless the *answer* of the write shows its time."""
        if "startTime" not in answer:
            await self.call("get_booking", bookingId=booking)

    async def block(self, first: date, days: int) -> None:
        """Block so many days in a row."""
        last = first + timedelta(days - 1)
        if self.offers("create_availability_override", "to"):
            await self.call("create_availability_override", date=str(first), to=str(last), reason="Vacation")
            return
        for number in range(days):
            day = first + timedelta(number)
            await self.call("create_availability_override", date=str(day), reason="Vacation")


async def book(assistant: Assistant) -> None:
    """Book a half hour with Sarah Chen tomorrow afternoon."""
    kinds = (await assistant.call("list_event_types"))["data"]
    slug = next(kind["slug"] for kind in kinds if kind["durationMinutes"] == 30)
    guest = (await assistant.call("list_contacts", search="Sarah Chen"))["data"][0]
    booked = await assistant.call(
        "create_booking",
        eventTypeSlug=slug,
        startTime=await assistant.afternoon(slug, _TODAY + timedelta(1)),
        inviteeName=guest["name"],
        inviteeEmail=guest["email"],
        inviteeTimezone=_ZONE,
    )
    await assistant.look(booked["bookingId"], booked)


async def week(assistant: Assistant) -> None:
    """List the meetings of this week."""
    await assistant.call("list_bookings", from_=str(_TODAY), to=str(_TODAY + timedelta(6)), limit=100)


async def move(assistant: Assistant) -> None:
    """Move a meeting to the afternoon of next Thursday."""
    rows = (await assistant.call("list_bookings", from_=str(_TODAY), to=str(_TODAY + timedelta(6)), limit=100))["data"]
    meeting = next(row for row in rows if row["status"] == "CONFIRMED" and row["startTime"] > MONDAY.isoformat())
    start = await assistant.afternoon(meeting["eventType"]["slug"], _TODAY + timedelta(10))
    moved = await assistant.call("reschedule_booking", bookingId=meeting["id"], newStartTime=start)
    await assistant.look(meeting["id"], moved)


async def vacation(assistant: Assistant) -> None:
    """Block the five days of next week."""
    await assistant.call("list_bookings", from_="2026-03-09", to="2026-03-13", status="CONFIRMED")
    await assistant.block(date(2026, 3, 9), 5)


async def event_type(assistant: Assistant) -> None:
    """Create an event type, and build its link."""
    await assistant.call("list_event_types")
    await assistant.call(
        "create_event_type", name="Quick Chat", slug="quick-chat", durationMinutes=15, locationType="ZOOM"
    )
    await assistant.call("get_me")


async def webhook(assistant: Assistant) -> None:
    """Create a webhook."""
    await assistant.call("list_webhooks")
    await assistant.call(
        "create_webhook", url="https://api.example.com/bookings", events=["booking.created", "booking.cancelled"]
    )


async def person(assistant: Assistant) -> None:
    """Describe a contact."""
    contact = (await assistant.call("list_contacts", search="Sarah Chen"))["data"][0]
    await assistant.call("get_contact", contactId=contact["id"])


async def calls(assistant: Assistant) -> None:
    """Summarize the calls of a week."""
    await assistant.call("list_call_history", from_="2026-02-23", to=str(_TODAY), limit=100)


async def two_weeks(assistant: Assistant) -> None:
    """Block fourteen days."""
    await assistant.block(date(2026, 4, 6), 14)


CONVERSATIONS: Final[tuple[Callable[[Assistant], Awaitable[None]], ...]] = (
    book,
    week,
    move,
    vacation,
    event_type,
    webhook,
    person,
    calls,
    two_weeks,
)


async def costs(checkout: str | None = None) -> dict[str, Cost]:
    """Return the cost of each conversation by its name, and of the tool list. *checkout* is the program's directory."""
    count = counter()
    async with Sandbox(limit=0, now=lambda: MONDAY) as sandbox:
        settings = {"LINKTIME_BASE_URL": sandbox.url, "LINKTIME_API_KEY": sandbox.key}
        command = (sys.executable, "-P", "-m", "linktime") if checkout else ()  # -P: not this directory
        if checkout:
            settings["PYTHONPATH"] = checkout
        async with child(*command, **settings) as server:
            await server.greet()
            tools = (await server.result(server.ask("tools/list")))["tools"]
            spent = {}
            for conversation in CONVERSATIONS:
                assistant = Assistant(server, tools, count)
                await conversation(assistant)
                spent[getattr(conversation, "__name__", "")] = assistant.cost
    view = [{name: tool[name] for name in ("name", "description", "inputSchema")} for tool in tools]
    return spent | {"tools/list": Cost(0, count(json.dumps(view, separators=(",", ":"), ensure_ascii=False)))}


def counter() -> Callable[[str], int]:
    """Return a function that counts the tokens of a text."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # bpe_openai opens its vocabularies in an old way
        import bpe_openai  # type: ignore[import-untyped] # noqa: PLC0415 - it has no stubs, and reads all at import

        encoding = bpe_openai.get_encoding("o200k_base")
    return lambda text: len(encoding.encode(text))


def main() -> None:
    """Print the table."""
    spent = asyncio.run(costs(*sys.argv[1:2]))
    eight = [cost for name, cost in spent.items() if name not in ("two_weeks", "tools/list")]
    spent["eight"] = Cost(sum(cost.calls for cost in eight), sum(cost.tokens for cost in eight))
    for name, cost in spent.items():
        sys.stdout.write(f"{name:12} {cost.calls:4} calls {cost.tokens:7,} tokens\n")


if __name__ == "__main__":
    main()
