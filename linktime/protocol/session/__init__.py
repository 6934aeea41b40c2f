"""The MCP side: one client's view of LinkTime."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from importlib.resources import files
from typing import Any, Final

import mcp_types
from mcp.server.context import ServerMiddleware
from mcp.shared.exceptions import MCPError
from mcp_types.methods import SPEC_CLIENT_METHODS, SPEC_CLIENT_NOTIFICATION_METHODS
from pydantic import ValidationError

from ... import __version__
from ...errors import Failure
from ...message import Request, Send
from ...pipeline.local import AccountZone, LocalTimes
from ...telemetry import Middleware, Telemetry
from ...tools import Tool
from ..prompts import PROMPTS
from ..resources import find
from .calls import Calls, Confirms, Context
from .completions import Completions
from .listing import listed
from .lookups import SPARE, Lookups, wall
from .prompts import Prompts
from .refusals import name_fields
from .resources import Resources
from .sdk_server import Server
from .shutdown import DrainedReads

__all__ = ["SPARE", "Confirms", "Session", "wall"]

_METHODS: Final = SPEC_CLIENT_METHODS | SPEC_CLIENT_NOTIFICATION_METHODS


class Session:
    """One client's view of LinkTime: the *tools*, whose requests go to *send*.

    *off* has the setting that hides each of the other tools. *clock* measures deadlines, and *deadline* is the time for
    one call in seconds. *eta* returns the seconds that a waiting request has left, *budget* the notes on the budget,
    *wall* the current time. A *refusal* answers every call. Local times are in the account's *zone*. *confirm* builds
    the object that asks the user before an irreversible call.
    """

    def __init__(
        self,
        send: Send,
        tools: Mapping[str, Tool],
        off: Mapping[str, str] | None = None,
        *,
        clock: Callable[[], float],
        deadline: float,
        eta: Callable[[Request], float | None],
        budget: Callable[[], Mapping[str, float]],
        refusal: Failure | None = None,
        telemetry: Telemetry | None = None,
        zone: AccountZone | None = None,
        confirm: Callable[[Send], Confirms] | None = None,
        wall: Callable[[], datetime] = wall,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._reads = DrainedReads(send)
        local = LocalTimes(self._reads, zone) if zone else self._reads
        self._confirm = confirm(local) if confirm else None
        self._calls = Calls(
            local,
            tools,
            off or {},
            clock=clock,
            deadline=deadline,
            eta=eta,
            budget=budget,
            refusal=refusal,
            zone=zone,
            confirm=self._confirm,
            sleep=sleep,
        )
        lookups = Lookups(self._reads, clock=clock, budget=budget, refusal=refusal, zone=zone, wall=wall)
        prompts = Prompts(tools, lookups)
        resources = Resources(tools, self._calls, lookups)
        self._list = mcp_types.ListToolsResult(tools=[listed(tool) for tool in tools.values()])
        self.server = Server(
            mcp_types.Implementation(name="linktime", title="LinkTime", version=__version__),
            files(__package__).joinpath("instructions.txt").read_text(encoding="utf-8"),
            {
                "tools/list": self._list_tools,
                "tools/call": self._calls,
                "prompts/list": prompts.list,
                "prompts/get": prompts.get,
                "resources/list": resources.list,
                "resources/templates/list": resources.templates,
                "resources/read": resources.read,
                "completion/complete": Completions(tools, prompts, resources, lookups),
            },
            _middleware(telemetry, tools),
        )

    def hurry(self, patience: float) -> None:
        """End reads in flight after *patience* seconds, and questions to the user now. Writes run to their end."""
        self._reads.hurry(patience)
        if self._confirm:
            self._confirm.leave()

    async def _list_tools(self, _: Context, __: object) -> mcp_types.ListToolsResult:
        return self._list


def _middleware(telemetry: Telemetry | None, tools: Mapping[str, Tool]) -> list[ServerMiddleware[Any]]:
    if not telemetry:
        return [name_fields]
    arguments = {name: frozenset(tool.input_schema["properties"]) for name, tool in tools.items()}
    return [Middleware(telemetry, _code, _METHODS, arguments, PROMPTS, _resource), name_fields]


def _resource(uri: str) -> tuple[str, str] | None:
    found = find(uri)
    return (found[0].uri, found[1]) if found else None


def _code(error: BaseException) -> int | None:
    match error:
        case MCPError():
            return error.error.code
        case ValidationError():
            return mcp_types.INVALID_PARAMS
        case _:
            return None
