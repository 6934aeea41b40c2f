"""The views in the host of MCP Inspector, with the real server and a sandbox."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from linktime.protocol.views import HTML, VIEWS
from linktime.sandbox import Sandbox
from tests.support.chromium import Chromium
from tests.support.process import PATIENCE, environ
from tests.support.programs import program, run
from tests.support.sandbox_client import MONDAY, Visitor, visiting, visitor

pytestmark = [pytest.mark.slow, pytest.mark.posix, pytest.mark.timeout(120)]

SERVER: Final = [sys.executable, "-m", "linktime"]
TOKEN: Final = "token"
DAY: Final = timedelta(days=1)
SCRIPT: Final = Path(__file__).with_name("inspector_view.mjs")


def settings(sandbox: Sandbox) -> dict[str, str]:
    return {"LINKTIME_BASE_URL": sandbox.url, "LINKTIME_API_KEY": sandbox.key, "LINKTIME_BUDGET": "process"}


def free_ports(number: int) -> list[int]:
    """Return ports that are free now. Inspector cannot choose them itself."""
    with_ports = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [each.getsockname()[1] for each in with_ports]
    for each in with_ports:
        each.close()
    return ports


@asynccontextmanager
async def inspector(sandbox: Sandbox, home: Path) -> AsyncIterator[str]:
    """Run Inspector over the server. Yield the address of its page."""
    config = home / "mcp.json"
    entry = {"command": SERVER[0], "args": SERVER[1:], "env": settings(sandbox)}
    config.write_text(json.dumps({"mcpServers": {"linktime": entry}}), encoding="utf-8")
    page, views = free_ports(2)
    env = environ(
        HOME=str(home),
        HOST="127.0.0.1",
        CLIENT_PORT=str(page),
        MCP_SANDBOX_PORT=str(views),
        MCP_INSPECTOR_API_TOKEN=TOKEN,
        MCP_AUTO_OPEN_ENABLED="false",
        MCP_INSPECTOR_SECRET_STORE="memory",
    )
    command = (program("mcp-inspector"), "--web", "--config", str(config))
    process = await asyncio.create_subprocess_exec(
        *command, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL, env=env, start_new_session=True
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE):
            while b"up and running" not in (line := await process.stdout.readline()):
                assert line, "Inspector ended"
        yield f"http://127.0.0.1:{page}/?MCP_INSPECTOR_API_TOKEN={TOKEN}"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        await process.communicate()


async def guests(client: Visitor, week: int) -> list[str]:
    """Return the guests of a week of the sandbox."""
    first = MONDAY.date() + 7 * week * DAY
    found = await client.get(f"/bookings?from={first}&to={first + 6 * DAY}&status=CONFIRMED")
    return [booking["inviteeName"] for booking in found["data"]]


def week_from(first: date) -> dict[str, str]:
    """Return the arguments for seven days."""
    return {"from": str(first), "to": str(first + 6 * DAY)}


async def test_inspector_shows_the_calendar_and_its_next_week(tmp_path: Path) -> None:
    chromium = Chromium.installed()
    async with visitor() as client, inspector(client.sandbox, tmp_path) as url:
        this, later = await guests(client, 0), await guests(client, 1)
        seen = await chromium.drive(
            SCRIPT, url=url, tool="List bookings", values=week_from(MONDAY.date()), guests=this, later=later
        )

    assert this
    assert later
    assert set(later) - set(this)
    assert "about:srcdoc" in seen["frames"]


async def test_inspector_shows_the_slots_and_takes_a_choice(sandbox: Sandbox, tmp_path: Path) -> None:
    chromium = Chromium.installed()
    # The view shows no slot that has passed, so this sandbox has the browser's date.
    days = [datetime.now(UTC).date() + count * DAY for count in (7, 14)]
    async with visiting(sandbox) as client, inspector(sandbox, tmp_path) as url:
        (first, *_), (later, *_) = [await client.slots(str(day), to=str(day + 6 * DAY)) for day in days]
        values = {"eventTypeSlug": "30min", **week_from(days[0])}
        use = {"tool": "Check availability", "values": values, "first": first, "later": later}
        # A time has 24 hours in this locale, and 12 in the account.
        seen = await chromium.drive(SCRIPT, url=url, locale="en-GB", **use)

    assert seen["frames"].count("about:srcdoc") == 1
    assert "I choose" in seen["words"]
    assert re.search(r"\b(am|pm)$", seen["time"])


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--advertise-apps"], {view.tool: uri for uri, view in VIEWS.items()}),
        ([], {}),  # Inspector then declares other extensions only
    ],
)
async def test_inspector_finds_the_views_if_it_declares_them(
    sandbox: Sandbox, options: list[str], expected: dict[str, str]
) -> None:
    variables = [part for name, value in settings(sandbox).items() for part in ("-e", f"{name}={value}")]
    command = [program("mcp-inspector"), "--cli", *SERVER, *variables, "--method", "tools/list", "--app-info"]

    status, out = await run(*command, *options, env=environ())

    assert status == 0, out
    tools: list[dict[str, Any]] = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    views = {tool["toolName"]: tool for tool in tools if tool["hasApp"]}
    assert {name: view["resourceUri"] for name, view in views.items()} == expected
    assert all(view["resourceMimeType"] == HTML for view in views.values())
