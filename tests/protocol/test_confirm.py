"""The user confirms irreversible changes, and nothing is sent without a yes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from mcp_types import MISSING_REQUIRED_CLIENT_CAPABILITY, ElicitResult

from linktime.errors import BudgetSpent, Failure, Rejected, ShuttingDown, Unavailable
from linktime.protocol.session import Session
from linktime.protocol.session.elicitation import CANT_ASK, NO, Elicitation
from linktime.sandbox import Sandbox
from linktime.tools import TOOLS
from linktime.tools.confirmations import UNREAD
from tests.support.confirming import HOOK, QUOTED, YES, Service, answering, call, each_era, refusal, session, text
from tests.support.sandbox_client import paths, visiting
from tests.support.sessions import upstream_of
from tests.support.traced_app import traced


@each_era
async def test_change_is_made_once_after_a_yes(sandbox: Sandbox, mode: str) -> None:
    questions: list[str] = []
    async with traced(sandbox, user=answering(YES, questions=questions), mode=mode, confirm=1) as seen:
        listed = (await seen.call("list_webhooks")).structured_content["data"]
        result = await seen.call("delete_webhook", webhookId=listed[0]["id"])

    assert result.structured_content["success"] is True
    assert [QUOTED.findall(each) for each in questions] == [["CRM sync", "hooks.brooks.example"]]
    assert [path for path in paths(sandbox) if path != "GET /settings"] == [
        "GET /webhooks",  # for the list; the question is made of the same answer
        "GET /webhooks",
        f"DELETE /webhooks/{listed[0]['id']}",
    ]
    assert seen.named("tools/call delete_webhook").attributes["linktime.confirmation"] == "confirmed"


@each_era
async def test_question_before_a_cancellation_has_local_time(sandbox: Sandbox, mode: str) -> None:
    questions: list[str] = []
    async with visiting(sandbox) as somebody:
        booking = (await somebody.get("/bookings?status=CONFIRMED"))["data"][-1]["id"]
    async with traced(
        sandbox, user=answering(YES, questions=questions), mode=mode, confirm=1, toolsets="scheduling"
    ) as seen:
        result = await seen.call("cancel_booking", bookingId=booking)

    assert not result.is_error
    assert len(questions) == 1
    assert re.search(r" on \w{3} [\d-]{10} \d\d:\d\d -0[45]:00\? ", questions[0])  # New York, where the account is
    assert "e-mails" in questions[0]
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


async def test_client_without_forms_is_refused_without_a_request() -> None:
    service = Service({"data": [HOOK]})

    result = await call(session(service), "legacy", None)

    assert result.is_error
    assert text(result) == f"not_confirmed: {CANT_ASK}"
    assert "LINKTIME_CONFIRM" in CANT_ASK
    assert (service.lookups, service.writes) == (0, [])


@pytest.mark.parametrize("mode", ["auto", "2026-07-28"])
async def test_modern_client_without_forms_lacks_a_capability(mode: str) -> None:
    service = Service({"data": [HOOK]})

    error = await refusal(session(service), mode, None)

    assert error.code == MISSING_REQUIRED_CLIENT_CAPABILITY
    assert error.data == {"requiredCapabilities": {"elicitation": {"form": {}}}}
    assert error.message == f"not_confirmed: {CANT_ASK}"
    assert (service.lookups, service.writes) == (0, [])


@each_era
async def test_reversible_change_needs_no_confirmation(mode: str) -> None:
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
async def test_question_names_the_id_after_a_failed_lookup(mode: str, fault: Failure) -> None:
    service, questions = Service(fault), list[str]()

    result = await call(session(service), mode, answering(YES, questions=questions))

    assert not result.is_error
    assert len(service.writes) == len(questions) == 1
    assert QUOTED.findall(questions[0]) == ["w1"]
    assert UNREAD in questions[0]


@each_era
@pytest.mark.parametrize("fault", [Rejected("not_found", "no such thing.", status=404), ShuttingDown("leaving.")])
async def test_missing_record_is_reported_without_a_question(mode: str, fault: Failure) -> None:
    service, questions = Service(fault), list[str]()

    result = await call(session(service), mode, answering(YES, questions=questions), "cancel_booking", bookingId="b1")

    assert text(result).startswith(str(fault))
    assert (questions, service.writes) == ([], [])


@each_era
async def test_bad_arguments_are_reported_without_a_question(mode: str) -> None:
    service, questions = Service({}), list[str]()

    result = await call(session(service), mode, answering(YES, questions=questions), "delete_webhook", id="w1")

    assert text(result).startswith("invalid_arguments: ")
    assert (questions, service.lookups, service.writes) == ([], 0, [])


@each_era
async def test_changed_details_are_asked_about_again(mode: str) -> None:
    moved, questions = {**HOOK, "url": "https://other.example"}, list[str]()
    service = Service({"data": [HOOK]}, {"data": [moved]})

    result = await call(session(service), mode, answering(YES, questions=questions))

    assert not result.is_error
    assert [each.split("”")[1] for each in questions] == [" to “crm.example", " to “other.example"]
    assert len(service.writes) == 1


@each_era
async def test_details_are_read_past_the_cache_after_a_yes(sandbox: Sandbox, mode: str) -> None:
    questions: list[str] = []
    async with visiting(sandbox) as somebody:
        [hook] = (await somebody.get("/webhooks"))["data"]

        async def user(_: Any, params: Any) -> ElicitResult:
            questions.append(params.message)
            await somebody.ask("PATCH", f"/webhooks/{hook['id']}", {"name": "Billing"})
            return YES

        async with traced(sandbox, user=user, mode=mode, confirm=1) as seen:
            result = await seen.call("delete_webhook", webhookId=hook["id"])

    assert not result.is_error
    assert [each.split("”")[0] for each in questions] == ["Delete the webhook “CRM sync", "Delete the webhook “Billing"]


@each_era
async def test_yes_counts_if_the_second_lookup_fails(mode: str) -> None:
    questions: list[str] = []
    service = Service({"data": [HOOK]}, BudgetSpent(9.0))

    result = await call(session(service), mode, answering(YES, questions=questions))

    assert not result.is_error
    assert (len(questions), len(service.writes)) == (1, 1)


@each_era
async def test_another_time_zone_is_no_change_of_details(mode: str) -> None:
    questions: list[str] = []
    meeting = {"id": "b1", "startTime": "2026-12-01T15:00:00.000Z", "inviteeName": "Jo"}
    service = Service(meeting, {**meeting, "startTimeLocal": "Tue 2026-12-01 10:00 -05:00"})

    result = await call(session(service), mode, answering(YES, questions=questions), "cancel_booking", bookingId="b1")

    assert not result.is_error
    assert (len(questions), len(service.writes)) == (1, 1)


@each_era
async def test_text_too_long_for_a_question_is_refused_first(mode: str) -> None:
    service = Service({"id": "b1"})

    arguments = {"bookingId": "b1", "reason": "x" * 301}
    result = await call(session(service), mode, answering(YES), "cancel_booking", **arguments)

    assert text(result).startswith("invalid_arguments: reason: ")
    assert "300" in text(result)
    assert (service.lookups, service.writes) == (0, [])


@each_era
async def test_unexpected_error_is_reported_without_its_text(mode: str, caplog: pytest.LogCaptureFixture) -> None:
    service = Service(KeyError("ada@example.com"))

    result = await call(session(service), mode, answering(YES))

    assert text(result).startswith("internal_error: ")
    assert "ada@example.com" not in text(result) + caplog.text
    assert service.writes == []


@pytest.mark.parametrize(
    ("answer", "state", "outcome"),
    [
        (YES, "confirmed", "ok"),
        (ElicitResult(action="decline"), "declined", "not_confirmed"),
        (None, "unsupported", "not_confirmed"),
    ],
)
async def test_span_has_the_confirmation_and_no_guest(
    sandbox: Sandbox, answer: ElicitResult | None, state: str, outcome: str
) -> None:
    user = answering(answer) if answer else None
    async with traced(sandbox, user=user, confirm=1, trace_arguments=1) as seen:
        people = (await seen.call("list_contacts")).structured_content["data"]
        await seen.call("delete_contact", contactId=people[0]["id"])

    attributes = seen.named("tools/call delete_contact").attributes
    assert (attributes["linktime.confirmation"], attributes["linktime.outcome"]) == (state, outcome)


async def test_first_call_of_2026_07_28_is_recorded_as_asked(sandbox: Sandbox) -> None:
    async with traced(sandbox, user=answering(ElicitResult(action="cancel")), mode="2026-07-28", confirm=1) as seen:
        people = (await seen.call("list_contacts")).structured_content["data"]
        await seen.call("delete_contact", contactId=people[0]["id"])

    rounds = [span.attributes["linktime.confirmation"] for span in seen.spans if "delete_contact" in span.name]
    assert rounds == ["asked", "declined"]


@each_era
async def test_no_question_and_no_lookup_without_the_setting(sandbox: Sandbox, mode: str) -> None:
    questions: list[str] = []
    async with visiting(sandbox) as visitor:
        webhook = (await visitor.get("/webhooks"))["data"][0]["id"]
    async with traced(sandbox, user=answering(YES, questions=questions), mode=mode) as seen:
        await seen.call("delete_webhook", webhookId=webhook)

    assert questions == []
    assert paths(sandbox) == ["GET /webhooks", f"DELETE /webhooks/{webhook}"]  # the first is the visitor's


async def test_confirmation_does_not_change_the_tool_list(sandbox: Sandbox) -> None:
    lists = []
    for confirm in (0, 1):
        async with traced(sandbox, confirm=confirm) as seen:
            lists.append((await seen.client.list_tools()).tools)

    assert lists[0] == lists[1]


async def test_missing_key_is_reported_without_a_question() -> None:
    questions: list[str] = []
    linktime = upstream_of(Service({}), refusal=Rejected("unauthorized", "a key is needed.", status=401))
    under_test = Session(linktime, TOOLS, confirm=Elicitation(linktime))

    result = await call(under_test, "legacy", answering(YES, questions=questions))

    assert text(result) == "unauthorized: a key is needed."
    assert questions == []


@each_era
async def test_cancelled_meeting_is_not_asked_about(sandbox: Sandbox, mode: str) -> None:
    questions: list[str] = []
    async with visiting(sandbox) as visitor:
        booking = (await visitor.get("/bookings?status=CONFIRMED"))["data"][-1]["id"]
        assert (await visitor.ask("POST", f"/bookings/{booking}/cancel", {})).status == 200
    sandbox.requests.clear()
    async with traced(sandbox, user=answering(YES, questions=questions), mode=mode, confirm=1) as seen:
        result = await seen.call("cancel_booking", bookingId=booking)

    assert text(result).startswith("conflict: ")
    assert questions == []
    assert [path for path in paths(sandbox) if not path.startswith("GET ")] == []


@each_era
async def test_out_of_date_cancellation_is_read_again(mode: str) -> None:
    service = Service({"id": "b1", "status": "CANCELLED"}, {"id": "b1", "status": "CONFIRMED"})
    questions = list[str]()

    result = await call(session(service), mode, answering(YES, questions=questions), "cancel_booking", bookingId="b1")

    assert not result.is_error
    assert (len(questions), len(service.writes)) == (1, 1)


@each_era
async def test_meeting_cancelled_before_the_yes_is_not_cancelled_again(mode: str) -> None:
    service = Service({"id": "b1", "status": "CONFIRMED"}, {"id": "b1", "status": "CANCELLED"})

    result = await call(session(service), mode, answering(YES), "cancel_booking", bookingId="b1")

    assert text(result).startswith("conflict: ")
    assert service.writes == []


@each_era
async def test_additions_of_the_client_do_not_change_the_question(mode: str) -> None:
    service, questions = Service({"data": [HOOK]}), list[str]()

    result = await call(
        session(service),
        mode,
        answering(YES, questions=questions),
        webhookId="w1",
        task_progress="- [x] a",
        tool="delete_webhook",
    )

    assert result.meta["linktime/ignored"] == ["task_progress"]
    assert (len(questions), len(service.writes)) == (1, 1)
