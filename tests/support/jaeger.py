"""A real Jaeger with the dashboards' configuration, and its query API."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

import aiohttp

from tests.support.metrics_store import answers, free_port, installed

CONFIG: Final = Path(__file__).parents[2] / "dashboards" / "jaeger.yaml"
PATIENCE: Final = 90.0  # s; Jaeger exports the metrics of spans in batches

Span = dict[str, Any]  # as the query API returns it


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

    async def monitor(self, graph: str, service: str) -> dict[str, float]:
        """Return the newest value of each operation that a graph of the Monitor tab has: calls, errors or latencies."""
        query = {"service": service, "spanKind": "server", "groupByOperation": "true", "quantile": "0.95"}
        times = {"ratePer": "60000", "lookback": "600000", "step": "1000"}  # ms
        page = await self.get(f"/api/metrics/{graph}", **query, **times) or {"metrics": []}
        return {
            label["value"]: series["metricPoints"][-1]["gaugeValue"]["doubleValue"]
            for series in page["metrics"]
            for label in series["labels"]
            if label["name"] == "operation"
        }


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


def attributes(span: Span) -> dict[str, Any]:
    """Return the attributes of a span as Jaeger shows them."""
    return {tag["key"]: tag["value"] for tag in span["tags"]}


def parent(span: Span) -> str | None:
    """Return the id of the span above this one."""
    return next((each["spanID"] for each in span["references"] if each["refType"] == "CHILD_OF"), None)


def drawn(span: Span, spans: Sequence[Span], indent: str = "") -> Iterator[tuple[str, Span]]:
    """Yield a span and the spans below it, in the order of their starts, each with its name in a drawn tree."""
    yield indent + span["operationName"], span
    children = sorted(
        (each for each in spans if parent(each) == span["spanID"]), key=lambda each: (each["startTime"], each["spanID"])
    )
    stem = indent.replace("├─", "│ ").replace("└─", "  ")
    for child in children:
        yield from drawn(child, spans, stem + ("└─ " if child is children[-1] else "├─ "))
