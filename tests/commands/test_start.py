"""The modules that the program imports before the first call of a tool, and later."""

from __future__ import annotations

import subprocess
import sys

import orjson
import pytest

from linktime.sandbox import Sandbox
from tests.support.process import child, environ

LATER = {
    "aiohttp",
    "click",
    "cryptography",
    "httpx2",
    "jsonschema",
    "jwt",
    "linktime.commands.demo",
    "linktime.contract",
    "linktime.pipeline.ledger.redis",
    "linktime.pipeline.rest.client",
    "linktime.sandbox",
    "mcp.client",
    "mcp.server.auth",
    "mcp.server.lowlevel",
    "mcp.server.mcpserver",
    "mcp.server.streamable_http",
    "opentelemetry.exporter",
    "opentelemetry.sdk",
    "redis",
    "rich",
    "sse_starlette",
    "starlette",
    "uvicorn",
    "yarl",
}
"""The program imports none of these before the first call. Together they would double the start."""

IMPORTS_TO_STDERR = (
    "import os, sys\n"
    "sys.addaudithook(lambda event, args: event == 'import' and os.write(2, f'IMPORTED {args[0]}\\n'.encode()))\n"
    "from linktime.cli import main\n"
    "main([])\n"
)
HELLO = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "0"}}


def frame(method: str, params: object = None, **ident: int) -> bytes:
    return orjson.dumps({"jsonrpc": "2.0", "method": method, "params": params or {}, **ident}) + b"\n"


def imported(*frames: bytes, **settings: str) -> set[str]:
    """Return the modules, with their packages, that the program imports to answer a client's opening and *frames*."""
    opening = [frame("initialize", HELLO, id=1), frame("notifications/initialized"), frame("tools/list", id=2)]
    ended = subprocess.run(
        [sys.executable, "-c", IMPORTS_TO_STDERR],
        input=b"".join([*opening, *frames]),
        capture_output=True,
        check=True,
        timeout=30,
        env=environ(OTEL_TRACES_EXPORTER="console", **settings),
    )
    answered = [orjson.loads(line) for line in ended.stdout.splitlines()]
    assert len(answered) == 2 + len(frames)
    assert not [answer for answer in answered if "error" in answer]
    before, sdk, _ = ended.stderr.decode().partition("IMPORTED opentelemetry.sdk")  # by a thread, or at the end
    assert "running" in before
    assert sdk
    names = [line.removeprefix("IMPORTED ") for line in before.splitlines() if "IMPORTED " in line]
    return {".".join(name.split(".")[: depth + 1]) for name in names for depth in range(name.count(".") + 1)}


async def test_modules_of_a_call_are_not_imported_before_it(sandbox: Sandbox) -> None:
    settings = {"LINKTIME_BASE_URL": sandbox.url, "LINKTIME_API_KEY": sandbox.key}

    listed = imported(**settings)

    assert "mcp.server.runner" in listed
    assert not listed & LATER


@pytest.mark.slow
@pytest.mark.measured
async def test_rest_client_is_imported_by_a_timer_or_the_first_call(sandbox: Sandbox) -> None:
    settings = {"LINKTIME_BASE_URL": sandbox.url, "LINKTIME_API_KEY": sandbox.key}
    async with child(sys.executable, "-c", IMPORTS_TO_STDERR, **settings) as server:
        await server.greet()
        await server.said("IMPORTED linktime.pipeline.rest.client\n")
        assert await server.close() == 0

    async with child(sys.executable, "-c", IMPORTS_TO_STDERR, **settings) as server:
        await server.greet()
        assert (await server.result(server.call("get_me")))["isError"] is False
        assert await server.close() == 0

    assert "IMPORTED linktime.pipeline.rest.client\n" in server.stderr


def test_sdk_is_complete_for_a_later_import() -> None:
    program = (
        "import sys\n"
        "from linktime.commands.startup import sparing\n"
        "with sparing('mcp', 'mcp.server'):\n"
        "    from mcp.server.runner import ServerRunner\n"
        "    from mcp.shared.exceptions import MCPError\n"
        "assert 'starlette' not in sys.modules\n"
        "import mcp, mcp.server, mcp.server.runner\n"
        "from mcp.server import MCPServer\n"
        "assert mcp.Client and mcp.MCPError is MCPError\n"
        "with sparing('mcp', 'mcp.server'):\n"
        "    import mcp.client\n"
        "assert mcp is sys.modules['mcp'] and mcp.Client\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30)


@pytest.mark.slow
@pytest.mark.measured
async def test_plain_imports_start_without_the_tricks(sandbox: Sandbox) -> None:
    settings = {"LINKTIME_BASE_URL": sandbox.url, "LINKTIME_API_KEY": sandbox.key, "LINKTIME_PLAIN_IMPORTS": "1"}
    async with child(sys.executable, "-c", IMPORTS_TO_STDERR, **settings) as server:
        await server.greet()
        before = set(server.stderr.partition("LinkTime MCP server running")[0].splitlines())
        assert (await server.result(server.call("get_me")))["isError"] is False
        assert await server.close() == 0

    assert before >= {f"IMPORTED {name}" for name in ("mcp.client", "linktime.pipeline.rest.client", "aiohttp")}
