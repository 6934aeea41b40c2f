"""Every string of every frame passes the filter of invisible characters, from every source."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from random import Random
from typing import Any, Final

import orjson
import pytest
from hypothesis import given, settings, strategies as st

from linktime.contract import Contract
from linktime.message import Reply, Request
from linktime.pipeline.rest.failures import Route
from linktime.pipeline.rest.response import Response
from linktime.protocol.prompts import PROMPTS
from linktime.protocol.resources import RESOURCES
from linktime.protocol.session import Session
from linktime.protocol.session.elicitation import Elicitation
from linktime.protocol.session.memory import Memory
from linktime.protocol.stdio.frames import encode
from linktime.sanitize import visible
from linktime.sanitize.invisible import without_invisible
from linktime.tools import TOOLS
from linktime.tools.guest_text import FREE_TEXT, LONGEST_IN_LIST, NAMES
from tests.support.framed import Framed, framed
from tests.support.sessions import upstream_of
from tests.support.tool_requests import REQUESTS

MARK: Final = "Qz"  # shows where the planted text arrives
HIDDEN: Final = st.text(
    st.one_of(
        st.sampled_from(
            "\u00ad\u034f\u115f\u1160\u180b\u200b\u200c\u200d\u202e\u2060\u3164\ufe00\ufe0f\ufeff\uffa0\ufffb\x07\x08\x0c\x7f"
            "\x9b\U00013430\U000e0041\U000e007f\U000e0100"
        ),
        st.sampled_from("a#1\u0645\u094d\u0915\u1100\u8fbb\u2764\u20e3\U0001f3f4\U00013000"),
        st.characters(exclude_categories=["Cs"]),
    ),
    min_size=1,
    max_size=12,
)
NEW: Final = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {"elicitation": {"form": {}}},
    "io.modelcontextprotocol/clientInfo": {"name": "t", "version": "0"},
}
ROUTE: Final = Route("https://linktime.example", "lt_live_x")
BOUND: Final = 60.0  # s
FAILING: Final = 0.2  # of the answers
LISTING: Final = 0.7
URL: Final = {"url": "https://collect.evil.example/in", "events": ["booking.created"]}
OLD: Final[dict[str, Any]] = {}


def answer(text: str) -> dict[str, Any]:
    """Return an answer with *text* in every field: of guests, of LinkTime, unknown ones, and as the name of a field."""
    item = dict.fromkeys(
        (*sorted(FREE_TEXT | NAMES), "id", "slug", "status", "title", "reason", "url", "timezone"), text
    )
    long = "x" * (LONGEST_IN_LIST - 2) + text * 5
    nested = {text: [text, {text: text}], "summary": long, "notes": f"https://collect.evil.example {text}"}
    return {"data": [{**item, **nested}, {**item, "id": "w1"}], "pagination": {"page": 1, text: text}}


def service(text: str) -> Any:
    """Return a `Send` whose bodies have *text* everywhere, in turn those of successes and of failures."""
    random = Random(0)
    fault = {"error": {"code": text, "message": text}, "errors": {text: [text]}}

    async def send(request: Request) -> Reply:
        operation = Contract.shipped().find(request.method, request.template)
        if random.random() < FAILING and "webhooks" not in request.path:
            return Response(random.choice([404, 409, 500]), {}, orjson.dumps(fault)).reply(
                request, operation, ROUTE, BOUND
            )
        body = answer(text) if random.random() < LISTING else answer(text)["data"][0]
        return Response(200, {}, orjson.dumps(body)).reply(request, operation, ROUTE, BOUND)

    return send


def planted(value: Any, text: str) -> Any:
    """Return a copy of *value* with *text* in every string and every name."""
    match value:
        case str():
            return value[:2] + text
        case list():
            return [planted(each, text) for each in value]
        case dict():
            return {name: planted(each, text) for name, each in value.items()} | {text: text}
        case _:
            return value


def requests(text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield requests of every kind, valid ones and ones with *text* in each place that a client fills in."""
    for call in {call.tool: call for call in REQUESTS}.values():
        yield "tools/call", {"name": call.tool, "arguments": {**call.arguments, f"_{text}": text}}
        yield "tools/call", {"name": call.tool, "arguments": planted(call.arguments, text)}
    yield "tools/call", {"name": "list_webhooks"}
    yield "tools/call", {"name": "create_webhook", "arguments": {**URL, "name": text}}
    yield "tools/call", {"name": "delete_webhook", "arguments": {"webhookId": "w1"}}
    yield "tools/call", {"name": text, "arguments": {text: text}}
    yield "tools/call", {"name": "list_bookings", "arguments": text}
    yield "tools/call", {"name": 7, "arguments": [text]}
    for name, prompt in PROMPTS.items():
        yield "prompts/get", {"name": name, "arguments": {each.name: text for each in prompt.arguments}}
        yield "prompts/get", {"name": name, "arguments": {text: text}}
    yield "prompts/get", {"name": text}
    for each in RESOURCES:
        yield "resources/read", {"uri": each.uri.replace("{id}", "b1")}
        yield "resources/read", {"uri": each.uri.replace("{id}", text)}
    yield "resources/read", {"uri": text}
    for ref in ({"type": "ref/prompt", "name": "about_person"}, {"type": "ref/resource", "uri": RESOURCES[-1].uri}):
        for argument in ("person", "id", text):
            for value in ("", "", MARK, MARK, text):
                yield "completion/complete", {"ref": ref, "argument": {"name": argument, "value": value}}
    yield "completion/complete", {"ref": {"type": "ref/prompt", "name": text}, "argument": {"name": text, "value": ""}}
    yield "completion/complete", {"ref": {"type": "ref/resource", "uri": text}, "argument": {"name": "id", "value": ""}}
    for method in ("tools/list", "prompts/list", "resources/list", "resources/templates/list", text, f"tools/{text}"):
        yield method, {"cursor": text}


async def greet(client: Framed, text: str) -> dict[str, Any]:
    """Open a session with a handshake, and with *text* in all that the client states about itself."""
    return await client.ask(
        "initialize",
        protocolVersion="2025-11-25",
        capabilities={"elicitation": {"form": {}}, "experimental": {text: {text: text}}},
        clientInfo={"name": text, "version": text},
    )


async def frames(text: str, meta: dict[str, Any]) -> list[dict[str, Any]]:
    """Return all frames of a session. With *meta* it is one of 2026-07-28, else one with a handshake."""
    upstream = upstream_of(service(text))
    session = Session(upstream, TOOLS, confirm=Elicitation(upstream, memory=Memory()))
    async with framed(session.server) as client:
        if not meta:
            await greet(client, text)
        for ident, (method, params) in enumerate(requests(text), 2):
            about = {"_meta": {**meta, text: text}} if meta else {}
            await client.ask(method, ident, **params, **about)
        return client.frames


def strings(value: Any) -> Iterator[str]:
    """Yield every string in a frame, names included, and every string of a JSON text in it."""
    match value:
        case str():
            yield value
            if value.startswith("{"):
                yield from strings(orjson.loads(value))
        case list():
            yield from (text for item in value for text in strings(item))
        case dict():
            yield from (text for pair in value.items() for item in pair for text in strings(item))


def kinds(answers: list[dict[str, Any]]) -> set[str]:
    """Return the kinds of frames in which the planted text arrived."""
    arrived = [frame for frame in answers if any(MARK in each for each in strings(frame))]
    fields = {name for frame in arrived for name in (*frame, *frame.get("result", {}))}
    errors = {"isError" for frame in arrived if frame.get("result", {}).get("isError")}
    return fields | errors


@pytest.mark.slow
@pytest.mark.parametrize("meta", [OLD, NEW], ids=["handshake", "2026-07-28"])
@given(hidden=HIDDEN)
@settings(max_examples=10)
def test_every_string_of_every_frame_is_a_fixed_point(meta: dict[str, Any], hidden: str) -> None:
    answers = asyncio.run(frames(f"{MARK}{hidden}{MARK}", meta))

    texts = {text for frame in answers for text in strings({**frame, "id": ""})}
    assert {text for text in texts if without_invisible(text) != text} == set()


@pytest.mark.parametrize("meta", [OLD, NEW], ids=["handshake", "2026-07-28"])
def test_planted_text_reaches_every_kind_of_frame(meta: dict[str, Any]) -> None:
    arrived = kinds(asyncio.run(frames(f"{MARK}\u200b{MARK}", meta)))

    question = "inputRequests" if meta else "params"
    expected = {"structuredContent", "isError", "contents", "messages", "completion", "error", question}
    assert expected - arrived == set()


def test_tokens_of_the_client_stay_exact() -> None:
    ident, token = "a\u200bb", "t\u202e"
    answered = orjson.loads(encode({"jsonrpc": "2.0", "id": ident, "result": {"text": ident}}))
    progress = orjson.loads(encode({"method": "x", "params": {"progressToken": token, "message": token}}))

    assert answered == {"jsonrpc": "2.0", "id": ident, "result": {"text": "ab"}}
    assert progress["params"] == {"progressToken": token, "message": "t"}


def test_id_of_half_a_character_still_gets_a_frame() -> None:
    assert orjson.loads(encode({"id": "a\ud800", "result": {"text": "b\u200b"}})) == {
        "id": "a",
        "result": {"text": "b"},
    }


@given(HIDDEN, st.integers(0, 12))
def test_text_and_object_of_an_answer_stay_equal(hidden: str, cut: int) -> None:
    text = visible(hidden)
    data = {"data": [{"notes": f"{text[:cut]}… [cut]", text: f'{text}\n"{text}'}]}
    result = orjson.loads(encode({"id": 1, "result": {"text": orjson.dumps(data).decode(), "object": data}}))["result"]

    assert orjson.loads(result["text"]) == result["object"]
