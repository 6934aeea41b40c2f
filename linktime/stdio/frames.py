"""JSON-RPC frames as bytes: one line, one message."""

from __future__ import annotations

import json
from typing import Any, Final

import orjson
from mcp_types import INVALID_REQUEST, PARSE_ERROR, JSONRPCMessage, RequestId, jsonrpc_message_adapter
from pydantic import ValidationError

LARGEST_FRAME: Final = 16 << 20  # bytes


class Malformed(Exception):  # noqa: N818 - it is an answer to the client before it is an error
    """A frame that is no JSON-RPC message: what the protocol says to answer, and to which id."""

    def __init__(self, code: int, message: str, ident: RequestId | None = None) -> None:
        super().__init__(message)
        self.answer: dict[str, Any] = {"jsonrpc": "2.0", "id": ident, "error": {"code": code, "message": message}}


def decode(line: bytes) -> JSONRPCMessage:
    """Read one frame. Raises Malformed."""
    try:
        frame = orjson.loads(line)
    except orjson.JSONDecodeError:
        raise Malformed(PARSE_ERROR, "Parse error") from None
    ident = frame.get("id") if isinstance(frame, dict) else None
    known = ident if isinstance(ident, int | str) and not isinstance(ident, bool) else None
    # An id that is none would make the SDK take the request for a notification, and nobody would be answered.
    if isinstance(frame, dict) and "id" in frame and "method" in frame and known is None:
        raise Malformed(INVALID_REQUEST, "Invalid Request: an id is a string or a whole number")
    try:
        return jsonrpc_message_adapter.validate_python(frame, by_name=False)
    except ValidationError:
        raise Malformed(INVALID_REQUEST, "Invalid Request", known) from None


def encode(frame: dict[str, Any]) -> bytes:
    """Write one frame; what orjson can't say (a lone surrogate, a huge number) is said in ASCII."""
    try:
        return orjson.dumps(frame) + b"\n"
    except TypeError:
        return json.dumps(frame, separators=(",", ":")).encode() + b"\n"
