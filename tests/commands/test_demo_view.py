"""The host of `linktime-mcp demo --view` over real HTTP."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientResponse, ClientSession

from linktime.protocol.views import VIEWS
from tests.support.demo_view import COMMAND, address, demo_view
from tests.support.process import PATIENCE, environ

pytestmark = [pytest.mark.slow, pytest.mark.measured, pytest.mark.posix]  # ends the program by a signal


class Browser:
    """Sends requests as the page does: relative to its address."""

    def __init__(self, http: ClientSession, url: str) -> None:
        self.url = url
        self.origin = "http://" + urlsplit(url).netloc
        self._http = http

    async def get(self, path: str, **headers: str) -> ClientResponse:
        """Get a path of the page, or one of the origin if it begins with a slash."""
        address = self.origin + path if path.startswith("/") else self.url + path
        async with self._http.get(address, headers=headers) as response:
            await response.read()
            return response

    async def post(self, path: str, body: Any, **headers: str) -> ClientResponse:
        """Post JSON to a path of the page."""
        async with self._http.post(self.url + path, json=body, headers=headers) as response:
            await response.read()
            return response

    async def call(self, name: str, /, **arguments: Any) -> dict[str, Any]:
        """Call a tool as a view does. Return the response of the server."""
        response: dict[str, Any] = await (await self.post("call", {"name": name, "arguments": arguments})).json()
        return response


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Run the program for all tests that do not stop it. Return its address."""
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, env=environ(), text=True) as process:
        assert process.stdout is not None
        yield address(process.stdout)
        process.terminate()


@pytest.fixture
async def user(url: str) -> AsyncIterator[Browser]:
    async with asyncio.timeout(PATIENCE), ClientSession() as http:
        yield Browser(http, url)


async def test_page_shows_both_views_of_the_server(user: Browser) -> None:
    page = await user.get("")
    scenes = await (await user.get("scenes")).json()
    views = [await user.get(scene["page"]) for scene in scenes]
    files = [await user.get(name) for name in ("host.js", "bridge.js", "host.css")]

    assert page.content_type == "text/html"
    assert [file.status for file in files] == [200, 200, 200]
    assert [scene["tool"]["_meta"]["ui"]["resourceUri"] for scene in scenes] == list(VIEWS)
    assert [await view.text() for view in views] == [view.text for view in VIEWS.values()]


async def test_call_of_a_view_reaches_the_sandbox(user: Browser) -> None:
    scenes = await (await user.get("scenes")).json()
    calls = [await user.call(scene["tool"]["name"], **scene["arguments"]) for scene in scenes]
    created = await user.call("create_contact", name="Nova Quist", email="nova@quist.example")
    contacts = await user.call("list_contacts", search="Nova Quist")
    refused = await user.call("no_such_tool")

    assert [call["result"]["_meta"]["linktime/cache"] for call in calls] == ["miss", "miss"]
    assert calls[0]["result"]["structuredContent"]["data"]
    assert calls[1]["result"]["structuredContent"]["slots"]
    assert created["result"].get("isError", False) is False
    assert [each["name"] for each in contacts["result"]["structuredContent"]["data"]] == ["Nova Quist"]
    assert refused["error"]["code"] == -32602


async def test_only_the_token_opens_a_path(user: Browser) -> None:
    token = urlsplit(user.url).path
    view = (await (await user.get("scenes")).json())[0]["page"]
    view_token = view.partition("views/")[0]
    paths = ["/", "/scenes", "/host.js", "/x/", "/x/scenes", view.replace(view_token, token), f"{view_token}scenes"]
    refused = [await user.get(path) for path in paths]
    other = Browser(user._http, user.origin + view_token)
    calls = [
        await each.post("call", {"name": "get_me", "arguments": {}})
        for each in (other, Browser(user._http, f"{user.origin}/x/"))
    ]

    assert [response.status for response in [*refused, *calls]] == [403] * (len(paths) + 2)


@pytest.mark.parametrize("host", ["rebound.example", "rebound.example:{port}", "127.0.0.1", "127.0.0.1:1"])
async def test_foreign_host_is_refused(user: Browser, host: str) -> None:
    name = host.format(port=urlsplit(user.url).port)
    responses = [
        await user.get("", Host=name),
        await user.get("scenes", Host=name),
        await user.post("call", {"name": "get_me", "arguments": {}}, Host=name),
    ]

    assert [response.status for response in responses] == [403] * 3


async def test_localhost_is_the_same_host(user: Browser) -> None:
    page = await user.get("", Host=f"localhost:{urlsplit(user.url).port}")

    assert page.status == 200


async def test_malformed_calls_and_unknown_paths_are_refused(user: Browser) -> None:
    responses = [
        await user.post("call", {"name": "get_me"}),
        await user.post("call", [1]),
        await user.get("other.js"),
        await user.get((await (await user.get("scenes")).json())[0]["page"] + "x"),
    ]
    async with user._http.post(user.url + "call", data="{}") as form:
        responses.append(form)
    headers = {"Content-Type": "application/json"}
    async with user._http.post(user.url + "call", data="{", headers=headers) as broken:
        responses.append(broken)

    assert [response.status for response in responses] == [400, 400, 404, 404, 415, 400]
    assert {response.headers["Referrer-Policy"] for response in responses} == {"no-referrer"}


async def test_policies_are_strict(user: Browser) -> None:
    page = await user.get("")
    view = await user.get((await (await user.get("scenes")).json())[0]["page"])
    refused = await user.get("/")

    policies = [
        dict(part.strip().partition(" ")[::2] for part in each.headers["Content-Security-Policy"].split(";"))
        for each in (page, view, refused)
    ]
    assert [policy["default-src"] for policy in policies] == ["'none'"] * 3
    assert (policies[0]["script-src"], policies[0]["frame-ancestors"]) == ("'self'", "'none'")
    assert (policies[1]["sandbox"], policies[1]["connect-src"]) == ("allow-scripts", "'none'")
    for each in (page, view, refused):
        assert each.headers["Cache-Control"] == "no-store"
        assert each.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_signal_ends_it_with_success(number: int) -> None:
    async with demo_view() as demo:
        assert await demo.end(number) == (0, b"")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no variable for the display")
@pytest.mark.parametrize(
    ("options", "settings", "windows"),
    [
        (("--view",), {"BROWSER": "{stub}"}, 1),
        (("--no-browser",), {"BROWSER": "{stub}"}, 0),
        (("--view",), {}, 0),  # a text browser would fill the terminal
    ],
)
async def test_browser_opens_if_there_is_a_display(
    options: tuple[str, ...], settings: dict[str, str], windows: int, tmp_path: Path
) -> None:
    opened, stub = tmp_path / "opened", tmp_path / "w3m"
    stub.write_text(f'#!/bin/sh\nprintf %s "$1" > {opened}.part\nmv {opened}.part {opened}\n')
    stub.chmod(0o755)
    display = {"DISPLAY": "", "WAYLAND_DISPLAY": "", "BROWSER": "", "PATH": f"{tmp_path}:/usr/bin:/bin"}
    changes = {name: value.format(stub=stub) for name, value in settings.items()}

    async with demo_view(*options, **display | changes) as demo:
        async with asyncio.timeout(PATIENCE), ClientSession() as http, http.get(demo.url) as page:
            assert page.status == 200
            while windows and not opened.exists():
                await asyncio.sleep(0.02)
        await demo.end(signal.SIGINT)

    assert (opened.read_text() == demo.url) if windows else not opened.exists()
