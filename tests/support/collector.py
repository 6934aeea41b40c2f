"""A collector for tests: receives OTLP over HTTP, and decodes it with OpenTelemetry's own protobuf."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.support.privacy import slipped

KINDS = {1: "internal", 2: "server", 3: "client"}
VOLATILE = {"mcp.session.id", "server.port", "url.full"}


@dataclass(frozen=True, slots=True)
class Span:
    """A span as it arrived."""

    name: str
    kind: str
    trace: str
    ident: str
    parent: str
    links: tuple[str, ...]
    attributes: dict[str, Any]
    status: tuple[int, str]
    seconds: float

    def as_tree(self) -> tuple[str, str, dict[str, Any]]:
        """Return the parts that are the same in every run."""
        steady = {name: value for name, value in self.attributes.items() if name not in VOLATILE}
        return self.name, self.kind, steady


@dataclass(slots=True)
class Collector:
    """The received telemetry: *spans*, and every value of every metric in the order of arrival."""

    url: str = ""
    spans: list[Span] = field(default_factory=list)
    points: list[tuple[str, dict[str, Any], float]] = field(default_factory=list)
    resources: list[dict[str, Any]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    def named(self, name: str) -> Span:
        """Return the one span of this name."""
        [span] = [span for span in self.spans if span.name == name]
        return span

    def under(self, span: Span) -> list[Span]:
        """Return its children in the order of their end."""
        return [child for child in self.spans if child.parent == span.ident]

    def values(self, metric: str, **attributes: Any) -> list[float]:
        """Return the values of a metric in the order of arrival."""
        wanted = {name.replace("__", "."): value for name, value in attributes.items()}
        return [value for name, present, value in self.points if name == metric and wanted.items() <= present.items()]

    async def until(self, enough: Callable[[], object]) -> None:
        """Wait until *enough* returns true."""
        async with asyncio.timeout(20), self.news:
            await self.news.wait_for(enough)

    async def traces(self, request: web.Request) -> web.Response:
        """Receive spans."""
        self.bodies.append(await request.read())
        for resource in ExportTraceServiceRequest.FromString(self.bodies[-1]).resource_spans:
            self.resources.append(_attributes(resource.resource.attributes))
            self.spans += [_span(span) for scope in resource.scope_spans for span in scope.spans]
        return await self._thanks()

    async def metrics(self, request: web.Request) -> web.Response:
        """Receive metrics."""
        self.bodies.append(await request.read())
        for resource in ExportMetricsServiceRequest.FromString(self.bodies[-1]).resource_metrics:
            for metric in (metric for scope in resource.scope_metrics for metric in scope.metrics):
                data = getattr(metric, metric.WhichOneof("data"))
                self.points += [
                    (metric.name, _attributes(point.attributes), _number(point)) for point in data.data_points
                ]
        return await self._thanks()

    async def _thanks(self) -> web.Response:
        async with self.news:
            self.news.notify_all()
        return web.Response(content_type="application/x-protobuf")


@contextmanager
def refusing() -> Iterator[str]:
    """Yield an address that refuses connections."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


@contextmanager
def silent() -> Iterator[str]:
    """Yield an address that accepts connections and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@asynccontextmanager
async def collector() -> AsyncIterator[Collector]:
    """Run a collector on a free port. At the end, check that it received no secret and no personal data."""
    opened = Collector()
    app = web.Application(client_max_size=1 << 26)
    app.router.add_post("/v1/traces", opened.traces)
    app.router.add_post("/v1/metrics", opened.metrics)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    opened.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield opened
    finally:
        await runner.cleanup()
    assert slipped(f"{opened.spans} {opened.points} {opened.resources}") == []


def _span(span: Any) -> Span:
    return Span(
        span.name,
        KINDS[span.kind],
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        tuple(link.span_id.hex() for link in span.links),
        _attributes(span.attributes),
        (span.status.code, span.status.message),
        (span.end_time_unix_nano - span.start_time_unix_nano) / 1e9,
    )


def _attributes(pairs: Any) -> dict[str, Any]:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in pairs}


def _number(point: Any) -> float:
    if hasattr(point, "bucket_counts"):
        return float(point.count)
    return float(getattr(point, point.WhichOneof("value")))
