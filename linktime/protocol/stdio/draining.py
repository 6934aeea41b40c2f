"""Streams that end the session only when every request has its answer."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Final, Protocol, Self

from mcp.shared.message import ServerMessageMetadata, SessionMessage
from mcp_types import ErrorData, JSONRPCError, JSONRPCRequest, JSONRPCResponse, RequestId

MOST_UNANSWERED: Final = 1024  # requests; far more than the mailbox holds
_TOO_MANY: Final = ErrorData(code=-32000, message=f"{MOST_UNANSWERED} requests are in flight. Wait for some answers.")


class Leave(Protocol):
    """Called when the session is to end. With *finish*, calls that can start at once still may, otherwise none."""

    def __call__(self, *, finish: bool) -> None: ...  # noqa: D102


class Incoming(Protocol):
    """The part of the SDK's read stream that is used here."""

    async def __anext__(self) -> SessionMessage | Exception: ...
    async def aclose(self) -> None: ...  # noqa: D102


class Outgoing(Protocol):
    """The part of the SDK's write stream that is used here."""

    async def send(self, item: SessionMessage, /) -> None: ...  # noqa: D102
    async def skip(self, ident: RequestId) -> None: ...  # noqa: D102
    async def aclose(self) -> None: ...  # noqa: D102


class Stream:
    """The methods that the SDK uses of both streams."""

    async def aclose(self) -> None:
        """Close the stream."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


class InFlight:
    """The requests that came in and have no answer yet.

    | state | an event adds | an event removes |
    | --- | --- | --- |
    | unread | `came`: the reader passes the request on | |
    | in flight | | `settled`: the writer sends the answer, or the client cancels the request |
    """

    def __init__(self) -> None:
        self._ids: Counter[RequestId | None] = Counter()  # requests by their id, which a client may use twice
        self._none = asyncio.Event()  # set while no request is in flight
        self._none.set()

    def came(self, ident: RequestId) -> None:
        """Add a request."""
        self._ids[ident] += 1
        self._none.clear()

    def settled(self, ident: RequestId | None) -> None:
        """Remove a request that was answered, or that the client has cancelled, which gets no answer."""
        self._ids[ident] -= 1
        if self._ids[ident] <= 0:
            del self._ids[ident]
        if not self._ids:
            self._none.set()

    @property
    def are_too_many(self) -> bool:
        """Return whether no further request is accepted."""
        return len(self._ids) >= MOST_UNANSWERED or self._ids.total() >= MOST_UNANSWERED

    async def all_settled(self) -> None:
        """Wait until no request is in flight."""
        await self._none.wait()


class DrainingReader(Stream):
    """A reader that ends only when every request has its answer, because at its end the SDK drops the calls in flight.

    It accepts MOST_UNANSWERED requests at a time and refuses further ones through *outer*. At the end of its input it
    calls *leave* with `finish=True`, and then waits for the answers.
    """

    def __init__(self, inner: Incoming, outer: Outgoing, in_flight: InFlight, leave: Leave) -> None:
        self._inner = inner
        self._outer = outer
        self._in_flight = in_flight
        self._leave = leave

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        while True:
            item = await self._next()
            match item:
                case SessionMessage(message=JSONRPCRequest(id=ident)) if self._in_flight.are_too_many:
                    await self._outer.send(SessionMessage(JSONRPCError(jsonrpc="2.0", id=ident, error=_TOO_MANY)))
                case SessionMessage(message=JSONRPCRequest(id=ident)):
                    self._in_flight.came(ident)
                    cancelled = ServerMessageMetadata(on_request_unanswered=self._when_cancelled(ident))
                    return SessionMessage(item.message, cancelled)
                case _:
                    return item

    receive = __anext__

    async def _next(self) -> SessionMessage | Exception:
        try:
            return await self._inner.__anext__()
        except StopAsyncIteration:
            self._leave(finish=True)
            await self._in_flight.all_settled()
            raise

    def _when_cancelled(self, ident: RequestId) -> Callable[[], Awaitable[None]]:
        async def settle() -> None:
            await self._outer.skip(ident)
            self._in_flight.settled(ident)

        return settle

    async def aclose(self) -> None:
        """Close the inner stream."""
        await self._inner.aclose()


class DrainingWriter(Stream):
    """A writer that removes the requests that it answers from those *in_flight*."""

    def __init__(self, inner: Outgoing, in_flight: InFlight) -> None:
        self._inner = inner
        self._in_flight = in_flight

    async def send(self, item: SessionMessage, /) -> None:
        """Write a message. The request counts as answered even if the client is gone."""
        try:
            await self._inner.send(item)
        finally:
            if isinstance(item.message, JSONRPCResponse | JSONRPCError):
                self._in_flight.settled(item.message.id)

    async def aclose(self) -> None:
        """Close the inner stream."""
        await self._inner.aclose()
