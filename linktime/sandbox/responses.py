"""Responses: JSON bodies, and errors in the envelope of the API."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler

# error code by HTTP status; any other 4xx is a validation_error
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


class Refusal(Exception):
    """An error response: HTTP *status*, error *code*, *message* and extra *headers*."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}

    def answer(self) -> web.Response:
        """Return the response, with the error in the API's envelope."""
        body = {"error": {"code": self.code, "message": self.message}}
        return answer(body, status=self.status, headers=self.headers)


class Invalid(Refusal):
    """400: the body or the query is malformed."""

    def __init__(self, message: str) -> None:
        super().__init__(400, "validation_error", message)


class NotFound(Refusal):
    """404: the *thing* does not exist."""

    def __init__(self, thing: str) -> None:
        super().__init__(404, "not_found", f"{thing} not found")


class Conflict(Refusal):
    """409: the request does not fit the current state."""

    def __init__(self, message: str) -> None:
        super().__init__(409, "conflict", message)


def answer(data: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """Return a response with *data* as JSON."""
    response = web.Response(body=orjson.dumps(data), status=status, content_type="application/json")
    response.headers.update(headers or {})
    return response


def created(data: Any) -> web.Response:
    """Return a 201 response with the new object."""
    return answer(data, status=201)


def done() -> web.Response:
    """Return the response of a write that has no data to show."""
    return answer({"success": True})


@web.middleware
async def refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Put every error into the API's envelope. The details of an unexpected error go to the log only."""
    try:
        return await handler(request)
    except Refusal as refusal:
        return refusal.answer()
    except web.HTTPException as error:
        return Refusal(error.status, CODES.get(error.status, "validation_error"), error.reason.lower()).answer()
    except Exception:  # noqa: BLE001 - the client must get an envelope for any error
        _log.exception("%s %s failed", request.method, request.path)
        return Refusal(500, "internal_error", "The sandbox failed. See its stderr for the reason.").answer()
