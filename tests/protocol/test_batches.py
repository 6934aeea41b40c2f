"""Batches of the revision 2025-03-26, over the real pipes."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

from linktime.protocol.stdio.batches import Batches
from linktime.sandbox import Sandbox
from tests.support.process import PATIENCE, Child
from tests.support.sandbox_client import misbehave


def request(ident: Any, method: str = "ping", **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": ident, "method": method, "params": params}


def send(server: Child, *frames: Any) -> None:
    server.write(orjson.dumps(frames))


async def batch(server: Child, count: int = 1) -> list[Any]:
    """Wait for the batch with this number among the answers."""
    async with asyncio.timeout(PATIENCE):
        while len(batches := [frame for frame in server.frames if isinstance(frame, list)]) < count:
            await asyncio.sleep(0.01)
    return batches[count - 1]


async def test_answers_to_a_batch_come_together(server: Child) -> None:
    greeting = await server.greet("2025-03-26")
    send(
        server,
        request("a", "tools/call", name="get_me", arguments={}),
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        request("b"),
        7,
        {"jsonrpc": "2.0", "id": 8, "result": "malformed"},
        request("c", "no/such/method"),
        {"jsonrpc": "2.0", "id": 9, "method": 3},
    )
    answers = await batch(server)

    by_id = {answer["id"]: answer for answer in answers}
    assert greeting["protocolVersion"] == "2025-03-26"
    assert len(answers) == 5
    assert by_id["a"]["result"]["isError"] is False
    assert by_id["b"]["result"] == {}
    assert [by_id[ident]["error"]["code"] for ident in ("c", None, 9)] == [-32601, -32600, -32600]


async def test_batch_without_requests_has_no_answer(server: Child) -> None:
    await server.greet("2025-03-26")
    before = len(server.frames)
    send(server, {"jsonrpc": "2.0", "method": "notifications/initialized"})
    send(server, 7)
    server.write(b"[]")
    await server.result(server.ask("ping"))

    malformed, empty, _ = server.frames[before:]
    assert [each["error"]["code"] for each in malformed] == [-32600]
    assert empty["error"]["code"] == -32600


async def test_cancelled_request_does_not_hold_its_batch(server: Child, sandbox: Sandbox) -> None:
    await misbehave(sandbox, path="/contacts", delaySeconds=5.0)
    await server.greet("2025-03-26")
    send(server, request("slow", "tools/call", name="list_contacts", arguments={}), request("fast"))
    await server.result(server.ask("ping"))
    server.notify("notifications/cancelled", requestId="slow")

    assert [answer["id"] for answer in await batch(server)] == ["fast"]


async def test_batch_is_answered_at_the_end_of_the_input(server: Child) -> None:
    await server.greet("2025-03-26")
    send(server, request(1001), request(1002, "tools/list"))
    assert await server.close() == 0

    assert [answer["id"] for answer in await batch(server)] == [1001, 1002]


@pytest.mark.parametrize("version", ["2024-11-05", "2025-06-18", "2025-11-25"])
async def test_other_revisions_have_no_batches(server: Child, version: str) -> None:
    await server.greet(version)
    send(server, request("a"), request("b"))

    assert [(await server.answer(ident))["error"]["code"] for ident in "ab"] == [-32600, -32600]


def test_request_of_the_server_is_no_answer() -> None:
    batches = Batches()
    batches.read([request(1)])

    asked = request(1, "elicitation/create")
    assert batches.answered(asked) is asked
    assert batches.unanswered(2) is None
    assert batches.answered({"id": 1, "result": {}}) == [{"id": 1, "result": {}}]
    assert batches.answered({"id": 1, "result": {}}) == {"id": 1, "result": {}}


@pytest.mark.parametrize(("version", "named"), [("2025-06-18", True), ("2025-11-25", False)])
async def test_error_without_a_known_id_has_none(server: Child, version: str, *, named: bool) -> None:
    await server.greet(version)
    server.write(b"{")
    error = await server.answer(None)

    assert error["error"]["code"] == -32700
    assert ("id" in error) is named
