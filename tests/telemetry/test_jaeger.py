"""A session of the real server, as a real Jaeger with the dashboards' configuration shows it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from linktime.sandbox import Sandbox
from tests.support.jaeger import attributes, jaeger, parent
from tests.support.metrics_store import store
from tests.support.process import child
from tests.support.sandbox_client import misbehave

CLIENT: Final = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")  # the trace and the span of the client

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180), pytest.mark.posix]  # runs Jaeger


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
