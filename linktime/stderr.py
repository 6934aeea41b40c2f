"""Standard error that never blocks: a bounded queue of lines and a thread that writes them."""

from __future__ import annotations

import io
import logging
import os
import stat
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from threading import Condition, Thread
from typing import Final

_MOST_LINES: Final = 1024  # further lines are dropped until the reader reads
_MANY_LINES: Final = 256  # the thread gathers no more
_LONGEST_WRITE: Final = 4096  # bytes; a pipe takes that many in one piece
_GATHER: Final = 0.02  # s; after a write, further lines wait for so long, since each wake-up costs a call 60 µs
_STANDARD: Final = (0, 1, 2)


class _Queue:
    """The lines that wait, and the daemon thread that writes them to file descriptor 2."""

    def __init__(self) -> None:
        # The lines, and the lock that guards all of this
        self._lines: deque[bytes] = deque()
        self._changed = Condition()
        # The thread, started with the first line. It waits for a line, or writes, or gathers lines unless it hurries.
        self._thread: Thread | None = None
        self._idle = False
        self._busy = False
        self._hurries = False

    def put(self, line: bytes) -> None:
        """Add a line, or drop it if the queue is full."""
        with self._changed:
            if len(self._lines) >= _MOST_LINES:
                return
            self._lines.append(line)
            if self._idle or len(self._lines) == _MANY_LINES:
                self._changed.notify_all()
            if self._thread is None:
                self._thread = Thread(target=self._run, name="stderr", daemon=True)
                self._thread.start()

    def flush(self, seconds: float) -> None:
        """Wait until every line is written, at most *seconds*."""
        with self._changed:
            self._hurries = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._lines and not self._busy, seconds)
            self._hurries = False

    def _run(self) -> None:
        while True:
            with self._changed:
                self._idle = True
                self._changed.wait_for(lambda: self._lines)
                self._idle = False
            while piece := self._next():
                _write(piece)
            with self._changed:
                self._changed.wait_for(lambda: self._hurries or len(self._lines) >= _MANY_LINES, _GATHER)

    def _next(self) -> bytes:
        """Remove the lines of one write, and return them. Return nothing if no line is left."""
        piece = b""
        with self._changed:
            while self._lines and len(piece) + len(self._lines[0]) <= _LONGEST_WRITE:
                piece += self._lines.popleft()
            self._busy = bool(piece)
            self._changed.notify_all()
        return piece


_queue: Final = _Queue()


def write_line(text: str) -> None:
    """Write one line to standard error. Never blocks and never raises. Drops the line while the queue is full."""
    line = text.rstrip("\n").encode("utf-8", "backslashreplace")[: _LONGEST_WRITE - 1]
    _queue.put(line.decode("utf-8", "ignore").encode() + b"\n")


def flush(seconds: float) -> None:
    """Wait until the lines so far are written, at most *seconds*."""
    _queue.flush(seconds)


class LineHandler(logging.Handler):
    """A log handler that calls `write_line`."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record, which may have several lines."""
        for line in self.format(record).splitlines():
            write_line(line)


@contextmanager
def redirected() -> Iterator[None]:
    """Send Python's own prints, warnings and tracebacks through `write_line`, whether meant for stdout or stderr."""
    text = _Text()
    with redirect_stdout(text), redirect_stderr(text):
        yield


def secure(is_same: Callable[[int, int], bool]) -> None:
    """Open the standard descriptors that are closed, and separate stderr from stdout.

    A closed descriptor would be reused by the next file that the process opens. Lines on a stderr that is the same
    pipe or file as stdout would break the protocol, so they are discarded. *is_same* compares two descriptors.
    """
    # 1. Open descriptors 0 to 2.
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in _STANDARD:
        if not _is_open(descriptor):
            os.dup2(nothing, descriptor)
    # 2. Send stderr to the null device if it is the same file as stdout. A terminal may be both.
    if is_same(1, 2) and not stat.S_ISCHR(os.fstat(1).st_mode):
        os.dup2(nothing, 2)
    if nothing not in _STANDARD:
        os.close(nothing)


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def _write(lines: bytes) -> None:
    try:
        while lines:
            lines = lines[os.write(2, lines) :]
    except OSError:
        return  # closed or broken: the lines are lost


class _Text(io.TextIOBase):
    """A text stream that buffers until the end of a line."""

    def __init__(self) -> None:
        self._rest = ""

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, text: str) -> int:
        """Write the lines that are complete."""
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            write_line(line)
        return len(text)

    def flush(self) -> None:
        """Write the part of a line that waits."""
        if self._rest:
            write_line(self._rest)
            self._rest = ""
