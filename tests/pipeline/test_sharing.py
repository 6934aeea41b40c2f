"""Several real servers with one key."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import islice
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from linktime.pipeline.limiter.shared import ALONE
from linktime.pipeline.system import STATE
from linktime.sandbox import Sandbox
from tests.support.process import Child, child
from tests.support.redis_server import RedisServer, redis_server
from tests.support.sandbox_client import arrived
from tests.torture.crowd import LEASE, LIMIT as CROWD, play

pytestmark = pytest.mark.slow  # starts many processes

LIMIT, PERIOD = 20, 4.0


@asynccontextmanager
async def servers(count: int, **settings: str) -> AsyncIterator[tuple[Sandbox, list[Child]]]:
    """Start servers over one sandbox that admits LIMIT requests in any PERIOD."""
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(Sandbox(limit=LIMIT, period=PERIOD))
        shared = {
            "LINKTIME_BASE_URL": sandbox.url,
            "LINKTIME_API_KEY": sandbox.key,
            "LINKTIME_RATE_LIMIT": str(LIMIT),
            "LINKTIME_RATE_PERIOD": str(PERIOD),
            "LINKTIME_TIMEOUT": "2",
        }
        started = [await stack.enter_async_context(child(**(shared | settings))) for _ in range(count)]
        for server in started:
            await server.greet()
        yield sandbox, started


def crowd(server: Child, number: int, count: int) -> list[int]:
    """Request *count* pages that no other server requests."""
    return [server.call("list_contacts", page=1000 * number + page) for page in range(1, count + 1)]


def served(sandbox: Sandbox) -> Counter[int]:
    """Count the requests of each server in the first window."""
    crowds = (entry for entry in islice(sandbox.requests, LIMIT) if entry.path == "/contacts")
    return Counter(int(parse_qs(entry.query)["page"][0]) // 1000 for entry in crowds)


def files(state: Path) -> list[Path]:
    """List the files in the folder."""
    return [path for path in state.rglob("*") if path.is_file()]


@pytest.mark.posix  # SIGKILL
async def test_four_servers_share_one_budget_and_one_of_them_is_killed(tmp_path: Path) -> None:
    async with servers(4, **{STATE: str(tmp_path)}) as (sandbox, started):
        calls = [(server, call) for number, server in enumerate(started) for call in crowd(server, number, 20)]
        await arrived(sandbox, "/contacts", "page=30")
        os.kill(started[3].process.pid, signal.SIGKILL)
        results = [await server.result(call) for server, call in calls if server is not started[3]]

        assert {result["isError"] for result in results} == {False}
        assert {entry.status for entry in sandbox.requests} == {200}
        assert sandbox.peak() <= LIMIT
        assert set(served(sandbox)) == {0, 1, 2, 3}
        assert all(result["_meta"]["linktime/budgetRemaining"] < LIMIT for result in results)


async def test_two_servers_share_one_budget_on_redis(redis: RedisServer) -> None:
    async with servers(2, LINKTIME_BUDGET=redis.url) as (sandbox, started):
        calls = [(server, call) for number, server in enumerate(started) for call in crowd(server, number, 25)]
        results = [await server.result(call) for server, call in calls]

        assert {result["isError"] for result in results} == {False}
        assert {result["_meta"]["linktime/budgetServers"] for result in results} <= {1, 2}
        assert {entry.status for entry in sandbox.requests} == {200}
        assert sandbox.peak() <= LIMIT
        assert set(served(sandbox)) == {0, 1}
        assert not [line for server in started for line in server.log if "shared budget" in line]


async def test_servers_use_their_share_while_redis_is_down() -> None:
    with redis_server() as redis:
        async with servers(2, LINKTIME_BUDGET=redis.url) as (sandbox, started):
            for server in started:
                await server.result(server.call("get_me"))
            redis.stop()
            calls = [(server, call) for number, server in enumerate(started) for call in crowd(server, number, 20)]
            await asyncio.gather(*(server.said(ALONE.partition("%")[0]) for server in started))
            redis.start()
            results = [await server.result(call) for server, call in calls]
            late = [(server, call) for number, server in enumerate(started) for call in crowd(server, 5 + number, 20)]
            results += [await server.result(call) for server, call in late]

            assert {result["isError"] for result in results} == {False}
            assert {entry.status for entry in sandbox.requests} == {200}
            assert sandbox.peak() <= LIMIT
            said = [[line for line in server.log if "shared budget" in line] for server in started]
            assert [len(lines) for lines in said] == [2, 2]
            assert all("going on alone" in gone and "is back" in back for gone, back in said)
            assert not [line for lines in said for line in lines if "sesame" in line]


@pytest.mark.parametrize("place", ["local", "redis"])
async def test_write_of_one_server_invalidates_the_cache_of_another(
    place: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    shared = {STATE: str(tmp_path)}
    if place == "redis":
        shared = {"LINKTIME_BUDGET": request.getfixturevalue("redis").url}
    async with servers(2, **shared) as (_, (writer, reader)):
        search = {"search": "lovelace"}
        assert (await reader.result(reader.call("list_contacts", **search)))["structuredContent"]["data"] == []
        answer = await reader.result(reader.call("list_contacts", **search))

        await writer.result(writer.call("create_contact", name="Ada Lovelace", email="ada@example.com"))
        late = await reader.result(reader.call("list_contacts", **search))

    assert answer["_meta"]["linktime/cache"] == "hit"
    assert late["_meta"]["linktime/cache"] == "miss"
    assert [contact["name"] for contact in late["structuredContent"]["data"]] == ["Ada Lovelace"]


async def test_server_without_a_file_logs_it_once_and_uses_a_share(tmp_path: Path) -> None:
    nowhere = tmp_path / "file"
    nowhere.touch()
    async with servers(1, **{STATE: str(nowhere)}) as (sandbox, (server,)):
        calls = crowd(server, 0, 12)
        results = [await server.result(call) for call in calls]

        assert {result["isError"] for result in results} == {False}
        assert sandbox.peak() <= LIMIT // 3
        assert len([line for line in server.log if "shared budget" in line]) == 1


@pytest.mark.posix  # modes of files
async def test_files_of_a_server_are_private_and_lack_the_key(tmp_path: Path) -> None:
    async with servers(1, **{STATE: str(tmp_path)}) as (sandbox, (server,)):
        await server.result(server.call("get_me"))
        await server.result(server.call("create_contact", name="Ada Lovelace", email="ada@example.com"))
        left = files(tmp_path)
        written = b"".join(path.read_bytes() for path in left)

        assert {path.stat().st_mode & 0o777 for path in left} == {0o600}
        assert not [word for word in (sandbox.key, "ada@example", "Ada L", "Lovelace") if word.encode() in written]
        assert not [path for path in left if sandbox.key in str(path)]


@pytest.mark.posix  # SIGSTOP
async def test_frozen_server_and_its_peers_stay_within_the_limit() -> None:
    account = await play(2, 1.0, every=1.0, frozen=LEASE + 1.0)

    assert (account.peak <= CROWD, account.faults) == (True, {})


@pytest.mark.posix  # SIGKILL
async def test_servers_with_different_limits_stay_within_the_strictest() -> None:
    account = await play(2, 4.0, every=4.0, limits=(CROWD, 2 * CROWD))

    assert (account.peak <= CROWD, account.faults) == (True, {})


async def test_spellings_of_one_service_are_one_budget(tmp_path: Path) -> None:
    async with Sandbox(limit=LIMIT, period=PERIOD) as sandbox, AsyncExitStack() as stack:
        started = []
        for base in (sandbox.url, sandbox.url.replace("127.0.0.1", "localhost").upper().replace("HTTP", "Http") + "/"):
            server = await stack.enter_async_context(
                child(
                    **{STATE: str(tmp_path)},
                    LINKTIME_BASE_URL=base,
                    LINKTIME_API_KEY=sandbox.key,
                    LINKTIME_RATE_LIMIT=str(LIMIT),
                    LINKTIME_RATE_PERIOD=str(PERIOD),
                )
            )
            await server.greet()
            started.append(server)
        calls = [(server, call) for number, server in enumerate(started) for call in crowd(server, number, 12)]
        results = [await server.result(call) for server, call in calls]

    assert {result["isError"] for result in results} == {False}
    assert sandbox.peak() <= LIMIT
