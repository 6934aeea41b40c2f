"""What the API answers: JSON, lists with their pages, and refusals in one envelope."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler

CODES: Final = {
    400: "validation_error",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "validation_error",
    429: "rate_limited",
}
_log: Final = logging.getLogger(__name__)


class Refusal(Exception):  # noqa: N818 - it is an answer to the caller before it is an error
    """A request that is refused, with the *status*, *code* and *message* of its answer."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}

    def answer(self) -> web.Response:
        """Write the refusal in the API's envelope."""
        body = {"error": {"code": self.code, "message": self.message}}
        return answer(body, status=self.status, headers=self.headers)


class Invalid(Refusal):
    """The body or the query can't be right."""

    def __init__(self, message: str) -> None:
        super().__init__(400, "validation_error", message)


class NotFound(Refusal):
    """There is no such *thing*."""

    def __init__(self, thing: str) -> None:
        super().__init__(404, "not_found", f"{thing} not found")


class Conflict(Refusal):
    """What is asked does not go with the present state."""

    def __init__(self, message: str) -> None:
        super().__init__(409, "conflict", message)


def answer(data: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """Write *data* as JSON."""
    response = web.Response(body=orjson.dumps(data), status=status, content_type="application/json")
    response.headers.update(headers or {})
    return response


def created(data: Any) -> web.Response:
    """Write what was made."""
    return answer(data, status=201)


def done() -> web.Response:
    """Say that it was done."""
    return answer({"success": True})


@web.middleware
async def refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give every failure the API's envelope."""
    try:
        return await handler(request)
    except Refusal as refusal:
        return refusal.answer()
    except web.HTTPException as error:
        return Refusal(error.status, CODES.get(error.status, "validation_error"), error.reason.lower()).answer()
    except Exception:  # noqa: BLE001 - whatever it is, the caller gets the envelope and the log the rest
        _log.exception("%s %s failed", request.method, request.path)
        return Refusal(500, "internal_error", "the sandbox failed").answer()
