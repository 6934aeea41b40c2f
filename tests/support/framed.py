"""A session in this process over real streams, driven by bare frames."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import orjson

from linktime.front import Front
from linktime.protocol.session.sdk_server import Server
from linktime.protocol.stdio.draining import DrainingReader, DrainingWriter, InFlight
from linktime.protocol.stdio.frames import LARGEST_FRAME
from linktime.protocol.stdio.pipes import PipeReader, PipeWriter
from linktime.protocol.stdio.recorder import Recorder

BOUND = 20.0  # s


class Framed:
    """The client's end: it sends frames, declines every question, and keeps all frames of the server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.frames: list[dict[str, Any]] = []

    async def ask(self, method: str, ident: int | str = 1, /, **params: Any) -> dict[str, Any]:
        """Send a request. Return the frame that answers it."""
        self._write({"jsonrpc": "2.0", "id": ident, "method": method, "params": params})
        return await self.frame()

    async def frame(self) -> dict[str, Any]:
        """Return the next frame that is not a question or a notification."""
        async with asyncio.timeout(BOUND):
            while line := await self._reader.readline():
                frame: dict[str, Any] = orjson.loads(line)
                self.frames.append(frame)
                if "method" not in frame:
                    return frame
                if "id" in frame:
                    self._write({"jsonrpc": "2.0", "id": frame["id"], "result": {"action": "decline"}})
        raise EOFError

    def _write(self, frame: dict[str, Any]) -> None:
        self._writer.write(orjson.dumps(frame) + b"\n")


@asynccontextmanager
async def framed(server: Server) -> AsyncIterator[Framed]:
    """Serve over a pair of sockets, with this program's own transport."""
    ours, theirs = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=ours, limit=LARGEST_FRAME)
    its_reader, its_writer = await asyncio.open_connection(sock=theirs, limit=LARGEST_FRAME)
    outgoing, in_flight = PipeWriter(its_writer, Recorder(Front())), InFlight()
    incoming = DrainingReader(PipeReader(its_reader, outgoing), outgoing, in_flight, lambda *, finish: None)
    serving = asyncio.create_task(server.run(incoming, DrainingWriter(outgoing, in_flight)))
    try:
        yield Framed(reader, writer)
    finally:
        writer.close()
        async with asyncio.timeout(BOUND):
            await serving
        its_writer.close()
        for each in (writer, its_writer):
            with suppress(ConnectionError):
                await each.wait_closed()
