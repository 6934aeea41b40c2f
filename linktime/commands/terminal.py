"""The terminal of a command: its streams, its user, and the questions to that user."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from errno import EINVAL, EPIPE
from io import TextIOWrapper
from threading import Thread
from typing import Any, Final

from ..pipeline.system import WINDOWS, windows

_CLOSED_PIPE: Final = frozenset({EPIPE, EINVAL})  # the latter on Windows
_STDIN, _STDOUT, _STDERR = -10, -11, -12  # numbers of the standard streams of Windows
_ESCAPES: Final = 0x4  # ENABLE_VIRTUAL_TERMINAL_PROCESSING
_LONGEST_ANSWER: Final = 1024  # bytes
_YES: Final = frozenset({"y", "yes"})


def prepare_streams(platform: str = sys.platform, libraries: Any = None) -> None:
    """Write UTF-8 to files in every locale. A console shows `?` for a character that it lacks.

    A console of Windows understands escape sequences from now on. There *libraries* replaces those of the system.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="replace")
    if platform == WINDOWS:
        kernel = (libraries or windows()).kernel32
        for number in (_STDOUT, _STDERR):
            if (mode := _console_mode(kernel, number)) is not None:
                kernel.SetConsoleMode(kernel.GetStdHandle(number), mode | _ESCAPES)


def is_closed(fault: OSError) -> bool:
    """Return whether the reader of a pipe closed it. It has read enough, so no message is needed."""
    return fault.errno in _CLOSED_PIPE


def has_user(platform: str = sys.platform, libraries: Any = None) -> bool:
    """Return whether a user can answer on stdin. On Windows *libraries* replaces those of the system."""
    if platform != WINDOWS:
        return os.isatty(0)
    # isatty is true for the device NUL as well.
    return _console_mode((libraries or windows()).kernel32, _STDIN) is not None


def _console_mode(kernel: Any, number: int) -> int | None:
    """Return the mode of a standard stream of Windows, None if it is no console."""
    from ctypes import byref, c_ulong  # noqa: PLC0415 - of Windows alone

    mode = c_ulong()
    return mode.value if kernel.GetConsoleMode(kernel.GetStdHandle(number), byref(mode)) else None


def write_error(text: str) -> None:
    """Write one line to stderr, if it is open."""
    if sys.stderr:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()


async def confirmed(question: str) -> bool:
    """Ask a yes-or-no question on the terminal. Ctrl-C and the end of the input end the wait."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[bytes] = loop.create_future()

    def read() -> None:
        # os.read takes no lock of Python's stdin, so a thread that still waits does not delay the exit.
        line = os.read(0, _LONGEST_ANSWER)
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(_resolve, answer, line)

    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    Thread(target=read, daemon=True).start()
    return (await answer).decode(errors="replace").strip().casefold() in _YES


def _resolve(answer: asyncio.Future[bytes], line: bytes) -> None:
    if not answer.done():
        answer.set_result(line)


class ProgressLine:
    """The last line of stderr while a call waits. A terminal shows each message in its place, a file has the first."""

    def __init__(self) -> None:
        self._is_live = bool(sys.stderr and sys.stderr.isatty())
        self._is_open = False  # whether a message was written and not cleared

    def show(self, message: str) -> None:
        """Show a message of the server."""
        if self._is_live:
            sys.stderr.write(f"\r\x1b[K{message}")
            sys.stderr.flush()
        elif not self._is_open:
            write_error(message)
        self._is_open = True

    def clear(self) -> None:
        """Remove the message from a terminal."""
        if self._is_live and self._is_open:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
        self._is_open = False
