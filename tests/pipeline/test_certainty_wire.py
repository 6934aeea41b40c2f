"""Writes over HTTP whose answers are not LinkTime's, or can't be read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from linktime.errors import Failure, OutcomeUnknown
from linktime.message import Reply
from linktime.pipeline.departure import Departure
from linktime.pipeline.outcome import Outcome
from linktime.pipeline.rest.client import Rest
from linktime.pipeline.retry import Retry
from linktime.tools import TOOLS
from tests.support.http_server import Line, answer, upstream
from tests.support.process import child

pytestmark = pytest.mark.timeout(60)

PAGE = b"<html><h1>Not Found</h1></html>"
FAULTS = {
    "502 page": answer(502, PAGE),
    "503 page": answer(503, PAGE),
    "500": answer(500, b'{"error":{"code":"internal_error"}}'),
}
DELETIONS = {
    "delete_contact": ({"contactId": "c1"}, "/contacts?", {"id": "c1", "email": "ada@example.com"}),
    "delete_event_type": ({"eventTypeId": "e1"}, "/event-types", {"id": "e1", "slug": "intro"}),
}


class Clock:
    """A clock that sleeping moves."""

    now = 0.0

    def __call__(self) -> float:
        """Return the seconds."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Pass the time."""
        self.now += seconds


async def outcome(url: str, tool: str, arguments: dict[str, Any]) -> Reply | Failure:
    clock = Clock()
    rest = Rest(url, "lt_live_1", timeout=5, connections=2)
    send = Outcome(Retry(Departure(rest), clock=clock, sleep=clock.sleep), clock=clock, sleep=clock.sleep)
    try:
        return await send(TOOLS[tool].request(arguments))
    except Failure as failure:
        return failure
    finally:
        await rest.aclose()


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("tool", DELETIONS)
@pytest.mark.parametrize("listed", [True, False])
async def test_page_of_a_load_balancer_proves_no_deletion(tool: str, fault: str, listed: bool) -> None:  # noqa: FBT001
    arguments, path, row = DELETIONS[tool]

    async def act(line: Line) -> None:
        request = server.seen[-1]
        if request.method == "DELETE":
            await line.write(FAULTS[fault])
        elif listed and request.target.removeprefix("/api/v1").startswith(path):
            await line.write(answer(200, orjson.dumps({"data": [row]})))
        else:
            await line.write(answer(404, PAGE))

    async with upstream(act) as server:
        met = await outcome(server.url, tool, arguments)

    assert isinstance(met, Failure)
    assert met.word == ("not_committed" if listed and fault == "500" else "outcome_unknown")
    assert [request.method for request in server.seen].count("DELETE") == 1


async def test_page_of_a_load_balancer_refuses_no_write() -> None:
    async with upstream(answer(404, PAGE)) as server:
        for tool, (arguments, *_) in DELETIONS.items():
            assert isinstance(await outcome(server.url, tool, arguments), OutcomeUnknown)


@pytest.mark.slow
@pytest.mark.parametrize("depth", [100, 300, 1000, 3000])
async def test_deep_answer_to_a_write_is_no_error(depth: int) -> None:
    book = {
        "eventTypeSlug": "intro",
        "startTime": "2030-03-04T14:00:00.000Z",
        "inviteeName": "Ada",
        "inviteeEmail": "ada@example.com",
        "inviteeTimezone": "Europe/London",
    }
    row = {"id": "b1", "status": "CONFIRMED", "startTime": book["startTime"], "inviteeEmail": book["inviteeEmail"]}

    async def act(line: Line) -> None:
        if server.seen[-1].method == "POST":
            row["createdAt"] = datetime.now(UTC).isoformat()
            await line.write(answer(201, b'{"a":' * depth + b"1" + b"}" * depth))
        else:
            await line.write(answer(200, orjson.dumps({"data": [row]})))

    async with (
        upstream(act) as server,
        child(LINKTIME_BASE_URL=server.url, LINKTIME_API_KEY="lt_live_1", LINKTIME_BUDGET="process") as program,
    ):
        await program.greet()
        result = await program.result(program.call("create_booking", **book))

    assert result["isError"] is False
    assert [request.method for request in server.seen].count("POST") == 1
