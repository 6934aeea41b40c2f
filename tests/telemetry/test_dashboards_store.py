"""Every expression of the dashboard and of the alerts, against a store with the metrics of a session."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

import pytest
import yaml

from linktime.sandbox import Sandbox
from tests.support.metrics_store import store
from tests.support.process import Child, child
from tests.support.promql import filled, selected
from tests.support.sandbox_client import misbehave

pytestmark = pytest.mark.posix  # runs VictoriaMetrics

DASHBOARDS: Final = Path(__file__).parents[2] / "dashboards"
ATTEMPTS: Final = 40  # each of which takes a second or so


def panels() -> set[str]:
    """Return the expressions of the panels."""
    dashboard = json.loads((DASHBOARDS / "grafana/dashboards/linktime-mcp.json").read_text(encoding="utf-8"))
    return {filled(target["expr"]) for panel in dashboard["panels"] for target in panel.get("targets", [])}


def alerts() -> set[str]:
    """Return the expressions of the alerts as booleans. A plain comparison drops false values."""
    rules = yaml.safe_load((DASHBOARDS / "prometheus" / "rules.yaml").read_text(encoding="utf-8"))
    expressions = {rule["expr"] for group in rules["groups"] for rule in group["rules"]}
    return {re.sub(r"(>=?) (?=[\d.]+)", r"\1 bool ", expression) for expression in expressions}


async def trouble(sandbox: Sandbox, server: Child, attempt: int) -> None:
    """Cause every event that a panel or an alert measures."""
    await misbehave(sandbox, path="/bookings", method="GET", status=503)
    await misbehave(sandbox, path="/me", status=429, headers={"Retry-After": "0"})
    await misbehave(sandbox, path="/webhooks", method="GET", reset=True)
    await misbehave(sandbox, path="/contacts", method="POST", status=500, when="after")
    await misbehave(sandbox, path="/event-types", method="POST", reset=True)
    await misbehave(sandbox, path="/contacts", method="GET", delaySeconds=0.2)
    await misbehave(sandbox, path="/workflows", status=200, body="{}")
    guest = {"name": "Ada Lovelace", "email": f"ada{attempt}@example.com"}
    calls = [
        server.call("list_bookings", page=attempt),
        server.call("list_bookings", page=attempt),
        server.call("get_me"),
        server.call("list_webhooks"),
        server.call("list_workflows"),
        server.call("get_booking", bookingId=f"nobody-{attempt}"),
        server.call("create_contact", **guest),
        server.call("create_event_type", name="Chat", slug=f"chat-{attempt}", durationMinutes=15),
        server.call("list_contacts", page=0),
        server.call("no_such_tool"),
        server.ask("no/such/method"),
    ]
    for call in calls:
        await server.answer(call)


async def test_panels_and_alerts_have_series_after_a_full_session(
    tmp_path: Path,
) -> None:
    async with store(tmp_path) as metrics, Sandbox(limit=0) as sandbox:
        settings = {
            "LINKTIME_BASE_URL": sandbox.url,
            "LINKTIME_API_KEY": sandbox.key,
            "LINKTIME_CACHE_TTL": "1",
            "LINKTIME_RATE_LIMIT": "1000",
            "OTEL_TRACES_EXPORTER": "none",
            "OTEL_METRICS_EXPORTER": "otlp",
            "OTEL_METRIC_EXPORT_INTERVAL": "500",
            "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": f"{metrics.url}/opentelemetry/v1/metrics",
        }
        async with child(**settings) as short:
            await short.greet()
        async with child(**settings) as server:
            await server.greet()
            expressions = panels() | alerts()
            lacking = expressions | {each.grouped for expression in expressions for each in selected(expression)}
            for attempt in range(1, ATTEMPTS + 1):
                await trouble(sandbox, server, attempt)
                lacking = await metrics.lacks(lacking)
                if not lacking:
                    break

    assert lacking == set()
