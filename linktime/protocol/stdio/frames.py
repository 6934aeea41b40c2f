"""JSON-RPC frames as bytes: one line, one message."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any, Final

import orjson
from mcp_types import (
    CLIENT_CAPABILITIES_META_KEY,
    INVALID_REQUEST,
    PARSE_ERROR,
    JSONRPCMessage,
    JSONRPCNotification,
    JSONRPCRequest,
    jsonrpc_message_adapter,
)
from pydantic import ValidationError

from ...front import LARGEST_ID
from ...sanitize import lenient, visible
from ...sanitize.invisible import may_hide
from .capabilities import repaired

LARGEST_FRAME: Final = 16 << 20  # bytes
_DEEPEST_FRAME: Final = 80  # levels of an outgoing frame; those of an answer and its envelope
_IDENT: Final = re.compile(rb'"id"\s*:\s*(\d{1,15}|"[\w.:-]{1,64}")\s*,')
_OBJECTS: Final = ("_meta", "arguments", "capabilities", "context", "inputResponses")
"""Fields of params that hold an object. PHP writes an empty one as `[]`."""


class Malformed(Exception):
    """A frame that is no JSON-RPC message. *answers* are the error frames to send, each with the id of its request."""

    def __init__(self, code: int, message: str, *idents: Any) -> None:
        super().__init__(message)
        error = {"code": code, "message": message}
        self.answers: list[dict[str, Any]] = [
            {"jsonrpc": "2.0", "id": ident, "error": error} for ident in idents or (None,)
        ]


def parse(line: bytes) -> Any:
    """Return the JSON value in one line.

    Raises:
        Malformed: The line is not JSON.
    """
    try:
        return lenient.loads(line)
    except ValueError:
        raise Malformed(PARSE_ERROR, "Parse error: the line is not JSON", *_ident_before_params(line)) from None


def message_of(frame: Any) -> JSONRPCMessage | None:
    """Return the message in one frame, or None for a malformed response or notification, which is never answered.

    Raises:
        Malformed: Any other frame that is no message.
    """
    match frame:
        # A request, or a notification.
        case {"method": _}:
            return _request(frame)
        # A response to a question of this server.
        case {"result": _} | {"error": _}:
            return _response(frame)
        case dict():
            raise Malformed(INVALID_REQUEST, "Invalid Request: method is missing")
        # A batch. Each request in it gets an error, so that the client does not wait for its answer.
        case [*frames]:
            idents = [each["id"] for each in frames if isinstance(each, dict) and "method" in each and "id" in each]
            raise Malformed(INVALID_REQUEST, "Invalid Request: send one message per line, not a batch", *idents)
        case _:
            raise Malformed(INVALID_REQUEST, "Invalid Request: a message is an object")


def _ident_before_params(line: bytes) -> list[Any]:
    """Return the id of a request that cannot be parsed, if it stands before the params, else nothing."""
    head, params, _ = line.partition(b'"params"')
    match = _IDENT.search(head) if params else None
    return [orjson.loads(match[1])] if match else []


def encode(frame: dict[str, Any] | list[dict[str, Any]]) -> bytes:
    """Return one frame or batch as a line."""
    if isinstance(frame, list):
        return b"[" + b",".join(map(_encoded, frame)) + b"]\n"
    return _encoded(frame) + b"\n"


def _encoded(frame: dict[str, Any]) -> bytes:
    """Return one frame as UTF-8, without invisible characters in its texts.

    This is the only way out, so every text passes: of LinkTime, of guests and of the client. The tokens that the client
    compares stay as they are. Values that JSON can't carry are replaced.
    """
    with suppress(TypeError):
        line = orjson.dumps(frame)
        if not may_hide(line):
            return line
    shown = visible(frame, _DEEPEST_FRAME)
    with suppress(TypeError):
        return orjson.dumps(shown | _tokens(frame, shown))
    return orjson.dumps(shown)


def _tokens(frame: dict[str, Any], readable: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of *readable* that have a token of the client, with the token as in *frame*."""
    tokens = {"id": frame["id"]} if "id" in frame else {}
    match frame:
        case {"params": {"progressToken": token}}:
            tokens["params"] = {**readable["params"], "progressToken": token}
    return tokens


def _request(frame: dict[str, Any]) -> JSONRPCMessage | None:
    """Return a request or a notification."""
    ident = frame.get("id")
    # JavaScript has one type of numbers, and some clients write 1 as 1.0.
    if isinstance(ident, float) and ident.is_integer() and abs(ident) < LARGEST_ID:
        ident = frame["id"] = int(ident)
    if fault := _fault(frame, ident):
        if "id" not in frame:
            return None
        # An error can only repeat an id that JSON-RPC allows. Otherwise its id is null.
        answerable = isinstance(ident, str | int | float) and not isinstance(ident, bool)
        raise Malformed(INVALID_REQUEST, f"Invalid Request: {fault}", ident if answerable else None)
    if frame.get("params") is None:
        frame.pop("params", None)
    else:
        frame["params"] = _with_objects(frame["params"] or {})
    return (JSONRPCRequest if "id" in frame else JSONRPCNotification).model_validate(frame, by_name=False)


def _fault(frame: dict[str, Any], ident: object) -> str | None:
    if frame.get("jsonrpc") != "2.0":
        return 'jsonrpc should be "2.0"'
    # The SDK takes a request with an invalid id for a notification, and the client would wait for ever.
    if "id" in frame and (not isinstance(ident, int | str) or isinstance(ident, bool)):
        return "id should be a string or a whole number"
    if not isinstance(frame["method"], str):
        return "method should be a string"
    if not isinstance(frame.get("params"), dict) and frame.get("params"):
        return "params should be an object"
    return None


def _response(frame: dict[str, Any]) -> JSONRPCMessage | None:
    # PHP writes an empty object as a list.
    if frame.get("result") == []:
        frame["result"] = {}
    try:
        return jsonrpc_message_adapter.validate_python(frame, by_name=False)
    except ValidationError:
        return None


def _with_objects(params: dict[str, Any]) -> dict[str, Any]:
    """Repair params: `[]`, null and JSON text where an object belongs, and a progress token that is null."""
    params |= {name: {} for name in _OBJECTS if name in params and params[name] in ([], None)}
    if isinstance(text := params.get("arguments"), str):
        params["arguments"] = _object(text)
    if isinstance(meta := params.get("_meta"), dict):
        if meta.get("progressToken", "") is None:
            del meta["progressToken"]
        if CLIENT_CAPABILITIES_META_KEY in meta:
            meta[CLIENT_CAPABILITIES_META_KEY] = repaired(meta[CLIENT_CAPABILITIES_META_KEY])
    if "capabilities" in params:
        params["capabilities"] = repaired(params["capabilities"])
    return params


def _object(text: str) -> Any:
    """Parse *text*. Return the object, an empty one for a blank text, or *text* itself if it is no object."""
    try:
        value = lenient.loads(text.encode("utf-8", "surrogatepass")) if text.strip() else {}
    except ValueError:
        return text
    return value if isinstance(value, dict) else text
