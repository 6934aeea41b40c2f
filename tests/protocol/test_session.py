from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import pytest
from mcp.shared.exceptions import MCPError
from mcp_types import TextContent

from linktime.errors import Failure, Overloaded, Rejected
from linktime.message import NO_NOTES, Notes, Reply, Request, Send
from linktime.pipeline.shutdown import DrainedReads
from linktime.protocol.session import Session
from linktime.protocol.session.course import WAITING
from linktime.tools import TOOLS
from tests.support.sdk_client import connected
from tests.support.sessions import upstream_of

ERAS = ["legacy", "2026-07-28"]
BOUND = 10.0  # s


async def at_once(_: float) -> None:
    await asyncio.sleep(0)


def session(
    send: Send,
    *,
    eta: float | None = None,
    refusal: Failure | None = None,
    sleep: Callable[[float], Awaitable[None]] = at_once,
) -> Session:
    return Session(upstream_of(send, eta=lambda _: eta, refusal=refusal, sleep=sleep), TOOLS)


def answering(data: Any, notes: Notes = NO_NOTES) -> Send:
    async def send(_: Request) -> Reply:
        return Reply(200, data, notes)

    return send


def failing(error: Exception) -> Send:
    async def send(_: Request) -> Reply:
        raise error

    return send


async def call(under_test: Session, name: str, mode: str = "legacy", /, **arguments: Any) -> Any:
    async with asyncio.timeout(BOUND), connected(under_test.server, mode=mode) as client:
        return await client.call_tool(name, arguments)


def text(result: Any) -> str:
    [block] = result.content
    assert isinstance(block, TextContent)
    return block.text


async def test_remark_on_a_kept_answer_belongs_to_one_call() -> None:
    under_test = session(answering({"data": []}, Notes(cache="hit", age_seconds=3.5)))

    answers = [await call(under_test, "list_contacts", limit=limit) for limit in (100, 500, 100)]

    assert ["remarks" in answer.structured_content for answer in answers] == [False, True, False]
    assert [orjson.loads(text(answer)) for answer in answers] == [answer.structured_content for answer in answers]


@pytest.mark.parametrize("mode", ERAS)
async def test_an_answer_comes_as_text_and_as_the_same_object(mode: str) -> None:
    profile = {"id": "u1", "email": "o@example.com", "name": "O", "username": "o", "plan": "PRO", "new": [1]}

    result = await call(session(answering(profile, Notes(cache="hit", age_seconds=3.5))), "get_me", mode)

    assert result.structured_content == profile
    assert text(result) == ('{"id":"u1","email":"o@example.com","name":"O","username":"o","plan":"PRO","new":[1]}')
    assert result.meta["linktime/cache"] == "hit"
    assert result.meta["linktime/ageSeconds"] == 3.5
    assert result.meta["linktime/budgetRemaining"] == 42
    assert not result.is_error


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (None, {"success": True}),
        ([{"id": "w1"}], {"data": [{"id": "w1"}]}),
        ({"data": [], "pagination": {}}, {"data": [], "pagination": {}}),
        ({"data": {"success": True}}, {"success": True}),
        ({"data": {"a": 1}, "more": 2}, {"data": {"a": 1}, "more": 2}),
        ("done", {"data": "done"}),
    ],
)
async def test_every_answer_is_an_object(data: Any, expected: dict[str, Any]) -> None:
    result = await call(session(answering(data)), "cancel_booking", bookingId="b1")

    assert result.structured_content == expected


async def test_a_read_of_null_is_no_success_of_a_change() -> None:
    result = await call(session(answering(None)), "get_booking", bookingId="b1")

    assert result.structured_content == {"data": None}


@pytest.mark.parametrize("mode", ERAS)
async def test_a_failure_is_an_error_result_with_its_word(mode: str) -> None:
    result = await call(session(failing(Rejected("not_found", "No such thing.", status=404))), "get_me", mode)

    assert result.is_error
    assert result.structured_content is None
    assert text(result) == "not_found: No such thing."


async def test_bad_arguments_are_refused_before_any_request() -> None:
    sent: list[Request] = []

    async def send(request: Request) -> Reply:
        sent.append(request)
        return Reply(200, {})

    result = await call(session(send), "get_booking", bookings="b1")

    assert result.is_error
    assert text(result).startswith("invalid_arguments: ")
    assert sent == []


@pytest.mark.parametrize("fault", [KeyError("ada@example.com"), RecursionError(), MemoryError()])
async def test_unexpected_fault_of_a_write_depends_on_delivery(fault: Exception) -> None:
    async def after(request: Request) -> Reply:
        assert request.delivery is not None
        request.delivery.possible = True
        raise fault

    sent = await call(session(after), "cancel_booking", bookingId="b1")
    unsent = await call(session(failing(fault)), "cancel_booking", bookingId="b1")

    assert text(sent).startswith("outcome_unknown: ")
    assert text(unsent).startswith("internal_error: ")
    assert "Nothing was sent." in text(unsent)


async def test_unserializable_answer_of_a_write_is_outcome_unknown() -> None:
    async def after(request: Request) -> Reply:
        assert request.delivery is not None
        request.delivery.possible = True
        return Reply(200, {"odd": object()})

    assert text(await call(session(after), "cancel_booking", bookingId="b1")).startswith("outcome_unknown: ")


async def test_unexpected_error_is_reported_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        result = await call(session(failing(KeyError("ada@example.com"))), "get_me")

    assert text(result).startswith("internal_error: ")
    assert "ada@example.com" not in text(result) + caplog.text
    assert "get_me failed: KeyError at" in caplog.text


async def test_foreign_timeout_is_no_shutdown() -> None:
    result = await call(session(failing(TimeoutError())), "get_me")

    assert text(result).startswith("internal_error: ")


@pytest.mark.parametrize("mode", ERAS)
async def test_an_unknown_tool_is_an_error_of_the_protocol(mode: str) -> None:
    async with asyncio.timeout(BOUND), connected(session(answering({})).server, mode=mode) as client:
        with pytest.raises(MCPError) as error:
            await client.call_tool("list_booking", {})

    assert error.value.code == -32602
    assert error.value.message == "Unknown tool: 'list_booking'. Did you mean list_bookings?"


async def test_refusal_answers_calls_with_bad_arguments_too() -> None:
    refusal = Rejected("unauthorized", "a key is needed.", status=401)

    result = await call(session(answering({}), refusal=refusal), "get_booking", nonsense=1)

    assert text(result) == "unauthorized: a key is needed."


async def test_each_call_has_its_deadline_and_a_key_of_its_own() -> None:
    sent: list[Request] = []

    async def send(request: Request) -> Reply:
        sent.append(request)
        raise Overloaded("enough")

    under_test = session(send)
    for _ in range(2):
        await call(under_test, "cancel_booking", bookingId="b1")

    assert [request.deadline for request in sent] == [1050.0, 1050.0]
    assert sent[0].idempotency_key != sent[1].idempotency_key
    assert all(sent[0].idempotency_key)


async def test_progress_reports_the_wait_for_budget() -> None:
    reported = asyncio.Event()
    reports: list[tuple[float, str | None]] = []

    async def send(_: Request) -> Reply:
        await reported.wait()
        return Reply(200, {})

    async def progress(progress: float, total: float | None, message: str | None) -> None:
        reports.append((progress, message))
        if len(reports) == 2:
            reported.set()

    async with asyncio.timeout(BOUND), connected(session(send, eta=11.6).server, mode="legacy") as client:
        await client.call_tool("list_webhooks", {}, progress_callback=progress)

    assert [count for count, _ in reports[:2]] == [1, 2]
    assert all(message and WAITING in message and "12 s" in message for _, message in reports)


async def test_no_progress_without_a_wait_for_budget() -> None:
    ticks = 0
    ticked = asyncio.Event()

    async def send(_: Request) -> Reply:
        await ticked.wait()
        return Reply(200, {})

    async def progress(progress: float, total: float | None, message: str | None) -> None:
        raise AssertionError(message)

    async def sleep(_: float) -> None:
        nonlocal ticks
        ticks += 1
        if ticks == 3:
            ticked.set()
        await asyncio.sleep(0)

    under_test = session(send, eta=None, sleep=sleep)
    async with asyncio.timeout(BOUND), connected(under_test.server, mode="legacy") as client:
        result = await client.call_tool("list_webhooks", {}, progress_callback=progress)

    assert not result.is_error


async def test_shutdown_ends_a_read_and_waits_for_a_write() -> None:
    begun = asyncio.Semaphore(0)
    write_may_end = asyncio.Event()

    async def send(request: Request) -> Reply:
        begun.release()
        await (asyncio.Event() if request.is_read else write_may_end).wait()
        return Reply(200, {"success": True})

    drained = DrainedReads(send)
    async with asyncio.timeout(BOUND), connected(session(drained).server, mode="legacy") as client:
        read = asyncio.create_task(client.call_tool("get_me", {}))
        write = asyncio.create_task(client.call_tool("delete_webhook", {"webhookId": "w1"}))
        await begun.acquire()
        await begun.acquire()
        drained.hurry(0)

        assert text(await read).startswith("shutting_down: ")
        assert not write.done()
        write_may_end.set()

        assert not (await write).is_error
