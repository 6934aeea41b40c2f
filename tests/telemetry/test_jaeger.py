"""A session of the real server, as a real Jaeger with the dashboards' configuration shows it."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest

from linktime.sandbox import Sandbox
from tests.support.metrics_store import answers, free_port, installed, store
from tests.support.process import child
from tests.support.sandbox_client import misbehave

CONFIG: Final = Path(__file__).parents[2] / "dashboards" / "jaeger.yaml"
PATIENCE: Final = 60.0  # s; Jaeger exports the metrics of spans in batches
CLIENT: Final = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")  # the trace and the span of the client

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180), pytest.mark.posix]  # runs Jaeger


class Jaeger:
    """A Jaeger, whose pages are at *url*, and which receives OTLP at *collector*."""

    def __init__(self, url: str, collector: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self.collector = collector
        self._session = session

    async def get(self, path: str, **query: str) -> Any:
        """Ask its query API. Return None if it has nothing yet."""
        async with self._session.get(f"{self.url}{path}", params=query) as answer:
            return await answer.json() if answer.ok else None

    async def waits_for(self, path: str, ready: Callable[[Any], bool], **query: str) -> Any:
        """Return the answer as soon as it is *ready*."""
        async with asyncio.timeout(PATIENCE):
            while not ready(answer := await self.get(path, **query)):
                await asyncio.sleep(0.2)
        return answer


@asynccontextmanager
async def jaeger(folder: Path, prometheus: str) -> AsyncIterator[Jaeger]:
    """Start it with the dashboards' configuration. Only addresses, an interval and the name of an exporter differ."""
    program = installed("jaeger")
    config = folder / "jaeger.yaml"
    # The newest Jaeger that is a Go module, 1.76, is older than the image: it knows the exporter by its former name.
    config.write_text(CONFIG.read_text(encoding="utf-8").replace("otlp_http/", "otlphttp/"), encoding="utf-8")
    pages, http, grpc, query = (f"127.0.0.1:{free_port()}" for _ in range(4))
    changed = {
        "receivers.otlp.protocols.http.endpoint": http,
        "receivers.otlp.protocols.grpc.endpoint": grpc,
        "extensions.jaeger_query.http.endpoint": pages,
        "extensions.jaeger_query.grpc.endpoint": query,
        "extensions.jaeger_storage.metric_backends.span_metrics.prometheus.endpoint": prometheus,
        "exporters.otlphttp/prometheus.endpoint": f"{prometheus}/opentelemetry",
        "connectors.spanmetrics.metrics_flush_interval": "1s",
        "service.telemetry.metrics.level": "none",
    }
    options = [f"--set={name}={value}" for name, value in changed.items()]
    process = await asyncio.create_subprocess_exec(
        program, f"--config={config}", *options, stdout=DEVNULL, stderr=DEVNULL
    )
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
            await answers(f"http://{pages}", session)
            yield Jaeger(f"http://{pages}", f"http://{http}", session)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def attributes(span: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes of a span as Jaeger shows them."""
    return {tag["key"]: tag["value"] for tag in span["tags"]}


def parent(span: dict[str, Any]) -> str | None:
    """Return the id of the span above this one."""
    return next((each["spanID"] for each in span["references"] if each["refType"] == "CHILD_OF"), None)


async def test_jaeger_shows_a_call_as_one_tree_and_measures_it(tmp_path: Path, sandbox: Sandbox) -> None:
    await misbehave(sandbox, path="/bookings", method="GET", status=503, times=1)
    async with store(tmp_path) as metrics, jaeger(tmp_path, metrics.url) as pages:
        settings = {
            "LINKTIME_BASE_URL": sandbox.url,
            "LINKTIME_API_KEY": sandbox.key,
            "OTEL_EXPORTER_OTLP_ENDPOINT": pages.collector,
            "OTEL_METRIC_EXPORT_INTERVAL": "500",
        }
        async with child(**settings) as server:
            await server.greet()
            meta = {"traceparent": f"00-{'-'.join(CLIENT)}-01"}
            await server.result(server.ask("tools/call", name="list_bookings", arguments={}, _meta=meta))
            services = await pages.waits_for("/api/services", lambda page: "linktime-mcp" in (page["data"] or ()))
            trace = await pages.waits_for(
                f"/api/traces/{CLIENT[0]}", lambda page: bool(page) and len(page["data"][0]["spans"]) >= 3
            )
            rates = await pages.waits_for(
                "/api/metrics/calls",
                lambda page: bool(page and page["metrics"]),
                service="linktime-mcp",
                spanKind="server",
                groupByOperation="true",
                ratePer="60000",
                lookback="600000",
                step="1000",
            )
            assert await server.close() == 0

    spans = {span["spanID"]: span for span in trace["data"][0]["spans"]}
    [root] = [span for span in spans.values() if span["operationName"] == "tools/call list_bookings"]
    attempts = sorted(
        (span for span in spans.values() if span["operationName"] == "GET /bookings"),
        key=lambda each: each["startTime"],
    )
    assert "linktime-mcp" in services["data"]
    assert parent(root) == CLIENT[1]
    assert [parent(each) for each in attempts] == [root["spanID"]] * 2
    assert [attributes(each)["http.response.status_code"] for each in attempts] == [503, 200]
    assert attributes(root)["gen_ai.tool.name"] == "list_bookings"
    assert attributes(root)["linktime.retries"] == 1
    measured = {label["value"] for series in rates["metrics"] for label in series["labels"]}
    assert "tools/call list_bookings" in measured
