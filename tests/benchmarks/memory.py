"""Measures the memory of the program after the demo's calls, after many cached calls, and after many distinct reads."""

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
    """The memory of a process in MB. *rss* counts shared pages in full, *pss* counts its share of them."""

    rss: float
    pss: float

    @classmethod
    def of(cls, pid: int) -> Memory:
        """Read the memory of a process, on Linux."""
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()[1:]
        held = {name: int(rest.split()[0]) / 1024 for name, _, rest in (line.partition(":") for line in lines)}
        return cls(held["Rss"], held["Pss"])


class Growth(NamedTuple):
    """The memory before and after many calls."""

    before: Memory
    after: Memory


async def after_the_demo(ours: Candidate) -> Memory:
    """Play the demo's eight conversations with spans on stderr, and measure while the program is idle."""
    with _nowhere() as nowhere:
        program = StdioServerParameters(command=ours.command[0], args=[*ours.command[1:]], env=dict(ours.settings))
        async with Client(stdio_client(program, errlog=nowhere)) as client:
            await converse(client, Transcript(Console(file=nowhere)), now=lambda: datetime.now(UTC))
            return Memory.of(_child())


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")


def over_cached_calls(ours: Candidate, number: int) -> Growth:
    """Make so many cached calls, and measure after the first ones and at the end."""
    frames = calls(ours.tool, [{}] * _SETTLED)
    with Program(ours.command, ours.settings) as program:
        program.greet()
        drive(program, frames, width=AT_ONCE)
        before = Memory.of(program.pid)
        for _ in range(number // _SETTLED - 1):
            drive(program, frames, width=AT_ONCE)
        return Growth(before, Memory.of(program.pid))


def over_distinct_reads(ours: Candidate, number: int) -> Growth:
    """Make so many distinct reads, and measure when the cache of 1024 answers is full and at the end."""
    frames = calls("list_contacts", [{"page": page} for page in range(1, number + 1)])
    with Program(ours.command, ours.settings) as program:
        program.greet()
        drive(program, frames[:_SETTLED], width=AT_ONCE)
        before = Memory.of(program.pid)
        drive(program, frames[_SETTLED:], width=AT_ONCE)
        return Growth(before, Memory.of(program.pid))


def _child() -> int:
    """Return the process id of the program, the only one that the thread of the loop has started."""
    started = Path(f"/proc/self/task/{get_native_id()}/children").read_text(encoding="ascii").split()
    return next(int(pid) for pid in started if b"\0linktime\0" in Path(f"/proc/{pid}/cmdline").read_bytes())
