"""The journal: what came in under /api/v1 and how it was answered, for tests and curious users."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler

from .answers import answer
from .fault_injection import NoAnswer

_LONGEST: Final = 10_000  # entries; then the oldest go
_HEADERS: Final = ("Idempotency-Key", "Traceparent", "User-Agent")  # never Authorization: it holds the key


@dataclass(slots=True)
class Entry:
    """One request: *path* is as under /api/v1 and quoted as it came, *body* is parsed if it is JSON.

    *at* is its arrival on the sandbox's clock; *status* is None while, or if, it has no answer.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    at: float
    body: Any = None
    status: int | None = None


class Journal(deque[Entry]):
    """The latest requests, with their arrival on *clock*."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(maxlen=_LONGEST)
        self._clock = clock

    def enter(self, request: web.Request) -> Entry:
        """Write down a request that has just come."""
        entry = Entry(
            method=request.method,
            path=request.rel_url.raw_path.removeprefix("/api/v1"),
            query=request.rel_url.raw_query_string,
            headers={name.lower(): request.headers[name] for name in _HEADERS if name in request.headers},
            at=self._clock(),
        )
        self.append(entry)
        return entry


JOURNAL: Final = web.AppKey("journal", Journal)
_ENTRY: Final = web.RequestKey("entry", Entry)

routes = web.RouteTableDef()


@routes.get("/sandbox/requests")
async def list_requests(request: web.Request) -> web.Response:
    """Show the journal."""
    return answer({"data": [asdict(entry) for entry in request.app[JOURNAL]]})


@web.middleware
async def record(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Write down every request, and the status of its answer."""
    entry = request[_ENTRY] = request.app[JOURNAL].enter(request)
    response = await handler(request)
    if not isinstance(response, NoAnswer):
        entry.status = response.status
    return response


@web.middleware
async def read_body(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Read the body, which later readers find ready."""
    raw = await request.read()
    request[_ENTRY].body = _parsed(raw)
    return await handler(request)


def _parsed(raw: bytes) -> Any:
    try:
        return orjson.loads(raw) if raw else None
    except orjson.JSONDecodeError:
        return raw.decode(errors="replace")
