"""The user is asked before what can't be undone, and nothing is sent without their yes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from functools import partial
from types import SimpleNamespace
from typing import Any, Final

import pytest
from mcp_types import CallToolRequestParams, ClientCapabilities, ElicitationCapability, ElicitResult, TextContent

from linktime.errors import BudgetSpent, Failure, Rejected, ShuttingDown, Unavailable
from linktime.message import Reply, Request, Send
from linktime.protocol.session import Session
from linktime.protocol.session.elicitation import CANT_ASK, LEAVING, NO, TOO_LATE, Elicitation
from linktime.sandbox import Sandbox
from linktime.tools import TOOLS
from tests.support.sandbox_client import paths, visiting
from tests.support.sdk_client import connected
from tests.support.sessions import upstream_of
from tests.support.traced_app import traced

ERAS = ["legacy", "auto", "2026-07-28"]
BOUND = 10.0  # s
YES: Final = ElicitResult(action="accept", content={"answer": "yes"})
QUOTED: Final = re.compile("“(.*?)”")
HOOK: Final = {"id": "w1", "name": "CRM", "url": "https://crm.example/in"}

each_era = pytest.mark.parametrize("mode", ERAS)
User = Callable[[Any, Any], Awaitable[ElicitResult]]


def answering(*answers: ElicitResult, asked: list[str] | None = None) -> User:
    """Make a user who gives these answers, the last one from then on; what they were *asked* is kept."""
    left = list(answers)

    async def answer(_: Any, params: Any) -> ElicitResult:
        if asked is not None:
            asked.append(params.message)
        return left.pop(0) if len(left) > 1 else left[0]

    return answer


class Service:
    """Answers looks with each of *answers* in turn, the last one from then on, and keeps what else is sent."""

    def __init__(self, *answers: Any) -> None:
        self._answers = list(answers)
        self.looks = 0
        self.writes: list[Request] = []

    async def __call__(self, request: Request) -> Reply:
        """Answer, or fail as told."""
        if not request.is_read:
            self.writes.append(request)
            return Reply(200, {"success": True})
        self.looks += 1
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return Reply(200, answer)


def session(send: Send, *, clock: Callable[[], float] = lambda: 1000.0, patience: float = 300.0) -> Session:
    linktime = upstream_of(send, clock=clock)
    return Session(linktime, TOOLS, confirm=Elicitation(linktime, patience=patience))


async def call(under_test: Session, mode: str, user: User | None, tool: str = "delete_webhook", **given: Any) -> Any:
    options = {"mode": mode, "elicitation_callback": user}
    async with asyncio.timeout(BOUND), connected(under_test.server, **options) as client:
        return await client.call_tool(tool, given or {"webhookId": "w1"})


def text(result: Any) -> str:
    [block] = result.content
    assert isinstance(block, TextContent)
    return block.text


@each_era
async def test_after_a_yes_the_change_is_made_once(sandbox: Sandbox, mode: str) -> None:
    asked: list[str] = []
    async with traced(sandbox, user=answering(YES, asked=asked), mode=mode, confirm=1) as seen:
        listed = (await seen.call("list_webhooks")).structured_content["data"]
        result = await seen.call("delete_webhook", webhookId=listed[0]["id"])

    assert result.structured_content == {"success": True}
    assert [QUOTED.findall(each) for each in asked] == [["CRM sync", "hooks.brooks.example"]]
    assert [path for path in paths(sandbox) if path != "GET /settings"] == [
        "GET /webhooks",  # for the list; the question is made of the same answer
        "GET /webhooks",
        f"DELETE /webhooks/{listed[0]['id']}",
    ]
    assert seen.named("tools/call delete_webhook").attributes["linktime.confirmation"] == "confirmed"


@each_era
async def test_the_question_before_a_cancellation_has_the_meeting_in_local_time(sandbox: Sandbox, mode: str) -> None:
    asked: list[str] = []
    async with visiting(sandbox) as somebody:
        booking = (await somebody.get("/bookings?status=CONFIRMED"))["data"][-1]["id"]
    async with traced(sandbox, user=answering(YES, asked=asked), mode=mode, confirm=1, toolsets="scheduling") as seen:
        result = await seen.call("cancel_booking", bookingId=booking)

    assert not result.is_error
    assert len(asked) == 1
    assert re.search(r" on \w{3} [\d-]{10} \d\d:\d\d -0[45]:00\? ", asked[0])  # New York, where the account is
    assert "e-mails" in asked[0]
    assert [path for path in paths(sandbox) if not path.startswith("GET ")] == [f"POST /bookings/{booking}/cancel"]


@each_era
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (ElicitResult(action="decline"), NO["decline"]),
        (ElicitResult(action="cancel"), NO["cancel"]),
        (ElicitResult(action="accept"), NO["accept"]),
        (ElicitResult(action="accept", content={}), NO["accept"]),
        (ElicitResult(action="accept", content={"answer": "no"}), NO["accept"]),
        (ElicitResult(action="accept", content={"answer": True}), NO["accept"]),
        (ElicitResult(action="accept", content={"confirm": "yes"}), NO["accept"]),
        (ElicitResult(action="decline", content={"answer": "yes"}), NO["decline"]),
    ],
)
async def test_without_a_yes_nothing_is_sent(mode: str, answer: ElicitResult, reason: str) -> None:
    service = Service({"data": [HOOK]})

    result = await call(session(service), mode, answering(answer))

    assert result.is_error
    assert text(result) == f"not_confirmed: {reason}"
    assert service.writes == []


@each_era
async def test_a_client_that_cannot_ask_is_told_so_and_costs_no_request(mode: str) -> None:
    service = Service({"data": [HOOK]})

    result = await call(session(service), mode, None)

    assert result.is_error
    assert text(result) == f"not_confirmed: {CANT_ASK}"
    assert "LINKTIME_CONFIRM" in CANT_ASK
    assert (service.looks, service.writes) == (0, [])


@each_era
async def test_what_can_be_undone_is_not_asked_about(mode: str) -> None:
    service = Service({"id": "b1"})
    under_test = session(service)

    read = await call(under_test, mode, None, "get_booking", bookingId="b1")
    write = await call(under_test, mode, None, "update_webhook", webhookId="w1", name="CRM")

    assert [read.is_error, write.is_error] == [False, False]
    assert len(service.writes) == 1


@each_era
@pytest.mark.parametrize(
    "fault", [Unavailable("away", sent=True), BudgetSpent(30), Rejected("forbidden", "", status=403)]
)
async def test_a_look_that_fails_leaves_the_id_to_ask_by(mode: str, fault: Failure) -> None:
    service, asked = Service(fault), list[str]()

    result = await call(session(service), mode, answering(YES, asked=asked))

    assert not result.is_error
    assert len(service.writes) == len(asked) == 1
    assert QUOTED.findall(asked[0]) == ["w1"]
    assert "could not be read" in asked[0]


@each_era
@pytest.mark.parametrize("fault", [Rejected("not_found", "no such thing.", status=404), ShuttingDown("leaving.")])
async def test_what_is_not_there_is_the_answer_without_a_question(mode: str, fault: Failure) -> None:
    service, asked = Service(fault), list[str]()

    result = await call(session(service), mode, answering(YES, asked=asked), "cancel_booking", bookingId="b1")

    assert text(result) == str(fault)
    assert (asked, service.writes) == ([], [])


@each_era
async def test_bad_arguments_are_told_before_anybody_is_asked(mode: str) -> None:
    service, asked = Service({}), list[str]()

    result = await call(session(service), mode, answering(YES, asked=asked), "delete_webhook", id="w1")

    assert text(result).startswith("invalid_arguments: ")
    assert (asked, service.looks, service.writes) == ([], 0, [])


@each_era
async def test_what_changed_while_the_user_thought_is_asked_about_again(mode: str) -> None:
    moved, asked = {**HOOK, "url": "https://other.example"}, list[str]()
    service = Service({"data": [HOOK]}, {"data": [moved]})

    result = await call(session(service), mode, answering(YES, asked=asked))

    assert not result.is_error
    assert [each.split("”")[1] for each in asked] == [" to “crm.example", " to “other.example"]
    assert len(service.writes) == 1


@each_era
async def test_what_somebody_else_changed_meanwhile_is_seen_past_the_cache(sandbox: Sandbox, mode: str) -> None:
    asked: list[str] = []
    async with visiting(sandbox) as somebody:
        [hook] = (await somebody.get("/webhooks"))["data"]

        async def user(_: Any, params: Any) -> ElicitResult:
            asked.append(params.message)
            await somebody.ask("PATCH", f"/webhooks/{hook['id']}", {"name": "Billing"})
            return YES

        async with traced(sandbox, user=user, mode=mode, confirm=1) as seen:
            result = await seen.call("delete_webhook", webhookId=hook["id"])

    assert not result.is_error
    assert [each.split("”")[0] for each in asked] == ["Delete the webhook “CRM sync", "Delete the webhook “Billing"]


@each_era
async def test_a_yes_stands_if_nothing_can_be_read_after_it(mode: str) -> None:
    asked: list[str] = []
    service = Service({"data": [HOOK]}, BudgetSpent(9.0))

    result = await call(session(service), mode, answering(YES, asked=asked))

    assert not result.is_error
    assert (len(asked), len(service.writes)) == (1, 1)


@each_era
async def test_a_time_that_is_shown_on_other_clocks_is_no_change(mode: str) -> None:
    asked: list[str] = []
    meeting = {"id": "b1", "startTime": "2026-12-01T15:00:00.000Z", "inviteeName": "Jo"}
    service = Service(meeting, {**meeting, "startTimeLocal": "Tue 2026-12-01 10:00 -05:00"})

    result = await call(session(service), mode, answering(YES, asked=asked), "cancel_booking", bookingId="b1")

    assert not result.is_error
    assert (len(asked), len(service.writes)) == (1, 1)


@each_era
async def test_what_is_too_long_to_be_shown_is_refused_before_anybody_is_asked(mode: str) -> None:
    service = Service({"id": "b1"})

    given = {"bookingId": "b1", "reason": "x" * 301}
    result = await call(session(service), mode, answering(YES), "cancel_booking", **given)

    assert text(result).startswith("invalid_arguments: reason: should have at most 300 characters")
    assert (service.looks, service.writes) == (0, [])


@each_era
async def test_what_nobody_expected_ends_the_call_without_its_text(mode: str, caplog: pytest.LogCaptureFixture) -> None:
    service = Service(KeyError("ada@example.com"))

    result = await call(session(service), mode, answering(YES))

    assert text(result).startswith("internal_error: ")
    assert "ada@example.com" not in text(result) + caplog.text
    assert service.writes == []


async def test_a_user_who_does_not_come_is_not_waited_for_for_ever() -> None:
    async def absent(_: Any, __: Any) -> ElicitResult:
        await asyncio.Event().wait()
        raise AssertionError

    service = Service({"data": [HOOK]})

    result = await call(session(service, patience=0.01), "legacy", absent)

    assert text(result) == f"not_confirmed: {TOO_LATE}"
    assert service.writes == []


async def test_who_is_about_to_leave_asks_nothing() -> None:
    service, asked = Service({"data": [HOOK]}), list[str]()
    under_test = session(service)
    under_test.leave()

    result = await call(under_test, "legacy", answering(YES, asked=asked))

    assert text(result) == f"shutting_down: {LEAVING}"
    assert (asked, service.writes) == ([], [])


async def test_to_leave_while_a_question_is_ending_anyway_is_no_trouble() -> None:
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


async def test_the_time_of_the_user_is_not_that_of_the_call() -> None:
    now = 1000.0
    service = Service({"data": [HOOK]})

    async def slow(_: Any, __: Any) -> ElicitResult:
        nonlocal now
        now += 299.0
        return YES

    await call(session(service, clock=lambda: now), "legacy", slow)

    assert [request.deadline for request in service.writes] == [1000.0 + 299.0 + 50.0]


async def test_an_answer_that_comes_after_five_minutes_is_none() -> None:
    now, asked = 1000.0, list[str]()
    service = Service({"data": [HOOK]})

    async def late(_: Any, params: Any) -> ElicitResult:
        nonlocal now
        asked.append(params.message)
        now += 300.0 if len(asked) == 1 else 1.0
        return YES

    result = await call(session(service, clock=lambda: now), "2026-07-28", late)

    assert not result.is_error
    assert len(asked) == 2
    assert len(service.writes) == 1


async def test_a_yes_to_one_thing_is_none_to_another_of_the_same_name() -> None:
    service = Service({"data": [HOOK, {**HOOK, "id": "w2"}]})
    options: Any = {"mode": "2026-07-28", "elicitation_callback": answering(YES)}
    async with asyncio.timeout(BOUND), connected(session(service).server, **options) as client:
        ask = partial(client.session.call_tool, "delete_webhook", allow_input_required=True)
        first: Any = await ask({"webhookId": "w1"})
        second: Any = await ask(
            {"webhookId": "w2"}, input_responses={"confirm": YES}, request_state=first.request_state
        )

    assert second.result_type == "input_required"
    assert second.input_requests == first.input_requests
    assert service.writes == []


async def test_questions_that_nobody_answers_are_not_kept_for_ever() -> None:
    service = Service({"data": [HOOK]})
    async with (
        asyncio.timeout(BOUND),
        connected(session(service).server, mode="2026-07-28", elicitation_callback=answering(YES)) as client,
    ):
        ask = partial(client.session.call_tool, "delete_webhook", {"webhookId": "w1"}, allow_input_required=True)
        first: Any = await ask()
        later: list[Any] = [await ask() for _ in range(256)]
        again: Any = await ask(input_responses={"confirm": YES}, request_state=first.request_state)

    assert len({each.request_state for each in (first, *later)}) == 257
    assert again.result_type == "input_required"
    assert service.writes == []


@pytest.mark.parametrize(
    ("answer", "state", "outcome"),
    [
        (YES, "confirmed", "ok"),
        (ElicitResult(action="decline"), "declined", "not_confirmed"),
        (None, "unsupported", "not_confirmed"),
    ],
)
async def test_the_span_tells_how_far_it_came_and_nobody_who_was_meant(
    sandbox: Sandbox, answer: ElicitResult | None, state: str, outcome: str
) -> None:
    user = answering(answer) if answer else None
    async with traced(sandbox, user=user, confirm=1, trace_arguments=1) as seen:
        people = (await seen.call("list_contacts")).structured_content["data"]
        await seen.call("delete_contact", contactId=people[0]["id"])

    told = seen.named("tools/call delete_contact").attributes
    assert (told["linktime.confirmation"], told["linktime.outcome"]) == (state, outcome)


async def test_in_rounds_the_first_call_is_told_as_asked(sandbox: Sandbox) -> None:
    async with traced(sandbox, user=answering(ElicitResult(action="cancel")), mode="2026-07-28", confirm=1) as seen:
        people = (await seen.call("list_contacts")).structured_content["data"]
        await seen.call("delete_contact", contactId=people[0]["id"])

    rounds = [span.attributes["linktime.confirmation"] for span in seen.spans if "delete_contact" in span.name]
    assert rounds == ["asked", "declined"]


@each_era
async def test_unless_the_user_wants_it_nobody_is_asked_and_nothing_is_looked_up(sandbox: Sandbox, mode: str) -> None:
    asked: list[str] = []
    async with traced(sandbox, user=answering(YES, asked=asked), mode=mode) as seen:
        await seen.call("delete_webhook", webhookId="w1")

    assert asked == []
    assert paths(sandbox) == ["DELETE /webhooks/w1"]


async def test_the_tools_are_listed_as_ever(sandbox: Sandbox) -> None:
    lists = []
    for confirm in (0, 1):
        async with traced(sandbox, confirm=confirm) as seen:
            lists.append((await seen.client.list_tools()).tools)

    assert lists[0] == lists[1]


async def test_without_a_key_that_is_the_answer_and_nobody_is_asked() -> None:
    asked: list[str] = []
    linktime = upstream_of(Service({}), refusal=Rejected("unauthorized", "a key is needed.", status=401))
    under_test = Session(linktime, TOOLS, confirm=Elicitation(linktime))

    result = await call(under_test, "legacy", answering(YES, asked=asked))

    assert text(result) == "unauthorized: a key is needed."
    assert asked == []


@each_era
async def test_cancelled_meeting_is_not_asked_about(sandbox: Sandbox, mode: str) -> None:
    asked: list[str] = []
    async with visiting(sandbox) as visitor:
        booking = (await visitor.get("/bookings?status=CONFIRMED"))["data"][-1]["id"]
        assert (await visitor.ask("POST", f"/bookings/{booking}/cancel", {})).status == 200
    sandbox.requests.clear()
    async with traced(sandbox, user=answering(YES, asked=asked), mode=mode, confirm=1) as seen:
        result = await seen.call("cancel_booking", bookingId=booking)

    assert text(result).startswith("conflict: ")
    assert asked == []
    assert [path for path in paths(sandbox) if not path.startswith("GET ")] == []


@each_era
async def test_out_of_date_cancellation_is_read_again(mode: str) -> None:
    service = Service({"id": "b1", "status": "CANCELLED"}, {"id": "b1", "status": "CONFIRMED"})
    asked = list[str]()

    result = await call(session(service), mode, answering(YES, asked=asked), "cancel_booking", bookingId="b1")

    assert not result.is_error
    assert (len(asked), len(service.writes)) == (1, 1)


@each_era
async def test_meeting_cancelled_before_the_yes_is_not_cancelled_again(mode: str) -> None:
    service = Service({"id": "b1", "status": "CONFIRMED"}, {"id": "b1", "status": "CANCELLED"})

    result = await call(session(service), mode, answering(YES), "cancel_booking", bookingId="b1")

    assert text(result).startswith("conflict: ")
    assert service.writes == []


@each_era
async def test_additions_of_the_client_do_not_change_the_question(mode: str) -> None:
    service, asked = Service({"data": [HOOK]}), list[str]()

    result = await call(
        session(service),
        mode,
        answering(YES, asked=asked),
        webhookId="w1",
        task_progress="- [x] a",
        tool="delete_webhook",
    )

    assert result.meta["linktime/ignored"] == ["task_progress"]
    assert (len(asked), len(service.writes)) == (1, 1)
