"""A REST client over a scripted server, and the failures that it raises."""

from __future__ import annotations

import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from linktime.errors import Failure
from linktime.message import Reply, Request, delete, get, patch, post, put
from linktime.pipeline.rest.client import Rest

from .http_server import Seen, answer, upstream

KEY = "lt_live_51f0c3"
READ = get("/me")
WRITES = [post("/bookings"), put("/availability/rules"), patch("/settings"), delete("/contacts/{id}", "c1")]


@asynccontextmanager
async def client(url: str, *, patience: float = 5) -> AsyncIterator[Rest]:
    """Open a client whose timeout is *patience* seconds."""
    rest = Rest(url, KEY, timeout=patience, connections=8)
    try:
        yield rest
    finally:
        await rest.aclose()


async def seen_of(request: Request) -> Seen:
    """Return the request that the server receives."""
    async with upstream(answer()) as server, client(server.url) as rest:
        await rest(request)
    (seen,) = server.seen
    return seen


async def reply_to(request: Request, response: bytes) -> Reply:
    """Return the reply that the client makes of *response*."""
    async with upstream(response) as server, client(server.url) as rest:
        return await rest(request)


async def failure_of(rest: Rest, request: Request) -> Failure:
    """Return the failure of the exchange, and check that no text of it contains the key."""
    with pytest.raises(Failure) as caught:
        await rest(request)
    texts = [repr(caught.value), *traceback.format_exception(caught.value), repr(vars(caught.value))]
    assert KEY not in "".join(texts)
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    return caught.value


async def failure_to(request: Request, response: bytes) -> Failure:
    """Return the failure that the client makes of *response*, and check that it sent one request."""
    async with upstream(response) as server, client(server.url) as rest:
        failure = await failure_of(rest, request)
    assert len(server.seen) == 1
    return failure
