"""A template: a process that has imported the program, and forks for each start of it.

An import takes 0.4 s of CPU time, and a fork a twentieth of that. The fork is a process of its own, with its own
arguments, environment, directory, stdin, stdout, stderr and exit status. Tests of the start itself do not use it.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

FORKS: Final = sys.platform == "linux" and os.environ.get("LINKTIME_TEST_STARTS") != "real"
"""Whether programs start by a fork. Otherwise each start is real. Libraries of macOS do not survive a fork."""

spent: Final[list[float]] = []
"""The CPU seconds of each program that has ended."""

_AT_START: Final = ("PYTHON", "LINKTIME_PLAIN_IMPORTS", "OTEL_PYTHON", "OTEL_PROPAGATORS", "SSL", "LC_", "LANG")
"""The first letters of variables that are read during the start."""

_SPARED: Final = {"serve": ("mcp", "mcp.server"), "doctor": ("mcp", "mcp.server")}
"""The packages of which the program imports only the named modules, by command."""

_MODULES: Final = {
    "serve": ["linktime.commands.serve"],
    "call": ["linktime.commands.call"],
    "doctor": ["linktime.commands.doctor", "linktime.commands.doctor.api"],
    "tools": ["linktime.commands.call", "linktime.commands.listing"],
    "budget": ["linktime.commands.budget"],
    "completion": ["linktime.commands.completion"],
}
"""The modules that the program imports, by command."""

_STANDARD: Final = 3  # stdin, stdout and stderr


class Program:
    """A program that a template started, with the part of `asyncio.subprocess.Process` that the tests use."""

    def __init__(self, connection: socket.socket, pipes: Mapping[int, int]) -> None:
        self._connection = connection
        self._pipes = pipes  # this process's ends, by the descriptor in the program
        self.pid = 0
        self.returncode: int | None = None
        self.stdin: asyncio.StreamWriter | None = None
        self.stdout: asyncio.StreamReader | None = None
        self.stderr: asyncio.StreamReader | None = None

    async def begun(self, limit: int) -> Program:
        """Connect the pipes. A line may have *limit* bytes."""
        reader, self._writer = await asyncio.open_unix_connection(sock=self._connection)
        self.pid = int(await reader.readline())
        if 0 in self._pipes:
            self.stdin = await _writer(self._pipes[0])
        self.stdout, self.stderr = [
            await _reader(self._pipes[fd], limit) if fd in self._pipes else None for fd in (1, 2)
        ]
        self._ended = asyncio.create_task(self._end(reader))
        return self

    async def _end(self, reader: asyncio.StreamReader) -> int:
        status, seconds = (await reader.readline()).split()
        self.returncode = int(status)
        self._writer.close()
        spent.append(float(seconds))
        return self.returncode

    async def wait(self) -> int:
        """Wait for the end, and return the exit status, or the number of the signal below zero."""
        return await asyncio.shield(self._ended)

    async def communicate(self, data: bytes | None = None) -> tuple[bytes, bytes]:
        """Write *data* to stdin and close it. Return all of stdout and of stderr after the end."""
        if self.stdin:
            with contextlib.suppress(ConnectionError):
                self.stdin.write(data or b"")
                await self.stdin.drain()
            self.stdin.close()
        out, err, _ = await asyncio.gather(_all_of(self.stdout), _all_of(self.stderr), self.wait())
        return out, err

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the program has ended."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)


def can_start(environ: Mapping[str, str]) -> bool:
    """Return whether a program with these variables behaves the same if a template starts it."""
    changed = (name for name in {*environ, *os.environ} if environ.get(name) != os.environ.get(name))
    return FORKS and not any(name.startswith(_AT_START) for name in changed)


async def start(
    *arguments: str,
    env: Mapping[str, str],
    cwd: Path | None = None,
    stdin: int = PIPE,
    stderr: int = PIPE,
    limit: int = 1 << 16,
) -> Program:
    """Start `linktime-mcp` with these *arguments* and this environment. *stdin* and *stderr* may be descriptors."""
    pipes = {number: os.pipe() for number, wanted in enumerate((stdin, PIPE, stderr)) if wanted == PIPE}
    theirs = {number: pipe[number > 0] for number, pipe in pipes.items()}
    fds = [theirs.get(0, stdin), theirs[1], theirs[1] if stderr == STDOUT else theirs.get(2, stderr)]
    job = {"arguments": arguments, "environ": dict(env), "directory": str(cwd or Path.cwd())}
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(_template(arguments[0] if arguments else "serve", is_measured="COVERAGE_PROCESS_START" in env))
    socket.send_fds(connection, [b"\0"], fds)
    connection.sendall(json.dumps(job).encode() + b"\n")
    for fd in theirs.values():
        os.close(fd)
    ours = {number: pipe[number == 0] for number, pipe in pipes.items()}
    return await Program(connection, ours).begun(limit)


async def _reader(fd: int, limit: int) -> asyncio.StreamReader:
    reader = asyncio.StreamReader(limit)
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, os.fdopen(fd, "rb", 0))
    return reader


async def _writer(fd: int) -> asyncio.StreamWriter:
    loop = asyncio.get_running_loop()
    pipe = os.fdopen(fd, "wb", 0)
    transport, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, pipe)
    return asyncio.StreamWriter(transport, protocol, None, loop)


async def _all_of(stream: asyncio.StreamReader | None) -> bytes:
    return await stream.read() if stream else b""


@cache
def _template(command: str, *, is_measured: bool) -> str:
    """Start the template for a *command*, and return its address. Coverage measures it with all its forks, or not."""
    folder = TemporaryDirectory()
    address = f"{folder.name}/template"
    process = subprocess.Popen(  # its stdin ends it
        [sys.executable, "-m", "tests.support.template", command, address],
        stdin=PIPE,
        stdout=PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdin
    assert process.stdout
    assert process.stdout.readline(), "the template has not started"
    process.stdout.close()
    atexit.register(folder.cleanup)
    atexit.register(process.wait)
    atexit.register(process.stdin.close)
    return address


def _import(command: str) -> None:
    """Import the modules that the program imports for *command*, as it imports them."""
    from linktime.commands.startup import sparing  # noqa: PLC0415 - here and below: the tests themselves need none of this

    with sparing(*_SPARED.get(command, ())):
        for name in ["linktime.cli", *_MODULES.get(command, [])]:
            import_module(name)
    if command in {"serve", "call"}:
        asyncio.run(_build())


async def _build() -> None:
    """Build a server once, because its models are built at their first use."""
    from linktime.app import app  # noqa: PLC0415
    from linktime.config import Settings  # noqa: PLC0415

    settings = Settings.from_environ({"LINKTIME_API_KEY": "lt_live_template", "LINKTIME_BUDGET": "process"})
    async with app(settings, lazy=False):
        pass


class _Template:
    """Forks for each connection to *address*. The connection gets the process's id, and at its end its status."""

    def __init__(self, address: str) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(address)
        self._listener.listen(64)
        self._children: dict[int, socket.socket] = {}

    def job(self) -> dict[str, Any]:
        """Return the job in each child. In the template itself, end with stdin."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the tests
        signal.signal(signal.SIGCHLD, self._reap)
        while True:
            ready, _, _ = select.select([0, self._listener.fileno()], [], [])
            if 0 in ready:
                os._exit(0)
            connection, _ = self._listener.accept()
            _, fds, _, _ = socket.recv_fds(connection, 1, _STANDARD)
            with connection.makefile("rb") as lines:
                job: dict[str, Any] = json.loads(lines.readline())
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])  # until the child is known
            if not (pid := os.fork()):
                connection.close()
                self._become(fds)
                return job
            for fd in fds:
                os.close(fd)
            self._children[pid] = connection
            connection.sendall(b"%d\n" % pid)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])

    def _reap(self, *_: object) -> None:
        with contextlib.suppress(ChildProcessError):
            while (ended := os.wait4(-1, os.WNOHANG))[0]:
                pid, status, usage = ended
                connection = self._children.pop(pid)
                code, seconds = os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime
                with contextlib.suppress(OSError):
                    connection.sendall(f"{code} {seconds}\n".encode())
                connection.close()

    def _become(self, fds: Sequence[int]) -> None:
        """Leave the template's signals and descriptors, and take the standard *fds*."""
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
        for each in (self._listener, *self._children.values()):
            each.close()
        for target, fd in enumerate(fds):
            os.dup2(fd, target)
            os.close(fd)


def _run(job: Mapping[str, Any]) -> None:
    os.chdir(job["directory"])
    os.environ.clear()
    os.environ.update(job["environ"])
    time.tzset()
    sys.argv[1:] = job["arguments"]
    sys.stdin, sys.stdout, sys.stderr = (
        open(fd, mode, encoding="utf-8", errors=errors, closefd=False)  # noqa: SIM115 - until the end
        for fd, mode, errors in ((0, "r", "strict"), (1, "w", "strict"), (2, "w", "backslashreplace"))
    )
    from linktime.__main__ import main  # noqa: PLC0415

    main()


if __name__ == "__main__":
    _import(sys.argv[1])
    template = _Template(sys.argv[2])
    os.write(1, b"\n")
    _run(template.job())
