"""A row that is named by something else than its id is looked up first."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from linktime.errors import Rejected, Unavailable
from linktime.message import Reply, Request
from linktime.protocol.session import Session
from linktime.tools import TOOLS
from tests.support.sdk_client import connected
from tests.support.sessions import upstream_of

BOUND = 10.0  # s
DAY = "2026-12-24"
EVE = {"id": "o1", "date": f"{DAY}T00:00:00.000Z"}


class Service:
    """A `Send` that answers reads with *overrides*, each after so many *seconds*, and every write with success."""

    def __init__(self, overrides: Any, seconds: float = 0.0) -> None:
        self.overrides = overrides
        self.seconds = seconds
        self.now = 1000.0
        self.sent: list[Request] = []

    async def __call__(self, request: Request) -> Reply:
        """Answer, or raise the error."""
        self.sent.append(request)
        if not request.is_read:
            return Reply(200, {"success": True})
        self.now += self.seconds
        if isinstance(self.overrides, Exception):
            raise self.overrides
        return Reply(200, self.overrides)


async def delete(service: Service, **arguments: Any) -> Any:
    session = Session(upstream_of(service, clock=lambda: service.now), TOOLS)
    async with asyncio.timeout(BOUND), connected(session.server, mode="legacy") as client:
        return await client.call_tool("delete_availability_override", arguments)


@pytest.mark.parametrize("arguments", [{"date": DAY}, {"overrideId": DAY}])
async def test_date_becomes_the_id_of_its_override(arguments: dict[str, Any]) -> None:
    service = Service({"data": [EVE, {"id": "o2", "date": "2026-12-25"}, {"date": DAY}]})

    result = await delete(service, **arguments)

    assert not result.is_error
    assert [(request.method, request.ident) for request in service.sent] == [("GET", ""), ("DELETE", "o1")]
    assert dict(service.sent[0].query) == {"from": DAY, "to": DAY}


async def test_id_costs_no_lookup() -> None:
    service = Service([])

    await delete(service, overrideId="o7")

    assert [request.ident for request in service.sent] == ["o7"]


async def test_lookup_counts_for_the_deadline() -> None:
    service = Service([EVE], seconds=7.0)

    await delete(service, date=DAY)

    assert [request.deadline for request in service.sent] == [1050.0, 1050.0]


async def test_several_rows_are_all_named() -> None:
    service = Service([EVE, {"id": "o9", "date": DAY}])

    result = await delete(service, date=DAY)

    assert result.content[0].text.startswith("conflict: ")
    assert "o1, o9" in result.content[0].text
    assert "overrideId" in result.content[0].text
    assert all(request.is_read for request in service.sent)


@pytest.mark.parametrize(
    ("overrides", "word"),
    [
        ([], "not_found"),
        (Unavailable("away.", sent=True), "unavailable"),
        (Rejected("forbidden", "no.", status=403), "forbidden"),
        (KeyError("odd"), "internal_error"),
    ],
)
async def test_failed_lookup_sends_no_write(overrides: Any, word: str) -> None:
    service = Service(overrides)

    result = await delete(service, date=DAY)

    assert result.content[0].text.startswith(f"{word}: ")
    assert all(request.is_read for request in service.sent)
