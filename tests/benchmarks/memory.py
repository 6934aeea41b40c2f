"""What the program holds: at rest after the demo's calls, after many cached calls, and after many distinct reads."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from threading import get_native_id
from typing import Final, NamedTuple, TextIO

from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from rich.console import Console

from linktime.commands.demo import converse
from linktime.commands.demo.transcript import Transcript

from .lives import AT_ONCE, Candidate
from .wire import Program, calls, drive

_SETTLED: Final = 2000  # calls, after which everything is imported and every buffer has its size


class Memory(NamedTuple):
    """MB of one process: *rss* counts pages that it shares with others in full, *pss* by its share."""

    rss: float
    pss: float

    @classmethod
    def of(cls, pid: int) -> Memory:
        """Read that of a process; Linux tells it."""
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()[1:]
        held = {name: int(rest.split()[0]) / 1024 for name, _, rest in (line.partition(":") for line in lines)}
        return cls(held["Rss"], held["Pss"])


class Growth(NamedTuple):
    """Memory before, and after more of the same."""

    before: Memory
    after: Memory


async def after_the_demo(ours: Candidate) -> Memory:
    """Play the demo's eight conversations with spans on a stderr, and look while the program rests."""
    with _nowhere() as nowhere:
        program = StdioServerParameters(command=ours.command[0], args=[*ours.command[1:]], env=dict(ours.settings))
        async with Client(stdio_client(program, errlog=nowhere)) as client:
            await converse(client, Transcript(Console(file=nowhere)), now=lambda: datetime.now(UTC))
            return Memory.of(_child())


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")


def over_cached_calls(ours: Candidate, number: int) -> Growth:
    """Make so many cached calls, and look when the program has settled and at the end."""
    frames = calls(ours.tool, [{}] * _SETTLED)
    with Program(ours.command, ours.settings) as program:
        program.greet()
        drive(program, frames, width=AT_ONCE)
        before = Memory.of(program.pid)
        for _ in range(number // _SETTLED - 1):
            drive(program, frames, width=AT_ONCE)
        return Growth(before, Memory.of(program.pid))


def over_distinct_reads(ours: Candidate, number: int) -> Growth:
    """Make so many reads that are all different, and look when the cache is full, which holds 1024, and at the end."""
    frames = calls("list_contacts", [{"page": page} for page in range(1, number + 1)])
    with Program(ours.command, ours.settings) as program:
        program.greet()
        drive(program, frames[:_SETTLED], width=AT_ONCE)
        before = Memory.of(program.pid)
        drive(program, frames[_SETTLED:], width=AT_ONCE)
        return Growth(before, Memory.of(program.pid))


def _child() -> int:
    """Find the one process that was started by the loop's thread and is the program."""
    started = Path(f"/proc/self/task/{get_native_id()}/children").read_text(encoding="ascii").split()
    return next(int(pid) for pid in started if b"\0linktime\0" in Path(f"/proc/{pid}/cmdline").read_bytes())
