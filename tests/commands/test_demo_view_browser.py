"""The host of `linktime-mcp demo --view` in Chromium."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import ClientSession

from linktime.commands.demo.host.server_client import Scene, ServerClient, connected
from linktime.commands.demo.host.web import listening
from linktime.commands.demo.server_process import Service
from linktime.sandbox import Sandbox
from tests.support.chromium import Chromium
from tests.support.demo_view import demo_view
from tests.support.view_schema import validate_host

pytestmark = [pytest.mark.slow, pytest.mark.posix, pytest.mark.timeout(120)]

HERE: Final = Path(__file__).parent
BOUND: Final = 100.0  # s


@asynccontextmanager
async def host() -> AsyncIterator[ServerClient]:
    async with Sandbox() as sandbox, connected(Service(sandbox.url, sandbox.key)) as connection:
        yield connection


@asynccontextmanager
async def probed() -> AsyncIterator[str]:
    """Serve a host with two copies of the probe. Yield its address."""
    html = (HERE / "probe.html").read_text(encoding="utf-8")
    async with host() as connection:
        tool = connection.scenes["list_bookings"].tool
        scenes = {name.lower(): Scene(name, tool, {"limit": 2}, html) for name in ("First", "Second")}
        async with listening(replace(connection, scenes=scenes)) as url:
            yield url


@pytest.fixture(scope="module")
def chromium() -> Chromium:
    return Chromium.installed()


@pytest.fixture(scope="module")
def seen(chromium: Chromium) -> dict[str, Any]:
    """Run the probe in a frame of the host. Return its records."""

    async def played() -> dict[str, Any]:
        async with asyncio.timeout(BOUND), probed() as url:
            return await chromium.drive(HERE / "demo_probe.mjs", url=url)

    return asyncio.run(played())


def test_host_plays_its_half_of_the_protocol(seen: dict[str, Any]) -> None:
    opening, *rest = seen["received"]
    methods = [message["method"] for message in rest if "method" in message]
    assert methods == [
        "ui/notifications/tool-input",
        "ui/notifications/tool-result",
        "ui/notifications/host-context-changed",
    ]
    assert rest[0]["params"] == {"arguments": {"limit": 2}}
    assert len(rest[1]["params"]["structuredContent"]["data"]) == 2
    assert rest[-1]["params"] == {"theme": "dark"}
    assert opening["result"]["hostContext"]["toolInfo"]["tool"]["name"] == "list_bookings"
    validate_host(opening, seen["received"])


def test_host_answers_the_requests_of_a_view(seen: dict[str, Any]) -> None:
    answers: dict[str, Any] = seen["answers"]
    assert len(answers["call"]["result"]["structuredContent"]["data"]) == 1
    assert answers["failedCall"]["result"]["isError"] is True
    assert [answers[name]["result"] for name in ("message", "context", "link", "download")] == [{}] * 4
    assert answers["mode"]["result"] == {"mode": "inline"}
    codes = {name: answers[name]["error"]["code"] for name in ("unknownTool", "script", "unknown")}
    assert codes == {"unknownTool": -32602, "script": -32602, "unknown": -32601}
    assert seen["messages"][-1] == "I choose <b>Tuesday</b>"
    assert '"2026-12-01T15:00:00.000Z"' in seen["messages"][0]
    assert "https://meet.example/1" in seen["links"]
    assert not [link for link in seen["links"] if link.startswith("javascript:")]
    assert seen["file"] == "a.ics"


def test_view_cannot_leave_its_frame(seen: dict[str, Any]) -> None:
    assert seen["escapes"] == {
        "parent": "refused",
        "storage": "refused",
        "network": "refused",
        "calls": "refused",
        "window": "null",
    }
    assert seen["sandbox"] == "allow-scripts"
    assert seen["leaks"] is False


def test_page_is_accessible_in_light_and_dark(seen: dict[str, Any]) -> None:
    assert seen["violations"] == []


async def guests(http: ClientSession, url: str, weeks: int) -> list[str]:
    """Return the guests of the calendar's week, or of a later one, as the host's server lists them."""
    async with http.get(f"{url}scenes") as response:
        arguments = (await response.json())[0]["arguments"]
    for bound in ("from", "to"):
        arguments[bound] = str(date.fromisoformat(arguments[bound]) + timedelta(weeks=weeks))
    async with http.post(f"{url}call", json={"name": "list_bookings", "arguments": arguments}) as response:
        answer = (await response.json())["result"]["structuredContent"]
    return [booking["inviteeName"] for booking in answer["data"]]


async def test_calendar_shows_the_sandbox_and_its_next_week(chromium: Chromium) -> None:
    async with asyncio.timeout(BOUND), demo_view() as demo, ClientSession() as http:
        this, later = [await guests(http, demo.url, weeks) for weeks in (0, 1)]
        seen = await chromium.drive(HERE / "demo_view.mjs", url=demo.url, guests=this, later=later)

    assert this
    assert set(later) - set(this)
    assert seen["height"] > 300
    assert seen["slots"] > 10
    assert [message for message in seen["messages"] if message.startswith("I choose ")]
    assert seen["errors"] == []
