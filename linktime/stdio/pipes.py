"""This process's stdin and stdout as asyncio pipes: no thread stands between a frame and its call."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from mcp.shared.message import SessionMessage
from mcp_types import INVALID_REQUEST, JSONRPCResponse

from .frames import LARGEST_FRAME, Malformed, decode, encode
from .held import Leave, Stream

if sys.platform != "win32":
    import fcntl

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_LOOK_EVERY: Final = 1.0  # s
_FLUSH: Final = 0.5  # s; a client that no longer reads doesn't hold the exit


class PipeWriter(Stream):
    """What goes out; once the client is gone, to nobody."""

    def __init__(self, stdout: asyncio.StreamWriter) -> None:
        self._stdout = stdout

    async def send(self, item: SessionMessage, /) -> None:
        """Write a message."""
        match item.message:
            case JSONRPCResponse(id=ident, result=result):
                await self.write({"jsonrpc": "2.0", "id": ident, "result": result})
            case message:
                await self.write(message.model_dump(by_alias=True, exclude_unset=True, mode="json"))

    async def write(self, frame: dict[str, Any]) -> None:
        """Write a frame, and wait while the client reads too slowly."""
        self._stdout.write(encode(frame))
        with suppress(ConnectionError):
            await self._stdout.drain()

    async def aclose(self) -> None:
        """Wait until all is written, if somebody reads it."""
        self._stdout.close()
        with suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(_FLUSH):
                await self._stdout.wait_closed()


class PipeReader(Stream):
    """What comes in; a frame that is no message is answered here and goes no further."""

    def __init__(self, stdin: asyncio.StreamReader, writer: PipeWriter) -> None:
        self._stdin = stdin
        self._writer = writer

    async def __anext__(self) -> SessionMessage:
        while line := await self._line():
            try:
                if not line.isspace():
                    return SessionMessage(decode(line))
            except Malformed as malformed:
                await self._writer.write(malformed.answer)
        raise StopAsyncIteration

    async def _line(self) -> bytes:
        """Read to the next newline or the end; a line over LARGEST_FRAME is refused without being held."""
        try:
            return await self._stdin.readuntil()
        except asyncio.IncompleteReadError as end:
            return end.partial
        except asyncio.LimitOverrunError as overrun:
            await self._skip(overrun.consumed)
            refusal = Malformed(INVALID_REQUEST, f"Invalid Request: a message has at most {LARGEST_FRAME} bytes")
            await self._writer.write(refusal.answer)
            return b"\n"

    async def _skip(self, consumed: int) -> None:
        while consumed:
            await self._stdin.readexactly(consumed)
            consumed = 0
            try:
                await self._stdin.readuntil()
            except asyncio.LimitOverrunError as overrun:
                consumed = overrun.consumed
            except asyncio.IncompleteReadError:
                return


@asynccontextmanager
async def pipes(leave: Leave) -> AsyncIterator[tuple[PipeReader, PipeWriter]]:
    """Take over stdin and stdout; SIGINT, SIGTERM, a closed stdout and a dead parent hang up.

    A second signal ends the program at once.
    """
    loop = asyncio.get_running_loop()
    wire_in, wire_out = _claim()
    stdin, gone = asyncio.StreamReader(limit=LARGEST_FRAME), asyncio.StreamReader()
    incoming, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdin), os.fdopen(wire_in, "rb", 0))
    outgoing, protocol = await loop.connect_write_pipe(
        lambda: asyncio.StreamReaderProtocol(gone), os.fdopen(wire_out, "wb", 0)
    )

    def hang_up() -> None:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
        leave(finish=False)
        incoming.close()

    watches = [loop.create_task(_when_gone(gone, hang_up)), loop.create_task(_when_orphaned(hang_up))]
    for number in _SIGNALS:
        loop.add_signal_handler(number, hang_up)
    writer = PipeWriter(asyncio.StreamWriter(outgoing, protocol, gone, loop))
    try:
        yield PipeReader(stdin, writer), writer
    finally:
        for watch in watches:
            watch.cancel()
        incoming.close()


async def _when_gone(reader: asyncio.StreamReader, hang_up: Callable[[], None]) -> None:
    with suppress(ConnectionError):
        await reader.read()
    hang_up()


async def _when_orphaned(hang_up: Callable[[], None]) -> None:
    """Notice a client that died without closing stdin, since somebody else holds the pipe's other end, too."""
    parent = os.getppid()
    while os.getppid() == parent:  # noqa: ASYNC110 - no system tells of it by an event
        await asyncio.sleep(_LOOK_EVERY)
    hang_up()


def _claim() -> tuple[int, int]:
    """Take the wire for ourselves: from now on a print, wherever it comes from, lands on stderr."""
    wire = tuple(fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 3) for descriptor in (0, 1))
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    try:
        os.dup2(2, 1)
    except OSError:
        os.dup2(nothing, 1)
    os.close(nothing)
    return wire[0], wire[1]
