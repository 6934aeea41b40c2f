"""A real store of metrics, and the code that the servers of the dashboards share: programs, ports, readiness."""

from __future__ import annotations

import asyncio
import shutil
import socket
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import aiohttp
import pytest

PATIENCE: Final = 20.0  # s
RESOURCE: Final = """
- {source_labels: [service_name], target_label: job}
- {source_labels: [service_instance_id], target_label: instance}
- {action: labeldrop, regex: service_name, if: '{__name__!~"traces_span_metrics_.*"}'}
- {action: labeldrop, regex: (service_(instance_id|version)|telemetry_.*)}
"""  # as Prometheus' own OTLP receiver maps the attributes of a resource; Jaeger's metrics have a service.name besides


def installed(program: str) -> str:
    """Return the path of *program*, or skip the test."""
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} is not installed; .ci/run shows how")
    return path


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


class Store:
    """A VictoriaMetrics at *url*."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self._session = session

    async def finds(self, expression: str) -> bool:
        """Return whether the expression has a series now."""
        async with self._session.post(f"{self.url}/api/v1/query", data={"query": expression}) as answer:
            result = await answer.json(content_type=None)
        assert result["status"] == "success", result
        return bool(result["data"]["result"])

    async def lacks(self, expressions: set[str]) -> set[str]:
        """Return the expressions without a series."""
        return {expression for expression in expressions if not await self.finds(expression)}


@asynccontextmanager
async def store(folder: Path) -> AsyncIterator[Store]:
    """Start the store, which names series and labels as Prometheus does."""
    program = installed("victoria-metrics")
    port = free_port()
    relabel = folder / "relabel.yaml"
    relabel.write_text(RESOURCE, encoding="utf-8")
    options = [
        f"-relabelConfig={relabel}",
        "-opentelemetry.usePrometheusNaming",
        "-search.latencyOffset=0s",
        "-loggerLevel=ERROR",
    ]
    process = await asyncio.create_subprocess_exec(
        program, f"-storageDataPath={folder / 'data'}", f"-httpListenAddr=127.0.0.1:{port}", *options, stderr=DEVNULL
    )
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
            await answers(f"http://127.0.0.1:{port}/health", session)
            yield Store(f"http://127.0.0.1:{port}", session)
    finally:
        process.kill()
        await process.wait()


async def answers(url: str, session: aiohttp.ClientSession) -> None:
    """Wait until a server answers at *url*."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                async with session.get(url):
                    return
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.05)
