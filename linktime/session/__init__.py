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

from .. import __version__, telemetry as tracing
from ..errors import Failure
from ..local import AccountZone, LocalTimes
from ..message import Request, Send
from ..prompts import PROMPTS
from ..resources import find
from ..tools import Tool
from .at_hand import SPARE, AtHand, wall
from .calls import Calls, Confirms, Context
from .completions import Completions
from .leaving import Leaving
from .listing import listed
from .prompts import Prompts
from .refusals import name_fields
from .resources import Resources
from .server import Server

__all__ = ["SPARE", "Confirms", "Session", "wall"]

_METHODS: Final = SPEC_CLIENT_METHODS | SPEC_CLIENT_NOTIFICATION_METHODS


class Session:
    """One client's view of LinkTime: *tools* whose requests go to *send*; *off* names the settings that hide others.

    *clock* is the one that deadlines are measured on, *deadline* the seconds that one call may take. *eta* tells how
    many seconds a waiting request has before its turn, *budget* notes what is left of it, *wall* tells the time of day.
    With a *refusal* every call is answered by it. Local times, asked for or told, are in the account's *zone*.
    *confirm* makes what asks the user before a call that can't be undone.
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
        telemetry: tracing.Telemetry | None = None,
        zone: AccountZone | None = None,
        confirm: Callable[[Send], Confirms] | None = None,
        wall: Callable[[], datetime] = wall,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._leaving = Leaving(send)
        local = LocalTimes(self._leaving, zone) if zone else self._leaving
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
        at_hand = AtHand(self._leaving, clock=clock, budget=budget, refusal=refusal, zone=zone, wall=wall)
        prompts = Prompts(tools, at_hand)
        resources = Resources(tools, self._calls, at_hand)
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
                "completion/complete": Completions(tools, prompts, resources, at_hand),
            },
            _middleware(telemetry, tools),
        )

    def hurry(self, patience: float) -> None:
        """Answer every read that is still under way in *patience* seconds; a write is waited for, the user is not."""
        self._leaving.hurry(patience)
        if self._confirm:
            self._confirm.leave()

    async def _list_tools(self, _: Context, __: object) -> mcp_types.ListToolsResult:
        return self._list


def _middleware(telemetry: tracing.Telemetry | None, tools: Mapping[str, Tool]) -> list[ServerMiddleware[Any]]:
    if not telemetry:
        return [name_fields]
    arguments = {name: frozenset(tool.input_schema["properties"]) for name, tool in tools.items()}
    return [tracing.Messages(telemetry, tracing.Names(_METHODS, arguments, PROMPTS, _resource), _code), name_fields]


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
