"""A program behind pipes, driven by blocking frames, because a measurement must use little time itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import count
from subprocess import DEVNULL, PIPE, Popen
from time import perf_counter
from typing import IO, Any, Final, Self

from tests.support.process import environ

_PATIENCE: Final = 30.0  # s
_VERSION: Final = "2025-11-25"


class Program:
    """A server as a child process, as a context manager. *began* is the time before its start.

    Its stderr is the null device. Every answer has to be a result.
    """

    def __init__(self, command: Sequence[str], settings: Mapping[str, str]) -> None:
        self.began = perf_counter()
        self._process = Popen(command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=environ(**settings))
        self._stdin, self._stdout = _pipe(self._process.stdin), _pipe(self._process.stdout)
        self.pid = self._process.pid
        self._ids = count(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._stdin, self._stdout):
            with suppress(OSError):
                pipe.close()

    def greet(self) -> None:
        """Initialize the session."""
        self.ask("initialize", protocolVersion=_VERSION, capabilities={}, clientInfo={"name": "b", "version": "0"})
        self.put(b'{"jsonrpc":"2.0","method":"notifications/initialized"}\n')

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Make one request and wait for its result."""
        self.put(frame(method, params, next(self._ids)))
        result: dict[str, Any] = json.loads(self.line())["result"]
        return result

    def put(self, frames: bytes) -> None:
        """Write frames."""
        self._stdin.write(frames)
        self._stdin.flush()

    def line(self) -> bytes:
        """Read one frame, which must be a result without an error."""
        line = self._stdout.readline()
        if b'"result":' not in line or b'"isError":true' in line:
            raise SystemExit(f"{self._process.args!r} answered {line[:500]!r}")
        return line

    def leave(self) -> float:
        """Close its stdin, and return the seconds until it has ended."""
        began = perf_counter()
        self._stdin.close()
        self._process.wait(_PATIENCE)
        return perf_counter() - began


def frame(method: str, params: Mapping[str, Any], ident: int = 1) -> bytes:
    """Return a request. Most have the same id, since the caller reads the answers in order or only counts them."""
    return json.dumps({"jsonrpc": "2.0", "id": ident, "method": method, "params": params}).encode() + b"\n"


def calls(tool: str, arguments: Iterable[Mapping[str, Any]]) -> list[bytes]:
    """Return tool calls, each with an id of its own."""
    return [
        json.dumps(
            {"jsonrpc": "2.0", "id": ident, "method": "tools/call", "params": {"name": tool, "arguments": values}}
        ).encode()
        + b"\n"
        for ident, values in enumerate(arguments)
    ]


def drive(program: Program, frames: Sequence[bytes], *, width: int = 1) -> float:
    """Make calls, so many at once, and return the answers per second."""
    began = perf_counter()
    program.put(b"".join(frames[:width]))
    for following in frames[width:]:
        program.line()
        program.put(following)
    for _ in frames[:width]:
        program.line()
    return len(frames) / (perf_counter() - began)


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe
