"""Answers that are too long for a model."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from hypothesis import given, settings, strategies as st

from linktime.message import Reply, Request
from linktime.protocol.session import Session
from linktime.protocol.session.truncation import FEWER_DAYS, LONGEST, NO_LESS, fitted
from linktime.tools import TOOLS
from tests.support.sdk_client import connected
from tests.support.sessions import upstream_of

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

    async with asyncio.timeout(10), connected(Session(upstream_of(send), TOOLS).server) as client:
        return await client.call_tool(name, arguments)


def bookings(count: int) -> list[dict[str, Any]]:
    return [{**BOOKING, "id": f"{BOOKING['id']}{number}"} for number in range(count)]


async def test_an_answer_that_fits_is_left_as_it_is() -> None:
    data = {"data": bookings(100), "pagination": {"page": 1}}

    marks = [f"data[{number}].notes" for number in range(100)]
    assert (await answer(data, "list_bookings")).structured_content == {**data, "guestWrote": marks}


async def test_long_list_ends_after_a_whole_item_with_advice() -> None:
    data: dict[str, Any] = {"data": bookings(1000), "pagination": {"page": 1}}

    result = await answer(data, "list_bookings")

    cut = result.structured_content
    count = len(cut["data"])
    assert cut["data"] == data["data"][:count]
    assert cut["pagination"] == {"page": 1}
    more = cut["truncated"].pop("more")
    assert cut["truncated"] == {"field": "data", "shown": count, "total": 1000}
    assert "limit 100 and page 1, 2, 3 " in more
    assert orjson.loads(result.content[0].text)["truncated"] == cut["truncated"] | {"more": more}
    assert len(data["data"]) == 1000


@pytest.mark.filterwarnings("ignore:open_binary is deprecated")  # bpe_openai's way to its vocabularies
async def test_answer_has_at_most_25_000_tokens() -> None:
    import bpe_openai  # type: ignore[import-untyped] # noqa: PLC0415 - it has no stubs, and reads all at import

    result = await answer({"data": bookings(1000)}, "list_bookings")

    tokens = len(bpe_openai.get_encoding("o200k_base").encode(result.content[0].text))

    assert 15_000 < tokens <= 25_000


@pytest.mark.parametrize(
    ("name", "arguments", "more"),
    [
        ("list_webhooks", {}, NO_LESS),
        (
            "check_availability",
            {"eventTypeSlug": "intro", "from": "2026-03-02", "to": "2026-03-30"},
            FEWER_DAYS,
        ),
    ],
)
async def test_tool_without_pages_advises_other_arguments(name: str, arguments: dict[str, Any], more: str) -> None:
    result = await answer({"slots": bookings(1000)}, name, **arguments)

    assert result.structured_content["truncated"]["more"] == more
    assert result.structured_content["truncated"]["field"] == "slots"


async def test_long_text_is_shortened_before_items_are_left_out() -> None:
    result = await answer({"id": "b1", "notes": "x" * 100_000}, "get_booking", bookingId="b1")

    notes = "x" * 4000 + "… [4000 of 100000 characters shown]"
    assert result.structured_content == {"id": "b1", "notes": notes, "guestWrote": ["notes"]}


async def test_short_list_stays_whole_beside_a_long_one() -> None:
    contact = {"id": "c1", "notes": "vip", "tags": ["a", "b"], "upcomingMeetings": bookings(400)}
    whole = {**contact, "pastMeetings": bookings(900)}

    cut = (await answer(whole, "get_contact", contactId="c1")).structured_content

    assert (cut["id"], cut["notes"], cut["tags"]) == ("c1", "vip", ["a", "b"])
    notes = {note["field"]: (note["shown"], note["total"]) for note in cut["truncated"]}
    assert notes == {
        "upcomingMeetings": (len(cut["upcomingMeetings"]), 400),
        "pastMeetings": (len(cut["pastMeetings"]), 900),
    }
    assert min(len(cut[field]) for field in notes) > 40


async def test_single_item_that_does_not_fit_is_truncated_itself() -> None:
    threads = [{"id": f"t{number}", "messages": bookings(500), "channel": "SMS"} for number in range(20)]

    cut = (await answer({"data": threads}, "list_conversations")).structured_content

    [thread] = cut["data"]
    assert (thread["id"], thread["channel"]) == ("t0", "SMS")
    assert thread["messages"] == threads[0]["messages"][: len(thread["messages"])]
    assert thread["truncated"] == {
        "field": "messages",
        "shown": len(thread["messages"]),
        "total": 500,
        "more": FEWER_DAYS,
    }
    assert (cut["truncated"]["shown"], cut["truncated"]["total"]) == (1, 20)
    assert cut["truncated"]["more"] == FEWER_DAYS  # the first page of one would be cut alike


async def test_a_list_deeper_inside_is_cut_where_it_stands() -> None:
    whole = {"booking": {"id": "b1", "emailLogs": bookings(900)}, "other": 1}

    cut = (await answer(whole, "get_settings")).structured_content

    booking = cut["booking"]
    assert (cut["other"], booking["id"], "truncated" in cut) == (1, "b1", False)
    assert (booking["truncated"]["shown"], booking["truncated"]["total"]) == (len(booking["emailLogs"]), 900)


async def test_no_more_items_are_suggested_than_a_page_may_have() -> None:
    cut = (
        await answer({"data": [{"id": f"c{n}", "notes": "x" * 180} for n in range(1000)]}, "list_contacts")
    ).structured_content

    assert cut["truncated"]["shown"] > 100
    assert "limit 100 and page 1, 2, 3 " in cut["truncated"]["more"]


async def test_only_lists_that_are_cut_take_room_for_a_note() -> None:
    days = {f"2026-{n:03}": [{"startTime": "2026-03-02T15:00:00.000Z"}] * 4 for n in range(120)}
    whole = {"days": days, "other": bookings(400)}

    cut = (await answer(whole, "get_settings")).structured_content

    assert cut["days"] == days
    assert 50_000 < len(orjson.dumps(cut)) <= LONGEST


async def test_texts_are_shortened_further_without_a_list() -> None:
    cut = (await answer({f"text{n}": "x" * 9000 for n in range(30)}, "get_settings")).structured_content

    assert set(cut.values()) == {"x" * 400 + "… [400 of 9000 characters shown]"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=200),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=9), inner, max_size=5),
)


@pytest.mark.slow
@settings(max_examples=60)
@given(st.lists(JSON, min_size=1, max_size=40), st.integers(1, 4000))
def test_any_list_fits_and_every_cut_has_a_note(items: list[Any], times: int) -> None:
    whole: dict[str, Any] = {"data": items * times, "other": 1}

    cut = fitted(whole, TOOLS["list_contacts"])

    assert len(orjson.dumps(cut)) <= max(LONGEST, len(orjson.dumps(items)))
    assert cut["data"] == whole["data"][: len(cut["data"])]
    assert ("truncated" in cut) == (len(cut["data"]) < len(whole["data"]))


ITEM = st.dictionaries(st.sampled_from("abc"), st.integers(0, 9) | st.text("xyz", max_size=300), max_size=3)
TREE = st.recursive(
    st.lists(ITEM, min_size=1, max_size=9).map(lambda items: items * 200),
    lambda inner: (
        st.dictionaries(st.sampled_from("defg"), inner | ITEM, min_size=1, max_size=4)
        | st.lists(st.fixed_dictionaries({"h": inner, "i": st.text(max_size=9)}), min_size=1, max_size=4)
    ),
    max_leaves=8,
)


@pytest.mark.slow
@settings(max_examples=30)
@given(st.fixed_dictionaries({"data": TREE, "more": TREE}))
def test_every_cut_in_nested_lists_has_a_note_beside_it(whole: dict[str, Any]) -> None:
    cut = fitted(whole, TOOLS["list_conversations"])

    assert len(orjson.dumps(cut)) <= LONGEST
    assert not list(silent(whole, cut))


def silent(whole: Any, cut: Any) -> Iterator[str]:
    """Find what is missing or different in *cut* without a word."""
    match whole, cut:
        case dict(), dict():
            marks = cut.get("truncated", [])
            notes = {
                note["field"]: (note["shown"], note["total"])
                for note in ([marks] if isinstance(marks, dict) else marks)
            }
            assert cut.keys() - {"truncated"} == whole.keys()
            for name, value in whole.items():
                yield from silent(value, cut[name])
                if isinstance(value, list) and len(value) != len(cut[name]):
                    assert notes.pop(name) == (len(cut[name]), len(value))
            assert notes == {}
        case list(), list():
            for item, left in zip(whole, cut, strict=False):
                yield from silent(item, left)
        case _ if whole != cut:
            yield f"{whole} became {cut}"
