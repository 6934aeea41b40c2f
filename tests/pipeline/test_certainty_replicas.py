"""Writes over a LinkTime whose reads lag behind, that writes in its own way, or that shows little."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.replicated_service import LinkTime, Row, serving
from tests.support.virtual_time import virtual

pytestmark = pytest.mark.timeout(20)

GUEST = {"inviteeName": "Ada", "inviteeEmail": "ada@example.com", "inviteeTimezone": "Europe/London"}
BOOK = {"eventTypeSlug": "intro", "startTime": "2026-03-02T14:00:00.000Z", **GUEST}
HOOK: dict[str, Any] = {"url": "https://a.example/x", "events": ["booking.created"]}
KIND: dict[str, Any] = {"name": "Intro", "slug": "intro", "durationMinutes": 30, "locationType": "ZOOM"}
LONG_AGO = "2026-01-01T00:00:00.000Z"


@pytest.mark.parametrize("lag", [0.0, 1.0, 3.0, 6.0, 9.0])
@virtual
async def test_committed_booking_is_verified_over_a_lagging_replica(lag: float) -> None:
    linktime = LinkTime(lag, ["after"])
    async with serving(linktime) as server:
        assert await server.word("create_booking", **BOOK) == "verified"

    assert len(linktime.writes) == 1


@pytest.mark.parametrize("lag", [12.0, 20.0])
@virtual
async def test_guest_is_booked_once_over_a_replica_far_behind(lag: float) -> None:
    linktime = LinkTime(lag, ["after"])
    async with serving(linktime) as server:
        await server.word("create_booking", **BOOK)
        repeated = await server.word("create_booking", **BOOK)

    assert repeated == "verified"
    assert len(linktime.rows("/bookings")) == 1
    assert len({write.idempotency_key for write in linktime.writes}) == 1


@virtual
async def test_webhook_is_made_once_over_a_lagging_replica() -> None:
    linktime = LinkTime(3.0, ["after"])
    async with serving(linktime) as server:
        assert (await server.call("create_webhook", **HOOK)).notes.outcome == "verified"

    assert len(linktime.rows("/webhooks")) == 1


@virtual
async def test_contact_and_slug_made_after_all_are_no_conflict() -> None:
    contact = {"name": "Ada", "email": "ada@example.com"}
    for tool, arguments, where in (
        ("create_contact", contact, "/contacts"),
        ("create_event_type", KIND, "/event-types"),
    ):
        linktime = LinkTime(12.0, ["after"])
        async with serving(linktime) as server:
            await server.word(tool, **arguments)
            await asyncio.sleep(5)

            assert await server.word(tool, **arguments) == "verified"
        assert len(linktime.rows(where)) == 1


@virtual
async def test_twins_with_a_fault_make_one_booking() -> None:
    for fates in (["after"], [None, "after"], ["before"], ["after", "after"]):
        linktime = LinkTime(3.0, list(fates))
        async with serving(linktime) as server:
            words = await asyncio.gather(*(server.word("create_booking", **BOOK) for _ in range(2)))

        assert set(words) <= {"verified", "done"}, fates
        assert len(linktime.rows("/bookings")) == 1


@pytest.mark.parametrize("hidden", [(), ("createdAt",), ("name",), ("events", "createdAt")], ids=str)
@pytest.mark.parametrize("lag", [0.0, 3.0])
@virtual
async def test_older_row_that_looks_alike_is_not_ours(lag: float, hidden: tuple[str, ...]) -> None:
    for created in (LONG_AGO, "2026-03-01T11:59:59.990Z"):
        linktime = LinkTime(lag, ["before"], hidden=hidden)
        linktime.put("/webhooks", createdAt=created, **HOOK)
        async with serving(linktime) as server:
            assert await server.word("create_webhook", **HOOK) in {"not_committed", "outcome_unknown"}


def rounded(row: Row) -> Row:
    return row | {name: row[name] // 5 * 5 for name in ("durationMinutes", "bufferBefore") if name in row}


def trimmed(row: Row) -> Row:
    return row | {name: row[name].strip() for name in ("name", "inviteeName") if name in row}


def pending(row: Row) -> Row:
    return row | {"status": "PENDING"}


def cut(row: Row) -> Row:
    return row | {"startTime": row["startTime"][:17] + "00.000Z"}


def in_e164(row: Row) -> Row:
    return row | ({"phone": "+4930" + row["phone"][-3:]} if "phone" in row else {})


def another_slug(row: Row) -> Row:
    return row | {"slug": f"{row['slug']}-2"}


@pytest.mark.parametrize(
    ("normalize", "tool", "arguments"),
    [
        (rounded, "create_event_type", KIND | {"durationMinutes": 37}),
        (rounded, "update_settings", {"bufferBefore": 7}),
        (trimmed, "create_contact", {"name": "  Ada ", "email": "ada@example.com"}),
        (trimmed, "create_booking", BOOK | {"inviteeName": " Ada "}),
        (pending, "create_booking", BOOK),
        (cut, "create_booking", BOOK | {"startTime": "2026-03-02T14:00:30Z"}),
        (in_e164, "create_contact", {"name": "Ada", "email": "ada@example.com", "phone": "030 123"}),
        (another_slug, "create_event_type", KIND),
    ],
)
@pytest.mark.parametrize("hidden", [(), ("createdAt",)], ids=str)
@virtual
async def test_write_that_linktime_normalizes_is_never_not_committed(
    normalize: Callable[[Row], Row], tool: str, arguments: Row, hidden: tuple[str, ...]
) -> None:
    linktime = LinkTime(1.0, ["after"], normalize, hidden)
    async with serving(linktime) as server:
        assert await server.word(tool, **arguments) in {"verified", "outcome_unknown"}


@virtual
async def test_move_whose_seconds_are_cut_is_unknown() -> None:
    linktime = LinkTime(1.0, ["after"], cut)
    linktime.put("/bookings", id="b1", status="CONFIRMED", **BOOK | {"startTime": "2026-03-02T10:00:00.000Z"})
    await asyncio.sleep(5)
    async with serving(linktime) as server:
        await server.call("get_booking", bookingId="b1")
        moved = await server.word("reschedule_booking", bookingId="b1", newStartTime="2026-03-02T14:00:30Z")

    assert moved == "outcome_unknown"


@virtual
async def test_known_row_shows_that_an_update_was_not_made() -> None:
    linktime = LinkTime(3.0, ["before"])
    linktime.put("/contacts", id="c1", name="Ada", email="ada@example.com")
    await asyncio.sleep(5)
    async with serving(linktime) as server:
        await server.call("list_contacts")

        assert await server.word("update_contact", contactId="c1", name="Eve") == "not_committed"


@virtual
async def test_list_after_a_booking_is_soon_right() -> None:
    linktime = LinkTime(1.0)
    async with serving(linktime) as server:
        await server.call("create_booking", **BOOK)
        early = await server.call("list_bookings")
        await asyncio.sleep(1)
        late = await server.call("list_bookings")

    assert [len(reply.data["data"]) for reply in (early, late)] == [0, 1]


@virtual
async def test_acknowledged_write_costs_one_request() -> None:
    linktime = LinkTime(3.0)
    async with serving(linktime) as server:
        assert await server.word("create_booking", **BOOK) == "done"

    assert len(linktime.sent) == 1
