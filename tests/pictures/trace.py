"""The picture of a trace, as Jaeger's query API returns it: a booking that waits, loses its answer and is read back.

A Jaeger that Go builds has no pages of its own, so this picture has the same tree and the same bars.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from rich.console import Console
from rich.text import Text

from linktime.sandbox import Sandbox
from tests.support.jaeger import Jaeger, Span, attributes, drawn, jaeger, parent
from tests.support.process import child
from tests.support.sandbox_client import misbehave

from .svg import page

LIMIT: Final = 5  # requests in two seconds: one for the slots, and the others for the burst
WIDTH: Final = 96  # columns

_NAME: Final = 27  # columns
_BARS: Final = 40
_DURATION: Final = 8
_FACTS: Final = ("linktime.outcome", "error.type", "http.response.status_code")  # the first that a span has is shown
_NO_METRICS: Final = "http://127.0.0.1:9"  # the address of a metrics store that is not needed


def draw() -> Console:
    """Book with the real server, and return the page of the trace."""
    return _page(asyncio.run(_trace()))


async def _trace() -> list[Span]:
    with TemporaryDirectory() as folder:
        async with Sandbox(limit=LIMIT, period=2) as sandbox, jaeger(Path(folder), _NO_METRICS) as pages:
            return await _booked(sandbox, pages)


async def _booked(sandbox: Sandbox, pages: Jaeger) -> list[Span]:
    settings = {
        "LINKTIME_BASE_URL": sandbox.url,
        "LINKTIME_API_KEY": sandbox.key,
        "LINKTIME_BUDGET": "process",
        "LINKTIME_RATE_LIMIT": str(LIMIT),
        "LINKTIME_RATE_PERIOD": "2",
        "OTEL_EXPORTER_OTLP_ENDPOINT": pages.collector,
    }
    async with child(**settings) as server:
        await server.greet()
        types = await server.result(server.call("list_event_types"))
        slug = types["structuredContent"]["data"][0]["slug"]
        free = await server.result(server.call("check_availability", eventTypeSlug=slug, **_days(1, 7)))
        await misbehave(sandbox, method="POST", path="/bookings", when="after", reset=True)
        for day in range(LIMIT - 2):
            await server.result(server.call("list_bookings", **_days(day, day)))
        await server.result(
            server.call(
                "create_booking",
                eventTypeSlug=slug,
                startTime=free["structuredContent"]["slots"][0]["startTime"],
                inviteeName="Robin Hale",
                inviteeEmail="robin@example.com",
                inviteeTimezone="America/New_York",
            )
        )
        answer = await pages.waits_for(
            "/api/traces",
            lambda page: bool(page and page["data"]),
            service="linktime-mcp",
            operation="tools/call create_booking",
        )
        assert await server.close() == 0
    spans: list[Span] = answer["data"][0]["spans"]
    return spans


def _days(first: int, last: int) -> dict[str, str]:
    """Return a range of days, as numbers of days from today."""
    today = datetime.now(UTC).date()
    return {"from": str(today + timedelta(days=first)), "to": str(today + timedelta(days=last))}


def _page(spans: list[Span]) -> Console:
    console = page(WIDTH)
    [root] = [span for span in spans if parent(span) is None]
    seconds = root["duration"] / 1e6
    console.print(Text.assemble(("linktime-mcp", "bold cyan"), f"  {len(spans)} spans, {_duration(root)}"))
    console.print(Text(f"{'':<{_NAME}}0 s{f'{seconds:.1f} s':>{_BARS - 3}}", "dim"))
    for name, span in drawn(root, spans):
        console.print(_row(name, span, root))
    console.print()
    return console


def _row(name: str, span: Span, root: Span) -> Text:
    failed = bool(attributes(span).get("error"))
    start = round(_BARS * (span["startTime"] - root["startTime"]) / root["duration"])
    length = max(1, round(_BARS * span["duration"] / root["duration"]))
    bar = " " * min(start, _BARS - 1) + "▇" * length
    fact = next((str(attributes(span)[each]) for each in _FACTS if each in attributes(span)), "")
    return Text.assemble(
        (f"{name:<{_NAME}}", "bold" if span is root else ""),
        (f"{bar[:_BARS]:<{_BARS}}", "red" if failed else "blue" if span is root else "cyan"),
        f"{_duration(span):>{_DURATION}}  ",
        (fact, "red" if failed else "green"),
    )


def _duration(span: Span) -> str:
    milliseconds = span["duration"] / 1000
    return f"{milliseconds / 1000:.2f} s" if milliseconds >= 1000 else f"{milliseconds:.0f} ms"
