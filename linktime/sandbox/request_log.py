"""The request log: the requests under /api/v1 and the status of each response, for tests and curious users."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler

from .fault_injection import NoAnswer
from .responses import answer

_LONGEST: Final = 10_000  # entries; the oldest are dropped first
_HEADERS: Final = ("Idempotency-Key", "Traceparent", "User-Agent")  # never Authorization, which has the key

logger: Final = logging.getLogger(__name__)
"""One line for each response, at level INFO: method, path and status. Queries and bodies may hold personal data."""


@dataclass(slots=True)
class Entry:
    """One request.

    *path* follows /api/v1 and is percent-encoded as received. *at* is the arrival in seconds of the sandbox's clock.
    *body* is parsed if it is JSON, else text. *status* is None until there is a response, and if there is none.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    at: float
    body: Any = None
    status: int | None = None


class RequestLog(deque[Entry]):
    """The latest requests. *clock* returns seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(maxlen=_LONGEST)
        self._clock = clock

    def enter(self, request: web.Request) -> Entry:
        """Append an entry for a request that has just arrived, and return it."""
        entry = Entry(
            method=request.method,
            path=request.rel_url.raw_path.removeprefix("/api/v1"),
            query=request.rel_url.raw_query_string,
            headers={name.lower(): request.headers[name] for name in _HEADERS if name in request.headers},
            at=self._clock(),
        )
        self.append(entry)
        return entry


REQUEST_LOG: Final = web.AppKey("request_log", RequestLog)
_ENTRY: Final = web.RequestKey("entry", Entry)

routes = web.RouteTableDef()


@routes.get("/sandbox/requests")
async def list_requests(request: web.Request) -> web.Response:
    """Return the log, oldest first."""
    return answer({"data": [asdict(entry) for entry in request.app[REQUEST_LOG]]})


@web.middleware
async def record(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Record the request, then the status of its response."""
    entry = request[_ENTRY] = request.app[REQUEST_LOG].enter(request)
    response = await handler(request)
    # A fault can end the connection. Then there is no status.
    if not isinstance(response, NoAnswer):
        entry.status = response.status
    logger.info("%s %s %s", entry.method, entry.path, entry.status or "no response")
    return response


@web.middleware
async def read_body(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Record the body. aiohttp keeps it for later readers."""
    raw = await request.read()
    request[_ENTRY].body = _parsed(raw)
    return await handler(request)


def _parsed(raw: bytes) -> Any:
    """Return a body as JSON, or as text if it is something else."""
    try:
        return orjson.loads(raw) if raw else None
    except orjson.JSONDecodeError:
        return raw.decode(errors="replace")
