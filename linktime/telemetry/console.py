"""Spans and metrics as lines on stderr, in logfmt with a head."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any, Final

from opentelemetry.sdk.metrics.export import MetricsData
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import StatusCode

_PLAIN: Final = re.compile(r"[^\s\"=\\\x00-\x1f\x7f-\x9f]+")
_IN_THE_NAME: Final = "mcp.method.name gen_ai.operation.name gen_ai.tool.name http.request.method url.template"
_OMITTED: Final = {*_IN_THE_NAME.split(), "mcp.session.id", "network.transport"}  # the latter never change


def line(span: ReadableSpan) -> str:
    """Return the line of one span: start, duration, status, kind, name, place in its trace, and attributes."""
    start, end = span.start_time or 0, span.end_time or 0
    began = datetime.fromtimestamp(start / 1e9, UTC).isoformat(timespec="milliseconds")[11:23]
    status = "ERR" if span.status.status_code is StatusCode.ERROR else "ok "
    fields: dict[str, object] = {}
    if span.context:
        fields = {"trace": f"{span.context.trace_id:032x}", "span": f"{span.context.span_id:016x}"}
    if span.parent:
        fields["parent"] = f"{span.parent.span_id:016x}"
    if span.links:
        fields["link"] = ",".join(f"{link.context.span_id:016x}" for link in span.links)
    fields |= {name: value for name, value in (span.attributes or {}).items() if name not in _OMITTED}
    text = " ".join(f"{name}={_quoted(value)}" for name, value in fields.items())
    return f'{began}Z SPAN {(end - start) / 1e6:9.2f}ms {status} {span.kind.name.lower():8} "{span.name}" {text}\n'


def metric_lines(data: MetricsData) -> str:
    """Return a line for each number."""
    scopes = [scope for resource in data.resource_metrics for scope in resource.scope_metrics]
    metrics = [metric for scope in scopes for metric in scope.metrics]
    return "".join(_metric_line(metric.name, point) for metric in metrics for point in metric.data.data_points)


def _metric_line(name: str, point: Any) -> str:
    single = hasattr(point, "value")
    numbers = f"value={point.value:g}" if single else f"count={point.count} sum={point.sum:g} max={point.max:g}"
    return " ".join(["METRIC", name, numbers, *(f"{key}={value}" for key, value in point.attributes.items())]) + "\n"


def _quoted(value: object) -> str:
    if isinstance(value, str):
        return value if _PLAIN.fullmatch(value) else json.dumps(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
