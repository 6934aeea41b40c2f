"""The host's client of the server: the tools that have a view, their pages, and the calls of a view."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import mcp_types
from mcp import Client, MCPError
from mcp.client.extension import advertise

from .... import __version__
from ....app import app
from ....config import Settings
from ....protocol.today import Moment
from ....protocol.views import EXTENSION, HTML
from ....telemetry import Telemetry
from ...in_process import served
from ..server_process import Service

NAME: Final = "linktime-mcp demo --view"
_WEEK: Final = timedelta(days=6)

# tool, title of its view, in the order of the page
_TITLES: Final = {"list_bookings": "Calendar", "check_availability": "Free times"}


@dataclass(frozen=True, slots=True)
class Scene:
    """A view in the page: the *tool* that it belongs to, the *arguments* of the first call, and its *html*."""

    title: str
    tool: mcp_types.Tool
    arguments: Mapping[str, Any]
    html: str


@dataclass(frozen=True, slots=True)
class ServerClient:
    """The host's connection to the server, through its *client*. *scenes* has a view for each tool."""

    client: Client
    scenes: Mapping[str, Scene]

    async def call(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Call a tool for a view. Return the member `result` or `error` of the response.

        A host must refuse a call of a tool that is hidden from views. This server hides none.
        """
        try:
            result = await self.client.call_tool(name, arguments)
        except MCPError as error:
            return {"error": error.error.model_dump(by_alias=True, mode="json", exclude_none=True)}
        return {"result": result.model_dump(by_alias=True, mode="json", exclude_none=True)}


@asynccontextmanager
async def connected(service: Service) -> AsyncIterator[ServerClient]:
    """Run the chain over *service* in this process, and yield a client that declares views."""
    info = mcp_types.Implementation(name=NAME, version=__version__)
    views = advertise(EXTENSION, {"mimeTypes": [HTML]})
    async with (
        app(Settings.from_environ(service.settings), Telemetry(), lazy=False) as application,
        Client(served(application), client_info=info, extensions=[views]) as client,
    ):
        yield ServerClient(client, await _scenes(client))


async def _scenes(client: Client) -> dict[str, Scene]:
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    first = await _first_arguments(client)
    return {
        name: Scene(title, tools[name], first[name], await _page(client, tools[name]))
        for name, title in _TITLES.items()
    }


async def _page(client: Client, tool: mcp_types.Tool) -> str:
    """Return the page that *tool* names in its `_meta`."""
    read = await client.read_resource((tool.meta or {})["ui"]["resourceUri"])
    return "".join(part.text for part in read.contents if isinstance(part, mcp_types.TextResourceContents))


async def _first_arguments(client: Client) -> dict[str, dict[str, Any]]:
    """Return the arguments for this week's calendar and for the slots of the next seven days, by tool."""
    settings = await _answer(client, "get_settings")
    event_types = (await _answer(client, "list_event_types"))["data"]
    moment = Moment.at(datetime.now(UTC), ZoneInfo(settings["timezone"]))
    monday, sunday = moment.week
    today = moment.time.date()
    return {
        "list_bookings": {"from": str(monday), "to": str(sunday), "limit": 100},
        "check_availability": {
            "eventTypeSlug": event_types[0]["slug"],
            "from": str(today),
            "to": str(today + _WEEK),
        },
    }


async def _answer(client: Client, tool: str) -> dict[str, Any]:
    return (await client.call_tool(tool, {})).structured_content or {}
