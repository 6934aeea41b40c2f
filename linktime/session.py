"""The MCP side: lists the tools, turns a call into a Request, and its Reply or Failure into a result."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from difflib import get_close_matches
from importlib.resources import files
from typing import Any, Final
from uuid import uuid4

import mcp_types
import orjson
from mcp.server.context import ServerMiddleware, ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp_types.methods import SPEC_CLIENT_METHODS, SPEC_CLIENT_NOTIFICATION_METHODS
from pydantic import ValidationError

from . import __version__, telemetry as tracing
from .errors import Failure, ShuttingDown
from .message import Reply, Request, Send
from .tools import Tool

_PROGRESS_EVERY: Final = 1.0  # s
_LONGEST_NAME: Final = 64  # characters of an unknown tool's name that are echoed

_METHODS: Final = SPEC_CLIENT_METHODS | SPEC_CLIENT_NOTIFICATION_METHODS

Context = ServerRequestContext[Any]
log = logging.getLogger(__name__)


class Session:
    """One client's view of LinkTime: *tools* whose requests go to *send*.

    *clock* is the one that deadlines are measured on, *deadline* the seconds that one call may take. *eta* tells how
    many seconds a waiting request has before its turn, *budget* how many could be sent at once. With a *refusal* every
    call is answered by it.
    """

    def __init__(
        self,
        send: Send,
        tools: Mapping[str, Tool],
        *,
        clock: Callable[[], float],
        deadline: float,
        eta: Callable[[Request], float | None],
        budget: Callable[[], int],
        refusal: Failure | None = None,
        telemetry: tracing.Telemetry | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._send = send
        self._tools = tools
        self._clock = clock
        self._deadline = deadline
        self._eta = eta
        self._budget = budget
        self._refusal = refusal
        self._sleep = sleep
        self._reads: set[asyncio.Timeout] = set()
        self._list = mcp_types.ListToolsResult(tools=[_listed(tool) for tool in tools.values()])
        self.server: Server[Any] = Server(
            "linktime",
            title="LinkTime",
            version=__version__,
            instructions=files(__package__).joinpath("instructions.txt").read_text(encoding="utf-8"),
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
        )
        self.server.middleware[:] = _middleware(self.server.middleware, telemetry, tools)

    def hurry(self, patience: float) -> None:
        """Answer every read that is still under way in *patience* seconds; a write is always waited for."""
        by = asyncio.get_running_loop().time() + patience
        for limit in self._reads:
            limit.reschedule(by)

    async def _list_tools(self, _: Context, __: object) -> mcp_types.ListToolsResult:
        return self._list

    async def _call_tool(self, context: Context, params: mcp_types.CallToolRequestParams) -> mcp_types.CallToolResult:
        tool = self._tools.get(params.name)
        if tool is None:
            raise MCPError(mcp_types.INVALID_PARAMS, self._unknown(params.name))
        try:
            reply = (await self._answer(context, tool, params.arguments)).noted(budgetRemaining=self._budget())
            tracing.answered(reply.notes)
            return _result(reply)
        except Failure as failure:
            return _failed(failure)
        except Exception as error:  # noqa: BLE001 - whatever it is, its text stays here
            _report(tool, error)
            return _failed(Failure("linktime-mcp failed on this call; its log has the place. Report it if it recurs."))

    async def _answer(self, context: Context, tool: Tool, arguments: Mapping[str, Any] | None) -> Reply:
        if self._refusal is not None:
            raise self._refusal
        request = replace(
            tool.request(arguments), deadline=self._clock() + self._deadline, idempotency_key=str(uuid4())
        )
        progress = asyncio.ensure_future(self._report_progress(context, request)) if _wants_progress(context) else None
        try:
            return await (self._read(request) if request.is_read else self._send(request))
        finally:
            if progress is not None:
                progress.cancel()

    async def _read(self, request: Request) -> Reply:
        try:
            async with asyncio.timeout(None) as limit:
                self._reads.add(limit)
                try:
                    return await self._send(request)
                finally:
                    self._reads.discard(limit)
        except TimeoutError:
            if not limit.expired():
                raise
            raise ShuttingDown("the server is leaving and this read was not waited for; nothing was changed.") from None

    async def _report_progress(self, context: Context, request: Request) -> None:
        told = 0
        with suppress(MCPError):
            while True:
                await self._sleep(_PROGRESS_EVERY)
                if eta := self._eta(request):
                    told += 1
                    await context.session.report_progress(told, None, f"waiting for budget, about {eta:.0f} s")

    def _unknown(self, name: str) -> str:
        near = get_close_matches(name, self._tools, 1)
        return f"Unknown tool: {name[:_LONGEST_NAME]!r}." + (f" Did you mean {near[0]}?" if near else "")


def _middleware(
    given: Sequence[ServerMiddleware[Any]], telemetry: tracing.Telemetry | None, tools: Mapping[str, Tool]
) -> list[ServerMiddleware[Any]]:
    """Put our spans in the place of the SDK's, whose class is private, so it is known by its name."""
    others = [each for each in given if type(each).__name__ != "OpenTelemetryMiddleware"]
    if not telemetry:
        return others
    arguments = {name: frozenset(tool.input_schema["properties"]) for name, tool in tools.items()}
    return [tracing.Messages(telemetry, _METHODS, arguments, _code), *others]


def _code(error: BaseException) -> int | None:
    match error:
        case MCPError():
            return error.error.code
        case ValidationError():
            return mcp_types.INVALID_PARAMS
        case _:
            return None


def _listed(tool: Tool) -> mcp_types.Tool:
    return mcp_types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=dict(tool.input_schema),
        output_schema=dict(tool.output_schema),
        annotations=mcp_types.ToolAnnotations(
            read_only_hint=tool.reads,
            destructive_hint=tool.destructive,
            idempotent_hint=tool.idempotent,
            open_world_hint=tool.open_world,
        ),
    )


def _wants_progress(context: Context) -> bool:
    return bool(context.meta and context.meta.get("progress_token") is not None)


def _result(reply: Reply) -> mcp_types.CallToolResult:
    data = _object(reply.data)
    return mcp_types.CallToolResult(
        content=[_text(orjson.dumps(data).decode())],
        structured_content=data,
        _meta={f"linktime/{name}": value for name, value in reply.notes.items()},
    )


def _object(data: Any) -> dict[str, Any]:
    """Give every answer the form of an object: LinkTime may leave one bare, under `data`, or say nothing at all."""
    match data:
        case None:
            return {"success": True}
        case {"data": dict(inner), **others} if not others:
            return inner
        case dict():
            return data
        case _:
            return {"data": data}


def _failed(failure: Failure) -> mcp_types.CallToolResult:
    tracing.failed(failure)
    return mcp_types.CallToolResult(content=[_text(str(failure))], is_error=True)


def _text(text: str) -> mcp_types.TextContent:
    return mcp_types.TextContent(type="text", text=text)


def _report(tool: Tool, error: Exception) -> None:
    """Log where it happened, but not what was said: an exception's text may hold what a guest wrote."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    log.error("%s failed: %s at %s:%s", tool.name, type(error).__name__, place.filename, place.lineno)
