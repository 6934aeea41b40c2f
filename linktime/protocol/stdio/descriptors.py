"""The process's file descriptors 0 and 1, claimed for the protocol and connected to asyncio."""

from __future__ import annotations

import asyncio
import os
import stat

from ...pipeline.system import WINDOWS, has_reader
from .threads import InputThread, OutputThread


def claim() -> tuple[int, int]:
    """Return private copies of stdin and stdout. From now on any print goes to stderr."""
    wire = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    try:
        os.dup2(2, 1)
    except OSError:
        os.dup2(nothing, 1)
    os.close(nothing)
    return wire


async def connect_input(
    descriptor: int, protocol: asyncio.StreamReaderProtocol, platform: str
) -> asyncio.ReadTransport:
    """Connect a descriptor to read from: directly if asyncio can poll it, otherwise by a thread."""
    if not _can_be_polled(descriptor, platform):
        return InputThread(descriptor, protocol)
    pipe = os.fdopen(descriptor, "rb", 0)
    return (await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, pipe))[0]


async def connect_output(
    descriptor: int, protocol: asyncio.StreamReaderProtocol, platform: str
) -> asyncio.WriteTransport:
    """Connect a descriptor to write to: directly if asyncio can poll it, otherwise by a thread."""
    if not _can_be_polled(descriptor, platform):
        return OutputThread(descriptor, protocol, has_reader)
    pipe = os.fdopen(descriptor, "wb", 0)
    return (await asyncio.get_running_loop().connect_write_pipe(lambda: protocol, pipe))[0]


def _can_be_polled(descriptor: int, platform: str) -> bool:
    # Windows can't poll its pipes, and no system can poll a regular file.
    if platform == WINDOWS:
        return False
    # Pipes, sockets and terminals can be polled.
    mode = os.fstat(descriptor).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(descriptor)
