"""Prompts, resources and completions against the sandbox, and through the real program."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from linktime.protocol.prompts import PROMPTS
from linktime.protocol.resources import RESOURCES
from linktime.sandbox import Sandbox
from tests.support.process import Child, child
from tests.support.sandbox_client import paths
from tests.support.traced_app import traced

BOUND = 20.0  # s
Answers = dict[str, Any]

TOMORROW = datetime.now(UTC).date() + timedelta(1)
DAYS = {"from": str(TOMORROW), "to": str(TOMORROW + timedelta(9))}
WEEK = {"from": str(TOMORROW - timedelta(7)), "to": str(TOMORROW), "limit": 100}


def first(answers: Answers, tool: str) -> Any:
    return answers[tool]["data"][0]


def free(answers: Answers) -> str:
    start: str = answers["check_availability"]["slots"][0]["startTime"]
    return start


def of_event_type(answers: Answers) -> dict[str, Any]:
    of = first(answers, "list_event_types") if "list_event_types" in answers else first(answers, "list_bookings")
    return {"eventTypeSlug": (of.get("eventType") or of)["slug"], **DAYS}


SCRIPT: dict[str, Callable[[Answers], dict[str, Any]]] = {
    "list_event_types": lambda _: {},
    "list_contacts": lambda _: {"search": "Sarah Chen"},
    "list_bookings": lambda _: {**DAYS, "status": "CONFIRMED", "limit": 100},
    "list_webhooks": lambda _: {},
    "list_call_history": lambda _: {**WEEK, "status": "all"},
    "get_me": lambda _: {},
    "get_contact": lambda got: {"contactId": first(got, "list_contacts")["id"]},
    "check_availability": of_event_type,
    "create_booking": lambda got: {
        "eventTypeSlug": first(got, "list_event_types")["slug"],
        "startTime": free(got),
        "inviteeName": first(got, "list_contacts")["name"],
        "inviteeEmail": first(got, "list_contacts")["email"],
        "inviteeTimezone": "Europe/London",
    },
    "reschedule_booking": lambda got: {
        "bookingId": first(got, "list_bookings")["id"],
        "newStartTime": free(got),
    },
    "create_availability_override": lambda _: {"date": str(TOMORROW), "isBlocked": True, "reason": "Vacation"},
    "create_event_type": lambda _: {
        "name": "Quick Chat",
        "slug": "quick-chat",
        "durationMinutes": 15,
        "locationType": "ZOOM",
    },
    "create_webhook": lambda _: {
        "url": "https://api.example.com/bookings",
        "events": ["booking.created", "booking.cancelled"],
    },
}


@pytest.mark.parametrize("prompt", PROMPTS.values(), ids=lambda prompt: prompt.name)
async def test_every_prompt_can_be_followed_to_its_end(sandbox: Sandbox, prompt: Any) -> None:
    answers: Answers = {}
    arguments = {argument.name: "x" for argument in prompt.arguments if argument.required}

    async with asyncio.timeout(BOUND), traced(sandbox) as seen:
        [message] = (await seen.client.get_prompt(prompt.name, arguments)).messages
        for tool in re.findall(r"^\d\. (\w+):", message.content.text, re.MULTILINE):  # type: ignore[union-attr]
            result = await seen.call(tool, **SCRIPT[tool](answers))
            assert not result.is_error, (tool, result.content)
            answers[tool] = result.structured_content

    assert list(answers) == [step.tool for step in prompt.steps]


async def test_second_read_of_every_resource_is_a_cache_hit(sandbox: Sandbox) -> None:
    async with asyncio.timeout(BOUND), traced(sandbox) as seen:
        known = {
            "booking": (await seen.call("list_bookings")).structured_content["data"][0]["id"],
            "contact": (await seen.call("list_contacts")).structured_content["data"][0]["id"],
        }
        uris = [each.uri.replace("{id}", known.get(each.name, "")) for each in RESOURCES]
        read = [await seen.client.read_resource(uri) for uri in uris]
        requests = paths(sandbox)
        again = [await seen.client.read_resource(uri) for uri in uris]

    contents = [orjson.loads(content.text) for each in read for content in each.contents]  # type: ignore[union-attr]
    assert len(contents) == len(RESOURCES)
    assert [each["id"] for each in contents[-2:]] == list(known.values())
    assert {each.meta["linktime/cache"] for each in again if each.meta} == {"hit"}
    assert paths(sandbox) == requests


async def test_completion_while_typing_costs_one_request(sandbox: Sandbox) -> None:
    async with child(LINKTIME_BASE_URL=sandbox.url, LINKTIME_API_KEY=sandbox.key) as server:
        offered = (await server.greet())["capabilities"]
        guests = [await typed(server, "Sarah Chen"[:count]) for count in range(1, 8)]

        assert {"prompts", "resources", "completions"} <= offered.keys()
        assert all("Sarah Chen" in matches for matches in guests)
        assert paths(sandbox) == ["GET /contacts"]
        assert "Sarah" not in server.stderr


async def test_completion_does_not_wait_for_budget(sandbox: Sandbox) -> None:
    settings = {"LINKTIME_BASE_URL": sandbox.url, "LINKTIME_API_KEY": sandbox.key}
    async with child(LINKTIME_RATE_LIMIT="10", **settings) as server:
        await server.greet()

        assert await typed(server, "Sarah") == []
        assert paths(sandbox) == []


async def test_without_a_key_lists_work_and_reads_fail() -> None:
    async with child() as server:
        await server.greet()
        lists = [await server.result(server.ask(method)) for method in ("prompts/list", "resources/list")]
        prompt = await server.result(server.ask("prompts/get", name="my_week"))
        refused = await server.answer(server.ask("resources/read", uri="linktime://account"))

        assert [len(matches) for result in lists for matches in result.values() if isinstance(matches, list)] == [8, 4]
        assert " in UTC, " in prompt["messages"][0]["content"]["text"]
        assert refused["error"]["code"] == -32603
        assert refused["error"]["message"].startswith("unauthorized: LINKTIME_API_KEY")
        assert await typed(server, "Sarah") == []


async def typed(server: Child, text: str) -> list[str]:
    ref = {"type": "ref/prompt", "name": "book_meeting"}
    argument = {"name": "guest", "value": text}
    matches = await server.result(server.ask("completion/complete", ref=ref, argument=argument))
    values: list[str] = matches["completion"]["values"]
    return values
