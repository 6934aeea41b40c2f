"""The question on the wire: bare frames over the real pipes, and clients that don't keep to the rules."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple

import pytest

from linktime.protocol.session.elicitation import CANT_ASK, LEAVING, NO, NO_ANSWER
from linktime.sandbox import Sandbox
from tests.support.process import Child, child
from tests.support.sandbox_client import paths, visiting

YES: Final = {"action": "accept", "content": {"answer": "yes"}}
ASKS: Final[dict[str, Any]] = {"elicitation": {}}


class Question(NamedTuple):
    """A server that waits for the user: the open *call*, the id of the *question*, and the *hook* that it is about."""

    server: Child
    call: int
    question: int
    hook: str


@asynccontextmanager
async def confirming(sandbox: Sandbox) -> AsyncIterator[Child]:
    """Start the program with the setting."""
    settings = {"LINKTIME_BASE_URL": sandbox.url, "LINKTIME_API_KEY": sandbox.key, "LINKTIME_CONFIRM": "1"}
    async with child(**settings) as server:
        yield server


@asynccontextmanager
async def asking(sandbox: Sandbox) -> AsyncIterator[Question]:
    """Start it, and have it ask."""
    [hook] = await webhooks(sandbox)
    async with confirming(sandbox) as server:
        await server.greet(**ASKS)
        call = server.call("delete_webhook", webhookId=hook)
        yield Question(server, call, (await server.message("elicitation/create"))["id"], hook)


async def webhooks(sandbox: Sandbox) -> list[str]:
    async with visiting(sandbox) as somebody:
        return [each["id"] for each in (await somebody.get("/webhooks"))["data"]]


def answer(server: Child, ident: int, result: dict[str, Any]) -> None:
    server.write({"jsonrpc": "2.0", "id": ident, "result": result})


def written(sandbox: Sandbox) -> list[str]:
    return [path for path in paths(sandbox) if not path.startswith("GET ")]


def text(result: dict[str, Any]) -> str:
    content: str = result["content"][0]["text"]
    return content


async def test_other_calls_are_answered_during_a_question(sandbox: Sandbox) -> None:
    async with asking(sandbox) as (server, call, question, hook):
        others = [await server.result(server.call(tool)) for tool in ("get_me", "list_webhooks")]
        before = written(sandbox)
        answer(server, question, YES)
        result = await server.result(call)
        answer(server, question, YES)  # once more
        await server.result(server.ask("ping"))

    assert [each["isError"] for each in others] == [False, False]
    assert before == []
    assert result["structuredContent"]["success"] is True
    assert written(sandbox) == [f"DELETE /webhooks/{hook}"]


async def test_form_has_one_choice_and_its_first_value_is_no(sandbox: Sandbox) -> None:
    [hook] = await webhooks(sandbox)
    async with confirming(sandbox) as server:
        await server.greet("2025-06-18", **ASKS)
        server.call("delete_webhook", webhookId=hook)
        params = (await server.message("elicitation/create"))["params"]

    assert "“CRM sync” to “hooks.brooks.example”" in params["message"]
    assert params["requestedSchema"] == {
        "type": "object",
        "properties": {"answer": {"type": "string", "title": "Do it?", "enum": ["no", "yes"]}},
        "required": ["answer"],
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    "reply",
    [
        {"result": {"action": "perhaps", "content": {"answer": "yes"}}},
        {"result": {"content": {"answer": "yes"}}},
        {"result": {"action": "accept", "content": "yes"}},
        {"error": {"code": -32601, "message": "Method not found"}},
    ],
)
async def test_an_answer_that_cannot_be_read_is_no_yes(sandbox: Sandbox, reply: dict[str, Any]) -> None:
    async with asking(sandbox) as (server, call, question, _):
        server.write({"jsonrpc": "2.0", "id": question, **reply})
        result = await server.result(call)

    assert text(result) == f"not_confirmed: {NO_ANSWER}"
    assert written(sandbox) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("version", "capabilities", "asks"),
    [
        ("2025-06-18", {"elicitation": {}}, True),
        ("2025-11-25", {"elicitation": {"form": {}, "url": {}}}, True),
        ("2025-11-25", {"elicitation": {"url": {}}}, False),
        ("2025-11-25", {}, False),
        ("2025-03-26", {"elicitation": {}}, False),
    ],
)
async def test_client_that_declares_forms_is_asked(
    sandbox: Sandbox, version: str, capabilities: dict[str, Any], *, asks: bool
) -> None:
    async with confirming(sandbox) as server:
        await server.greet(version, **capabilities)
        call = server.call("delete_webhook", webhookId="w1")
        if asks:
            answer(server, (await server.message("elicitation/create"))["id"], {"action": "decline"})
        result = await server.result(call)

    assert (CANT_ASK in text(result)) is not asks
    assert written(sandbox) == []


async def test_a_call_that_is_cancelled_takes_its_question_back(sandbox: Sandbox) -> None:
    async with asking(sandbox) as (server, call, question, _):
        server.notify("notifications/cancelled", requestId=call)
        cancelled = await server.message("notifications/cancelled")
        answer(server, question, YES)
        await server.result(server.ask("ping"))
        status = await server.close()

    assert cancelled["params"]["requestId"] == question
    assert status == 0
    assert [frame for frame in server.frames if frame.get("id") == call] == []
    assert written(sandbox) == []


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["EOF", "SIGTERM", "SIGINT"])
async def test_the_end_of_the_session_is_the_end_of_the_question(sandbox: Sandbox, ending: str) -> None:
    async with asking(sandbox) as (server, call, *_):
        if ending == "EOF":
            server.stdin.close()
        else:
            server.process.send_signal(signal.Signals[ending])
        status = await server.ended()
        result = await server.result(call)

    assert status == 0
    assert text(result) == f"shutting_down: {LEAVING}"
    assert written(sandbox) == []


async def test_a_client_that_goes_away_leaves_all_as_it_is(sandbox: Sandbox) -> None:
    async with asking(sandbox) as (server, *_):
        server.stop_reading()
        status = await server.ended()

    assert status == 0
    assert "Traceback" not in server.stderr
    assert written(sandbox) == []


async def test_a_client_that_sends_all_at_once_and_leaves_is_not_asked(sandbox: Sandbox) -> None:
    async with confirming(sandbox) as server:
        await server.greet(**ASKS)
        call = server.call("delete_webhook", webhookId="w1")
        status = await server.close()
        result = await server.result(call)

    assert status == 0
    assert text(result).startswith("shutting_down: ")
    assert written(sandbox) == []


class Rounds:
    """A client of 2026-07-28 that sends any params."""

    def __init__(self, server: Child, capabilities: dict[str, Any]) -> None:
        self.server = server
        self._meta = {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": capabilities,
        }

    async def call(self, tool: str, arguments: dict[str, Any], state: Any = None, said: Any = YES) -> dict[str, Any]:
        """Call *tool*, with an answer if there is a *state*."""
        return await self.server.result(self.begin(tool, arguments, state, said))

    async def refused(self, tool: str, arguments: dict[str, Any], state: Any = None) -> dict[str, Any]:
        """Call *tool*, and return the error of the protocol."""
        error: dict[str, Any] = (await self.server.answer(self.begin(tool, arguments, state)))["error"]
        return error

    def begin(self, tool: str, arguments: dict[str, Any], state: Any = None, said: Any = YES) -> int:
        """Call *tool* without waiting, with an answer if there is a *state*."""
        answer = {} if state is None else {"requestState": state, "inputResponses": {"confirm": said}}
        return self.server.ask("tools/call", _meta=self._meta, name=tool, arguments=arguments, **answer)

    async def send(self, **params: Any) -> dict[str, Any]:
        """Call with these params, valid or not."""
        return await self.server.result(self.server.ask("tools/call", _meta=self._meta, **params))


async def test_only_an_open_question_can_be_answered_and_only_once(sandbox: Sandbox) -> None:
    [hook] = await webhooks(sandbox)
    async with confirming(sandbox) as server:
        rounds = Rounds(server, ASKS)
        delete, mine = "delete_webhook", {"webhookId": hook}

        async def state() -> str:
            opened: str = (await rounds.call(delete, mine))["requestState"]
            return opened

        repeated = [
            await rounds.call(delete, mine),
            await rounds.send(name=delete, arguments=mine, inputResponses={"confirm": YES}),
            await rounds.call(delete, mine, ""),
        ]
        refused = [
            await rounds.refused(delete, mine, "made-up"),
            await rounds.refused(delete, mine, f"{await state()}x"),
            await rounds.refused(delete, mine, (await state()).swapcase()),
            await rounds.refused(delete, {"webhookId": "w2"}, await state()),
        ]
        unanswered = await rounds.call(delete, mine, await state(), {"action": "cancel"})
        before = written(sandbox)
        good = await state()
        first, *twice = [rounds.begin(delete, mine, good) for _ in range(3)]
        done = await server.result(first)
        refused += [(await server.answer(each))["error"] for each in twice]
        refused.append(await rounds.refused(delete, mine, good))

    assert {each["resultType"] for each in repeated} == {"input_required"}
    assert text(unanswered) == f"not_confirmed: {NO['cancel']}"
    assert before == []
    assert done["structuredContent"]["success"] is True
    assert {each["code"] for each in refused} == {-32602}
    assert all("requestState" in each["message"] for each in refused)
    assert written(sandbox) == [f"DELETE /webhooks/{hook}"]


async def test_a_question_is_bound_to_the_tool_and_every_argument(sandbox: Sandbox) -> None:
    async with visiting(sandbox) as somebody:
        booking = (await somebody.get("/bookings?status=CONFIRMED"))["data"][-1]["id"]
    async with confirming(sandbox) as server:
        rounds = Rounds(server, ASKS)
        asked = await rounds.call("cancel_booking", {"bookingId": booking, "reason": "ill"})
        refused = await rounds.refused(
            "cancel_booking", {"bookingId": booking, "reason": "bored"}, asked["requestState"]
        )
        asked = await rounds.call("cancel_booking", {"bookingId": booking, "reason": "ill"})
        hours = await rounds.refused("update_availability_rules", {"rules": []}, asked["requestState"])

    assert asked["resultType"] == "input_required"
    assert [each["code"] for each in (refused, hours)] == [-32602, -32602]
    assert written(sandbox) == []


@pytest.mark.slow
@pytest.mark.parametrize("said", [{"other": YES}, {}, None])
async def test_a_state_without_an_answer_is_no_yes(sandbox: Sandbox, said: Any) -> None:
    async with confirming(sandbox) as server:
        rounds = Rounds(server, ASKS)
        question = await rounds.call("delete_webhook", {"webhookId": "w1"})
        reply = {"requestState": question["requestState"]} | ({} if said is None else {"inputResponses": said})
        result = await rounds.send(name="delete_webhook", arguments={"webhookId": "w1"}, **reply)

    assert text(result) == f"not_confirmed: {NO_ANSWER}"
    assert written(sandbox) == []


@pytest.mark.slow
@pytest.mark.parametrize("capabilities", [{}, {"elicitation": {"url": {}}}])
async def test_client_without_elicitation_confirms_nothing(sandbox: Sandbox, capabilities: dict[str, Any]) -> None:
    async with confirming(sandbox) as server:
        asked = await Rounds(server, ASKS).call("delete_webhook", {"webhookId": "w1"})
        refused = await Rounds(server, capabilities).refused(
            "delete_webhook", {"webhookId": "w1"}, asked["requestState"]
        )

    assert refused == {
        "code": -32021,
        "message": f"not_confirmed: {CANT_ASK}",
        "data": {"requiredCapabilities": {"elicitation": {"form": {}}}},
    }
    assert written(sandbox) == []
