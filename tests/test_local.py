"""Local times beside an answer's own, and the look for the account's zone."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from linktime.errors import BudgetSpent, Failure, Unavailable
from linktime.local import AccountZone, LocalTimes
from linktime.message import Reply, Request, get, patch
from tests.virtual import clock, virtual

TOKYO = ZoneInfo("Asia/Tokyo")
SETTINGS = get("/settings").tagged("settings")
BOOKINGS = get("/bookings").tagged("bookings")
TEN = "2026-12-01T15:00:00.000Z"
LOCAL = "Tue 2026-12-01 10:00 -05:00"
BOOKING: dict[str, Any] = {"id": "clx1", "startTime": TEN}


@dataclass
class LinkTime:
    """What is asked: settings with a *zone*, and everything else with *data*."""

    zone: Any = "America/New_York"
    data: Any = field(default_factory=lambda: {"data": [BOOKING]})
    failure: Exception | None = None
    looks: int = 0
    notes: dict[str, Any] = field(default_factory=dict)
    epoch: int = 0
    spare: bool = True
    gate: asyncio.Event | None = None
    settled: bool = True

    async def __call__(self, request: Request) -> Reply:
        """Answer; a look waits for the gate."""
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
        """Make what looks for the zone here."""
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
        """Make the layer over this."""
        return LocalTimes(self, self.account())


async def start(local: LocalTimes, request: Request = BOOKINGS) -> Any:
    return (await local(request)).data["data"][0].get("startTimeLocal")


@virtual
async def test_each_time_stands_beside_itself_in_the_zones_of_the_account_and_the_guest() -> None:
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
    assert reply.notes["timezone"] == "America/New_York"


@pytest.mark.parametrize(
    ("guest", "told"),
    [
        ({"inviteeTimezone": "Asia/Tokyo"}, "Wed 2026-12-02 00:00 +09:00"),
        ({"invitee": {"timezone": "Asia/Tokyo"}}, "Wed 2026-12-02 00:00 +09:00"),
        ({"inviteeTimezone": "America/Toronto"}, None),
        ({"inviteeTimezone": "Mars/Phobos"}, None),
        ({"inviteeTimezone": None}, None),
        ({"invitee": "Ada"}, None),
    ],
)
def test_the_guests_clocks_are_shown_where_they_are_known_and_differ(guest: dict[str, Any], told: str | None) -> None:
    @virtual
    async def run() -> None:
        reply = await LinkTime(data=BOOKING | guest).local()(BOOKINGS)
        assert reply.data.get("startTimeGuest") == told

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
def test_an_answer_without_times_is_left_alone_and_costs_no_look(data: Any) -> None:
    @virtual
    async def run() -> None:
        linktime = LinkTime(data=data)
        assert (await linktime.local()(BOOKINGS)).data is data
        assert linktime.looks == 0

    run()


@virtual
async def test_what_linktime_says_itself_stays_and_its_answer_is_never_changed() -> None:
    data = {"startTimeLocal": "ten", "startTime": TEN, "endTime": TEN, "endTimeLocal": None}
    before = dict(data)

    reply = await LinkTime(data=data).local()(BOOKINGS)

    assert reply.data == data == before


@virtual
async def test_slots_are_shown_in_the_zone_of_their_answer_without_a_look() -> None:
    slots = [{"startTime": TEN, "endTime": TEN}]
    told, untold = (LinkTime(data=answer) for answer in ({"timezone": "Asia/Tokyo", "slots": slots}, {"slots": slots}))
    asked = get("/availability", timezone="Asia/Tokyo")

    shown_in = [(await told.local()(BOOKINGS)).data, (await untold.local()(asked)).data]

    assert [data["slots"][0]["startTimeLocal"] for data in shown_in] == ["Wed 2026-12-02 00:00 +09:00"] * 2
    assert told.looks == untold.looks == 0


@virtual
async def test_the_zone_is_asked_for_once_in_its_life() -> None:
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
async def test_an_answer_of_the_cache_lends_the_zone_the_rest_of_its_life() -> None:
    linktime = LinkTime(notes={"cache": "hit", "ageSeconds": 25.0})
    local = linktime.local()

    await start(local)
    await asyncio.sleep(6)
    await start(local)

    assert linktime.looks == 2


@virtual
async def test_a_write_that_may_have_changed_the_zone_makes_it_unknown_at_once() -> None:
    linktime = LinkTime()
    local = linktime.local()
    await start(local)
    linktime.zone, linktime.epoch = "Asia/Tokyo", 1

    assert await start(local) == "Wed 2026-12-02 00:00 +09:00"

    linktime.failure, linktime.epoch = Unavailable("down", sent=True), 2
    assert await start(local) is None


@virtual
async def test_a_likely_question_asks_for_the_zone_at_the_same_time() -> None:
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
async def test_a_slow_look_delays_all_who_wait_for_it_by_a_second_and_helps_those_who_come_later() -> None:
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
async def test_a_call_with_no_time_left_does_not_wait() -> None:
    linktime = LinkTime(gate=asyncio.Event())

    late = Request("GET", "/bookings", deadline=0.25)
    assert await start(linktime.local(), late) is None

    assert clock() == pytest.approx(0.25)


@virtual
async def test_a_write_never_waits_and_asks_for_nothing() -> None:
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
def test_a_failed_look_costs_the_answer_nothing_and_is_not_repeated_soon(
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
async def test_a_look_that_was_not_sent_is_tried_again() -> None:
    linktime = LinkTime(failure=BudgetSpent(3.0))
    local = linktime.local()

    assert await start(local) is None
    linktime.failure = None
    assert await start(local) == LOCAL


@virtual
async def test_without_budget_to_spare_an_old_zone_serves_and_none_is_asked_for() -> None:
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
def test_settings_without_a_zone_are_no_settings(zone: Any) -> None:
    @virtual
    async def run() -> None:
        linktime = LinkTime(zone=zone)
        local = linktime.local()
        assert [await start(local), await start(local)] == [None, None]
        assert linktime.looks == 1

    run()


@virtual
async def test_settings_under_data_and_strange_settings_are_read() -> None:
    for answer, zone in [({"data": {"timezone": "Asia/Tokyo"}}, TOKYO), ([], None), (None, None)]:

        async def send(_: Request, answer: Any = answer) -> Reply:
            return Reply(200, answer)

        account = AccountZone(send, SETTINGS, clock=clock, epoch=lambda: 0, spare=lambda: True, life=30.0)
        assert await account.get() is zone


@virtual
async def test_zone_from_a_lagging_replica_is_asked_for_again() -> None:
    linktime = LinkTime(zone="America/New_York", settled=False)
    account = linktime.account()
    assert await account.get() == ZoneInfo("America/New_York")
    linktime.zone, linktime.settled = "Asia/Tokyo", True
    await asyncio.sleep(0.1)

    assert [await account.get() for _ in range(2)] == [TOKYO, TOKYO]
    assert linktime.looks == 2


@virtual
async def test_a_kept_answer_is_translated_once_and_few_are_remembered() -> None:
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
