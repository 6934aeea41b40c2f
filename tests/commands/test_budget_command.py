"""`linktime-mcp budget` shows the servers that spend the budget of a key."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

import pytest

from linktime.pipeline.system import STATE
from linktime.sandbox import Sandbox
from tests.support.privacy import slipped
from tests.support.process import PATIENCE, Child, child, environ
from tests.support.shell_user import run


def shared(sandbox: Sandbox, state: Path, **more: str) -> dict[str, str]:
    """Return the settings of servers that share one budget, long enough for a test."""
    settings = {"LINKTIME_API_KEY": sandbox.key, "LINKTIME_BASE_URL": sandbox.url, "LINKTIME_BUDGET": "local"}
    return settings | {"LINKTIME_RATE_PERIOD": "600", STATE: str(state)} | more


async def reading(settings: dict[str, str]) -> Any:
    ended = await run("budget", "--json", **settings)
    assert (ended.status, ended.err) == (0, ""), ended.err
    return json.loads(ended.out)


async def introduced(server: Child, name: str) -> None:
    info = {"name": name, "version": "1"}
    await server.result(server.ask("initialize", protocolVersion="2025-11-25", capabilities={}, clientInfo=info))
    server.notify("notifications/initialized")


async def test_each_server_has_its_client_process_and_requests(sandbox: Sandbox, tmp_path: Path) -> None:
    settings = shared(sandbox, tmp_path)
    async with child(**settings) as one, child(**settings) as other:
        await introduced(one, "claude-code")
        await introduced(other, "Curs\u200bor\n\x1b[31m")
        for server, tools in ((one, ["get_me", "list_integrations"]), (other, ["list_integrations"])):
            for tool in tools:
                await server.result(server.call(tool))

        seen = await reading(settings)
        table = await run("budget", **settings)

    servers = {server.pop("process"): server for server in seen["servers"]}
    quiet = {"present": True, "in_flight": 0, "waiting": 0}
    assert servers[one.process.pid] == {"client": "claude-code", "spent": 2, **quiet}
    assert servers[other.process.pid]["spent"] == 1
    assert servers[other.process.pid]["client"].isprintable()
    assert (seen["limit"], seen["spent"], seen["free"], seen["reserved"]) == (60, 3, 57, 3)
    assert (seen["breaker"], seen["in_flight"]) == ("closed", 0)
    assert f"claude-code (process {one.process.pid})" in table.out


async def test_client_of_2026_is_named_too(sandbox: Sandbox, tmp_path: Path) -> None:
    settings = shared(sandbox, tmp_path)

    called = await run("call", "get_me", **settings)
    [server] = (await reading(settings))["servers"]

    assert called.status == 0
    assert (server["client"], server["present"]) == ("linktime-mcp call", False)
    assert server["spent"] + server["in_flight"] == 1


async def test_waiting_calls_and_the_breaker_are_counted(sandbox: Sandbox, tmp_path: Path) -> None:
    settings = shared(sandbox, tmp_path, LINKTIME_RATE_LIMIT="1", LINKTIME_RATE_PERIOD="30", LINKTIME_DEADLINE="300")
    async with child(**settings) as server:
        await server.greet()
        await server.result(server.call("get_me"))
        for tool in ("list_integrations", "list_webhooks"):
            server.call(tool)
        async with asyncio.timeout(PATIENCE):
            while not (seen := await reading(settings))["waiting"]:
                pass
        server.process.kill()

    assert 1 <= seen["waiting"] <= 2
    assert (seen["free"], seen["spent"]) == (0, 1)
    assert 0 < seen["next_free"] <= 30.1


async def test_budget_changes_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    first = await reading(shared(sandbox, tmp_path))
    table = await run("budget", **shared(sandbox, tmp_path))

    assert (first["servers"], first["free"]) == ([], 60)
    assert "No server" in table.out
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - without a wait
    assert list(sandbox.requests) == []


async def test_output_has_no_key_and_no_guest(sandbox: Sandbox, tmp_path: Path) -> None:
    settings = shared(sandbox, tmp_path)
    await run("call", "list_bookings", **settings)

    for options in ([], ["--json"]):
        ended = await run("budget", *options, **settings)
        assert slipped(ended.out) == []
        assert sandbox.key not in ended.out


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
async def test_watch_prints_readings_until_ctrl_c(sandbox: Sandbox, tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "linktime", "budget", "--watch", "--json"),
        stdout=PIPE,
        stderr=PIPE,
        env=environ(**shared(sandbox, tmp_path)),
    )
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE):
        readings = [json.loads(await process.stdout.readline()) for _ in range(2)]
        os.kill(process.pid, signal.SIGINT)
        _, err = await process.communicate()

    assert [reading["limit"] for reading in readings] == [60, 60]
    assert (process.returncode, err) == (130, b"")


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"LINKTIME_API_KEY": ""}, "LINKTIME_API_KEY"),
        ({"LINKTIME_BUDGET": "process"}, "LINKTIME_BUDGET"),
        ({"LINKTIME_RATE_LIMIT": "x"}, "LINKTIME_RATE_LIMIT"),
    ],
)
async def test_unusable_settings_have_status_2(
    sandbox: Sandbox, tmp_path: Path, settings: dict[str, str], word: str
) -> None:
    ended = await run("budget", **shared(sandbox, tmp_path) | settings)

    assert (ended.status, ended.out) == (2, "")
    assert word in ended.err


async def test_unreadable_budget_has_status_1(sandbox: Sandbox, tmp_path: Path) -> None:
    settings = shared(sandbox, tmp_path, LINKTIME_BUDGET="redis://127.0.0.1:1/0")

    ended = await run("budget", **settings)

    assert (ended.status, ended.out) == (1, "")
    assert "linktime-mcp doctor" in ended.err
