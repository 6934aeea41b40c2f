"""Frames over this process's stdin and stdout."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from mcp.shared.message import SessionMessage
from mcp_types import INVALID_REQUEST, JSONRPCMessage, JSONRPCResponse, RequestId

from ...front import Front
from .batches import Batches, Frame
from .descriptors import claim, connect_input, connect_output
from .draining import Leave, Stream
from .endings import on_signals, restore_signals, when_gone, when_orphaned, when_stalled
from .frames import LARGEST_FRAME, Malformed, encode, message_of, parse
from .recorder import Recorder

_BOM: Final = b"\xef\xbb\xbf"
_FLUSH: Final = 0.5  # s; a client that no longer reads does not hold the exit


class PipeWriter(Stream):
    """The outgoing frames. After the client has closed its end they are dropped."""

    def __init__(self, stdout: asyncio.StreamWriter, recorder: Recorder) -> None:
        self.batches = Batches()
        self.recorder = recorder
        self._stdout = stdout
        # How far the client is: the bytes that were written, including those in the buffer
        self._written = 0  # bytes

    async def send(self, item: SessionMessage, /) -> None:
        """Write a message."""
        match item.message:
            # A result is a plain value already, and results are most of the bytes. Other messages are models.
            case JSONRPCResponse(id=ident, result=result):
                await self.write({"jsonrpc": "2.0", "id": ident, "result": result})
            case message:
                await self.write(message.model_dump(by_alias=True, exclude_unset=True, mode="json"))

    async def skip(self, ident: RequestId) -> None:
        """Write no answer to a request."""
        self.recorder.skipped(ident)
        await self.write_all(self.batches.unanswered(ident))

    async def write(self, frame: dict[str, Any]) -> None:
        """Write a frame. The answer to a request of a batch waits for the rest of the batch."""
        await self.write_all(self.batches.answered(frame))

    async def write_all(self, frame: Frame | None) -> None:
        """Write a frame or a batch, and wait while the client reads too slowly."""
        if frame is None or self._stdout.is_closing():
            return
        data = encode(frame)
        if isinstance(frame, dict) and "method" not in frame and self.recorder.is_known(frame.get("id"), data):
            return
        self._written += len(data)
        self._stdout.write(data)
        with suppress(ConnectionError):
            await self._stdout.drain()

    @property
    def taken(self) -> int | None:
        """Return how many bytes the client has read, or None if no byte waits for it."""
        waiting: int = self._stdout.transport.get_write_buffer_size()
        return self._written - waiting if waiting else None

    def abort(self) -> None:
        """Drop the bytes that wait."""
        self._stdout.transport.abort()

    async def aclose(self) -> None:
        """Wait until the client has read everything, for at most _FLUSH seconds."""
        self._stdout.close()
        with suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(_FLUSH):
                await self._stdout.wait_closed()


class PipeReader(Stream):
    """The incoming messages. It answers a frame that is no message itself."""

    def __init__(self, stdin: asyncio.StreamReader, writer: PipeWriter) -> None:
        self._stdin = stdin
        self._writer = writer
        self._messages: deque[JSONRPCMessage] = deque()  # the rest of a batch

    async def __anext__(self) -> SessionMessage:
        while not self._messages:
            if not (line := await self._line()):
                raise StopAsyncIteration
            self._writer.recorder.came(line)
            try:
                await self._take(line.removeprefix(_BOM).strip())
            except Malformed as malformed:
                for answer in malformed.answers:
                    await self._writer.write(answer)
        return SessionMessage(self._messages.popleft())

    async def _take(self, line: bytes) -> None:
        frame = parse(line) if line else None
        if isinstance(frame, list) and frame and self._writer.batches.are_allowed:
            messages, answer = self._writer.batches.read(frame)
            self._messages.extend(messages)
            await self._writer.write_all(answer)
        elif line and (message := message_of(frame)) is not None:
            self._messages.append(message)

    async def _line(self) -> bytes:
        """Read to the next newline or the end. A line over LARGEST_FRAME is refused without being held."""
        try:
            return await self._stdin.readuntil()
        except asyncio.IncompleteReadError as end:
            return end.partial
        except asyncio.LimitOverrunError as overrun:
            await self._skip(overrun.consumed)
            refusal = Malformed(INVALID_REQUEST, f"Invalid Request: a message has at most {LARGEST_FRAME} bytes")
            await self._writer.write(refusal.answers[0])
            return b"\n"

    async def _skip(self, consumed: int) -> None:
        # The buffer holds no newline, so it is emptied as often as the line fills it.
        while consumed:
            await self._stdin.readexactly(consumed)
            consumed = 0
            try:
                await self._stdin.readuntil()
            except asyncio.LimitOverrunError as overrun:
                consumed = overrun.consumed
            except asyncio.IncompleteReadError:
                return


class _Input(asyncio.StreamReader):
    """A reader that sets *ended* at the end of its input, even while nobody reads from it."""

    def __init__(self, ended: asyncio.Event) -> None:
        super().__init__(limit=LARGEST_FRAME)
        self._ended = ended

    def feed_eof(self) -> None:
        super().feed_eof()
        self._ended.set()


@asynccontextmanager
async def pipes(leave: Leave, front: Front, platform: str) -> AsyncIterator[tuple[PipeReader, PipeWriter]]:
    """Continue after the *front*, which has ended. SIGINT, SIGTERM, a closed stdout and a dead parent end the session.

    A second signal ends the program at once. After the end of the input, a client that takes no byte for _FLUSH seconds
    counts as gone.
    """
    # 1. Take the descriptors, so that a print of any library goes to stderr.
    # 2. Connect them to asyncio.
    # 3. Watch for each event that ends the session: a signal, a closed stdout, a dead parent, a client that stalls.
    wire_in, wire_out = claim()
    ended = asyncio.Event()
    stdin, gone = _Input(ended), asyncio.StreamReader()
    stdin.feed_data(front.taken)
    loop = asyncio.get_running_loop()
    protocol = asyncio.StreamReaderProtocol(gone)
    incoming = await connect_input(wire_in, asyncio.StreamReaderProtocol(stdin), platform)
    outgoing = await connect_output(wire_out, protocol, platform)
    outgoing.write(front.rest)
    writer = PipeWriter(asyncio.StreamWriter(outgoing, protocol, gone, loop), Recorder(front))

    def hang_up() -> None:
        # A second signal ends the program at once.
        restore_signals(loop, platform)
        ended.set()
        leave(finish=False)
        incoming.close()

    watches = [
        loop.create_task(when_gone(gone, hang_up)),
        loop.create_task(when_orphaned(hang_up, platform)),
        loop.create_task(when_stalled(ended, writer, _FLUSH)),
    ]
    on_signals(loop, hang_up, platform)
    try:
        yield PipeReader(stdin, writer), writer
    finally:
        for watch in watches:
            watch.cancel()
        incoming.close()
        with suppress(TimeoutError):  # a disk that does not answer does not hold the exit
            async with asyncio.timeout(_FLUSH):
                await asyncio.to_thread(writer.recorder.save)
