"""The driver of the real program: child processes on stdio, and clients that leave or stop reading."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from tempfile import TemporaryDirectory
from typing import Any, Final, TypeVar

import orjson

from linktime.pipeline.system import STATE
from linktime.sandbox import Sandbox
from tests.support.process import Child, child, environ
from tests.support.sandbox_client import MONDAY, visiting

from .claims import NO_ANSWER, Claim, claim_of
from .judge import ENDED_BADLY, Finding
from .plan import STAY, Plan, plan
from .report import Report
from .stage import Played, Stage

TIMEOUT: Final = 0.7  # s
_IN_ONE_ACCOUNT: Final = 10  # runs
_PATIENCE: Final = 60.0  # s for a start, an answer or an end; more than a call has
_READ_WITHIN: Final = 0.3  # s; the program has read each call by then
_CHECK_EVERY: Final = 0.01  # s
_SETTINGS: Final = {
    "LINKTIME_TIMEOUT": f"{TIMEOUT}",
    "LINKTIME_DEADLINE": "30",
    "LINKTIME_RATE_LIMIT": "1000",
    "LINKTIME_RATE_PERIOD": "3",  # s; the pause after a 429 without Retry-After is a sixth of it
}
_SIGNALS: Final = {"kill": "SIGKILL", "term": "SIGTERM", "int": "SIGINT"}  # Windows lacks some
_UNREAD: Final = 40  # answers of tools/list, which are more than a pipe holds

T = TypeVar("T")
Progress = Callable[[Report], None]


class Program:
    """The real program as a server under test."""

    def __init__(self, process: Child) -> None:
        self.process = process
        self._is_ending = False

    async def call(self, tool: str, arguments: Mapping[str, Any]) -> Claim:
        """Call a tool, and wait for the answer or for the end of the program."""
        if self.gone():
            return Claim(NO_ANSWER)
        ident = self.process.call(tool, **arguments)
        answer = asyncio.create_task(patient(lambda: self.process.answer(ident)))
        end = asyncio.create_task(self.process.process.wait())
        await asyncio.wait({answer, end}, return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            await patient(self.process.ended)  # until all of its output is read
        for task in (answer, end):
            task.cancel()
        await asyncio.gather(answer, end, return_exceptions=True)
        return claim_of(next((frame for frame in self.process.frames if _answers(frame, ident)), None))

    async def cancel(self, tool: str, arguments: Mapping[str, Any], seconds: float) -> Claim:
        """Call a tool, and cancel the call after some seconds."""
        if self.gone():
            return Claim(NO_ANSWER)
        ident = self.process.call(tool, **arguments)
        await asyncio.sleep(seconds)
        if not self.gone():
            self.process.notify("notifications/cancelled", requestId=ident)
        return claim_of(next((frame for frame in self.process.frames if _answers(frame, ident)), None))

    def gone(self) -> bool:
        """Return whether it is ending or has ended."""
        return self._is_ending or self.process.process.returncode is not None

    async def end(self, run: Plan, writes: Callable[[], int]) -> list[Finding]:
        """End the program by the plan, and return the faults of its end."""
        with contextlib.suppress(TimeoutError):  # fewer came than the plan expects
            async with asyncio.timeout(2 * TIMEOUT):
                while writes() < run.arrived:
                    await asyncio.sleep(_CHECK_EVERY)
        await asyncio.sleep(run.pause)
        self._is_ending = True
        await asyncio.sleep(_READ_WITHIN)
        if run.ending == "eof":
            self.process.stdin.close()
        else:
            self.process.process.send_signal(signal.Signals[_SIGNALS[run.ending]])
        try:
            status = await patient(self.process.ended)
        except TimeoutError:
            self.process.process.kill()
            await self.process.ended()
            return [Finding(ENDED_BADLY, run.seed, f"it did not end on {run.ending}")]
        right = -signal.SIGKILL if run.ending == "kill" else 0
        return [] if status == right else [Finding(ENDED_BADLY, run.seed, f"status {status} on {run.ending}")]


async def drive(seeds: Sequence[int], report: Report, *, servers: int, progress: Progress = lambda _: None) -> None:
    """Play a run for each of *seeds*, on so many servers at once, into *report*."""
    places, share = asyncio.Semaphore(servers), min(_IN_ONE_ACCOUNT, -(-len(seeds) // servers))
    async with asyncio.TaskGroup() as group:
        for start in range(0, len(seeds), share):
            group.create_task(_account(seeds[start : start + share], report, progress, places))


async def _account(seeds: Sequence[int], report: Report, progress: Progress, places: asyncio.Semaphore) -> None:
    """Play runs one after the other in one account, on one server until a run ends it."""
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(places)
        began = time.monotonic()
        sandbox = await stack.enter_async_context(
            Sandbox(limit=0, now=lambda: MONDAY + timedelta(seconds=time.monotonic() - began))
        )
        stage = Stage(sandbox, await stack.enter_async_context(visiting(sandbox)), time.monotonic)
        await stage.setup.open()
        runs = [plan(seed, timeout=TIMEOUT) for seed in seeds]
        while runs:
            async with child(LINKTIME_BASE_URL=sandbox.url, LINKTIME_API_KEY=sandbox.key, **_SETTINGS) as process:
                await _start(process)
                server = Program(process)
                while runs and not server.gone():
                    run = runs.pop(0)
                    report.add(run.ending, await _play(stage, run, server))
                    progress(report)


async def _play(stage: Stage, run: Plan, server: Program) -> Played:
    if run.ending == STAY:
        return await stage.play(run, server)
    return await stage.play(run, server, lambda writes: server.end(run, writes))


async def _start(server: Child) -> None:
    try:
        await patient(lambda: server.said("running"))
        await server.greet()
    except TimeoutError:
        raise RuntimeError(f"the server did not start; it said: {server.stderr}") from None


async def patient(wait: Callable[[], Awaitable[T]]) -> T:
    """Wait again after a wait that is too short for a machine on which many servers start at once."""
    async with asyncio.timeout(_PATIENCE):
        while True:
            with contextlib.suppress(TimeoutError):
                return await wait()


def _answers(frame: Mapping[str, Any], ident: int) -> bool:
    return "method" not in frame and frame.get("id") == ident


async def leave_unread(*, stderr: bool = False) -> int | None:
    """Start the program with a client that never reads its stdout, or its *stderr*, and that then leaves.

    Return the exit status, or None if the program goes on.
    """
    out, into = os.pipe()
    async with Sandbox(limit=0) as sandbox:
        with TemporaryDirectory() as state:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "linktime",
                stdin=PIPE,
                stdout=DEVNULL if stderr else into,
                stderr=into if stderr else DEVNULL,
                env=environ(LINKTIME_BASE_URL=sandbox.url, LINKTIME_API_KEY=sandbox.key, **{STATE: state}),
            )
            os.close(into)
            try:
                return await _leave(process)
            finally:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
                os.close(out)


async def _leave(process: asyncio.subprocess.Process) -> int | None:
    assert process.stdin is not None
    client = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "0"}}
    frames = [_request(0, "initialize", **client), {"jsonrpc": "2.0", "method": "notifications/initialized"}]
    frames += [_request(number, "tools/list") for number in range(1, _UNREAD)]
    frames += [_request(_UNREAD + number, "tools/call", name="get_me", arguments={}) for number in range(10 * _UNREAD)]
    process.stdin.write(b"".join(orjson.dumps(frame) + b"\n" for frame in frames))
    process.stdin.close()
    try:
        async with asyncio.timeout(_PATIENCE / 2):
            return await process.wait()
    except TimeoutError:
        return None


def _request(ident: int, method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": ident, "method": method, "params": params}
