"""Faults of the collector, of stderr and of an exporter. No call is affected."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from functools import partial
from typing import Any

import orjson
import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from linktime.sandbox import Sandbox
from linktime.telemetry import Telemetry, set_up
from linktime.telemetry.environment import Diagnostics
from linktime.telemetry.recorder import Sdk
from linktime.telemetry.sdk import build
from tests.support.collector import refusing, silent
from tests.support.privacy import slipped
from tests.support.process import child, environ
from tests.support.traced_app import traced

PATIENCE = 20.0  # s


@pytest.mark.slow
@pytest.mark.parametrize("collector", [refusing, silent])
@pytest.mark.parametrize("ending", ["end of stdin", "SIGTERM"])
async def test_dead_collector_fails_no_call_and_exit_stays_bounded(
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
    assert len([line for line in server.log if "WARNING" in line]) <= 1
    assert "Traceback" not in server.stderr


async def test_dead_collector_is_named_once(sandbox: Sandbox) -> None:
    with refusing() as url:
        async with child(
            LINKTIME_BASE_URL=sandbox.url, LINKTIME_API_KEY=sandbox.key, OTEL_EXPORTER_OTLP_ENDPOINT=url
        ) as server:
            await server.greet()
            await server.said("WARNING telemetry: ")
            assert (await server.result(server.call("get_me")))["isError"] is False


@pytest.mark.slow
def test_unread_stderr_blocks_no_call_and_no_exit() -> None:
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


class Faulty(SpanExporter):
    """An exporter that raises, or hangs until *released*."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.reached = threading.Event()
        self.released = threading.Event()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Raise the error, or return a failure after *released*."""
        self.reached.set()
        if self.error:
            raise self.error
        self.released.wait(PATIENCE)
        return SpanExportResult.FAILURE


async def test_raising_exporter_is_one_warning(sandbox: Sandbox) -> None:
    warnings = list[str]()
    set_up({}, warn=warnings.append)
    faulty = Faulty(RuntimeError("ada@lovelace.example"))
    async with traced(sandbox, Telemetry(partial(_batched, faulty), after=0.0)) as seen:
        results = [await seen.call("get_me") for _ in range(3)]
        await asyncio.to_thread(faulty.reached.wait, PATIENCE)
        results += [await seen.call("get_me") for _ in range(3)]

    assert [result.is_error for result in results] == [False] * 6
    assert ["RuntimeError" in warning for warning in warnings] == [True]
    assert slipped("".join(warnings)) == []


async def test_hanging_exporter_holds_neither_calls_nor_exit(sandbox: Sandbox) -> None:
    faulty, healthy = Faulty(), InMemorySpanExporter()
    async with asyncio.timeout(PATIENCE / 2), traced(sandbox, Telemetry(partial(_batched, faulty, healthy))) as seen:
        result = await seen.call("get_me")
    still = not faulty.released.is_set()
    faulty.released.set()

    assert not result.is_error
    assert still
    assert "tools/call get_me" in [span.name for span in healthy.get_finished_spans()]


def _batched(*exporters: SpanExporter) -> Sdk:
    return build([BatchSpanProcessor(exporter, schedule_delay_millis=10) for exporter in exporters], [])


def test_diagnostics_are_one_line_a_minute() -> None:
    lines, moments = list[str](), iter([0.0, 1.0, 59.9, 60.0])
    diagnostics = Diagnostics(lines.append, clock=lambda: next(moments))
    for text in ("Transient error %s\n encountered", "second", "third", "fourth"):
        arguments = ("/v1/traces?token=abc " + "x" * 3000,) if "%" in text else ()
        diagnostics.handle(logging.makeLogRecord({"msg": text, "args": arguments}))

    assert [line.partition("telemetry: ")[2][:38] for line in lines] == [
        "Transient error /v1/traces?… " + "x" * 9,
        "fourth",
    ]
    assert lines[0].endswith("x")
    assert all("\n" not in line for line in lines)


def test_diagnostics_have_no_stack() -> None:
    lines = list[str]()
    fault = (RuntimeError, RuntimeError("lt_live_x"), None)
    Diagnostics(lines.append).handle(logging.makeLogRecord({"msg": "Exception while exporting", "exc_info": fault}))

    assert lines == ["linktime-mcp: WARNING telemetry: Exception while exporting (RuntimeError)"]


async def test_spans_that_wait_are_written_when_the_client_ends(sandbox: Sandbox) -> None:
    settings = {"LINKTIME_BASE_URL": sandbox.url, "LINKTIME_API_KEY": sandbox.key}
    async with child(OTEL_TRACES_EXPORTER="console", **settings) as server:
        await server.greet()
        for _ in range(50):
            await server.result(server.call("get_me"))
        assert await server.close() == 0

    assert server.stderr.count('"tools/call get_me"') == 50


@pytest.mark.slow
@pytest.mark.parametrize(
    "broken",
    [
        {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_COMPRESSION": "deflate"},
        {"OTEL_PYTHON_EXPORTER_OTLP_HTTP_CREDENTIAL_PROVIDER": "none_such"},
    ],
)
async def test_an_exporter_that_cannot_be_built_is_lost_alone(sandbox: Sandbox, broken: dict[str, str]) -> None:
    with refusing() as url:
        async with child(
            LINKTIME_BASE_URL=sandbox.url,
            LINKTIME_API_KEY=sandbox.key,
            OTEL_EXPORTER_OTLP_ENDPOINT=url,
            OTEL_TRACES_EXPORTER="console,otlp",
            **broken,
        ) as server:
            await server.greet()
            assert (await server.result(server.call("get_me")))["isError"] is False
            assert await server.close() == 0

    assert '"tools/call get_me"' in server.stderr
    assert len([line for line in server.log if "WARNING telemetry: no OTLP" in line]) == 1


@pytest.mark.parametrize("redirection", ["2>&-", "2>/dev/full"])
@pytest.mark.posix  # a shell redirects stderr
def test_closed_or_full_stderr_ends_no_session(redirection: str) -> None:
    greeting = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "0"}},
    }
    ended = subprocess.run(
        ["/bin/sh", "-c", f'exec "$0" -m linktime {redirection}', sys.executable],
        input=orjson.dumps(greeting) + b"\n",
        stdout=subprocess.PIPE,
        check=False,
        timeout=PATIENCE,
        env=environ(LINKTIME_API_KEY="k"),
    )

    assert ended.returncode == 0
    assert orjson.loads(ended.stdout)["id"] == 1
