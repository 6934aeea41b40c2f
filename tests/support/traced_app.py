"""The whole chain in this process, with telemetry that stays in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from mcp import Client
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from linktime.app import app
from linktime.config import Settings
from linktime.protocol.session.sdk_server import Server
from linktime.sandbox import Sandbox
from linktime.telemetry import Telemetry
from linktime.telemetry.recorder import Sdk
from linktime.telemetry.sdk import build
from tests.support.collector import Span
from tests.support.privacy import slipped
from tests.support.sdk_client import connected


@dataclass(slots=True)
class Memory:
    """The SDK's exporters to memory."""

    exporter: InMemorySpanExporter = field(default_factory=InMemorySpanExporter)
    reader: InMemoryMetricReader = field(default_factory=InMemoryMetricReader)
    data: Any = None

    def load(self) -> Sdk:
        """Build the SDK."""
        sdk = build([SimpleSpanProcessor(self.exporter)], [self.reader])
        return sdk._replace(close=[*sdk.close, self._collect])

    @property
    def spans(self) -> list[Span]:
        """All spans that ended, in this order."""
        return list(map(_span, self.exporter.get_finished_spans()))

    @property
    def points(self) -> list[tuple[str, Mapping[str, Any], Any]]:
        """The name, the attributes and the numbers of every series at the end."""
        scopes = [scope for resource in self.data.resource_metrics for scope in resource.scope_metrics]
        metrics = [metric for scope in scopes for metric in scope.metrics]
        return [(metric.name, point.attributes, point) for metric in metrics for point in metric.data.data_points]

    def _collect(self) -> None:
        self.data = self.reader.get_metrics_data()

    def count(self, name: str, **attributes: Any) -> float:
        """Return the number of a counter's or a histogram's series."""
        wanted = {key.replace("__", "."): value for key, value in attributes.items()}
        [point] = [
            point for metric, present, point in self.points if metric == name and wanted.items() <= present.items()
        ]
        number: float = point.count if hasattr(point, "count") else point.value
        return number


@dataclass(slots=True)
class Seen:
    """A client, and after its session the *memory* of its telemetry."""

    client: Client
    server: Server
    memory: Memory

    async def call(self, tool: str, **arguments: Any) -> Any:
        """Call a tool."""
        return await self.client.call_tool(tool, arguments)

    @property
    def spans(self) -> list[Span]:
        """All spans that ended."""
        return self.memory.spans

    def named(self, name: str) -> Span:
        """Return the last span of this name."""
        return [span for span in self.spans if span.name == name][-1]


@asynccontextmanager
async def traced(
    sandbox: Sandbox,
    telemetry: Telemetry | None = None,
    *,
    after: float = 0.0,
    user: Any = None,
    mode: str = "legacy",
    **settings: Any,
) -> AsyncIterator[Seen]:
    """Serve over *sandbox*. Afterwards no guest and no secret is in the telemetry.

    The SDK is loaded *after* seconds. *user* answers the questions to the user.
    """
    memory = Memory()
    environ = {f"LINKTIME_{name.upper()}": str(value) for name, value in settings.items()}
    read = Settings.from_environ(
        {
            "LINKTIME_BASE_URL": sandbox.url,
            "LINKTIME_API_KEY": sandbox.key,
            "LINKTIME_BUDGET": "process",  # the first step of a file can wait long enough for a span
            **environ,
        }
    )
    if telemetry is None:
        telemetry = Telemetry(memory.load, arguments=read.trace_arguments, after=after)
    options = {"mode": mode, "elicitation_callback": user}
    async with app(read, telemetry) as application, connected(application.session.server, **options) as client:
        yield Seen(client, application.session.server, memory)
    assert slipped(f"{memory.spans} {memory.points if memory.data else ''}") == []


def _span(span: ReadableSpan) -> Span:
    return Span(
        span.name,
        span.kind.name.lower(),
        f"{span.context.trace_id:032x}" if span.context else "",
        f"{span.context.span_id:016x}" if span.context else "",
        f"{span.parent.span_id:016x}" if span.parent else "",
        tuple(f"{link.context.span_id:016x}" for link in span.links),
        dict(span.attributes or {}),
        (span.status.status_code.value, span.status.description or ""),
        ((span.end_time or 0) - (span.start_time or 0)) / 1e9,
    )
