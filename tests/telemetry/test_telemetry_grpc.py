"""Spans and metrics over gRPC, to OpenTelemetry's own service definition."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2, metrics_service_pb2_grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

from linktime.sandbox import Sandbox
from tests.support.privacy import slipped
from tests.support.process import child


class Received(trace_service_pb2_grpc.TraceServiceServicer, metrics_service_pb2_grpc.MetricsServiceServicer):
    """The spans and metrics that arrived. Both services have the method `Export`."""

    def __init__(self) -> None:
        self.url = ""
        self.spans: list[Any] = []
        self.metrics: set[str] = set()

    async def Export(self, request: Any, _: Any) -> Any:  # noqa: N802 - the name in the protocol
        """Store spans or metrics."""
        if isinstance(request, trace_service_pb2.ExportTraceServiceRequest):
            self.spans += [
                s for resource in request.resource_spans for scope in resource.scope_spans for s in scope.spans
            ]
            return trace_service_pb2.ExportTraceServiceResponse()
        self.metrics |= {
            m.name for resource in request.resource_metrics for s in resource.scope_metrics for m in s.metrics
        }
        return metrics_service_pb2.ExportMetricsServiceResponse()


@asynccontextmanager
async def receiver() -> AsyncIterator[Received]:
    received, server = Received(), grpc.aio.server()
    traces: Any = trace_service_pb2_grpc
    metrics: Any = metrics_service_pb2_grpc
    traces.add_TraceServiceServicer_to_server(received, server)
    metrics.add_MetricsServiceServicer_to_server(received, server)
    received.url = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    await server.start()
    try:
        yield received
    finally:
        await server.stop(None)


async def test_spans_and_metrics_go_over_grpc_too(sandbox: Sandbox) -> None:
    async with receiver() as received:
        settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": received.url, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}
        async with child(LINKTIME_BASE_URL=sandbox.url, LINKTIME_API_KEY=sandbox.key, **settings) as server:
            await server.greet()
            await server.result(server.call("list_contacts", search="Sarah Chen"))
            assert await server.close() == 0

    names = [span.name for span in received.spans]
    call = next(span for span in received.spans if span.name == "tools/call list_contacts")
    exchange = next(span for span in received.spans if span.name == "GET /contacts")
    assert {"initialize", "tools/call list_contacts", "GET /contacts"} <= set(names)
    assert (exchange.trace_id, exchange.parent_span_id) == (call.trace_id, call.span_id)
    assert {"mcp.server.operation.duration", "linktime.cache.requests", "linktime.limiter.slots"} <= received.metrics
    texts = [
        f"{span.name} {span.attributes}" for span in received.spans
    ]  # without ids, whose bytes may look like e-mails
    assert slipped(str(texts)) == []
