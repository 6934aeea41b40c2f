"""No write is done twice by repetition, as a client sees it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from gc import collect
from typing import Any, Final
from weakref import ref

import pytest

from linktime.errors import Failure, OutcomeUnknown, Rejected, ShuttingDown
from linktime.message import Reply, Request, post
from linktime.pipeline.repeats import LIFE, Repeats
from linktime.sandbox import Sandbox
from tests.support.app_user import User, user_of
from tests.support.process import Child
from tests.support.sandbox_client import MONDAY, arrived, misbehave, paths, visiting

DAY: Final = timedelta(days=1)
START = "2026-03-03T15:00:00.000Z"
LATER = "2026-03-03T18:00:00.000Z"
GUEST = {"inviteeName": "Ada Lovelace", "inviteeEmail": "ada@example.com", "inviteeTimezone": "Europe/London"}
BOOKING = {"eventTypeSlug": "30min", "startTime": START, **GUEST}
OTHER = {**BOOKING, "startTime": LATER, "inviteeEmail": "bob@example.com"}
WEBHOOK = {"url": "https://example.com/hook", "events": ["booking.created"]}
WORKFLOW = {
    "name": "Thanks",
    "trigger": "BOOKING_CREATED",
    "actions": [{"type": "SEND_EMAIL", "config": {"subject": "Thanks"}}],
}

WISH = post("/x").tagged("x")


@pytest.fixture
async def account() -> AsyncIterator[Sandbox]:
    async with Sandbox(limit=0, now=lambda: MONDAY) as sandbox:
        yield sandbox


def without_mark(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "alreadyDone"}


async def repeated(user: User, tool: str, arguments: dict[str, Any]) -> None:
    """Make a call twice, and check that the second one is answered by the first."""
    first = await user.answer(tool, arguments)
    before = user.sent
    again = await user.call(tool, arguments)

    assert "alreadyDone" not in first
    assert again.structured_content["alreadyDone"]
    assert without_mark(again.structured_content) == first
    assert again.meta["linktime/alreadyDone"] is True
    assert again.meta["linktime/ageSeconds"] >= 0
    assert user.sent == before


async def test_repeated_writes_are_answered_from_memory(account: Sandbox) -> None:
    async with user_of(account) as user:
        booked = await user.answer("create_booking", OTHER)
        await repeated(user, "create_booking", BOOKING)
        await repeated(
            user, "reschedule_booking", {"bookingId": booked["bookingId"], "newStartTime": LATER[:11] + "20:00Z"}
        )
        await repeated(user, "cancel_booking", {"bookingId": booked["bookingId"]})
        await repeated(user, "create_workflow", WORKFLOW)
        await repeated(user, "create_contact", {"name": "Bo", "email": "bo@example.com"})
        await repeated(user, "create_availability_override", {"date": "2026-03-10"})
        await repeated(user, "update_settings", {"bufferAfter": 5})


async def test_repetition_counts_without_a_cache(account: Sandbox) -> None:
    async with user_of(account, LINKTIME_CACHE_TTL="0") as user:
        await repeated(user, "create_workflow", WORKFLOW)


async def test_write_after_two_minutes_is_a_new_wish(account: Sandbox) -> None:
    async with user_of(account) as user:
        first = await user.answer("create_workflow", WORKFLOW)
        user.skipped = LIFE - 1
        assert "alreadyDone" in await user.answer("create_workflow", WORKFLOW)
        user.skipped = LIFE + 1
        third = await user.answer("create_workflow", WORKFLOW)

        assert third["id"] != first["id"]


@pytest.mark.parametrize("outcome", ["made", "refused"])
async def test_another_write_to_its_tags_ends_the_memory(account: Sandbox, outcome: str) -> None:
    async with user_of(account) as user:
        await user.answer("create_workflow", WORKFLOW)
        other = WORKFLOW | ({"name": "Other"} if outcome == "made" else {"trigger": "NO_SUCH_TRIGGER"})
        assert (await user.call("create_workflow", other)).is_error == (outcome == "refused")
        assert "alreadyDone" not in await user.answer("create_workflow", WORKFLOW)


async def test_write_to_other_tags_leaves_the_memory(account: Sandbox) -> None:
    async with user_of(account) as user:
        await user.answer("create_workflow", WORKFLOW)
        await user.answer("update_settings", {"bufferAfter": 5})
        assert "alreadyDone" in await user.answer("create_workflow", WORKFLOW)


async def test_write_of_another_server_ends_the_memory(account: Sandbox) -> None:
    async with user_of(account, LINKTIME_BUDGET="local") as one, user_of(account, LINKTIME_BUDGET="local") as two:
        await one.answer("create_workflow", WORKFLOW)
        assert "alreadyDone" in await one.answer("create_workflow", WORKFLOW)
        await two.answer("create_workflow", WORKFLOW | {"name": "Other"})
        assert "alreadyDone" not in await one.answer("create_workflow", WORKFLOW)


async def test_failed_write_is_sent_again(account: Sandbox) -> None:
    async with user_of(account) as user:
        await misbehave(user.sandbox, path="/workflows", method="POST", status=400)
        await user.refusal("create_workflow", WORKFLOW)
        assert "alreadyDone" not in await user.answer("create_workflow", WORKFLOW)


@pytest.mark.parametrize(
    "failure", [OutcomeUnknown("?", answered=False), Rejected("conflict", "", status=409), ShuttingDown("")]
)
async def test_failed_or_doubtful_write_is_not_remembered(failure: Failure) -> None:
    failures: list[Failure] = [failure]

    async def send(_: Request) -> Reply:
        if failures:
            raise failures.pop()
        return Reply(200, {})

    async def poll() -> None: ...

    repeats = Repeats(send, clock=lambda: 0.0, poll=poll, epoch=lambda _: 0)
    with pytest.raises(type(failure)):
        await repeats(WISH)

    assert (await repeats(WISH)).notes.already_done is None


async def test_write_of_a_caller_that_left_is_sent_again(account: Sandbox) -> None:
    async with user_of(account) as user:
        await misbehave(user.sandbox, path="/workflows", method="POST", delaySeconds=2)
        leaving = asyncio.create_task(user.call("create_workflow", WORKFLOW))
        await arrived(user.sandbox, "/workflows")
        leaving.cancel()
        await asyncio.wait([leaving])
        answer = await user.answer("create_workflow", WORKFLOW)

        assert "alreadyDone" not in answer
        assert user.writes == ["POST /workflows"] * 2


async def test_equal_writes_at_once_are_one(account: Sandbox) -> None:
    async with user_of(account) as user:
        await misbehave(user.sandbox, path="/bookings", method="POST", delaySeconds=1)
        answers = await asyncio.gather(*(user.answer("create_booking", BOOKING) for _ in range(5)))

        assert len({answer["bookingId"] for answer in answers}) == 1
        assert sorted("alreadyDone" in answer for answer in answers) == [False] + [True] * 4
        assert user.writes == ["POST /bookings"]


async def test_equal_writes_at_once_are_one_beside_another(account: Sandbox) -> None:
    async with user_of(account) as user:
        await misbehave(user.sandbox, path="/workflows", method="POST", delaySeconds=1, times=None)
        wishes = [WORKFLOW, WORKFLOW | {"name": "Other"}, WORKFLOW]
        answers = await asyncio.gather(*(user.answer("create_workflow", wish) for wish in wishes))

        assert answers[0]["id"] == answers[2]["id"]
        assert user.writes == ["POST /workflows"] * 2


async def test_equal_write_in_flight_that_fails_answers_no_other(account: Sandbox) -> None:
    async with user_of(account) as user:
        await misbehave(user.sandbox, path="/bookings", method="POST", status=400, delaySeconds=1)
        results = await asyncio.gather(*(user.call("create_booking", BOOKING) for _ in range(3)))

        assert sorted(result.is_error for result in results) == [False, False, True]
        assert user.writes == ["POST /bookings"] * 2


async def test_writes_that_overlap_on_a_tag_are_not_remembered(account: Sandbox) -> None:
    async with user_of(account) as user:
        await asyncio.gather(
            user.answer("update_settings", bufferAfter=5), user.answer("update_settings", bufferAfter=10)
        )
        await user.answer("update_settings", bufferAfter=5)

        assert len(user.writes) == 3


async def test_write_beside_one_in_flight_is_not_remembered(account: Sandbox) -> None:
    """The order of the writes: 5, 10 begins, 5 twice, 10 ends, 10."""
    async with user_of(account) as user:
        await user.answer("update_settings", bufferAfter=5)
        await misbehave(user.sandbox, path="/settings", method="PATCH", delaySeconds=1)
        slow = asyncio.create_task(user.answer("update_settings", bufferAfter=10))
        async with asyncio.timeout(10):
            while len(user.writes) < 2:
                await asyncio.sleep(0.01)
        for _ in range(2):
            assert "alreadyDone" not in await user.answer("update_settings", bufferAfter=5)
        assert not slow.done()
        await slow
        assert "alreadyDone" not in await user.answer("update_settings", bufferAfter=10)


class Secret(str):
    """A text whose end can be observed."""

    __slots__ = ("__weakref__",)


async def test_no_secret_of_a_webhook_is_kept() -> None:
    async def send(_: Request) -> Reply:
        secret = Secret("whsec_1")
        seen.append(ref(secret))
        return Reply(200, {"id": "w1", "secret": secret})

    async def poll() -> None: ...

    seen: list[ref[Secret]] = []
    webhook = post("/webhooks", url="https://example.com").tagged("webhooks")
    repeats = Repeats(send, clock=lambda: 0.0, poll=poll, epoch=lambda _: len(seen))
    await repeats(webhook)

    with pytest.raises(Rejected, match="w1"):
        await repeats(webhook)
    collect()
    assert [each() for each in seen] == [None]


async def test_webhook_is_named_and_its_secret_is_not_repeated(account: Sandbox) -> None:
    async with user_of(account) as user:
        first = await user.answer("create_webhook", WEBHOOK)
        text = await user.refusal("create_webhook", WEBHOOK)

        assert text.startswith("conflict: ")
        assert first["id"] in text
        assert "delete_webhook" in text
        assert first["secret"] not in text
        assert user.writes == ["POST /webhooks"]

        await user.answer("delete_webhook", webhookId=first["id"])
        assert (await user.answer("create_webhook", WEBHOOK))["secret"] != first["secret"]


async def test_equal_webhooks_at_once_have_one_secret(account: Sandbox) -> None:
    async with user_of(account) as user:
        await misbehave(user.sandbox, path="/webhooks", method="POST", delaySeconds=1)
        results = await asyncio.gather(*(user.call("create_webhook", WEBHOOK) for _ in range(3)))

        assert sorted(result.is_error for result in results) == [False, True, True]
        assert user.writes == ["POST /webhooks"]


async def test_conflict_names_the_booking_that_the_guest_has(account: Sandbox) -> None:
    async with user_of(account) as user:
        booked = await user.answer("create_booking", BOOKING)
        await user.answer("create_booking", OTHER)
        text = await user.refusal("create_booking", BOOKING)

        assert text.startswith("conflict: ")
        assert booked["bookingId"] in text
        assert "Nearest" not in text


async def test_memory_is_bounded() -> None:
    sent: list[str] = []

    async def send(request: Request) -> Reply:
        sent.append(request.ident)
        return Reply(200, {})

    async def poll() -> None: ...

    def epoch(request: Request) -> int:
        return sent.count(request.ident)

    repeats = Repeats(send, clock=lambda: 0.0, poll=poll, epoch=epoch, size=2)
    for ident in ("1", "2", "3", "3", "2", "1"):
        await repeats(post("/x/{id}", ident).tagged(ident))

    assert sent == ["1", "2", "3", "1"]


async def test_the_program_answers_a_repeated_booking_from_memory(server: Child, sandbox: Sandbox) -> None:
    async with visiting(sandbox) as visitor:
        [kind, *_] = (await visitor.get("/event-types"))["data"]
        today = datetime.now(UTC).date()
        start = (await visitor.slots(str(today + DAY), kind["slug"], to=str(today + 7 * DAY)))[0]
    arguments = {**BOOKING, "eventTypeSlug": kind["slug"], "startTime": start}
    first, again = [await server.result(server.call("create_booking", **arguments)) for _ in range(2)]

    assert again["structuredContent"]["bookingId"] == first["structuredContent"]["bookingId"]
    assert again["_meta"]["linktime/alreadyDone"] is True
    assert paths(sandbox).count("POST /bookings") == 1
    assert GUEST["inviteeEmail"] not in server.stderr
