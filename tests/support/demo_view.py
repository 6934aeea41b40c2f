"""The program `linktime-mcp demo --view` as a child process."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from tests.support.process import PATIENCE, environ

_COMMAND: Final = (sys.executable, "-m", "linktime", "demo", "--view")
COMMAND: Final = (*_COMMAND, "--no-browser")
"""Runs the program without a browser."""


def address(lines: Iterable[str]) -> str:
    """Return the address that the program prints."""
    return next(word for line in lines if (word := line.strip()).startswith("http://"))


@dataclass(frozen=True, slots=True)
class DemoView:
    """The running program, and the address that it printed."""

    process: Process
    url: str

    async def end(self, number: int) -> tuple[int | None, bytes]:
        """Send a signal. Return the exit status and stderr."""
        self.process.send_signal(number)
        async with asyncio.timeout(PATIENCE):
            _, stderr = await self.process.communicate()
        return self.process.returncode, stderr


@asynccontextmanager
async def demo_view(*options: str, **settings: str) -> AsyncIterator[DemoView]:
    """Run the program until the block ends. It opens no browser unless *options* replace this."""
    command = (*_COMMAND, *options) if options else COMMAND
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE, env=environ(**settings))
    try:
        yield DemoView(process, await _address(process))
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        async with asyncio.timeout(PATIENCE):
            await process.wait()


async def _address(process: Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE):
        async for line in process.stdout:
            if (word := line.strip().decode()).startswith("http://"):
                return word
    raise EOFError("the program printed no address")
