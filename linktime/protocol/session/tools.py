"""Handles `tools/list` and `tools/call`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final, Protocol
from uuid import uuid4
from zoneinfo import ZoneInfo

import mcp_types
from mcp.shared.exceptions import MCPError

from ...errors import Failure, InvalidArguments, SwitchedOff
from ...message import Delivery, Reply, Request
from ...telemetry import hooks
from ...tools import Tool
from ...tools.guest_text import GuestText
from .arguments import received
from .refusals import unknown
from .results import failed, succeeded
from .sdk_server import Context
from .unexpected import guarded
from .upstream import Upstream

_PROGRESS_EVERY: Final = 1.0  # s

Result = mcp_types.CallToolResult | mcp_types.InputRequiredResult


class Confirms(Protocol):
    """Asks the user to confirm a call. Returns the question if the client has to ask it and call again, else None.

    `remember` takes every text of a guest, because a call to an address in it needs the user's yes.
    """

    async def __call__(  # noqa: D102
        self, context: Context, tool: Tool, params: mcp_types.CallToolRequestParams
    ) -> mcp_types.InputRequiredResult | None: ...
    def remember(self, texts: Iterable[GuestText]) -> None: ...  # noqa: D102
    def leave(self) -> None: ...  # noqa: D102


class Tools:
    """The *tools* by name. Their requests go to *upstream*.

    Args:
        upstream: The way to LinkTime.
        tools: The tools that the client may use.
        off: The setting that hides each of the other tools.
        confirm: Asks the user before an irreversible call, or one to an address that a guest wrote.
    """

    def __init__(
        self, upstream: Upstream, tools: Mapping[str, Tool], off: Mapping[str, str], confirm: Confirms | None = None
    ) -> None:
        self._upstream = upstream
        self._tools = tools
        self._off = off
        self._confirm = confirm if upstream.refusal is None else None  # a refused call needs no confirmation
        self._list = mcp_types.ListToolsResult(tools=[_listed(tool) for tool in tools.values()])

    async def list(self, _: Context, __: object) -> mcp_types.ListToolsResult:
        """Return all tools, on one page."""
        return self._list

    async def call(self, context: Context, params: mcp_types.CallToolRequestParams) -> Result:
        """Answer one call. A Failure becomes an error result.

        Raises:
            MCPError: There is no such tool.
        """
        # The order of the checks: 1. the tool, 2. the arguments that clients add, 3. the user's confirmation.
        # A missing key is reported before any fault of the arguments.
        try:
            tool = self._find(params.name)
            arguments, ignored = received(params.arguments, tool.input_schema["properties"])
        except SwitchedOff as failure:
            return failed(failure)
        except InvalidArguments as failure:
            return failed(self._upstream.refusal or failure)
        if arguments is not params.arguments:
            params = params.model_copy(update={"arguments": arguments})
        try:
            result = await self._question(context, tool, params) or await self.answer(context, tool, arguments)
        except Failure as failure:
            result = failed(failure)
        return _with_ignored(result, ignored) if ignored else result

    async def answer(
        self, context: Context, tool: Tool, arguments: Mapping[str, Any] | None
    ) -> mcp_types.CallToolResult:
        """Return the result of *tool*.

        Raises:
            Failure: There is no result. The text of an unexpected exception is not in it.
        """
        delivery = Delivery()
        with guarded(tool, delivery):
            reply = await self._reply(context, tool, arguments, delivery)
            reply = reply.noted(self._upstream.budget())
            result = succeeded(reply, tool, self._confirm.remember if self._confirm else None)
        hooks.answered(reply.notes)
        return result

    def _find(self, name: str) -> Tool:
        if name in self._tools:
            return self._tools[name]
        if name in self._off:
            raise SwitchedOff(self._off[name])
        raise unknown("tool", name, self._tools)

    async def _question(
        self, context: Context, tool: Tool, params: mcp_types.CallToolRequestParams
    ) -> mcp_types.InputRequiredResult | None:
        """Return the question that the client has to ask its user before the call, if any."""
        if self._confirm is None:
            return None
        with guarded(tool, Delivery()):
            return await self._confirm(context, tool, params)

    async def _reply(
        self, context: Context, tool: Tool, arguments: Mapping[str, Any] | None, delivery: Delivery
    ) -> Reply:
        if self._upstream.refusal is not None:
            raise self._upstream.refusal
        request = self._upstream.within(
            tool.request(arguments, await self._zone_for(tool, arguments)), self._upstream.deadline
        )
        if not tool.reads:
            request = replace(request, idempotency_key=str(uuid4()), delivery=delivery)
        progress = asyncio.ensure_future(self._report_progress(context, request)) if _wants_progress(context) else None
        try:
            return await self._upstream.send(request)
        finally:
            if progress is not None:
                progress.cancel()

    async def _zone_for(self, tool: Tool, arguments: Mapping[str, Any] | None) -> ZoneInfo | None:
        """Return the account's zone. Wait for it only if an argument is a time in that zone."""
        zone = self._upstream.zone
        if zone is None:
            return None
        return await zone.get() if tool.needs_zone(arguments) else zone.known

    async def _report_progress(self, context: Context, request: Request) -> None:
        """Report the wait for the budget to the client every second, until this is cancelled."""
        reports = 0
        with suppress(MCPError):  # the client closed the channel
            while True:
                await self._upstream.sleep(_PROGRESS_EVERY)
                if eta := self._upstream.eta(request):
                    reports += 1
                    await context.session.report_progress(reports, None, f"waiting for budget, about {eta:.0f} s")


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


def _with_ignored(result: Result, ignored: Sequence[str]) -> Result:
    return result.model_copy(update={"meta": {**(result.meta or {}), "linktime/ignored": list(ignored)}})


def _wants_progress(context: Context) -> bool:
    return bool(context.meta and context.meta.get("progress_token") is not None)
