"""Results of tool calls in the form of the protocol."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple

import mcp_types
import orjson

from ...answers import as_object
from ...errors import Failure
from ...message import Reply
from ...sanitize.invisible import without_invisible
from ...telemetry import hooks
from ...tools import Tool
from ...tools.guest_text import GuestText, guest_texts, marks, with_short_texts
from . import summary
from .lean import lean
from .truncation import LONGEST, fitted, size

MARKS: Final = "guestWrote"
"""The field of an answer with the paths of the texts that guests wrote."""

REMARKS: Final = "remarks"
"""The field of an answer with the effects that the words of the call do not have."""


class Rendering(NamedTuple):
    """An answer for the model, as an object and as its *text*, and the *texts* of guests in the whole answer."""

    data: dict[str, Any]
    text: str
    texts: Sequence[GuestText]


Remember = Callable[[Iterable[GuestText]], None]


def rendered(data: Any, tool: Tool, remarks: Sequence[str] = ()) -> Rendering:
    """Return the lean answer of *tool* with the *remarks*, the paths of guests' texts, and at most LONGEST bytes."""
    whole = {"data": None} if data is None and tool.reads else lean(tool, as_object(data))
    if remarks:
        whole = {**whole, REMARKS: list(remarks)}
    texts = guest_texts(tool.name, whole)
    answer = _marked(with_short_texts(tool.name, whole, texts), tool, texts)
    return Rendering(answer, orjson.dumps(answer).decode(), texts)


def succeeded(reply: Reply, rendering: Rendering) -> mcp_types.CallToolResult:
    """Return the *rendering* of a reply, with the notes of the reply as `_meta`."""
    summary.ended(reply)
    notes: dict[str, str | float] = reply.notes.as_meta()
    if MARKS in rendering.data:
        notes["trust"] = "untrusted"
    return mcp_types.CallToolResult(
        content=[_text(rendering.text)],
        structured_content=rendering.data,
        _meta={f"linktime/{name}": value for name, value in notes.items()},
    )


def _marked(whole: dict[str, Any], tool: Tool, texts: list[GuestText]) -> dict[str, Any]:
    """Return *whole*, truncated if it is too long, with the list of the fields that guests wrote."""
    # 1. LinkTime's own field of this name must not pass for a mark of this server.
    # 2. Truncate to the limit.
    # 3. The marks need room as well. Truncate again to leave it, and mark only the texts that are left.
    whole = {name: value for name, value in whole.items() if name != MARKS}
    marked = _with_marks(whole, texts)
    if size(marked) <= LONGEST:
        return marked
    marked = _fitted(whole, tool, LONGEST)
    return marked if size(marked) <= LONGEST else _fitted(whole, tool, LONGEST - size({MARKS: marked[MARKS]}))


def _fitted(whole: dict[str, Any], tool: Tool, room: int) -> dict[str, Any]:
    data = fitted(whole, tool, room)
    return _with_marks(data, guest_texts(tool.name, data))


def _with_marks(data: dict[str, Any], texts: Iterable[GuestText]) -> dict[str, Any]:
    paths = marks(texts)
    return {**data, MARKS: paths} if paths else data


def failed(failure: Failure) -> mcp_types.CallToolResult:
    """Return the error result of a failed call."""
    hooks.failed(failure)
    summary.ended(failure)
    return mcp_types.CallToolResult(content=[_text(without_invisible(str(failure)))], is_error=True)


def _text(text: str) -> mcp_types.TextContent:
    return mcp_types.TextContent(type="text", text=text)
