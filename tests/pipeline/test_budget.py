"""The queue, the limiter and the cache in a session of the real program, over HTTP."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from linktime.pipeline.system import STATE
from linktime.protocol.session.course import WAITING
from linktime.sandbox import Sandbox
from tests.support.process import Child, child
from tests.support.sandbox_client import arrived, misbehave, paths

Session = Callable[..., AbstractAsyncContextManager[tuple[Sandbox, Child]]]


@pytest.fixture(params=["process", "local"])
def budget(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """Return the settings of a budget in the process, and in a file of this test."""
    return {STATE: str(tmp_path), "LINKTIME_BUDGET": request.param}


@pytest.fixture
def session(budget: dict[str, str]) -> Session:
    """Return the function that starts the program over a sandbox."""
    return partial(started, budget)


@pytest.fixture
async def server(sandbox: Sandbox, budget: dict[str, str]) -> AsyncIterator[Child]:
    """Start the program over a sandbox without a limit."""
    async with child(LINKTIME_BASE_URL=sandbox.url, LINKTIME_API_KEY=sandbox.key, **budget) as server:
        await server.greet()
        yield server


@asynccontextmanager
async def started(
    budget: dict[str, str], *, limit: int, period: float, **settings: str
) -> AsyncIterator[tuple[Sandbox, Child]]:
    """Start the program and a sandbox with the same limit."""
    async with (
        Sandbox(limit=limit, period=period) as sandbox,
        child(
            LINKTIME_BASE_URL=sandbox.url,
            LINKTIME_API_KEY=sandbox.key,
            LINKTIME_RATE_LIMIT=str(limit),
            LINKTIME_RATE_PERIOD=str(period),
            **budget,
            **settings,
        ) as server,
    ):
        await server.greet()
        yield sandbox, server


def cache(result: dict[str, Any]) -> str:
    return str(result["_meta"]["linktime/cache"])


@pytest.mark.slow
@pytest.mark.measured
async def test_a_crowd_of_reads_is_answered_without_a_429(session: Session) -> None:
    async with session(limit=20, period=4) as (sandbox, server):
        calls = [server.call("list_contacts", page=page) for page in range(1, 71)]
        results = [await server.result(call) for call in calls]

    assert [result["isError"] for result in results] == [False] * 70
    assert {entry.status for entry in sandbox.requests} == {200}
    assert paths(sandbox).count("GET /contacts") == 70
    assert sandbox.peak() <= 20


@pytest.mark.slow
@pytest.mark.measured
async def test_equal_reads_at_once_make_one_request(server: Child, sandbox: Sandbox) -> None:
    await misbehave(sandbox, path="/integrations", delaySeconds=3)
    calls = [server.call("list_integrations") for _ in range(20)]

    results = [await server.result(call) for call in calls]

    assert paths(sandbox) == ["GET /integrations"]
    assert Counter(map(cache, results)) == {"miss": 1, "coalesced": 19}


@pytest.mark.slow
@pytest.mark.measured
async def test_without_a_cache_every_call_is_a_request(session: Session) -> None:
    async with session(limit=60, period=60, LINKTIME_CACHE_TTL="0") as (sandbox, server):
        calls = [server.call("list_integrations") for _ in range(5)]
        results = [await server.result(call) for call in calls]

    assert paths(sandbox) == ["GET /integrations"] * 5
    assert {cache(result) for result in results} == {"off"}


@pytest.mark.slow
@pytest.mark.measured
async def test_waiting_calls_delay_no_cache_hit_ping_or_write(session: Session) -> None:
    async with session(limit=4, period=3) as (sandbox, server):
        await server.result(server.call("get_me"))
        waiting = [server.call("list_contacts", page=page) for page in range(1, 13)]
        await arrived(sandbox, "/contacts")
        write = server.call("create_contact", name="Ada Lovelace", email="ada@example.com")

        assert cache(await server.result(server.call("get_me"))) == "hit"
        assert await server.result(server.ask("ping")) == {}
        assert sum(path == "GET /contacts" for path in paths(sandbox)) < 12

        await server.result(write)
        for call in waiting:
            await server.result(call)

    order = paths(sandbox)
    assert order.index("POST /contacts") <= 4
    assert Counter(entry.status for entry in sandbox.requests) == {200: 13, 201: 1}


@pytest.mark.slow
@pytest.mark.measured
async def test_cancelled_waiting_call_never_reaches_the_service(session: Session) -> None:
    async with session(limit=2, period=3) as (sandbox, server):
        first = [server.call("list_contacts", page=page) for page in (1, 2)]
        for call in first:
            await server.result(call)
        dropped = [server.call("list_contacts", page=page) for page in (3, 4, 5)]
        await server.result(server.ask("ping"))
        for call in dropped:
            server.notify("notifications/cancelled", requestId=call)
        last = server.call("list_contacts", page=6)
        await server.result(last)

        assert await server.close() == 0

    assert [entry.query for entry in sandbox.requests] == ["page=1", "page=2", "page=6"]
    assert not {frame.get("id") for frame in server.frames} & set(dropped)


@pytest.mark.slow
@pytest.mark.measured
async def test_a_read_that_began_before_a_write_is_not_served_after_it(server: Child, sandbox: Sandbox) -> None:
    await misbehave(sandbox, path="/contacts", method="GET", delaySeconds=1, when="after")
    early = server.call("list_contacts", search="lovelace")
    await arrived(sandbox, "/contacts")
    await server.result(server.call("create_contact", name="Ada Lovelace", email="ada@example.com"))

    late = await server.result(server.call("list_contacts", search="lovelace"))

    assert [contact["name"] for contact in late["structuredContent"]["data"]] == ["Ada Lovelace"]
    assert cache(late) == "miss"
    assert (await server.result(early))["structuredContent"]["data"] == []


@pytest.mark.slow
@pytest.mark.measured
async def test_call_beyond_its_deadline_is_refused_at_once(session: Session) -> None:
    async with session(limit=1, period=600) as (sandbox, server):
        await server.result(server.call("get_me"))
        refused = await server.result(server.call("list_webhooks"))

    assert refused["isError"] is True
    assert refused["content"][0]["text"].startswith("rate_limited: ")
    assert "Call again in 6" in refused["content"][0]["text"]
    assert paths(sandbox) == ["GET /me"]


@pytest.mark.slow
@pytest.mark.measured
async def test_a_429_is_waited_out_and_not_shown(session: Session) -> None:
    async with session(limit=60, period=60) as (sandbox, server):
        await misbehave(sandbox, path="/me", status=429, headers={"Retry-After": "1"}, times=2)

        result = await server.result(server.call("get_me"))

    assert result["isError"] is False
    assert [entry.status for entry in sandbox.requests] == [429, 429, 200]


@pytest.mark.slow
@pytest.mark.measured
async def test_call_that_waits_for_budget_reports_progress(session: Session) -> None:
    async with session(limit=1, period=3) as (_, server):
        await server.result(server.call("get_me"))
        call = server.ask("tools/call", name="list_webhooks", arguments={}, _meta={"progressToken": "p"})
        await server.result(call)

    progress = [frame["params"] for frame in server.frames if frame.get("method") == "notifications/progress"]
    assert progress
    assert [note["progress"] for note in progress] == list(range(1, len(progress) + 1))
    assert all(note["progressToken"] == "p" and WAITING in note["message"] for note in progress)
