from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from mcp.shared.exceptions import MCPError

from linktime.sandbox import Sandbox
from linktime.telemetry.instruments import INSTRUMENTS, Instrument
from tests.support.sandbox_client import misbehave
from tests.support.traced_app import Seen, traced

DASHBOARDS = Path(__file__).parents[2] / "dashboards"
PAGE = (DASHBOARDS / "TELEMETRY.md").read_text(encoding="utf-8")


def rows(title: str) -> list[list[str]]:
    table = PAGE.split(f"## {title}\n", 1)[1].split("| --- |", 1)[1].split("\n\n", 1)[0]
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in table.splitlines()[1:]]


def documented() -> dict[str, set[str]]:
    return {name.strip("`"): set(kinds.split(", ")) for name, kinds, _ in rows("Attributes")}


async def driven(sandbox: Sandbox) -> Seen:
    """Run a session that causes every kind of span and metric."""
    await misbehave(sandbox, path="/bookings", status=503, times=1)
    async with traced(sandbox, rate_limit=1, rate_period=0.2, trace_arguments=1, confirm=1) as seen:
        for _ in range(2):
            await seen.call("get_me")
        await seen.call("list_bookings")
        await asyncio.gather(seen.call("list_webhooks"), seen.call("get_settings"))  # so that one has to wait
        await seen.call("get_booking", bookingId="clx0")
        await seen.call("get_booking")
        await seen.call("delete_webhook", webhookId="clx0")
        for _ in range(2):
            await seen.call("create_contact", name="Ada", email="ada@example.com")
        await seen.client.get_prompt("my_week")
        await seen.client.read_resource("linktime://account")
        with pytest.raises(MCPError):
            await seen.call("nothing")
    return seen


async def test_documented_attributes_equal_the_emitted_ones(sandbox: Sandbox) -> None:
    emitted: dict[str, set[str]] = {}
    for span in (await driven(sandbox)).spans:
        for name in span.attributes:
            emitted.setdefault(name, set()).add(span.kind)

    page = documented()
    page["error.type"].discard("internal")  # a wait that is refused; this session has none

    assert emitted == page


async def test_every_span_has_its_row_and_every_row_its_span(sandbox: Sandbox) -> None:
    emitted = {f"{span.kind} {span.name}" for span in (await driven(sandbox)).spans}
    patterns = [f"{kind} {re.sub('{.*?}', '.+', name.strip('`'))}" for name, kind, _ in rows("Spans")]

    assert all(any(re.fullmatch(row, span) for row in patterns) for span in emitted)
    assert all(any(re.fullmatch(row, span) for span in emitted) for row in patterns)


def test_guide_from_panel_to_trace_uses_the_name_of_the_wait() -> None:
    [wait] = [name for name, kind, _ in rows("Spans") if kind == "internal"]

    assert wait in (DASHBOARDS / "README.md").read_text(encoding="utf-8")


async def test_measurements_have_the_attributes_of_their_row(sandbox: Sandbox) -> None:
    table = {row.name: row.attributes for row in INSTRUMENTS}
    for name, attributes, _ in (await driven(sandbox)).memory.points:
        assert set(attributes) <= set(table[name])
        for key, values in table[name].items():
            assert not values or attributes[key] in values


def test_every_instrument_has_its_row_on_the_page() -> None:
    assert rows("Metrics") == [
        [f"`{row.name}`", row.kind, f"`{row.unit}`", _shown(row), row.description] for row in INSTRUMENTS
    ]


def _shown(row: Instrument) -> str:
    return ", ".join(
        f"`{name}`" + (f" ({', '.join(values)})" if values else "") for name, values in row.attributes.items()
    )
