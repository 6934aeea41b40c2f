"""The reader of a connection, which can look at the client's first message."""

from __future__ import annotations

from contextlib import suppress
from typing import Self

from mcp.shared.message import SessionMessage

from ..stdio.draining import Incoming, Stream

Item = SessionMessage | Exception


class Opening(Stream):
    """The messages of *reader*."""

    def __init__(self, reader: Incoming) -> None:
        self._reader = reader
        self._peeked: Item | None = None

    async def peek(self) -> Item | None:
        """Return the next message, and keep it for the next read. Return None at the end."""
        with suppress(StopAsyncIteration):
            self._peeked = await anext(self)
        return self._peeked

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Item:
        item, self._peeked = self._peeked or await self._reader.__anext__(), None
        return item

    receive = __anext__

    async def aclose(self) -> None:
        """Close the reader."""
        await self._reader.aclose()
