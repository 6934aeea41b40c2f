"""The real program over each transport, on pipes, files and pseudo-terminals."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import termios
import time
import tty
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Final, NamedTuple

from tests.support.process import PATIENCE, environ

POLLED: Final = (sys.executable, "-m", "linktime")
THREADS: Final = (sys.executable, "-c", "from linktime.commands.serve import serve; serve(platform='win32')")
"""The command of the program as it runs on Windows: with threads, and with signals in their own way."""

COMMANDS: Final = {"polled": POLLED, "threads": THREADS}
WIRES: Final = [
    (transport, kind)
    for kind in ("pipes", "files", "terminal")
    for transport in COMMANDS
    if (transport, kind) != ("polled", "files")  # it takes threads for files by itself
]


class Outcome(NamedTuple):
    """The end of a program."""

    status: int
    out: bytes
    log: str


def play(transport: str, kind: str, folder: Path, data: bytes) -> Outcome:
    """Run the program with *data* as its whole input."""
    with (folder / "log").open("wb") as log:
        started = {
            "stderr": log,
            "env": environ(LINKTIME_API_KEY="lt_live_x", LINKTIME_BUDGET="process"),
        }
        players = {"pipes": _over_pipes, "files": _over_files, "terminal": _over_terminals}
        status, out = players[kind](COMMANDS[transport], folder, data, **started)
    return Outcome(status, out, (folder / "log").read_text())


def _over_pipes(command: tuple[str, ...], folder: Path, data: bytes, **started: object) -> tuple[int, bytes]:
    ended = subprocess.run(command, input=data, stdout=subprocess.PIPE, timeout=PATIENCE, check=False, **started)  # type: ignore[call-overload]
    return ended.returncode, ended.stdout


def _over_files(command: tuple[str, ...], folder: Path, data: bytes, **started: object) -> tuple[int, bytes]:
    (folder / "in").write_bytes(data)
    with (folder / "in").open("rb") as stdin, (folder / "out").open("wb") as stdout:
        ended = subprocess.run(command, stdin=stdin, stdout=stdout, timeout=PATIENCE, check=False, **started)  # type: ignore[call-overload]
    return ended.returncode, (folder / "out").read_bytes()


def _over_terminals(command: tuple[str, ...], folder: Path, data: bytes, **started: object) -> tuple[int, bytes]:
    """Use one terminal for the input and another for the output. The first one hangs up when *data* was read."""
    (keyboard, stdin), (screen, stdout) = os.openpty(), os.openpty()
    for terminal in (stdin, stdout):
        tty.setraw(terminal)
    with subprocess.Popen(command, stdin=stdin, stdout=stdout, **started) as process:  # type: ignore[call-overload]
        os.close(stdout)
        typing = Thread(target=_type, args=(keyboard, stdin, data))
        typing.start()
        out = _read(screen)
        typing.join()
        return process.wait(PATIENCE), out


def _type(keyboard: int, stdin: int, data: bytes) -> None:
    with open(keyboard, "wb", buffering=0) as terminal, open(stdin, "rb", buffering=0) as other:
        rest = memoryview(data)
        while rest:
            rest = rest[terminal.write(rest) :]
        _wait_until_read(other.fileno())


def _wait_until_read(terminal: int) -> None:
    """Wait until no byte waits, because a terminal that hangs up drops its input. The kernel moves bytes in steps."""
    idle = 0
    for _ in range(int(PATIENCE * 100)):
        waiting = int.from_bytes(fcntl.ioctl(terminal, termios.FIONREAD, bytes(4)), sys.byteorder)
        idle = 0 if waiting else idle + 1
        if idle >= 10:
            return
        time.sleep(0.01)
    raise TimeoutError


def _read(screen: int) -> bytes:
    out = bytearray()
    with open(screen, "rb", buffering=0) as terminal, suppress(OSError):  # when the program ends
        while piece := terminal.read(1 << 16):
            out += piece
    return bytes(out)
