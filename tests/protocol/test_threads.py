"""The threads below the session: how far they read ahead, and how they wait, stop and end."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

import pytest

from linktime.pipeline.system import has_reader
from linktime.protocol.stdio.endings import ending_signals, when_orphaned
from linktime.protocol.stdio.threads import InputThread, OutputThread

BOUND = 20.0  # s
PIPE = 64 << 10  # bytes
LIMIT = 32 << 10  # bytes; a reader stops its transport above twice as many


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(BOUND):
        while not condition():
            await asyncio.sleep(0.005)


def reader_of(descriptor: int) -> tuple[InputThread, asyncio.StreamReader]:
    reader = asyncio.StreamReader(limit=LIMIT)
    return InputThread(descriptor, asyncio.StreamReaderProtocol(reader)), reader


def writer_to(descriptor: int) -> tuple[OutputThread, asyncio.StreamWriter]:
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    transport = OutputThread(descriptor, protocol, has_reader)
    return transport, asyncio.StreamWriter(transport, protocol, reader, asyncio.get_running_loop())


def is_closed(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return True
    return False


@pytest.mark.posix  # pipes of a known size that do not block
async def test_input_is_read_no_further_than_the_reader_wants() -> None:
    source, sink = os.pipe()
    os.set_blocking(sink, False)
    _, reader = reader_of(source)
    sent = 0
    async with asyncio.timeout(BOUND):
        for _ in range(40):  # until nothing is read any more
            try:
                sent += os.write(sink, b"x" * (PIPE * 8))
            except BlockingIOError:
                await asyncio.sleep(0.005)

        assert sent <= 2 * LIMIT + 3 * PIPE  # in the reader, in the hands of the thread, and in the pipe
        os.close(sink)
        assert len(await reader.read()) == sent
    await until(lambda: is_closed(source))


async def test_closed_input_ends_the_reader_before_the_thread() -> None:
    source, sink = os.pipe()
    transport, reader = reader_of(source)
    transport.close()
    transport.close()
    assert transport.is_closing()

    async with asyncio.timeout(BOUND):
        assert await reader.read() == b""
    assert not is_closed(source)

    os.write(sink, b"late")
    os.close(sink)
    await until(lambda: is_closed(source))
    assert reader.at_eof()


@pytest.mark.posix  # pipes of a known size that do not block
async def test_full_output_makes_its_writer_wait() -> None:
    source, sink = os.pipe()
    transport, writer = writer_to(sink)
    writer.write(b"x" * (PIPE * 3))
    waiting = asyncio.ensure_future(writer.drain())
    await until(lambda: transport.get_write_buffer_size() <= PIPE * 2)  # the pipe is full

    assert not waiting.done()

    with os.fdopen(source, "rb", buffering=0) as pipe:
        writer.close()
        assert len(await asyncio.to_thread(lambda: b"".join(iter(lambda: pipe.read(PIPE), b"")))) == PIPE * 3
    async with asyncio.timeout(BOUND):
        await waiting
        await writer.wait_closed()
    writer.write(b"x")
    assert transport.get_write_buffer_size() == 0
    await until(lambda: is_closed(sink))


@pytest.mark.posix  # pipes of a known size that do not block
async def test_aborted_output_ends_while_its_thread_waits() -> None:
    source, sink = os.pipe()
    transport, writer = writer_to(sink)
    writer.write(b"x" * (PIPE * 2))
    await until(lambda: transport.get_write_buffer_size() <= PIPE)  # the pipe is full

    transport.abort()

    async with asyncio.timeout(BOUND):
        await writer.wait_closed()
    assert transport.get_write_buffer_size() == 0
    assert not is_closed(sink)
    os.close(source)
    await until(lambda: is_closed(sink))


async def test_lost_reader_fails_the_writer() -> None:
    source, sink = os.pipe()
    os.close(source)
    _, writer = writer_to(sink)
    writer.write(b"x")

    with pytest.raises(ConnectionError):
        async with asyncio.timeout(BOUND):
            await writer.wait_closed()
    await until(lambda: is_closed(sink))
    assert writer.is_closing()


async def test_lost_reader_is_noticed_without_a_write() -> None:
    source, sink = os.pipe()
    _, writer = writer_to(sink)
    await asyncio.sleep(0)
    os.close(source)

    with pytest.raises(ConnectionError):
        async with asyncio.timeout(BOUND):
            await writer.wait_closed()
    await until(lambda: is_closed(sink))


def test_windows_has_one_more_signal_that_ends_a_session() -> None:
    assert ending_signals({"SIGINT": 2, "SIGTERM": 15, "SIGBREAK": 21, "SIGABRT": 22}) == [2, 15, 21]


async def test_windows_does_not_watch_its_parent() -> None:
    async with asyncio.timeout(BOUND):
        await when_orphaned(lambda: pytest.fail("it has a parent"), "win32")
