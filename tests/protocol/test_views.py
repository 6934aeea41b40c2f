"""The views, as a host of MCP Apps finds them: the capability, the tools that name a page, and the page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import orjson
import pytest
from mcp.server.apps import APP_MIME_TYPE, EXTENSION_ID

from linktime.message import Reply, Request, get
from linktime.pipeline.local import AccountZone
from linktime.protocol.session import Session
from linktime.protocol.views import EXTENSION, HTML, VIEWS
from linktime.protocol.views.page import page
from linktime.tools import DOMAINS, TOOLS, Tool
from tests.support.framed import Framed, framed
from tests.support.official_schemas import validator
from tests.support.process import child
from tests.support.sessions import upstream_of

MODERN: Final = "2026-07-28"
HANDSHAKE: Final = "2025-11-25"
SHOWS: Final = {EXTENSION: {"mimeTypes": [HTML]}}
CALENDAR: Final = "ui://linktime/calendar.html"
SLOTS: Final = "ui://linktime/slots.html"

each_era = pytest.mark.parametrize("era", [HANDSHAKE, MODERN])


class Host:
    """A client that declares *extensions* in the way of its era, or declares none (None)."""

    def __init__(self, server: Framed, era: str, extensions: Any) -> None:
        self.server = server
        self.era = era
        self.capabilities = {} if extensions is None else {"extensions": extensions}

    async def begin(self) -> dict[str, Any]:
        """Return the capabilities of the server."""
        info = {"name": "test", "version": "0"}
        opening = {"protocolVersion": HANDSHAKE, "capabilities": self.capabilities, "clientInfo": info}
        greeting = await (self.ask("initialize", **opening) if self.era == HANDSHAKE else self.ask("server/discover"))
        capabilities: dict[str, Any] = greeting["capabilities"]
        return capabilities

    async def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a request. Return its result."""
        meta = {
            "io.modelcontextprotocol/protocolVersion": MODERN,
            "io.modelcontextprotocol/clientCapabilities": self.capabilities,
        }
        answer = await self.server.ask(method, **params, **({"_meta": meta} if self.era == MODERN else {}))
        result: dict[str, Any] = answer["result"]
        return result

    async def tools(self) -> list[dict[str, Any]]:
        """Return the list of tools."""
        tools: list[dict[str, Any]] = (await self.ask("tools/list"))["tools"]
        return tools


async def answer(_: Request) -> Reply:
    return Reply(200, {"data": [{"id": "b1", "startTime": "2026-03-02T15:00:00.000Z"}]})


def account(settings: Any, epoch: Callable[[], int] = lambda: 0) -> AccountZone:
    """Return the zone of an account with these *settings*."""

    async def send(_: Request) -> Reply:
        return Reply(200, settings)

    return AccountZone(
        send, get("/settings"), clock=lambda: 1000.0, epoch=epoch, spare=lambda: True, life=30.0, settled=lambda: True
    )


@asynccontextmanager
async def host(
    era: str,
    extensions: Any = None,
    tools: Mapping[str, Tool] = TOOLS,
    zone: AccountZone | None = None,
    **capabilities: Any,
) -> AsyncIterator[Host]:
    session = Session(upstream_of(answer, zone=zone), tools)
    async with framed(session.server) as server:
        connection = Host(server, era, extensions)
        connection.capabilities |= capabilities
        await connection.begin()
        yield connection


def views(tools: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the `_meta` of each tool that has one."""
    return {tool["name"]: tool["_meta"] for tool in tools if "_meta" in tool}


def test_names_are_those_of_the_sdk() -> None:
    assert (EXTENSION, HTML) == (EXTENSION_ID, APP_MIME_TYPE)


@each_era
async def test_server_declares_the_extension(era: str) -> None:
    async with host(era) as connection:
        capabilities = await connection.begin()

    assert capabilities["extensions"][EXTENSION] == {}


@each_era
@pytest.mark.parametrize("extensions", [None, SHOWS, {**SHOWS, "org.example/other": {}}])
async def test_two_tools_name_their_page(era: str, extensions: Any) -> None:
    async with host(era, extensions) as connection:
        tools = await connection.tools()

    assert views(tools) == {
        "list_bookings": {"ui": {"resourceUri": CALENDAR}, "ui/resourceUri": CALENDAR},
        "check_availability": {"ui": {"resourceUri": SLOTS}, "ui/resourceUri": SLOTS},
    }


@each_era
@pytest.mark.parametrize(
    "extensions",
    [{}, {"org.example/other": {}}, {EXTENSION: {}}, {EXTENSION: {"mimeTypes": ["text/html"]}}],
)
async def test_client_without_views_sees_the_list_as_before(era: str, extensions: Any) -> None:
    async with host(era, SHOWS) as connection:
        with_views = await connection.tools()
    async with host(era, extensions) as connection:
        without = await connection.tools()

    # The only difference is the `_meta` of the two tools, byte for byte.
    bare = [{name: value for name, value in tool.items() if name != "_meta"} for tool in with_views]
    assert orjson.dumps(without) == orjson.dumps(bare)
    assert views(without) == {}


@each_era
@pytest.mark.parametrize("settings", [None, True, [], "yes", {"mimeTypes": None}, {"mimeTypes": {HTML: True}}])
async def test_malformed_extension_shows_no_view(era: str, settings: Any) -> None:
    """The extension requires its MIME types, so `true` and null are no declaration of views."""
    async with host(era, {EXTENSION: settings, "org.example/other": {}}) as connection:
        assert views(await connection.tools()) == {}


@each_era
@pytest.mark.parametrize("extensions", [7, "all", False])
async def test_malformed_extensions_declare_nothing(era: str, extensions: Any) -> None:
    async with host(era, extensions) as connection:
        assert len(views(await connection.tools())) == 2


@each_era
@pytest.mark.parametrize(
    "malformed",
    [
        {"roots": True},
        {"roots": {"listChanged": "often"}},
        {"experimental": None},
        {"experimental": {"a": True, "b": None, "c": [1], "d": {}}},
        {"elicitation": {"form": True, "url": False}},
        {"sampling": "yes", "unknown": 7},
        {"tasks": {"requests": {"elicitation": {"create": True}}}},
    ],
)
async def test_malformed_capability_does_not_end_the_session(era: str, malformed: dict[str, Any]) -> None:
    async with host(era, SHOWS, **malformed) as connection:
        assert len(views(await connection.tools())) == 2


@pytest.mark.parametrize("capabilities", [True, 7, "all", [1]])
async def test_capabilities_that_are_no_object_are_refused(capabilities: Any) -> None:
    async with framed(Session(upstream_of(answer), TOOLS).server) as server:
        info = {"name": "test", "version": "0"}
        opening = {"protocolVersion": HANDSHAKE, "capabilities": capabilities, "clientInfo": info}
        error = (await server.ask("initialize", **opening))["error"]

    assert error["code"] == -32602


@each_era
@pytest.mark.parametrize("name", ["list_bookings", "check_availability"])
async def test_view_gets_the_time_format_of_the_account(era: str, name: str) -> None:
    calls = {
        "list_bookings": {},
        "check_availability": {"eventTypeSlug": "x", "from": "2026-03-02", "to": "2026-03-03"},
    }
    settings = {"timezone": "Europe/Berlin", "timeFormat": "24h"}
    results = {}
    for extensions in (SHOWS, {}, None):
        async with host(era, extensions, zone=account(settings)) as connection:
            results[extensions is SHOWS] = await connection.ask("tools/call", name=name, arguments=calls[name])

    assert results[True]["_meta"].pop("linktime/timeFormat") == "24h"
    assert results[True] == results[False]


@pytest.mark.parametrize("settings", [None, [], {"timeFormat": "36h"}, {"timeFormat": ["12h"]}, {"timezone": "UTC"}])
async def test_unknown_time_format_is_left_out(settings: Any) -> None:
    async with host(MODERN, SHOWS, zone=account(settings)) as connection:
        result = await connection.ask("tools/call", name="list_bookings", arguments={})

    assert result["structuredContent"]["data"]
    assert "linktime/timeFormat" not in result["_meta"]


async def test_time_format_is_read_again_after_a_write() -> None:
    settings, epochs = {"timezone": "UTC", "timeFormat": "12h"}, [0]
    formats = []
    async with host(MODERN, SHOWS, zone=account(settings, lambda: epochs[0])) as connection:
        for each in ("12h", "24h"):
            settings["timeFormat"], epochs[0] = each, epochs[0] + 1
            result = await connection.ask("tools/call", name="list_bookings", arguments={})
            formats.append(result["_meta"]["linktime/timeFormat"])

    assert formats == ["12h", "24h"]


@each_era
@pytest.mark.parametrize("extensions", [SHOWS, {}])
async def test_page_is_served_to_every_client(era: str, extensions: Any) -> None:
    async with host(era, extensions) as connection:
        reads = [await connection.ask("resources/read", uri=uri) for uri in (CALENDAR, SLOTS)]

    assert [read["contents"] for read in reads] == [
        [{"uri": CALENDAR, "mimeType": HTML, "text": page("calendar"), "_meta": {"ui": {"prefersBorder": True}}}],
        [{"uri": SLOTS, "mimeType": HTML, "text": page("slots"), "_meta": {"ui": {"prefersBorder": True}}}],
    ]
    if era == MODERN:
        assert {read["ttlMs"] for read in reads} == {3_600_000}


async def test_page_is_in_no_list_of_resources() -> None:
    async with host(HANDSHAKE, SHOWS) as connection:
        listed = await connection.ask("resources/list")

    assert [each["uri"] for each in listed["resources"] if each["uri"] in VIEWS] == []


async def test_page_of_a_tool_that_is_off_is_harmless() -> None:
    contacts = {tool.name: tool for tool in DOMAINS["contacts"]}
    async with host(MODERN, SHOWS, contacts) as connection:
        tools = await connection.tools()
        read = await connection.ask("resources/read", uri=CALENDAR)

    assert views(tools) == {}
    assert read["contents"][0]["text"] == page("calendar")


async def test_unknown_page_is_refused() -> None:
    async with host(HANDSHAKE) as connection:
        refused = await connection.server.ask("resources/read", uri="ui://linktime/other.html")

    assert refused["error"]["code"] == -32602


@pytest.mark.posix  # the schema comes out of the conformance suite
@each_era
async def test_lists_and_pages_keep_the_official_schema(era: str) -> None:
    async with host(era, SHOWS) as connection:
        listed = await connection.ask("tools/list")
        read = await connection.ask("resources/read", uri=CALENDAR)
        capabilities = await connection.begin()

    validator(era, "ListToolsResult").validate(listed)
    validator(era, "ReadResourceResult").validate(read)
    validator(era, "ServerCapabilities").validate(capabilities)


async def test_answer_is_the_same_for_every_client() -> None:
    answers = []
    for extensions in (SHOWS, {}, None):
        async with host(HANDSHAKE, extensions) as connection:
            answers.append(await connection.ask("tools/call", name="list_bookings", arguments={"limit": 3}))

    assert answers[0] == answers[1] == answers[2]
    assert answers[0]["structuredContent"]["data"]


async def test_program_serves_the_page() -> None:
    async with child() as server:
        await server.greet(extensions=SHOWS)
        listed = await server.result(server.ask("tools/list"))
        read = await server.result(server.ask("resources/read", uri=CALENDAR))

    assert set(views(listed["tools"])) == {"list_bookings", "check_availability"}
    assert read["contents"][0]["text"] == page("calendar")


async def test_span_of_a_read_names_the_page() -> None:
    async with child(OTEL_TRACES_EXPORTER="console") as server:
        await server.greet()
        await server.result(server.ask("resources/read", uri=CALENDAR))
        await server.close()

    assert [line for line in server.stderr.splitlines() if "resources/read" in line and CALENDAR in line]
