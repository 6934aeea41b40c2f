from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE

import pytest

from linktime import __version__
from linktime.config import KEY_MISSING
from tests.support.process import child, environ


async def run(*arguments: str, **settings: str) -> tuple[int | None, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "linktime", *arguments, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=environ(**settings)
    )
    async with asyncio.timeout(20):
        out, err = await process.communicate(b"")
    return process.returncode, out.decode().replace(os.linesep, "\n"), err.decode().replace(os.linesep, "\n")


async def test_version_is_printed() -> None:
    assert await run("--version") == (0, f"linktime-mcp {__version__}\n", "")


async def test_help_names_every_command() -> None:
    status, out, _ = await run("--help")

    assert status == 0
    assert all(command in out for command in ("serve", "demo", "sandbox", "install", "doctor"))


async def test_unknown_command_has_status_2() -> None:
    status, out, err = await run("srve")

    assert (status, out) == (2, "")
    assert "srve" in err


async def test_malformed_settings_have_a_line_each_and_status_2() -> None:
    status, out, err = await run(
        LINKTIME_API_KEY="lt live",
        LINKTIME_RATE_LIMIT="sixty",
        LINKTIME_CACHE_TTL="-1",
        LINKTIME_BASE_URL="linktime.io",
    )

    assert (status, out) == (2, "")
    assert sorted(line.split(":")[0] for line in err.splitlines()) == [
        "LINKTIME_API_KEY",
        "LINKTIME_BASE_URL",
        "LINKTIME_CACHE_TTL",
        "LINKTIME_RATE_LIMIT",
    ]
    assert "lt live" not in err


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [{}, {"bookingId": "b1"}, {"nonsense": 1}])
async def test_missing_key_lists_tools_and_refuses_every_call(
    arguments: dict[str, object],
) -> None:
    async with child() as server:
        await server.greet()
        tools = (await server.result(server.ask("tools/list")))["tools"]
        result = await server.result(server.call("get_booking", **arguments))

        assert await server.close() == 0

    assert len(tools) == 32
    assert result["isError"] is True
    assert "structuredContent" not in result
    assert result["content"][0]["text"].startswith(f"unauthorized: {KEY_MISSING}. ")
    assert server.log == ["LINKTIME_API_KEY environment variable is required"]


@pytest.mark.slow
async def test_serve_is_the_default_command() -> None:
    for arguments in ([], ["serve"]):
        status, out, err = await run(*arguments, LINKTIME_API_KEY="lt_live_x")

        assert (status, out, err) == (0, "", "LinkTime MCP server running\n")
