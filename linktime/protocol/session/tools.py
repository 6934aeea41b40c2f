"""Handles `tools/list` and `tools/call`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import mcp_types

from ...errors import Failure, InvalidArguments, SwitchedOff
from ...message import Delivery, Reply
from ...pipeline.identity import ByIdentity
from ...telemetry import hooks
from ...tools import Reading, Tool
from ...tools.guest_text import GuestText
from ...tools.plan import Plan
from . import views
from .arguments import received
from .course import Course
from .hints import Hints
from .listing import listed, with_view
from .lookups import Lookups
from .refusals import unknown
from .results import Rendering, Result, failed, rendered, succeeded, with_meta
from .sdk_server import Context
from .unexpected import guarded
from .upstream import Upstream


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
        self._hints = Hints(tools, Lookups(upstream))
        self._confirm = confirm if upstream.refusal is None else None  # a refused call needs no confirmation
        self._rendered = ByIdentity(rendered)
        entries = [listed(tool) for tool in tools.values()]
        self._list = mcp_types.ListToolsResult(tools=entries)
        self._list_with_views = mcp_types.ListToolsResult(tools=[with_view(entry) for entry in entries])

    async def list(self, context: Context, _: object) -> mcp_types.ListToolsResult:
        """Return all tools, on one page."""
        return self._list_with_views if views.can_show(context) else self._list

    async def call(self, context: Context, params: mcp_types.CallToolRequestParams) -> Result:
        """Answer one call. A Failure becomes an error result.

        Raises:
            MCPError: There is no such tool.
        """
        # The order of the checks: 1. the tool, 2. the arguments that clients add, 3. the spelling of the others, 4. the
        # id of a row that is named otherwise, 5. the user's confirmation.
        # A missing key is reported before any fault of the arguments.
        try:
            tool = self._find(params.name)
            arguments, ignored = received(params.arguments, tool.input_schema["properties"])
        except SwitchedOff as failure:
            return failed(failure)
        except InvalidArguments as failure:
            return failed(self._upstream.refusal or failure)
        meta: dict[str, Any] = {"linktime/ignored": list(ignored)} if ignored else {}
        try:
            reading = await self._read(tool, arguments)
        except Failure as failure:
            return with_meta(failed(failure), meta)
        if reading.read_as:
            meta["linktime/readAs"] = dict(reading.read_as)
        has_view = views.awaits(context, tool.name, self._upstream)
        try:
            result = await self._called(context, tool, params, reading)
        except Failure as failure:
            result = failed(await self._hints.added(tool, reading.arguments, failure))
        else:
            meta |= await views.notes(self._upstream) if has_view else {}
        return with_meta(result, meta)

    async def answer(self, context: Context, tool: Tool, arguments: Mapping[str, Any] | None) -> Result:
        """Return the result of *tool*.

        Raises:
            Failure: There is no result. The text of an unexpected exception is not in it.
        """
        return await self._answered(context, tool, await self._read(tool, arguments), self._upstream.deadline)

    def _find(self, name: str) -> Tool:
        if name in self._tools:
            return self._tools[name]
        if name in self._off:
            raise SwitchedOff(self._off[name])
        raise unknown("tool", name, self._tools)

    async def _called(
        self, context: Context, tool: Tool, params: mcp_types.CallToolRequestParams, reading: Reading
    ) -> Result:
        begun = self._upstream.clock()
        reading = await self._identified(context, tool, reading)
        seconds = self._upstream.deadline - (self._upstream.clock() - begun)
        question = await self._question(context, tool, params, reading)
        if question:
            return question.model_dump(by_alias=True, mode="json", exclude_none=True)
        return await self._answered(context, tool, reading, seconds)

    async def _answered(self, context: Context, tool: Tool, reading: Reading, seconds: float) -> Result:
        """Return the result of *tool*, which has so many *seconds*."""
        delivery = Delivery()
        with guarded(tool, delivery):
            reply = await self._run(context, tool, tool.planned(reading), delivery, seconds)
            reply = reply.noted(self._upstream.budget())
            rendering = self._rendering(reply, tool, reading.remarks)
            if self._confirm:
                self._confirm.remember(rendering.texts)
            result = succeeded(reply, rendering)
        hooks.answered(reply.notes)
        return result

    def _rendering(self, reply: Reply, tool: Tool, remarks: Sequence[str]) -> Rendering:
        # Only a kept answer comes again.
        is_kept = reply.notes.cache == "hit" and not remarks
        return self._rendered(reply.data, tool) if is_kept else rendered(reply.data, tool, remarks)

    async def _read(self, tool: Tool, arguments: Mapping[str, Any] | None) -> Reading:
        """Return the arguments as the server understands them.

        Raises:
            Failure: The key is missing, or the arguments are invalid.
        """
        if self._upstream.refusal is not None:
            raise self._upstream.refusal
        with guarded(tool, Delivery()):
            return tool.read(arguments, await self._zone_for(tool, arguments), self._upstream.wall())

    async def _identified(self, context: Context, tool: Tool, reading: Reading) -> Reading:
        """Return the reading with the id of the row, if the tool can look that up by another name."""
        if tool.lookup is None:
            return reading
        ident = tool.planned(reading).first.ident
        read = tool.lookup.read(ident)
        if read is None:
            return reading
        with guarded(tool, Delivery()):
            reply = await self._run(context, tool, Plan.of(read), Delivery(), self._upstream.deadline)
            return tool.read({tool.lookup.ident: tool.lookup.only(reply.data, ident)})

    async def _question(
        self, context: Context, tool: Tool, params: mcp_types.CallToolRequestParams, reading: Reading
    ) -> mcp_types.InputRequiredResult | None:
        """Return the question that the client has to ask its user before the call, if any."""
        if self._confirm is None or tool.confirmation is None:
            return None
        with guarded(tool, Delivery()):
            return await self._confirm(context, tool, params.model_copy(update={"arguments": reading.arguments}))

    async def _run(self, context: Context, tool: Tool, plan: Plan, delivery: Delivery, seconds: float) -> Reply:
        """Send the requests of *plan*, which have so many *seconds*, and report their wait to the client."""
        return await Course(self._upstream, tool, plan, self._upstream.clock() + seconds, delivery)(context)

    async def _zone_for(self, tool: Tool, arguments: Mapping[str, Any] | None) -> ZoneInfo | None:
        """Return the account's zone. Wait for it only if an argument is a time in that zone."""
        zone = self._upstream.zone
        if zone is None:
            return None
        patience = tool.zone_patience(arguments)
        return await zone.get(patience=patience) if patience else zone.known
