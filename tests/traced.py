"""The whole chain in this process, with telemetry that is kept in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from mcp import Client

from linktime.app import app
from linktime.config import Settings
from linktime.sandbox import Sandbox
from linktime.session.sdk_server import Server
from linktime.telemetry import Telemetry
from linktime.telemetry.instruments import Measurement
from linktime.telemetry.outlet import Outlet
from linktime.telemetry.span import Span
from tests.inprocess import connected
from tests.privacy import slipped

T = TypeVar("T")


@dataclass(slots=True)
class Kept(Generic[T]):
    """A sink that keeps what comes."""

    items: list[T] = field(default_factory=list)

    def deliver(self, items: Sequence[T]) -> None:
        """Keep them."""
        self.items += items

    def close(self) -> None:
        """Nothing is open."""

    def outlet(self) -> Outlet[T]:
        """Make an outlet that leads here; a fault of ours may not hide in it."""
        return Outlet(lambda: self, _fail, delay=0.01)


def _fail(what: str) -> None:
    raise AssertionError(what)


@dataclass(slots=True)
class Seen:
    """A client, and after its session what telemetry has seen of it."""

    client: Client
    server: Server
    spans: list[Span]
    measurements: list[Measurement]

    async def call(self, tool: str, **arguments: Any) -> Any:
        """Call a tool."""
        return await self.client.call_tool(tool, arguments)

    def named(self, name: str) -> Span:
        """Return the last span of this name."""
        return [span for span in self.spans if span.name == name][-1]


@asynccontextmanager
async def traced(
    sandbox: Sandbox,
    telemetry: Telemetry | None = None,
    *,
    sampler: Any = lambda _, __: True,
    user: Any = None,
    mode: str = "legacy",
    **settings: Any,
) -> AsyncIterator[Seen]:
    """Serve over *sandbox*, and close before what was seen is looked at; nobody and no secret is in it.

    *user* answers what the client is to ask.
    """
    spans, measurements = Kept[Span](), Kept[Measurement]()
    environ = {f"LINKTIME_{name.upper()}": str(value) for name, value in settings.items()}
    told = Settings.from_environ(
        {
            "LINKTIME_BASE_URL": sandbox.url,
            "LINKTIME_API_KEY": sandbox.key,
            "LINKTIME_BUDGET": "process",  # a file's first step may be a wait worth a span
            **environ,
        }
    )
    if telemetry is None:
        outlets = [spans.outlet()], [measurements.outlet()]
        telemetry = Telemetry(*outlets, sampler=sampler, arguments=told.trace_arguments)
    options = {"mode": mode, "elicitation_callback": user}
    async with app(told, telemetry) as application, connected(application.session.server, **options) as client:
        yield Seen(client, application.session.server, spans.items, measurements.items)
    assert slipped(f"{spans.items} {measurements.items}") == []
