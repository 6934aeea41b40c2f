"""Variants of the service: replicas that lag, normalised values, hidden fields, repeated requests by their key."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from random import Random
from typing import Any, Final, cast

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler

from .account import ACCOUNT, READ_FROM
from .store import Row, Store

_MEMORY: Final = 10.0  # s; no replica lags for longer


@dataclass(frozen=True, slots=True)
class Handled:
    """A write that was carried out: what came, when it came and when it took effect (s on the variant's clock).

    *status* is that of the correct answer. A *replay* took no effect: it was answered from memory.
    """

    method: str
    path: str
    body: Any
    arrived: float
    at: float
    status: int
    replay: bool = False


@dataclass
class Variant:
    """How this service differs from the usual one. All of it can be changed while the sandbox serves.

    A service that *normalizes* stores values in a form of its own. One with *pending* shows new bookings as PENDING.
    One that *honors_keys* answers a repeated Idempotency-Key from memory.
    """

    clock: Callable[[], float]
    store: Store
    # the shortest and the longest: age in seconds of the state that a read sees, and seconds that a request takes
    lag: tuple[float, float] = (0.0, 0.0)
    latency: tuple[float, float] = (0.0, 0.0)
    # from a path pattern to the fields that answers to reads leave out
    hidden: Mapping[str, frozenset[str]] = field(default_factory=dict)
    # deviations in the content
    normalizes: bool = False
    pending: bool = False
    honors_keys: bool = True
    skew: float = 0.0  # s; the account's clock is fast by them
    random: Random = field(default_factory=lambda: Random(0))  # noqa: S311 - it protects nothing
    # the writes since the start, the latest states with their times, and the answers by Idempotency-Key
    handled: list[Handled] = field(default_factory=list)
    _states: deque[tuple[float, Store]] = field(default_factory=deque)
    _answers: dict[str, asyncio.Future[web.Response | None]] = field(default_factory=dict)

    def start_lagging(self, shortest: float, longest: float) -> None:
        """Serve reads from replicas. They know every write up to now."""
        self.lag = shortest, longest
        self.forget()
        if longest:
            self._states.append((self.clock() - _MEMORY, self.store.copy()))

    def forget(self) -> None:
        """Close the replicas."""
        while self._states:
            self._states.popleft()[1].close()

    def replica(self) -> Store:
        """Return the state that a read sees now."""
        at = self.clock() - self.random.uniform(*self.lag)
        return next((store for since, store in reversed(self._states) if since <= at), self.store)

    def wrote(self, handled: Handled) -> None:
        """Note a write, and the state after it."""
        self.handled.append(handled)
        if self.lag[1] and not handled.replay:
            self._states.append((handled.at, self.store.copy()))
            while len(self._states) > 1 and self._states[1][0] < handled.at - _MEMORY:
                self._states.popleft()[1].close()

    async def once(self, key: str, carry_out: Callable[[], Any]) -> tuple[web.Response, bool]:
        """Return the answer to the first request with *key*, and whether this is a later one. Forget refusals."""
        while known := self._answers.get(key):
            if first := await asyncio.shield(known):
                return _copy(first), True
        self._answers[key] = asyncio.get_running_loop().create_future()
        try:
            response: web.Response = await carry_out()
        except BaseException:
            self._answers.pop(key).set_result(None)
            raise
        self._answers[key].set_result(_copy(response))
        return response, False


VARIANT: Final = web.AppKey("variant", Variant)
ARRIVED: Final = web.RequestKey("arrived", float)


@web.middleware
async def note_arrival(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Note when a request came, before a fault delays it, and take the service's usual time."""
    variant = request.app[VARIANT]
    request[ARRIVED] = variant.clock()
    if variant.latency[1]:
        await asyncio.sleep(variant.random.uniform(*variant.latency))
    return await handler(request)


@web.middleware
async def vary(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Carry out a request as this variant of the service does."""
    variant = request.app[VARIANT]
    return await (_read if request.method == "GET" else _write)(variant, request, handler)


async def _read(variant: Variant, request: web.Request, handler: Handler) -> web.StreamResponse:
    if variant.lag[1]:
        request[READ_FROM] = replace(request.app[ACCOUNT], store=variant.replica())
    response = await handler(request)
    path = request.path.removeprefix("/api/v1")
    hidden = next((fields for pattern, fields in variant.hidden.items() if fnmatchcase(path, pattern)), frozenset())
    pending = variant.pending and path.startswith("/bookings")
    if (hidden or pending) and isinstance(response, web.Response) and isinstance(response.body, bytes):
        response.body = orjson.dumps(
            _altered(orjson.loads(response.body), hidden, pending, request.query.get("status"))
        )
    return response


def _altered(data: Any, hidden: frozenset[str], pending: bool, status: str | None) -> Any:  # noqa: FBT001 - a variant's
    match data:
        case {"data": list(rows)}:
            rows = [_altered(row, hidden, pending, None) for row in rows]
            return {**data, "data": [row for row in rows if not (pending and status == "CONFIRMED") or _ok(row)]}
        case dict():
            status = data.get("status")
            changed = {"status": "PENDING"} if pending and status == "CONFIRMED" else {}
            return {name: value for name, value in {**data, **changed}.items() if name not in hidden}
        case _:
            return data


def _ok(row: Row) -> bool:
    return row.get("status") != "PENDING"


async def _write(variant: Variant, request: web.Request, handler: Handler) -> web.StreamResponse:
    key = request.headers.get("Idempotency-Key") if request.method == "POST" and variant.honors_keys else None
    replay = False
    if key:
        response, replay = await variant.once(f"{request.path} {key}", lambda: handler(request))
    else:
        response = cast(web.Response, await handler(request))
    raw = await request.read()
    path, arrived = request.path.removeprefix("/api/v1"), request.get(ARRIVED, 0.0)
    variant.wrote(Handled(request.method, path, _json(raw), arrived, variant.clock(), response.status, replay=replay))
    return response


def _json(raw: bytes) -> Any:
    try:
        return orjson.loads(raw or b"null")
    except orjson.JSONDecodeError:
        return None


def _copy(response: web.Response) -> web.Response:
    return web.Response(body=response.body, status=response.status, content_type=response.content_type)
