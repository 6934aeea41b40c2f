"""Tool calls: from the arguments to a Request, and from its Reply or Failure to a result."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any, Final, Protocol
from uuid import uuid4
from zoneinfo import ZoneInfo

import mcp_types
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError

from ...errors import Failure, InvalidArguments, OutcomeUnknown, SwitchedOff
from ...message import Delivery, Reply, Request, Send
from ...pipeline.local import AccountZone
from ...suggest import suggest
from ...telemetry import hooks
from ...tools import Tool
from .arguments import received
from .results import failed, succeeded

_PROGRESS_EVERY: Final = 1.0  # s
_LONGEST_NAME: Final = 64  # characters of an unknown tool's name that are echoed
_UNEXPECTED: Final = "linktime-mcp failed on this call; its log has the place. Report it if it recurs."
_NOTHING_SENT: Final = "Nothing was sent."
_AFTER_SENDING: Final = (
    "linktime-mcp failed after this change was sent, so it may or may not have been made. Look before you try again."
)

Context = ServerRequestContext[Any]
Result = mcp_types.CallToolResult | mcp_types.InputRequiredResult
log = logging.getLogger(__name__)


class Confirms(Protocol):
    """Ask the user to confirm a call. Return a question if the client has to ask it and call again, otherwise None.

    `remember` takes every answer, because a call to an address that a guest wrote needs the user's yes.
    """

    async def __call__(  # noqa: D102
        self, context: Context, tool: Tool, params: mcp_types.CallToolRequestParams
    ) -> mcp_types.InputRequiredResult | None: ...
    def remember(self, tool: Tool, data: Any) -> None: ...  # noqa: D102
    def leave(self) -> None: ...  # noqa: D102


class Calls:
    """Handles `tools/call`. For the parameters, see `Session`."""

    def __init__(
        self,
        send: Send,
        tools: Mapping[str, Tool],
        off: Mapping[str, str],
        *,
        clock: Callable[[], float],
        deadline: float,
        eta: Callable[[Request], float | None],
        budget: Callable[[], Mapping[str, float]],
        refusal: Failure | None,
        zone: AccountZone | None,
        confirm: Confirms | None,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._send = send
        self._tools = tools
        self._off = off
        self._clock = clock
        self._deadline = deadline
        self._eta = eta
        self._budget = budget
        self._refusal = refusal
        self._zone = zone
        self._confirm = confirm
        self._sleep = sleep

    async def __call__(self, context: Context, params: mcp_types.CallToolRequestParams) -> Result:
        """Answer one call. Failures become error results. Only an unknown tool is a protocol error."""
        tool = self._tools.get(params.name)
        if tool is None and params.name in self._off:
            return failed(SwitchedOff(self._off[params.name]))
        if tool is None:
            raise MCPError(mcp_types.INVALID_PARAMS, self._unknown(params.name))
        try:
            arguments, ignored = received(params.arguments, tool.input_schema["properties"])
        except InvalidArguments as failure:
            return failed(self._refusal or failure)
        if arguments is not params.arguments:
            params = params.model_copy(update={"arguments": arguments})
        try:
            result = await self._asked(context, tool, params) or await self.answer(context, tool, arguments)
        except Failure as failure:
            result = failed(failure)
        return _noting(result, ignored) if ignored else result

    async def answer(
        self, context: Context, tool: Tool, arguments: Mapping[str, Any] | None
    ) -> mcp_types.CallToolResult:
        """Return the result of *tool*. Raise a Failure if there is none; the text of any other exception stays here."""
        delivery = Delivery()
        with _reported(tool, delivery):
            reply = (await self._reply(context, tool, arguments, delivery)).noted(**self._budget())
            result = succeeded(reply, tool)
            if self._confirm is not None:
                self._confirm.remember(tool, reply.data)
        hooks.answered(reply.notes)
        return result

    async def _asked(
        self, context: Context, tool: Tool, params: mcp_types.CallToolRequestParams
    ) -> mcp_types.InputRequiredResult | None:
        if self._confirm is None or self._refusal is not None:
            return None
        with _reported(tool, Delivery()):
            return await self._confirm(context, tool, params)

    async def _reply(
        self, context: Context, tool: Tool, arguments: Mapping[str, Any] | None, delivery: Delivery
    ) -> Reply:
        if self._refusal is not None:
            raise self._refusal
        request = replace(
            tool.request(arguments, await self._zone_for(tool, arguments)),
            deadline=self._clock() + self._deadline,
            idempotency_key="" if tool.reads else str(uuid4()),
            delivery=None if tool.reads else delivery,
        )
        progress = asyncio.ensure_future(self._report_progress(context, request)) if _wants_progress(context) else None
        try:
            return await self._send(request)
        finally:
            if progress is not None:
                progress.cancel()

    async def _zone_for(self, tool: Tool, arguments: Mapping[str, Any] | None) -> ZoneInfo | None:
        """Return the account's zone. Wait for it only if an argument is a time in that zone."""
        if self._zone is None:
            return None
        return await self._zone.get() if tool.needs_zone(arguments) else self._zone.known

    async def _report_progress(self, context: Context, request: Request) -> None:
        reports = 0
        with suppress(MCPError):
            while True:
                await self._sleep(_PROGRESS_EVERY)
                if eta := self._eta(request):
                    reports += 1
                    await context.session.report_progress(reports, None, f"waiting for budget, about {eta:.0f} s")

    def _unknown(self, name: str) -> str:
        near = suggest(name, self._tools)
        return f"Unknown tool: {name[:_LONGEST_NAME]!r}." + (f" Did you mean {near}?" if near else "")


@contextmanager
def _reported(tool: Tool, delivery: Delivery) -> Iterator[None]:
    """Log an unexpected exception and raise a Failure instead, by what has become of a write."""
    try:
        yield
    except Failure:
        raise
    except Exception as error:  # noqa: BLE001 - any fault of this program
        report(tool, error)
        if delivery.possible:
            raise OutcomeUnknown(_AFTER_SENDING, answered=False) from None
        raise Failure(_UNEXPECTED if tool.reads else f"{_UNEXPECTED} {_NOTHING_SENT}") from None


def _noting(result: Result, ignored: Sequence[str]) -> Result:
    return result.model_copy(update={"meta": {**(result.meta or {}), "linktime/ignored": list(ignored)}})


def _wants_progress(context: Context) -> bool:
    return bool(context.meta and context.meta.get("progress_token") is not None)


def report(tool: Tool, error: Exception) -> None:
    """Log where it happened, but not what was said: an exception's text may hold what a guest wrote."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    log.error("%s failed: %s at %s:%s", tool.name, type(error).__name__, place.filename, place.lineno)
