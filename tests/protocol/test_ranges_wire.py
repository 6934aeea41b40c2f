"""Ranges of overrides, and overrides by their date, through the real program."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from typing import Any

import pytest

from linktime.protocol.session.course import WAITING
from linktime.sandbox import Sandbox
from linktime.tools.dates import dates, spans
from tests.support.process import Child, child
from tests.support.sandbox_client import arrived, misbehave, paths, visiting

FIRST = date.today() + timedelta(40)  # noqa: DTZ011 - the sandbox has no overrides so far ahead, in any zone
DAYS = [str(FIRST + timedelta(number)) for number in range(10)]
TEN: dict[str, Any] = {"date": DAYS[0], "to": DAYS[-1], "reason": "Vacation"}


@asynccontextmanager
async def running(sandbox: Sandbox, **settings: str) -> AsyncIterator[Child]:
    async with child(LINKTIME_BASE_URL=sandbox.url, LINKTIME_API_KEY=sandbox.key, **settings) as server:
        yield server


async def blocked(sandbox: Sandbox) -> list[str]:
    """Return the dates from FIRST on that the sandbox has blocked."""
    async with visiting(sandbox) as visitor:
        rows = (await visitor.get(f"/availability/overrides?from={FIRST}"))["data"]
    return [row["date"] for row in rows if row["isBlocked"]]


def text(result: dict[str, Any]) -> str:
    words: str = result["content"][0]["text"]
    return words


async def test_vacation_is_one_call(server: Child, sandbox: Sandbox) -> None:
    result = await server.result(server.call("create_availability_override", **TEN))

    assert [row["date"] for row in result["structuredContent"]["data"]] == DAYS
    assert {row["reason"] for row in result["structuredContent"]["data"]} == {"Vacation"}
    assert await blocked(sandbox) == DAYS


async def test_stated_dates_are_those_of_the_service(sandbox: Sandbox) -> None:
    async with running(sandbox, LINKTIME_RATE_LIMIT="6", LINKTIME_DEADLINE="5") as server:
        await server.greet()
        result = await server.result(server.call("create_availability_override", **TEN))

    assert await blocked(sandbox) == DAYS[:6]
    assert text(result).startswith(f"rate_limited: 6 of 10 dates are changed: {spans(DAYS[:6])}.")
    assert f"call again for {spans(DAYS[6:])} only." in text(result)


@pytest.mark.slow
async def test_lost_answer_leaves_its_date_in_doubt(sandbox: Sandbox) -> None:
    await misbehave(sandbox, method="POST", path="/availability/overrides", skip=1, when="after", reset=True)
    async with running(sandbox, LINKTIME_DEADLINE="3") as server:
        await server.greet()
        result = await server.result(server.call("create_availability_override", **TEN))

    doubtful = re.findall(r"In doubt: ([\d-]{10}), outcome_unknown", text(result))
    assert text(result).startswith("outcome_unknown: 9 of 10 dates are changed: ")
    assert len(doubtful) == 1
    assert "list_availability_overrides" in text(result).rpartition(doubtful[0])[2]
    assert await blocked(sandbox) == DAYS  # it was made, as the sandbox knows
    posts = [path for path in paths(sandbox) if path == "POST /availability/overrides"]
    assert len(posts) == len(DAYS)


async def test_fault_that_proves_nothing_was_done_is_stated(sandbox: Sandbox) -> None:
    await misbehave(sandbox, method="POST", path="/availability/overrides", skip=2, status=403)
    async with running(sandbox) as server:
        await server.greet()
        result = await server.result(server.call("create_availability_override", **TEN))

    [missing] = set(DAYS) - set(await blocked(sandbox))
    assert text(result).startswith("forbidden: 9 of 10 dates are changed: ")
    assert f"Not changed: {missing}, forbidden: " in text(result)
    assert f"call again for {missing} only." in text(result)


@pytest.mark.slow
async def test_wait_for_budget_is_reported_with_the_dates_done(sandbox: Sandbox) -> None:
    async with running(sandbox, LINKTIME_RATE_LIMIT="7", LINKTIME_RATE_PERIOD="4") as server:
        await server.greet()
        params: dict[str, Any] = {"name": "create_availability_override", "arguments": TEN}
        call = server.ask("tools/call", **params, _meta={"progressToken": "p"})
        progress = (await server.message("notifications/progress"))["params"]
        result = await server.result(call)

    assert progress["progressToken"] == "p"
    assert progress["message"].startswith("7 of 10 ")
    assert WAITING in progress["message"]
    assert len(result["structuredContent"]["data"]) == len(DAYS)


async def test_cancelled_range_sends_nothing_more(sandbox: Sandbox) -> None:
    await misbehave(sandbox, method="POST", path="/availability/overrides", delaySeconds=1)
    async with running(sandbox) as server:
        await server.greet()
        call = server.call("create_availability_override", **TEN)
        await arrived(sandbox, "/availability/overrides")
        server.notify("notifications/cancelled", requestId=call)
        other = server.call("list_availability_overrides", **{"from": DAYS[0]})
        await server.result(other)
        await server.close()

    assert await blocked(sandbox) == DAYS[:1]
    assert paths(sandbox).count("POST /availability/overrides") == 1


async def test_range_at_the_end_of_input_names_the_written_days(sandbox: Sandbox) -> None:
    await misbehave(sandbox, method="POST", path="/availability/overrides", delaySeconds=1)
    async with running(sandbox, LINKTIME_RATE_LIMIT="4") as server:
        await server.greet()
        call = server.call("create_availability_override", **TEN)
        await arrived(sandbox, "/availability/overrides")
        assert await server.close() == 0
        result = await server.result(call)

    stands = await blocked(sandbox)
    assert stands == DAYS[: len(stands)]
    assert text(result).startswith(f"shutting_down: {len(stands)} of 10 dates are changed: {spans(stands)}.")


async def test_override_is_deleted_by_its_date(server: Child, sandbox: Sandbox) -> None:
    await server.result(server.call("create_availability_override", **TEN))

    by_date = await server.result(server.call("delete_availability_override", date=DAYS[0]))
    as_id = await server.result(server.call("delete_availability_override", overrideId=DAYS[1]))
    again = await server.result(server.call("delete_availability_override", date=DAYS[0]))
    both = await server.result(server.call("delete_availability_override", date=DAYS[2], overrideId="x"))

    assert [by_date["isError"], as_id["isError"]] == [False, False]
    assert await blocked(sandbox) == DAYS[2:]
    assert text(again).startswith("not_found: ")
    assert DAYS[2] in text(again)
    assert text(both).startswith("invalid_arguments: ")


@pytest.mark.parametrize("answer", ["yes", "no"])
async def test_deletion_by_date_asks_once_about_that_override(sandbox: Sandbox, answer: str) -> None:
    async with visiting(sandbox) as visitor:
        ident = (await visitor.make("/availability/overrides", date=DAYS[0], reason="Ski trip"))["id"]
    async with running(sandbox, LINKTIME_CONFIRM="1") as server:
        await server.greet(elicitation={})
        call = server.call("delete_availability_override", date=DAYS[0])
        question = await server.message("elicitation/create")
        content = {"action": "accept", "content": {"answer": answer}}
        server.write({"jsonrpc": "2.0", "id": question["id"], "result": content})
        result = await server.result(call)

    assert DAYS[0] in question["params"]["message"]
    assert "Ski trip" in question["params"]["message"]
    assert [path for path in paths(sandbox) if path.startswith("DELETE")] == (
        [f"DELETE /availability/overrides/{ident}"] if answer == "yes" else []
    )
    assert result["isError"] is (answer == "no")


def test_dates_are_named_as_ranges() -> None:
    assert dates("2026-12-31", "2027-01-02") == ["2026-12-31", "2027-01-01", "2027-01-02"]
    assert spans(["2027-01-01", "2026-12-31", "2027-01-05"]) == "2026-12-31 to 2027-01-01, 2027-01-05"
