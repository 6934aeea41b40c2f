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
_STDIN: Final = -10  # STD_INPUT_HANDLE
_LONGEST_ANSWER: Final = 1024  # bytes
_YES: Final = frozenset({"y", "yes"})


def prepare_streams() -> None:
    """Write UTF-8 to files in every locale. A console shows `?` for a character that it lacks."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="replace")


def is_closed(fault: OSError) -> bool:
    """Return whether the reader of a pipe closed it. It has read enough, so no message is needed."""
    return fault.errno in _CLOSED_PIPE


def has_user(platform: str = sys.platform, libraries: Any = None) -> bool:
    """Return whether a user can answer on stdin. On Windows *libraries* replaces those of the system."""
    if platform != WINDOWS:
        return os.isatty(0)
    from ctypes import byref, c_ulong  # noqa: PLC0415 - of Windows alone

    # isatty is true for the device NUL as well, so a mode is asked for, which only a console has.
    kernel = (libraries or windows()).kernel32
    return bool(kernel.GetConsoleMode(kernel.GetStdHandle(_STDIN), byref(c_ulong())))


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
