"""A connection pool that never reuses a connection on which the server sent anything unasked."""

from __future__ import annotations

import os
import select
from collections.abc import Callable
from typing import Any, Final
from weakref import WeakSet

import aiohttp
from aiohttp.connector import Connection

_POLL: Final = getattr(select, "poll", None)  # Windows has only select

NEVER_AGAIN: Final = {"force_close": True}
"""The options of a connector that uses each connection once."""


class UncleanConnection(aiohttp.ClientConnectionError):
    """A new connection on which the server sent bytes before the request."""


class CleanConnector(aiohttp.TCPConnector):
    """A connector whose connections received nothing since their last answer.

    aiohttp's pool hands out every connection that is open. An unsolicited response would become the answer of the next
    request, and the answer of that request would become the answer of the one after it.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._used: WeakSet[Any] = WeakSet()  # protocols of the connections that were handed out before

    async def connect(self, *arguments: Any, **options: Any) -> Connection:
        """Return a connection on which no byte waits to be read. Raises UncleanConnection."""
        # 1. A clean connection, new or used before: return it.
        # 2. An unclean one that was used before: close it and take the next one.
        # 3. An unclean new one: fail, because the next one would be unclean, too.
        while True:
            connection = await super().connect(*arguments, **options)
            is_new = connection.protocol not in self._used
            if _is_clean(connection, is_new=is_new):
                self._used.add(connection.protocol)
                return connection
            connection.close()
            if is_new:
                raise UncleanConnection


def _is_clean(connection: Connection, *, is_new: bool) -> bool:
    """Return whether neither aiohttp nor the kernel holds bytes of this connection."""
    transport = connection.transport
    if transport is None or connection.protocol is None or connection.protocol.should_close:
        return False
    if is_new and transport.get_extra_info("ssl_object"):
        return True  # the kernel may hold TLS session tickets
    return not is_readable(transport.get_extra_info("socket"))


def is_readable(socket: Any, new_poll: Callable[[], Any] | None = _POLL) -> bool:
    """Return whether the kernel holds bytes of *socket*, by the *new_poll* of the system or by `select`."""
    if new_poll is None:
        return bool(select.select([socket], [], [], 0)[0])
    poll = new_poll()  # it has no limit on the number of a descriptor
    poll.register(socket, select.POLLIN)
    return bool(poll.poll(0))


def reuse(seconds: float, *, sees_bytes: bool = _POLL is not None) -> dict[str, Any]:
    """Return the options of a connector that keeps idle connections for so long, if it sees unsolicited bytes there.

    On Windows the event loop has already read them, so each request there has a connection of its own.
    """
    return {"keepalive_timeout": seconds} if sees_bytes else NEVER_AGAIN


def reason_of(error: OSError) -> str:
    """Return why no connection was made, in words without an address."""
    # 1. Windows has EINVAL for its own numbers, this one included.
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if number := getattr(error, "winerror", None):
        return f"error {number} of Windows"
    # 2. The text of asyncio's own errors has the address.
    return os.strerror(error.errno).lower() if isinstance(error.errno, int) else "no connection"


class BrokenConnection(Exception):
    """A connection that broke under a request. After a ClientError, aiohttp would send GET, PUT and DELETE again."""


async def once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Send a request at most once: aiohttp repeats one whose connection broke, unless the error is not its own."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
        raise BrokenConnection from error
