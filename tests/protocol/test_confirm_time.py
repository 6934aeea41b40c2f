"""The life of a question: time limits, shutdown, and answers that come too late."""

from __future__ import annotations

import asyncio
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    ClientCapabilities,
    ElicitationCapability,
    ElicitResult,
)

from linktime.errors import ShuttingDown
from linktime.protocol.session.elicitation import LEAVING, TOO_LATE, Elicitation
from linktime.tools import TOOLS
from tests.support.confirming import BOUND, HOOK, YES, Service, answering, call, refusal, session, text
from tests.support.sdk_client import connected
from tests.support.sessions import upstream_of


async def test_absent_user_ends_the_question() -> None:
    async def absent(_: Any, __: Any) -> ElicitResult:
        await asyncio.Event().wait()
        raise AssertionError

    service = Service({"data": [HOOK]})

    result = await call(session(service, patience=0.01), "legacy", absent)

    assert text(result) == f"not_confirmed: {TOO_LATE}"
    assert service.writes == []


async def test_no_question_during_shutdown() -> None:
    service, questions = Service({"data": [HOOK]}), list[str]()
    under_test = session(service)
    under_test.leave()

    result = await call(under_test, "legacy", answering(YES, questions=questions))

    assert text(result) == f"shutting_down: {LEAVING}"
    assert (questions, service.writes) == ([], [])


async def test_leave_tolerates_a_question_that_is_ending() -> None:
    ending, ended = asyncio.Event(), asyncio.Event()

    class Slow:
        client_capabilities = ClientCapabilities(elicitation=ElicitationCapability())

        async def elicit_form(self, *_: Any) -> ElicitResult:
            try:
                await asyncio.Event().wait()
            finally:
                ending.set()
                await ended.wait()
            raise AssertionError

    context: Any = SimpleNamespace(session=Slow(), protocol_version="2025-11-25", request_id=1)
    params = CallToolRequestParams(name="delete_webhook", arguments={"webhookId": "w1"})
    confirm = Elicitation(upstream_of(Service({"data": [HOOK]})), patience=0.01)
    asking = asyncio.create_task(confirm(context, TOOLS["delete_webhook"], params))
    async with asyncio.timeout(BOUND):
        await ending.wait()
        confirm.leave()
        ended.set()
        with pytest.raises(ShuttingDown):
            await asking


async def test_deadline_of_the_call_starts_after_the_answer() -> None:
    now = 1000.0
    service = Service({"data": [HOOK]})

    async def slow(_: Any, __: Any) -> ElicitResult:
        nonlocal now
        now += 299.0
        return YES

    await call(session(service, clock=lambda: now), "legacy", slow)

    assert [request.deadline for request in service.writes] == [1000.0 + 299.0 + 50.0]


async def test_answer_after_the_time_limit_does_not_count() -> None:
    now, questions = 1000.0, list[str]()
    service = Service({"data": [HOOK]})

    async def late(_: Any, params: Any) -> ElicitResult:
        nonlocal now
        questions.append(params.message)
        now += 300.0 if len(questions) == 1 else 1.0
        return YES

    under_test = session(service, clock=lambda: now)
    refused = await refusal(under_test, "2026-07-28", late)
    result = await call(under_test, "2026-07-28", late)

    assert refused.code == INVALID_PARAMS
    assert not result.is_error
    assert len(questions) == 2
    assert len(service.writes) == 1


async def test_yes_counts_only_for_its_own_request() -> None:
    service = Service({"data": [HOOK, {**HOOK, "id": "w2"}]})
    options: Any = {"mode": "2026-07-28", "elicitation_callback": answering(YES)}
    async with asyncio.timeout(BOUND), connected(session(service).server, **options) as client:
        ask = partial(client.session.call_tool, "delete_webhook", allow_input_required=True)
        first: Any = await ask({"webhookId": "w1"})
        with pytest.raises(MCPError) as refused:
            await ask({"webhookId": "w2"}, input_responses={"confirm": YES}, request_state=first.request_state)

    assert refused.value.code == INVALID_PARAMS
    assert service.writes == []


async def test_unanswered_questions_are_dropped() -> None:
    service = Service({"data": [HOOK]})
    async with (
        asyncio.timeout(BOUND),
        connected(session(service).server, mode="2026-07-28", elicitation_callback=answering(YES)) as client,
    ):
        ask = partial(client.session.call_tool, "delete_webhook", {"webhookId": "w1"}, allow_input_required=True)
        first: Any = await ask()
        later: list[Any] = [await ask() for _ in range(256)]
        with pytest.raises(MCPError) as refused:
            await ask(input_responses={"confirm": YES}, request_state=first.request_state)

    assert len({each.request_state for each in (first, *later)}) == 257
    assert refused.value.code == INVALID_PARAMS
    assert service.writes == []
