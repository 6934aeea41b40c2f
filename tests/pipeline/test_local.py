"""Local times in answers, and the lookup of the account's zone."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from linktime.errors import BudgetSpent, Failure, Unavailable
from linktime.message import NO_NOTES, Notes, Reply, Request, get, patch
from linktime.pipeline.local import AccountZone, LocalTimes
from tests.support.virtual_time import clock, virtual

TOKYO = ZoneInfo("Asia/Tokyo")
SETTINGS = get("/settings").tagged("settings")
BOOKINGS = get("/bookings").tagged("bookings")
TEN = "2026-12-01T15:00:00.000Z"
LOCAL = "Tue 2026-12-01 10:00 -05:00"
BOOKING: dict[str, Any] = {"id": "clx1", "startTime": TEN}


@dataclass
class LinkTime:
    """A service: the settings have *zone*, every other answer is *data*. *looks* counts the reads of the settings."""

    zone: Any = "America/New_York"
    data: Any = field(default_factory=lambda: {"data": [BOOKING]})
    failure: Exception | None = None
    looks: int = 0
    notes: Notes = NO_NOTES
    epoch: int = 0
    spare: bool = True
    gate: asyncio.Event | None = None
    settled: bool = True

    async def __call__(self, request: Request) -> Reply:
        """Answer. A read of the settings waits for the gate."""
        if request.template != "/settings":
            return Reply(200, self.data)
        self.looks += 1
        zone, failure = self.zone, self.failure
        if self.gate:
            await self.gate.wait()
        if failure:
            raise failure
        return Reply(200, {"timezone": zone}, self.notes)

    def account(self) -> AccountZone:
        """Return the zone of this service."""
        return AccountZone(
            self,
            SETTINGS,
            clock=clock,
            epoch=lambda: self.epoch,
            spare=lambda: self.spare,
            life=30.0,
            settled=lambda: self.settled,
        )

    def local(self) -> LocalTimes:
        """Return the layer above this service."""
        return LocalTimes(self, self.account())


async def start(local: LocalTimes, request: Request = BOOKINGS) -> Any:
    return (await local(request)).data["data"][0].get("startTimeLocal")


@virtual
async def test_times_are_added_for_account_and_guest() -> None:
    booking = {
        "id": "clx1",
        "startTime": TEN,
        "endTime": "2026-12-01T15:30:00+00:00",
        "inviteeTimezone": "Asia/Tokyo",
        "createdAt": "2026-06-30T23:59:59.999-04:00",
        "emailLogs": [{"sentAt": "2026-11-01T05:30:00.000Z"}, {"sentAt": "2026-11-01T06:30:00.000Z"}],
    }

    reply = await LinkTime(data=booking).local()(BOOKINGS)

    assert list(reply.data.items()) == [
        ("id", "clx1"),
        ("startTime", TEN),
        ("startTimeLocal", LOCAL),
        ("startTimeGuest", "Wed 2026-12-02 00:00 +09:00"),
        ("endTime", "2026-12-01T15:30:00+00:00"),
        ("endTimeLocal", "Tue 2026-12-01 10:30 -05:00"),
        ("endTimeGuest", "Wed 2026-12-02 00:30 +09:00"),
        ("inviteeTimezone", "Asia/Tokyo"),
        ("createdAt", "2026-06-30T23:59:59.999-04:00"),
        ("createdAtLocal", "Tue 2026-06-30 23:59 -04:00"),
        (
            "emailLogs",
            [
                {"sentAt": "2026-11-01T05:30:00.000Z", "sentAtLocal": "Sun 2026-11-01 01:30 -04:00"},
                {"sentAt": "2026-11-01T06:30:00.000Z", "sentAtLocal": "Sun 2026-11-01 01:30 -05:00"},
            ],
        ),
    ]
    assert reply.notes.timezone == "America/New_York"


@pytest.mark.parametrize(
    ("guest", "time"),
    [
        ({"inviteeTimezone": "Asia/Tokyo"}, "Wed 2026-12-02 00:00 +09:00"),
        ({"invitee": {"timezone": "Asia/Tokyo"}}, "Wed 2026-12-02 00:00 +09:00"),
        ({"inviteeTimezone": "America/Toronto"}, None),
        ({"inviteeTimezone": "Mars/Phobos"}, None),
        ({"inviteeTimezone": None}, None),
        ({"invitee": "Ada"}, None),
    ],
)
def test_guest_time_is_added_if_it_differs(guest: dict[str, Any], time: str | None) -> None:
    @virtual
    async def run() -> None:
        reply = await LinkTime(data=BOOKING | guest).local()(BOOKINGS)
        assert reply.data.get("startTimeGuest") == time

    run()


@pytest.mark.parametrize(
    "data",
    [
        None,
        {"success": True},
        [],
        {"startTime": "09:00", "date": "2026-12-01", "endTime": None},
        {"startTime": "2026-12-01T10:00:00.000"},  # whose clock?
        {"startTime": "2026-13-01T10:00:00.000Z"},
        {"startTime": "0001-01-01T00:00:00.000Z", "endTime": "9999-12-31T23:59:59.999Z"},
        {"notes": TEN, "inviteeName": TEN, "body": TEN},
        {"data": [TEN, 15, {"startTime": 15}]},
    ],
)
def test_answer_without_times_needs_no_lookup(data: Any) -> None:
    @virtual
    async def run() -> None:
        linktime = LinkTime(data=data)
        assert (await linktime.local()(BOOKINGS)).data is data
        assert linktime.looks == 0

    run()


@virtual
async def test_existing_local_fields_and_data_do_not_change() -> None:
    data = {"startTimeLocal": "ten", "startTime": TEN, "endTime": TEN, "endTimeLocal": None}
    before = dict(data)

    reply = await LinkTime(data=data).local()(BOOKINGS)

    assert reply.data == data == before


@virtual
async def test_slots_name_the_account_zone_without_a_lookup() -> None:
    linktime = LinkTime(data={"timezone": "Asia/Tokyo", "slots": [{"startTime": TEN}]})

    reply = await linktime.local()(get("/availability"))

    assert reply.data["slots"] == [{"startTime": TEN, "startTimeLocal": "Wed 2026-12-02 00:00 +09:00"}]
    assert linktime.looks == 0


@virtual
async def test_slots_in_a_requested_zone_are_local_and_guest() -> None:
    linktime = LinkTime(data={"timezone": "Asia/Tokyo", "slots": [{"startTime": TEN}]})
    local = linktime.local()

    reply = await local(get("/availability", timezone="Asia/Tokyo"))
    same = await local(get("/availability", timezone="America/Toronto"))

    guest = {"startTime": TEN, "startTimeLocal": LOCAL, "startTimeGuest": "Wed 2026-12-02 00:00 +09:00"}
    assert reply.data["slots"] == [guest]
    assert reply.notes.timezone == "America/New_York"
    assert same.data["slots"] == [{"startTime": TEN, "startTimeLocal": LOCAL}]


@virtual
async def test_guest_time_needs_no_account_zone() -> None:
    linktime = LinkTime(zone=None, data={"slots": [{"startTime": TEN}]})

    reply = await linktime.local()(get("/availability", timezone="Asia/Tokyo"))

    assert reply.data["slots"] == [{"startTime": TEN, "startTimeGuest": "Wed 2026-12-02 00:00 +09:00"}]
    assert reply.notes.timezone is None


@virtual
async def test_dated_write_waits_for_the_zone() -> None:
    linktime = LinkTime(data=BOOKING)

    undated, dated = patch("/x"), patch("/x").with_times()

    assert "startTimeLocal" not in (await linktime.local()(undated)).data
    assert (await linktime.local()(dated)).data["startTimeLocal"] == LOCAL


@virtual
async def test_zone_is_looked_up_once_per_life() -> None:
    linktime = LinkTime()
    local = linktime.local()

    assert await asyncio.gather(*(start(local) for _ in range(5))) == [LOCAL] * 5
    await asyncio.sleep(29)
    assert await start(local) == LOCAL
    assert linktime.looks == 1

    linktime.zone = "Asia/Tokyo"
    await asyncio.sleep(2)
    assert await start(local) == "Wed 2026-12-02 00:00 +09:00"
    assert linktime.looks == 2


@virtual
async def test_zone_from_the_cache_lives_as_long_as_the_cache() -> None:
    linktime = LinkTime(notes=Notes(cache="hit", age_seconds=25.0))
    local = linktime.local()

    await start(local)
    await asyncio.sleep(6)
    await start(local)

    assert linktime.looks == 2


@virtual
async def test_new_epoch_makes_the_zone_unknown() -> None:
    linktime = LinkTime()
    local = linktime.local()
    await start(local)
    linktime.zone, linktime.epoch = "Asia/Tokyo", 1

    assert await start(local) == "Wed 2026-12-02 00:00 +09:00"

    linktime.failure, linktime.epoch = Unavailable("down", sent=True), 2
    assert await start(local) is None


@virtual
async def test_dated_request_starts_the_lookup_concurrently() -> None:
    linktime = LinkTime(gate=asyncio.Event())
    looked: list[int] = []

    async def send(request: Request) -> Reply:
        await asyncio.sleep(0.5)
        looked.append(linktime.looks)
        return await linktime(request)

    local = LocalTimes(send, linktime.account())
    call = asyncio.create_task(start(local, BOOKINGS.with_times()))
    await asyncio.sleep(0.6)
    assert looked == [1]
    assert linktime.gate
    linktime.gate.set()

    assert await call == LOCAL


@virtual
async def test_slow_lookup_delays_its_callers_by_one_second() -> None:
    linktime = LinkTime(gate=asyncio.Event())
    local = linktime.local()
    assert linktime.gate

    first = asyncio.create_task(start(local))
    await asyncio.sleep(0.6)
    second = asyncio.create_task(start(local))
    assert [await first, await second] == [None, None]
    assert clock() == pytest.approx(1.0)
    assert await start(local) is None
    assert clock() == pytest.approx(1.0)

    linktime.gate.set()
    await asyncio.sleep(0.1)
    assert await start(local) == LOCAL
    assert linktime.looks == 1


@virtual
async def test_wait_for_the_zone_ends_at_the_deadline() -> None:
    linktime = LinkTime(gate=asyncio.Event())

    late = Request("GET", "/bookings", deadline=0.25)
    assert await start(linktime.local(), late) is None

    assert clock() == pytest.approx(0.25)


@virtual
async def test_write_neither_waits_nor_looks_up() -> None:
    linktime = LinkTime(gate=asyncio.Event())
    local = linktime.local()
    write = patch("/bookings/{id}", "clx1")

    assert await start(local, write) is None
    assert (clock(), linktime.looks) == (0, 0)

    linktime.gate = None
    await start(local)
    assert await start(local, write) == LOCAL


@pytest.mark.parametrize(
    "failure", [Unavailable("down", sent=True), Failure("no"), KeyError("ada@example.com")], ids=repr
)
def test_failed_lookup_keeps_the_answer_and_is_not_repeated(
    failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    @virtual
    async def run() -> None:
        linktime = LinkTime(failure=failure)
        local = linktime.local()
        assert [await start(local) for _ in range(3)] == [None] * 3
        assert linktime.looks == 1

        linktime.failure = None
        await asyncio.sleep(31)
        assert await start(local) == LOCAL

        linktime.failure = failure
        await asyncio.sleep(31)
        assert await start(local) == LOCAL  # an old zone is better than none

    run()
    assert "ada@example.com" not in caplog.text
    assert ("KeyError" in caplog.text) == isinstance(failure, KeyError)


@virtual
async def test_lookup_that_was_not_sent_is_repeated() -> None:
    linktime = LinkTime(failure=BudgetSpent(3.0))
    local = linktime.local()

    assert await start(local) is None
    linktime.failure = None
    assert await start(local) == LOCAL


@virtual
async def test_scarce_budget_keeps_the_old_zone() -> None:
    linktime = LinkTime(spare=False)
    local = linktime.local()

    assert await start(local) is None
    assert linktime.looks == 0

    linktime.spare = True
    await start(local)
    linktime.spare = False
    await asyncio.sleep(3600)
    assert await start(local) == LOCAL
    assert linktime.looks == 1


@pytest.mark.parametrize("zone", ["Mars/Phobos", "", "../passwd", "America", None, 5])
def test_invalid_zone_counts_as_a_result(zone: Any) -> None:
    @virtual
    async def run() -> None:
        linktime = LinkTime(zone=zone)
        local = linktime.local()
        assert [await start(local), await start(local)] == [None, None]
        assert linktime.looks == 1

    run()


@virtual
async def test_settings_of_any_shape_are_accepted() -> None:
    for answer, zone in [({"data": {"timezone": "Asia/Tokyo"}}, TOKYO), ([], None), (None, None)]:

        async def send(_: Request, answer: Any = answer) -> Reply:
            return Reply(200, answer)

        account = AccountZone(send, SETTINGS, clock=clock, epoch=lambda: 0, spare=lambda: True, life=30.0)
        assert await account.get() is zone


@virtual
async def test_zone_from_a_lagging_replica_is_looked_up_again() -> None:
    linktime = LinkTime(zone="America/New_York", settled=False)
    account = linktime.account()
    assert await account.get() == ZoneInfo("America/New_York")
    linktime.zone, linktime.settled = "Asia/Tokyo", True
    await asyncio.sleep(3)

    assert [await account.get() for _ in range(2)] == [TOKYO, TOKYO]
    assert linktime.looks == 2


@virtual
async def test_cached_answer_is_annotated_once() -> None:
    linktime = LinkTime()
    local = linktime.local()
    first = (await local(BOOKINGS)).data
    assert (await local(BOOKINGS)).data is first

    kept = linktime.data
    for _ in range(40):
        linktime.data = {"data": [dict(BOOKING)]}
        await local(BOOKINGS)
    linktime.data = kept
    assert (await local(BOOKINGS)).data == first
    assert (await local(BOOKINGS)).data is not first

    linktime.zone, linktime.epoch = "Asia/Tokyo", 1
    assert await start(local) == "Wed 2026-12-02 00:00 +09:00"
