"""Results of tool calls in the form of the protocol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import mcp_types
import orjson

from ...answers import as_object
from ...errors import Failure
from ...message import Reply
from ...sanitize.invisible import without_invisible
from ...telemetry import hooks
from ...tools import Tool
from ...tools.guest_text import guest_texts, with_short_texts
from .lean import lean
from .truncation import LONGEST, fitted, size

MARKS: Final = "guestWrote"
"""The field of an answer with the paths of the texts that guests wrote."""

REMARKS: Final = "remarks"
"""The field of an answer with the effects that the words of the call do not have."""


def succeeded(reply: Reply, tool: Tool, remarks: Sequence[str] = ()) -> mcp_types.CallToolResult:
    """Return the lean answer of *tool* as an object and as its text, with the notes of the reply as `_meta`."""
    whole = {"data": None} if reply.data is None and tool.reads else lean(tool, as_object(reply.data))
    if remarks:
        whole = {**whole, REMARKS: list(remarks)}
    data = _marked(with_short_texts(tool.name, whole), tool)
    notes: dict[str, str | float] = reply.notes.as_meta()
    if MARKS in data:
        notes["trust"] = "untrusted"
    return mcp_types.CallToolResult(
        content=[_text(orjson.dumps(data).decode())],
        structured_content=data,
        _meta={f"linktime/{name}": value for name, value in notes.items()},
    )


def _marked(whole: dict[str, Any], tool: Tool) -> dict[str, Any]:
    """Return *whole*, truncated if it is too long, with the list of the fields that guests wrote."""
    whole = {name: value for name, value in whole.items() if name != MARKS}
    data = whole if size(whole) <= LONGEST else fitted(whole, tool)
    marks = _marks(data, tool)
    if marks and size(data) + (room := size({MARKS: marks})) > LONGEST:
        data = fitted(whole, tool, LONGEST - room)
        marks = _marks(data, tool)
    return {**data, MARKS: marks} if marks else data


def _marks(data: dict[str, Any], tool: Tool) -> list[str]:
    return [each.path for each in guest_texts(tool.name, data)]


def failed(failure: Failure) -> mcp_types.CallToolResult:
    """Return the error result of a failed call."""
    hooks.failed(failure)
    return mcp_types.CallToolResult(content=[_text(without_invisible(str(failure)))], is_error=True)


def _text(text: str) -> mcp_types.TextContent:
    return mcp_types.TextContent(type="text", text=text)
