"""A session that ends only when every request has its answer, whichever streams carry it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Final, Protocol, Self

from mcp.shared.message import ServerMessageMetadata, SessionMessage
from mcp_types import ErrorData, JSONRPCError, JSONRPCRequest, JSONRPCResponse, RequestId

MOST_UNANSWERED: Final = 1024
_TOO_MANY: Final = ErrorData(code=-32000, message=f"{MOST_UNANSWERED} requests are under way; let some be answered")


class Leave(Protocol):
    """Told once the session is to end: with *finish*, what can start at once still may; else nothing more is sent."""

    def __call__(self, *, finish: bool) -> None: ...  # noqa: D102


class Incoming(Protocol):
    """The part of the SDK's read stream that is used here."""

    async def __anext__(self) -> SessionMessage | Exception: ...
    async def aclose(self) -> None: ...  # noqa: D102


class Outgoing(Protocol):
    """The part of the SDK's write stream that is used here."""

    async def send(self, item: SessionMessage, /) -> None: ...  # noqa: D102
    async def aclose(self) -> None: ...  # noqa: D102


class Stream:
    """What the SDK asks of either stream besides its own verb."""

    async def aclose(self) -> None:
        """Let the other side of the process know that nothing more is wanted or comes."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


class Unanswered:
    """The requests that came in and have no answer yet."""

    def __init__(self) -> None:
        self._ids: Counter[RequestId | None] = Counter()
        self._none = asyncio.Event()
        self._none.set()

    def came(self, ident: RequestId) -> None:
        """Note a request."""
        self._ids[ident] += 1
        self._none.clear()

    def settled(self, ident: RequestId | None) -> None:
        """Note its answer, or that the client called it off and gets none."""
        self._ids[ident] -= 1
        if self._ids[ident] <= 0:
            del self._ids[ident]
        if not self._ids:
            self._none.set()

    @property
    def are_too_many(self) -> bool:
        """Whether no further one is taken."""
        return len(self._ids) >= MOST_UNANSWERED

    async def all_settled(self) -> None:
        """Wait until none is left."""
        await self._none.wait()


class HeldReader(Stream):
    """A reader that ends only when every request has its answer: at its end the SDK drops what is under way.

    It takes MOST_UNANSWERED at a time; further ones are refused through *outer*.
    """

    def __init__(self, inner: Incoming, outer: Outgoing, unanswered: Unanswered, leave: Leave) -> None:
        self._inner = inner
        self._outer = outer
        self._unanswered = unanswered
        self._leave = leave

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        while True:
            item = await self._next()
            match item:
                case SessionMessage(message=JSONRPCRequest(id=ident)) if self._unanswered.are_too_many:
                    await self._outer.send(SessionMessage(JSONRPCError(jsonrpc="2.0", id=ident, error=_TOO_MANY)))
                case SessionMessage(message=JSONRPCRequest(id=ident)):
                    self._unanswered.came(ident)
                    called_off = ServerMessageMetadata(on_request_unanswered=self._called_off(ident))
                    return SessionMessage(item.message, called_off)
                case _:
                    return item

    receive = __anext__

    async def _next(self) -> SessionMessage | Exception:
        try:
            return await self._inner.__anext__()
        except StopAsyncIteration:
            self._leave(finish=True)
            await self._unanswered.all_settled()
            raise

    def _called_off(self, ident: RequestId) -> Callable[[], Awaitable[None]]:
        async def settle() -> None:
            self._unanswered.settled(ident)

        return settle

    async def aclose(self) -> None:
        """Close the inner stream."""
        await self._inner.aclose()


class HeldWriter(Stream):
    """A writer that notes what it answers."""

    def __init__(self, inner: Outgoing, unanswered: Unanswered) -> None:
        self._inner = inner
        self._unanswered = unanswered

    async def send(self, item: SessionMessage, /) -> None:
        """Write a message, then note it."""
        try:
            await self._inner.send(item)
        finally:
            if isinstance(item.message, JSONRPCResponse | JSONRPCError):
                self._unanswered.settled(item.message.id)

    async def aclose(self) -> None:
        """Close the inner stream."""
        await self._inner.aclose()
