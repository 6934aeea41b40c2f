"""Arguments in other spellings, through the real program: the request on the wire and the notes of the answer."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from linktime.message import Request
from linktime.sandbox import Sandbox
from linktime.tools import TOOLS
from tests.support.process import Child, child
from tests.support.sandbox_client import paths
from tests.support.spellings import AMBIGUOUS, CLEAR

READ_AS = "linktime/readAs"
DAY = {"from": "2030-01-07", "to": "2030-01-07"}


@pytest.fixture
async def server(sandbox: Sandbox, tmp_path: Any) -> Any:
    """Start the real program, which keeps no answer."""
    settings = {"LINKTIME_BASE_URL": sandbox.url, "LINKTIME_API_KEY": sandbox.key, "_LINKTIME_STATE": str(tmp_path)}
    async with child(**settings, LINKTIME_CACHE_TTL="0", LINKTIME_RATE_LIMIT="1000") as started:
        await started.greet()
        yield started


async def called(server: Child, tool: str, **arguments: Any) -> dict[str, Any]:
    """Return the result of a call."""
    return await server.result(server.call(tool, **arguments))


async def test_wire_has_only_the_canonical_form(server: Child, sandbox: Sandbox) -> None:
    made: list[Request] = []
    for call in CLEAR:
        meant = TOOLS[call.tool].request(call.meant)
        seen = len(sandbox.requests)
        result = await called(server, call.tool, **call.written)

        ways = [
            each for each in list(sandbox.requests)[seen:] if (each.method, each.path) == (meant.method, meant.path)
        ]
        sent = [(each.query, each.body) for each in ways][:1]
        query = "&".join(f"{name}={value}" for name, value in meant.query)
        # A write that was made before is not sent again. So the server takes the two calls for equal.
        repeated = "alreadyDone" in result.get("structuredContent", {}) or "equal call" in str(result["content"])
        assert sent == [(query, meant.body and orjson.loads(meant.body))] or (repeated and meant in made), call
        made.append(meant)


async def test_ambiguous_calls_send_nothing(server: Child, sandbox: Sandbox) -> None:
    for call in AMBIGUOUS:
        result = await called(server, call.tool, **call.written)
        text = result["content"][0]["text"]

        assert result["isError"]
        assert text.startswith("invalid_arguments: ")
        assert [meaning for meaning in call.meanings if meaning not in text] == [], call
    assert set(paths(sandbox)) <= {"GET /settings"}  # the account's zone


async def test_other_spelling_is_named_in_meta(server: Child) -> None:
    result = await called(server, "list_bookings", Status="canceled", limit="3")
    refusal = await called(server, "get_booking", booking_id="clx1")
    plain = await called(server, "list_bookings", status="CANCELLED", limit=3)

    assert result["_meta"][READ_AS] == {"Status": "status", "status": "CANCELLED", "limit": 3}
    assert refusal["isError"]
    assert refusal["_meta"][READ_AS] == {"booking_id": "bookingId"}
    assert READ_AS not in plain["_meta"]
    assert "remarks" not in plain["structuredContent"]


async def test_changed_meaning_is_in_the_answer(server: Child) -> None:
    clamped = await called(server, "list_bookings", limit=500)
    opened = await called(
        server, "create_availability_override", date="2030-01-07", startTime="2pm", endTime="midnight"
    )

    for result in (clamped, opened):
        assert orjson.loads(result["content"][0]["text"]) == result["structuredContent"]
    assert "100" in clamped["structuredContent"]["remarks"][0]
    assert clamped["structuredContent"]["pagination"]["limit"] == 100
    assert [remark.partition(":")[0] for remark in opened["structuredContent"]["remarks"]] == ["endTime", "isBlocked"]
    assert opened["structuredContent"]["isBlocked"] is False


async def test_instant_is_a_date_on_the_accounts_clocks(server: Child) -> None:
    evening = "2030-01-08T02:30:00Z"  # 21:30 of the day before in New York

    refusal = await called(server, "list_bookings", **{"from": evening})
    answer = await called(server, "list_bookings", **{"from": "2030-01-07T21:30:00-05:00", "to": DAY["to"]})

    assert "2030-01-07 in America/New_York" in refusal["content"][0]["text"]
    assert not answer["isError"]
    assert answer["_meta"][READ_AS] == {"from": "2030-01-07"}


async def test_missing_key_is_reported_before_a_spelling() -> None:
    async with child() as server:
        await server.greet()
        result = await called(server, "list_bookings", status="canceled", limit="many")

    assert result["content"][0]["text"].startswith("unauthorized: ")


async def test_prompt_reads_names_and_zones(server: Child) -> None:
    arguments = {"guest": "Ada", "when": "tomorrow", "event_type": "30min", "timezone": "america/new york"}
    result = await server.result(server.ask("prompts/get", name="book_meeting", arguments=arguments))
    words = await server.result(
        server.ask("prompts/get", name="book_meeting", arguments=arguments | {"timezone": "Boston"})
    )

    text = result["messages"][0]["content"]["text"]
    assert '- eventType: "30min"' in text
    assert '- timezone: "America/New_York"' in text
    assert '- timezone: "Boston"' in words["messages"][0]["content"]["text"]


async def test_prompt_refuses_two_values_of_one_argument(server: Child) -> None:
    arguments = {"guest": "Ada", "when": "tomorrow", "event_type": "a", "eventType": "b"}
    frame = await server.answer(server.ask("prompts/get", name="book_meeting", arguments=arguments))

    assert frame["error"]["code"] == -32602
    assert "event_type" in frame["error"]["message"]


async def test_zone_is_completed_in_any_spelling(server: Child) -> None:
    result = await server.result(
        server.ask(
            "completion/complete",
            ref={"type": "ref/prompt", "name": "book_meeting"},
            argument={"name": "timezone", "value": "new york"},
        )
    )

    assert result["completion"]["values"] == ["America/New_York"]


async def test_spelled_confirmation_keeps_its_question(sandbox: Sandbox, tmp_path: Any) -> None:
    settings = {"LINKTIME_BASE_URL": sandbox.url, "LINKTIME_API_KEY": sandbox.key, "_LINKTIME_STATE": str(tmp_path)}
    async with child(**settings, LINKTIME_CONFIRM="1") as server:
        await server.greet()
        result = await called(
            server, "update_availability_rules", rules={"day_of_week": "Mon", "startTime": "9am", "endTime": "5pm"}
        )

    assert result["content"][0]["text"].startswith("not_confirmed: ")
    assert "PUT /availability/rules" not in paths(sandbox)
