"""Results of tool calls in the form of the protocol."""

from __future__ import annotations

import mcp_types
import orjson

from ...answers import as_object
from ...errors import Failure
from ...message import Reply
from ...telemetry import hooks
from ...tools import Tool
from .truncation import LONGEST, fitted


def succeeded(reply: Reply, tool: Tool) -> mcp_types.CallToolResult:
    """Return the answer of *tool* as an object and as its text, with the notes of the reply as `_meta`."""
    data = {"data": None} if reply.data is None and tool.reads else as_object(reply.data)
    text = orjson.dumps(data)
    if len(text) > LONGEST:
        data = fitted(data, tool)
        text = orjson.dumps(data)
    return mcp_types.CallToolResult(
        content=[_text(text.decode())],
        structured_content=data,
        _meta={f"linktime/{name}": value for name, value in reply.notes.as_meta().items()},
    )


def failed(failure: Failure) -> mcp_types.CallToolResult:
    """Return the error result of a failed call."""
    hooks.failed(failure)
    return mcp_types.CallToolResult(content=[_text(str(failure))], is_error=True)


def _text(text: str) -> mcp_types.TextContent:
    return mcp_types.TextContent(type="text", text=text)
