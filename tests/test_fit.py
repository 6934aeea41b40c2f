"""Answers that are too long for a model."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest
from hypothesis import given, settings, strategies as st

from linktime.message import Reply, Request
from linktime.session import Session
from linktime.session.fit import LONGEST, fitted
from linktime.tools import TOOLS
from tests.inprocess import connected

BOOKING = {
    "id": "clx9k2v7q0003mp08h4j5z6ab",
    "startTime": "2026-03-02T15:00:00.000Z",
    "endTime": "2026-03-02T15:30:00.000Z",
    "status": "CONFIRMED",
    "inviteeName": "Zsófia Őry",
    "inviteeEmail": "zsofia.ory+7f3k9@example.org",
    "inviteeTimezone": "Europe/Budapest",
    "notes": "Was haben wir vor? 予定を確認してください。 🙂",
    "meetingUrl": "https://zoom.example/j/84619302751?pwd=Q2xvc2VkU2VzYW1l",
}


async def answer(data: Any, name: str, **arguments: Any) -> Any:
    async def send(_: Request) -> Reply:
        return Reply(200, data)

    session = Session(
        send, TOOLS, clock=lambda: 0.0, deadline=9.0, eta=lambda _: None, budget=lambda: {"budgetRemaining": 1}
    )
    async with asyncio.timeout(10), connected(session.server) as client:
        return await client.call_tool(name, arguments)


def bookings(count: int) -> list[dict[str, Any]]:
    return [{**BOOKING, "id": f"{BOOKING['id']}{number}"} for number in range(count)]


async def test_an_answer_that_fits_is_left_as_it_is() -> None:
    data = {"data": bookings(100), "pagination": {"page": 1}}

    assert (await answer(data, "list_bookings")).structured_content == data


async def test_a_list_that_is_too_long_is_cut_at_a_whole_item_and_says_how_to_get_the_rest() -> None:
    data: dict[str, Any] = {"data": bookings(1000), "pagination": {"page": 1}}

    result = await answer(data, "list_bookings")

    shown = result.structured_content
    count = len(shown["data"])
    assert shown["data"] == data["data"][:count]
    assert shown["pagination"] == {"page": 1}
    assert shown["truncated"] == {
        "field": "data",
        "shown": count,
        "total": 1000,
        "more": f"Too long to show at once. Call again with limit {count} and page 1, 2, 3 … to have all of it.",
    }
    assert orjson.loads(result.content[0].text) == shown
    assert len(data["data"]) == 1000


@pytest.mark.filterwarnings("ignore:open_binary is deprecated")  # bpe_openai's way to its vocabularies
async def test_what_is_shown_is_at_most_25_000_tokens() -> None:
    import bpe_openai  # type: ignore[import-untyped] # noqa: PLC0415 - it has no stubs, and reads all at import

    result = await answer({"data": bookings(1000)}, "list_bookings")

    tokens = len(bpe_openai.get_encoding("o200k_base").encode(result.content[0].text))

    assert 15_000 < tokens <= 25_000


@pytest.mark.parametrize(
    ("name", "arguments", "more"),
    [
        ("list_webhooks", {}, "this tool can't show less"),
        (
            "check_availability",
            {"eventTypeSlug": "intro", "from": "2026-03-02", "to": "2026-03-30"},
            "Call again for fewer days",
        ),
    ],
)
async def test_a_tool_without_pages_says_what_it_can(name: str, arguments: dict[str, Any], more: str) -> None:
    result = await answer({"slots": bookings(1000)}, name, **arguments)

    assert more in result.structured_content["truncated"]["more"]
    assert result.structured_content["truncated"]["field"] == "slots"


async def test_a_text_that_is_too_long_is_shortened_with_a_mark_before_anything_is_left_out() -> None:
    result = await answer({"id": "b1", "notes": "x" * 100_000}, "get_booking", bookingId="b1")

    assert result.structured_content == {"id": "b1", "notes": "x" * 4000 + "… [4000 of 100000 characters shown]"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=200),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=9), inner, max_size=5),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(JSON, min_size=1, max_size=40), st.integers(1, 4000))
def test_whatever_is_in_a_list_it_fits_and_nothing_goes_in_silence(items: list[Any], times: int) -> None:
    whole: dict[str, Any] = {"data": items * times, "other": 1}

    shown = fitted(whole, TOOLS["list_contacts"])

    assert len(orjson.dumps(shown)) <= max(LONGEST, len(orjson.dumps(items)))
    assert shown["data"] == whole["data"][: len(shown["data"])]
    assert ("truncated" in shown) == (len(shown["data"]) < len(whole["data"]))
