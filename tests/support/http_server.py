"""A scripted HTTP server for tests, with control over every byte."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from socket import SO_LINGER, SOL_SOCKET


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as received. The names of *headers* are in lower case, and *connection* counts from 0."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int


@dataclass(frozen=True, slots=True)
class Line:
    """The server's end of one connection. It stays open until it is closed or reset."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def write(self, data: bytes) -> None:
        """Write *data*."""
        self.writer.write(data)
        await self.writer.drain()

    def close(self) -> None:
        """End the connection in order (FIN)."""
        self.writer.close()

    def reset(self) -> None:
        """Break the connection (RST)."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def left(self) -> None:
        """Wait until the client closes the connection."""
        try:
            while await self.reader.read(1 << 16):
                pass
        except ConnectionError:
            pass


Act = Callable[[Line], Awaitable[None]]
"""The reaction to one request: bytes are written as they are, and a function is called with the line."""


@dataclass(slots=True)
class Upstream:
    """Plays *script*, one act for each request. The last act repeats. *seen* and *connections* are a record."""

    script: Sequence[bytes | Act]
    url: str = ""
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection's requests."""
        number, self.connections = self.connections, self.connections + 1
        line = Line(reader, writer)
        try:
            while request := await _read(reader, number):
                self.seen.append(request)
                await self._act(line)
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def _act(self, line: Line) -> None:
        act = self.script[min(len(self.seen), len(self.script)) - 1]
        await (line.write(act) if isinstance(act, bytes) else act(line))


async def closing(line: Line) -> None:
    """Close the connection without an answer."""
    line.close()


@contextmanager
def full_backlog() -> Iterator[str]:
    """Yield the URL of a listener that accepts no connection. Its backlog is full, so clients get no answer."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.settimeout(0)
            filler.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@asynccontextmanager
async def upstream(*script: bytes | Act, tls: ssl.SSLContext | None = None) -> AsyncIterator[Upstream]:
    """Serve *script* on a free port of this machine."""
    server = Upstream(script)
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=tls, limit=1 << 20)
    server.url = f"{'https' if tls else 'http'}://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listener.close()


def answer(status: int = 200, body: bytes = b"{}", **headers: str) -> bytes:
    """Return a complete and valid response. `_` in the name of a header becomes `-`."""
    lines = [f"HTTP/1.1 {status} Some Reason", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def _read(reader: asyncio.StreamReader, connection: int) -> Seen | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *fields = head.rstrip("\r\n").split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in fields)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Seen(method, target, headers, body, connection)
