"""The process's file descriptors 0 and 1, claimed for the protocol and connected to asyncio."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
import sys
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import Final

_CHUNK: Final = 64 << 10  # bytes

Protocol = Callable[[], asyncio.StreamReaderProtocol]


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


async def connect_input(descriptor: int, protocol: Protocol) -> asyncio.BaseTransport:
    """Connect a descriptor to read from: directly if asyncio can poll it, otherwise by a thread."""
    loop = asyncio.get_running_loop()
    if _can_be_polled(descriptor):
        return (await loop.connect_read_pipe(protocol, os.fdopen(descriptor, "rb", 0)))[0]
    near, far = socket.socketpair()
    Thread(target=_pump_in, args=(descriptor, far), name="stdin", daemon=True).start()
    return (await loop.create_connection(protocol, sock=near))[0]


async def connect_output(
    descriptor: int, protocol: Protocol
) -> tuple[asyncio.WriteTransport, asyncio.BaseProtocol, Thread | None]:
    """Connect a descriptor to write to. The thread, if there is one, ends when it has written everything."""
    loop = asyncio.get_running_loop()
    if _can_be_polled(descriptor):
        return *(await loop.connect_write_pipe(protocol, os.fdopen(descriptor, "wb", 0))), None
    near, far = socket.socketpair()
    thread = Thread(target=_pump_out, args=(far, descriptor), name="stdout", daemon=True)
    thread.start()
    return *(await loop.create_connection(protocol, sock=near)), thread


def _can_be_polled(descriptor: int) -> bool:
    # Windows can't poll its pipes, and no system can poll a regular file. A thread reads and writes those.
    if sys.platform == "win32":
        return False
    # Pipes, sockets and terminals can be polled.
    mode = os.fstat(descriptor).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(descriptor)


def _pump_in(descriptor: int, sock: socket.socket) -> None:
    with sock, suppress(OSError):
        while data := os.read(descriptor, _CHUNK):
            sock.sendall(data)


def _pump_out(sock: socket.socket, descriptor: int) -> None:
    with sock, suppress(OSError):
        while data := sock.recv(_CHUNK):
            while data:
                data = data[os.write(descriptor, data) :]
