"""asyncio's transports by a thread each, for descriptors that asyncio can't poll.

Those are regular files, and on Windows every pipe. A thread that waits in a read or a write can't be woken, so it is a
daemon and only the thread itself closes its descriptor. On Windows any other call for that descriptor would wait, too.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from threading import Condition, Semaphore, Thread
from typing import Any, Final

_CHUNK: Final = 64 << 10  # bytes of one read
_PIECE: Final = 16 << 10  # bytes of one write; a client that takes fewer in the time of a flush counts as gone
_HIGH: Final = 64 << 10  # bytes that wait; above it the writers wait, too
_LOW: Final = 16 << 10  # bytes that wait; at it the writers go on
_LOOK_EVERY: Final = 1.0  # s; no system has an event for a lost reader that a thread could wait for besides its bytes


class InputThread(asyncio.ReadTransport):
    """A transport that reads a descriptor. The thread reads one chunk ahead of the protocol."""

    def __init__(self, descriptor: int, protocol: asyncio.StreamReaderProtocol) -> None:
        super().__init__()
        # The source, and the receiver
        self._descriptor = descriptor
        self._protocol = protocol
        self._loop = asyncio.get_running_loop()
        # The state in the loop
        self._paused = False  # the protocol has enough for now
        self._closing = False  # the protocol gets no more bytes
        # The chunks that the thread may read
        self._wanted = Semaphore()
        protocol.connection_made(self)
        Thread(target=self._run, name="stdin", daemon=True).start()

    def pause_reading(self) -> None:
        """Hand over no further chunk."""
        self._paused = True

    def resume_reading(self) -> None:
        """Hand over chunks again."""
        self._paused = False
        self._wanted.release()

    def is_closing(self) -> bool:
        """Return whether the end of the input was reached, or `close` was called."""
        return self._closing

    def close(self) -> None:
        """End the input for the protocol. The thread ends with its next chunk, or with the process."""
        if not self._closing:
            self._closing = True
            self._loop.call_soon(self._protocol.connection_lost, None)

    def _run(self) -> None:
        while data := self._read():
            call_in(self._loop, self._received, data)
        call_in(self._loop, self.close)
        os.close(self._descriptor)

    def _read(self) -> bytes:
        """Return the next chunk when the protocol wants it, or nothing at the end. Windows raises at the end."""
        self._wanted.acquire()
        with suppress(OSError):
            return os.read(self._descriptor, _CHUNK)
        return b""

    def _received(self, data: bytes) -> None:
        if not self._closing:
            self._protocol.data_received(data)
        if not self._paused:
            self._wanted.release()


class OutputThread(asyncio.WriteTransport):
    """A transport that writes to a descriptor. A lost reader is noticed by the next write, or in a second.

    *has_reader* checks a descriptor. Only the thread calls it.
    """

    def __init__(
        self, descriptor: int, protocol: asyncio.StreamReaderProtocol, has_reader: Callable[[int], bool]
    ) -> None:
        super().__init__()
        # The target and its check, and the sender, which hears of a full buffer and of the end
        self._descriptor = descriptor
        self._has_reader = has_reader
        self._protocol = protocol
        self._loop = asyncio.get_running_loop()
        # The state in the loop
        self._paused = False  # the protocol waits for room
        self._closing = False  # no further byte is taken
        self._ended = False  # the protocol knows of the end
        # The bytes that are not written yet, and the lock that guards them
        self._buffer = bytearray()
        self._changed = Condition()
        protocol.connection_made(self)
        Thread(target=self._run, name="stdout", daemon=True).start()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Add bytes to the buffer. Pause the protocol if it is full."""
        if self._closing:
            return
        with self._changed:
            self._buffer += data
            self._changed.notify_all()
        if len(self._buffer) > _HIGH and not self._paused:
            self._paused = True
            self._protocol.pause_writing()

    def get_write_buffer_size(self) -> int:
        """Return how many bytes are not written yet."""
        return len(self._buffer)

    def is_closing(self) -> bool:
        """Return whether the output takes no further bytes."""
        return self._closing

    def close(self) -> None:
        """End the output after the bytes that wait."""
        self._closing = True
        if not self._buffer:
            self._loop.call_soon(self._end)

    def abort(self) -> None:
        """End the output now, without the bytes that wait."""
        self._closing = True
        with self._changed:
            self._buffer.clear()
        self._loop.call_soon(self._end)

    def _run(self) -> None:
        while (piece := self._piece()) is not None:
            try:
                written = self._write(piece)
            except OSError:
                call_in(self._loop, self._end, BrokenPipeError())
                break
            if written:
                with self._changed:
                    del self._buffer[:written]
                call_in(self._loop, self._wrote)
        os.close(self._descriptor)

    def _piece(self) -> bytes | None:
        """Wait for bytes, and return the next ones. Return no bytes after a second, and None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._buffer or self._ended, _LOOK_EVERY)
            return None if self._ended and not self._buffer else bytes(self._buffer[:_PIECE])

    def _write(self, piece: bytes) -> int:
        """Write a part of *piece*, and return its size. Raises OSError if the reader is lost."""
        if piece:
            return os.write(self._descriptor, piece)
        if not self._has_reader(self._descriptor):
            raise BrokenPipeError
        return 0

    def _wrote(self) -> None:
        if self._paused and len(self._buffer) <= _LOW:
            self._paused = False
            self._protocol.resume_writing()
        if self._closing and not self._buffer:
            self._end()

    def _end(self, error: Exception | None = None) -> None:
        if not self._ended:
            self._closing = True
            self._protocol.connection_lost(error)
            with self._changed:
                self._ended = True
                self._changed.notify_all()


def call_in(loop: asyncio.AbstractEventLoop, function: Callable[..., None], *arguments: Any) -> None:
    """Call *function* in the loop, unless that is closed."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(function, *arguments)
