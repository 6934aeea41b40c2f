"""A collector that is down, a stderr that nobody reads, an exporter that raises: no call notices."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import orjson
import pytest

from linktime.sandbox import Sandbox
from linktime.telemetry.outlet import Complaints, Outlet, Overheard
from tests.child import Child, child, environ

PATIENCE = 20.0  # s


@contextmanager
def refusing() -> Iterator[str]:
    """Find an address where nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


@contextmanager
def silent() -> Iterator[str]:
    """Accept connections and never answer."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.mark.parametrize("collector", [refusing, silent])
@pytest.mark.parametrize("ending", ["end of stdin", "SIGTERM"])
async def test_a_dead_collector_fails_no_call_and_holds_the_exit_no_longer_than_clients_wait(
    sandbox: Sandbox, collector: Any, ending: str
) -> None:
    with collector() as url:
        async with child(
            LINKTIME_BASE_URL=sandbox.url,
            LINKTIME_API_KEY=sandbox.key,
            OTEL_EXPORTER_OTLP_ENDPOINT=url,
            OTEL_BSP_SCHEDULE_DELAY="50",
            OTEL_METRIC_EXPORT_INTERVAL="200",
        ) as server:
            await server.greet()
            results = [await server.result(server.call("get_me")) for _ in range(20)]
            if ending == "SIGTERM":
                server.process.terminate()
            # The exporters' own patience is ten seconds for each of two signals, so this bound tells them apart.
            async with asyncio.timeout(8):
                assert await (server.ended() if ending == "SIGTERM" else server.close()) == 0

    assert [result["isError"] for result in results] == [False] * 20
    assert len([line for line in server.log if "telemetry" in line]) <= 1
    assert "Traceback" not in server.stderr


async def test_what_a_dead_collector_is_called_is_said_once(sandbox: Sandbox) -> None:
    with refusing() as url:
        async with child(
            LINKTIME_BASE_URL=sandbox.url, LINKTIME_API_KEY=sandbox.key, OTEL_EXPORTER_OTLP_ENDPOINT=url
        ) as server:
            await server.greet()
            await server.said("telemetry is not delivered: ")
            assert (await server.result(server.call("get_me")))["isError"] is False


def test_a_stderr_that_nobody_reads_stops_no_call_and_no_exit() -> None:
    unread, stderr = os.pipe()
    os.set_blocking(stderr, False)
    try:
        while True:
            os.write(stderr, b"x" * 4096)
    except BlockingIOError:
        os.set_blocking(stderr, True)
    calls = [{"jsonrpc": "2.0", "id": number, "method": "ping"} for number in range(2, 3002)]
    greeting = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "0"}},
    }
    os.read(unread, 4096)  # room for the line that says it runs
    process = subprocess.Popen(
        [sys.executable, "-m", "linktime"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        env=environ(LINKTIME_API_KEY="k"),
    )
    try:
        out, _ = process.communicate(b"".join(orjson.dumps(call) + b"\n" for call in [greeting, *calls]), PATIENCE)
    finally:
        process.kill()
        os.close(stderr)
        os.close(unread)

    assert process.returncode == 0
    assert {orjson.loads(line)["id"] for line in out.splitlines()} == set(range(1, 3002))


class Raising:
    """A sink that raises until it is told not to."""

    def __init__(self) -> None:
        self.got: list[int] = []
        self.tried = threading.Event()
        self.well = False

    def deliver(self, items: Sequence[int]) -> None:
        """Take them, if it is well."""
        self.tried.set()
        if not self.well:
            raise RuntimeError("ada@lovelace.example")
        self.got += items

    def close(self) -> None:
        """Nothing is open."""


def test_a_sink_that_raises_loses_what_it_was_given_and_nothing_after_that() -> None:
    sink, said = Raising(), list[str]()
    outlet = Outlet(lambda: sink, said.append, delay=0.0)

    outlet.put(1)
    assert sink.tried.wait(PATIENCE)
    sink.well = True
    outlet.put(2)
    outlet.close()
    outlet.join(PATIENCE)

    assert sink.got[-1:] == [2]
    assert said == ["RuntimeError"]


def test_a_sink_that_cannot_be_made_is_tried_again() -> None:
    sink = Raising()
    sink.well = True
    tries = iter([ImportError("no such package")])
    tried = threading.Event()

    def make() -> Raising:
        tried.set()
        for error in tries:
            raise error
        return sink

    said = list[str]()
    outlet = Outlet(make, said.append, delay=0.0)
    outlet.put(1)
    assert tried.wait(PATIENCE)
    outlet.put(2)
    outlet.close()
    outlet.join(PATIENCE)

    assert sink.got == [1, 2]
    assert said == ["ImportError"]


def test_an_outlet_whose_sink_hangs_takes_no_more_than_it_has_places() -> None:
    going_on, got = threading.Event(), list[int]()

    class Hanging(Raising):
        def deliver(self, items: Sequence[int]) -> None:
            self.tried.set()
            going_on.wait(PATIENCE)
            got.extend(items)

    sink = Hanging()
    outlet = Outlet(lambda: sink, lambda _: None, delay=0.0, places=3)
    outlet.put(0)
    assert sink.tried.wait(PATIENCE)
    for number in range(1, 10):
        outlet.put(number)
    going_on.set()
    outlet.close()
    outlet.join(PATIENCE)

    assert got == [0, 1, 2, 3]


def test_an_outlet_that_was_never_used_has_no_thread_to_wait_for() -> None:
    made = list[Raising]()

    def make() -> Raising:
        made.append(Raising())
        return made[0]

    outlet = Outlet(make, lambda _: None, delay=0.0)
    outlet.close()
    outlet.join(PATIENCE)

    assert made == []


def test_complaints_come_once_a_minute_in_one_line_each() -> None:
    said, moments = list[str](), iter([0.0, 1.0, 59.9, 60.0])
    complain = Complaints(said.append, clock=lambda: next(moments))
    heard = Overheard(complain)

    heard.emit(logging.makeLogRecord({"msg": "Transient error %s\n encountered", "args": ("x" * 500,)}))
    complain("unheard")
    complain("unheard")
    complain("again")

    assert said == [
        f"linktime-mcp: WARNING telemetry is not delivered: Transient error {'x' * 184}\n",
        "linktime-mcp: WARNING telemetry is not delivered: again\n",
    ]


async def test_spans_that_wait_are_written_when_the_client_ends(server: Child) -> None:
    for _ in range(50):
        await server.result(server.call("get_me"))
    assert await server.close() == 0

    assert server.stderr.count('"tools/call get_me"') == 50
