"""The real program as a child process, driven by bare frames."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson

from linktime.pipeline.system import STATE
from tests.support import template
from tests.support.privacy import slipped

PATIENCE = 20.0  # s; bounds every wait, and is not an expected duration


CALL = re.compile(r"(\w+|unknown tool) #\S+ \d+\.\d s: ")  # begins the line of a call

REAL = (sys.executable, "-m", "linktime")

_LONGEST_LINE = 64 << 20  # bytes

WARM = os.environ.get("LINKTIME_TEST_MEMO") == "warm"
"""Whether each program finds the first answers of an earlier session with the same settings."""

MODERN = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
}

FAREWELL = 3.0  # s; for the program to end by itself


def environ(**settings: str) -> dict[str, str]:
    """Return the environment of this process with only these settings. A HOME in them counts on every system."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("LINKTIME_", "OTEL_"))}
    return inherited | (home_variables(settings["HOME"]) if settings.get("HOME") else {}) | settings


def home_variables(home: str | Path) -> dict[str, str]:
    """Return the variables that name *home* and its folders on every system."""
    data = Path(home, "AppData")
    return {
        "HOME": str(home),
        "USERPROFILE": str(home),
        "APPDATA": str(data / "Roaming"),
        "LOCALAPPDATA": str(data / "Local"),
    }


def greeting(version: str = "2025-11-25", **capabilities: Any) -> dict[str, Any]:
    """Return the params of `initialize`."""
    return {
        "protocolVersion": version,
        "capabilities": capabilities,
        "clientInfo": {"name": "test", "version": "0"},
    }


_HANDSHAKE: list[tuple[str, Any]] = [
    ("initialize", greeting()),
    ("notifications/initialized", {}),
    ("tools/list", {}),
]
_DISCOVERY: list[tuple[str, Any]] = [("server/discover", {"_meta": MODERN}), ("tools/list", {"_meta": MODERN})]


class Child:
    """One server process, its frames and its stderr."""

    def __init__(self, process: Process | template.Program) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self.process = process
        self.stdin = process.stdin
        self.frames: list[Any] = []  # objects, or a list for a batch
        self.noise: list[bytes] = []
        self.stderr = ""
        self._stderr = process.stderr
        self._arrived = asyncio.Condition()
        self._ids = 0
        self._readers = [
            asyncio.create_task(self._read_frames(process.stdout)),
            asyncio.create_task(self._read_stderr()),
        ]

    @property
    def log(self) -> list[str]:
        """The lines of stderr, without the spans and the lines for calls."""
        return [line for line in self.stderr.splitlines() if "Z SPAN " not in line and not CALL.match(line)]

    @property
    def calls(self) -> list[str]:
        """The lines of stderr for calls."""
        return list(filter(CALL.match, self.stderr.splitlines()))

    async def _read_frames(self, stdout: asyncio.StreamReader) -> None:
        async for line in stdout:
            async with self._arrived:
                try:
                    self.frames.append(orjson.loads(line))
                except orjson.JSONDecodeError:
                    self.noise.append(line)
                self._arrived.notify_all()

    async def _read_stderr(self) -> None:
        async for line in self._stderr:
            self.stderr += line.decode()
            async with self._arrived:
                self._arrived.notify_all()

    def write(self, *frames: dict[str, Any] | bytes) -> None:
        """Write frames, or any bytes as a line."""
        for frame in frames:
            self.stdin.write((frame if isinstance(frame, bytes) else orjson.dumps(frame)) + b"\n")

    def ask(self, method: str, **params: Any) -> int:
        """Send a request and return its id without waiting."""
        self._ids += 1
        self.write({"jsonrpc": "2.0", "id": self._ids, "method": method, "params": params})
        return self._ids

    def call(self, tool: str, **arguments: Any) -> int:
        """Send a tool call and return its id without waiting."""
        return self.ask("tools/call", name=tool, arguments=arguments)

    def notify(self, method: str, **params: Any) -> None:
        """Send a notification."""
        self.write({"jsonrpc": "2.0", "method": method, "params": params})

    async def answer(self, ident: int | str | None) -> dict[str, Any]:
        """Wait for the answer to a request."""
        async with asyncio.timeout(PATIENCE), self._arrived:
            await self._arrived.wait_for(lambda: any(self._answers(frame, ident) for frame in self.frames))
        frame: dict[str, Any] = next(frame for frame in self.frames if self._answers(frame, ident))
        return frame

    @staticmethod
    def _answers(frame: Any, ident: int | str | None) -> bool:
        return isinstance(frame, dict) and "method" not in frame and frame.get("id") == ident

    async def result(self, ident: int) -> dict[str, Any]:
        """Wait for the result of a request."""
        result: dict[str, Any] = (await self.answer(ident))["result"]
        return result

    async def message(self, method: str) -> dict[str, Any]:
        """Wait for a request or a notification of the server, remove it from the frames and return it."""
        async with asyncio.timeout(PATIENCE), self._arrived:
            await self._arrived.wait_for(lambda: any(frame.get("method") == method for frame in self.frames))
        found: dict[str, Any] = next(frame for frame in self.frames if frame.get("method") == method)
        self.frames.remove(found)
        return found

    async def said(self, text: str) -> None:
        """Wait until stderr has *text*."""
        async with asyncio.timeout(PATIENCE), self._arrived:
            await self._arrived.wait_for(lambda: text in self.stderr)

    async def greet(self, version: str = "2025-11-25", **capabilities: Any) -> dict[str, Any]:
        """Perform the handshake and return its result."""
        result = await self.result(self.ask("initialize", **greeting(version, **capabilities)))
        self.notify("notifications/initialized")
        return result

    def pause_reading(self) -> None:
        """Leave the program's output in the pipe, until `resume_reading`."""
        self.process.stdout._transport.pause_reading()  # type: ignore[union-attr]

    def resume_reading(self) -> None:
        """Read the program's output again."""
        self.process.stdout._transport.resume_reading()  # type: ignore[union-attr]

    def stop_reading(self) -> None:
        """Close this end of the program's stdout."""
        self.process.stdout._transport.close()  # type: ignore[union-attr]

    async def ended(self) -> int:
        """Wait for the end of the program and of its output. Return its status."""
        async with asyncio.timeout(PATIENCE):
            status = await self.process.wait()
            await asyncio.gather(*self._readers)
        return status

    async def close(self) -> int:
        """Close stdin and wait for the end."""
        self.stdin.close()
        return await self.ended()


@asynccontextmanager
async def child(*command: str, **settings: str) -> AsyncIterator[Child]:
    """Run the program with only these settings and a budget of its own until the test ends.

    Without a *command* a template may start it.
    """
    with TemporaryDirectory(ignore_cleanup_errors=True) as state:
        budget = {} if STATE in settings else {"LINKTIME_BUDGET": "process"}
        env = environ(**{STATE: state} | budget | settings)
        if WARM and command in ((), REAL):
            await warm(env)
        process = await started(env=env, limit=_LONGEST_LINE, command=command)
        async with _driven(process, settings.get("LINKTIME_API_KEY", "")) as server:
            yield server


async def warm(env: Mapping[str, str]) -> None:
    """Record the first answers of both eras for programs with this environment."""
    for opening in (_HANDSHAKE, _DISCOVERY):
        frames = [{"jsonrpc": "2.0", "method": method, "params": params} for method, params in opening]
        for ident, frame in enumerate(frames):
            if not frame["method"].startswith("notifications/"):
                frame["id"] = ident
        process = await started(env=env)
        await process.communicate(b"".join(orjson.dumps(frame) + b"\n" for frame in frames))


async def started(
    *arguments: str,
    env: Mapping[str, str],
    cwd: Path | None = None,
    stdin: int = PIPE,
    stderr: int = PIPE,
    limit: int = 1 << 16,
    command: Sequence[str] = (),
) -> Process | template.Program:
    """Start the program with pipes, or another *stdin* or *stderr*. A line of its output may have *limit* bytes.

    A *command* is started as it is. Otherwise a template may start the program.
    """
    options: dict[str, Any] = {"env": env, "cwd": cwd, "stdin": stdin, "stderr": stderr, "limit": limit}
    if not command and template.can_start(env):
        return await template.start(*arguments, **options)
    return await asyncio.create_subprocess_exec(*(command or REAL), *arguments, stdout=PIPE, **options)


@asynccontextmanager
async def _driven(process: Process | template.Program, key: str) -> AsyncIterator[Child]:
    server = Child(process)
    try:
        yield server
    finally:
        server.stdin.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL):
                await process.wait()
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await server.ended()
        _let_nothing_slip(server, key)


def _let_nothing_slip(server: Child, key: str) -> None:
    """Check that the output of the program has no key, and its log no secret and no personal data."""
    answers = b"".join(orjson.dumps(frame) for frame in server.frames) + b"".join(server.noise)
    if len(key) > len("lt_live_x"):
        assert key not in server.stderr
        assert key.encode() not in answers
    assert slipped(server.stderr) == []
