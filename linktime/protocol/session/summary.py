"""One line for each tool call, for the person who reads the client's log of the server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterator
from contextvars import ContextVar
from math import ceil
from typing import Any, Final

import mcp_types
from mcp_types.methods import is_input_required

from ...errors import Failure
from ...message import Reply
from ...telemetry.redaction import shown_request_id
from .sdk_server import Context

_WORTH_A_WORD: Final = 0.05  # s; a shorter wait is not mentioned
_ends: ContextVar[list[Reply | Failure] | None] = ContextVar("ends", default=None)


def ended(end: Reply | Failure) -> None:
    """Note LinkTime's answer to the present call, or the reason why it has none."""
    if (ends := _ends.get()) is not None:
        ends.append(end)


class Summaries:
    """Writes a line for each call of a handler: the tool, the id, the seconds, and how they were spent.

    Args:
        write: Writes one line.
        clock: Counts seconds.
        tools: The names that a line may have. Any other name is the client's own text.
    """

    def __init__(self, write: Callable[[str], None], clock: Callable[[], float], tools: Collection[str]) -> None:
        self._write = write
        self._clock = clock
        self._tools = tools

    def around(
        self, call: Callable[[Context, mcp_types.CallToolRequestParams], Awaitable[dict[str, Any]]]
    ) -> Callable[[Context, mcp_types.CallToolRequestParams], Awaitable[dict[str, Any]]]:
        """Return the handler *call* with a line after each call, also after a cancelled one."""

        async def summarized(context: Context, params: mcp_types.CallToolRequestParams) -> dict[str, Any]:
            ends: list[Reply | Failure] = []
            began, outcome = self._clock(), "cancelled"
            token = _ends.set(ends)
            try:
                result = await call(context, params)
                outcome = ", ".join(_parts(result, ends))
            except Exception as error:
                outcome = f"refused, {type(error).__name__}"
                raise
            finally:
                _ends.reset(token)
                tool = params.name if params.name in self._tools else "unknown tool"
                ident = shown_request_id(str(context.request_id))
                self._write(f"{tool} #{ident} {self._clock() - began:.1f} s: {outcome}")
            return result

        return summarized


def _parts(result: dict[str, Any], ends: list[Reply | Failure]) -> Iterator[str]:
    """Yield how a call came to its result: 1. the wait, 2. the cache, 3. the requests, 4. the status or the error."""
    # `_meta` has no text of a guest, so the line has none either.
    if (waited := result.get("_meta", {}).get("linktime/queueSeconds", 0.0)) >= _WORTH_A_WORD:
        yield f"{waited:.1f} s waiting for budget"
    if is_input_required(result):
        yield "asks the user"
        return
    match ends:
        case [*_, Failure() as failure]:
            yield _error(failure)
        case [*_, Reply() as reply]:
            yield from _answer(reply)


def _answer(reply: Reply) -> Iterator[str]:
    notes = reply.notes
    if notes.already_done:
        yield "answered from memory, not sent again"
    elif notes.cache == "hit":
        yield f"kept answer, {notes.age_seconds or 0:.0f} s old"
    elif notes.cache == "coalesced":
        yield "shared the request of another call"
    elif notes.outcome:
        yield f"{notes.outcome} by reads"
    else:
        requests = 1 + (notes.retries or 0)
        yield f"{requests} request{'' if requests == 1 else 's'}"
        yield str(reply.status)


def _error(failure: Failure) -> str:
    status, seconds = getattr(failure, "status", None), getattr(failure, "retry_after", None)
    parts = (str(status or ""), failure.word, "" if seconds is None else f"again in {max(1, ceil(seconds))} s")
    return ", ".join(filter(None, parts))
