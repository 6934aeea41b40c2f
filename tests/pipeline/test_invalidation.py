"""Each write makes stale every kept answer that it changes. The changes are measured on the sandbox, without the tags.

A read before the write and the same read after it show whether the write changes the answer.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import orjson
import pytest

from linktime.message import Request
from linktime.tools import TOOLS
from tests.support.app_user import user_of
from tests.support.sandbox_client import Visitor, visitor

HOME: Final = ZoneInfo("America/New_York")
ELSEWHERE: Final = "Pacific/Auckland"  # 18 hours ahead
WEEK: Final = {"from": "2026-03-03", "to": "2026-03-06"}
DAY: Final = "2026-03-05"
MEETINGS: Final = frozenset({"list_bookings", "list_bookings of a day"})
SLOTS: Final = frozenset({"check_availability"})
THREADS: Final = frozenset({"list_conversations of a day", "list_call_history of a day"})

CHANGED: Final[dict[str, frozenset[str]]] = {
    "create_booking": MEETINGS | SLOTS | {"list_contacts", "list_workflows"},
    "cancel_booking": MEETINGS | SLOTS | {"get_booking", "get_contact"},
    "reschedule_booking": MEETINGS | SLOTS | {"get_booking", "get_contact"},
    "create_contact": frozenset({"list_contacts"}),
    "update_contact": MEETINGS | {"list_contacts", "get_contact", "get_booking"},
    "delete_contact": MEETINGS | {"list_contacts", "get_contact", "get_booking"},
    "create_event_type": frozenset({"list_event_types"}),
    "update_event_type": MEETINGS | SLOTS | {"list_event_types", "get_booking", "get_contact"},
    "delete_event_type": SLOTS | {"list_event_types"},
    "update_availability_rules": SLOTS | {"get_availability_rules"},
    "create_availability_override": SLOTS | {"list_availability_overrides"},
    "delete_availability_override": SLOTS | {"list_availability_overrides"},
    "update_settings": SLOTS | THREADS | {"get_settings", "get_availability_rules", "list_bookings of a day"},
    "create_webhook": frozenset({"list_webhooks"}),
    "update_webhook": frozenset({"list_webhooks"}),
    "delete_webhook": frozenset({"list_webhooks"}),
    "create_workflow": frozenset({"list_workflows"}),
}
"""The reads whose answers each write changes. The other reads stay as they are."""


class Account(NamedTuple):
    """The rows of the sandbox that the calls are about."""

    booking: dict[str, Any]
    other: dict[str, Any]  # a booking with another guest
    event_type: dict[str, Any]
    override: dict[str, Any]
    webhook: dict[str, Any]
    slot: str

    @classmethod
    async def of(cls, client: Visitor) -> Account:
        """Choose the rows."""
        meetings = (await client.get("/bookings?limit=100"))["data"]
        booking = next(each for each in meetings if each["startTime"][:10] == "2026-03-03")
        slug = booking["eventType"]["slug"]
        types = (await client.get("/event-types"))["data"]
        return cls(
            booking,
            next(each for each in meetings if each["contact"]["id"] != booking["contact"]["id"]),
            next(each for each in types if each["slug"] == slug),
            await client.make("/availability/overrides", date=DAY),
            (await client.get("/webhooks"))["data"][0],
            (await client.slots("2026-03-06", slug))[0],
        )

    def reads(self, days: dict[str, dict[str, str]]) -> dict[str, Request]:
        """Return the reads by name. *days* has a range of days for some lists."""
        booking, other = self.booking, self.other
        slots = {"eventTypeSlug": booking["eventType"]["slug"], **WEEK}
        arguments: dict[str, dict[str, Any]] = {name: {} for name, tool in TOOLS.items() if tool.reads}
        arguments |= {"check_availability": slots, "get_booking": {"bookingId": booking["id"]}}
        arguments |= {"get_contact": {"contactId": booking["contact"]["id"]}}
        requests = {name: TOOLS[name].request(each) for name, each in arguments.items()}
        requests |= {f"{name} of a day": TOOLS[name].request(day) for name, day in days.items()}
        requests["get_booking of another"] = TOOLS["get_booking"].request({"bookingId": other["id"]})
        requests["get_contact of another"] = TOOLS["get_contact"].request({"contactId": other["contact"]["id"]})
        return requests

    def writes(self) -> dict[str, dict[str, Any]]:
        """Return the arguments of every write."""
        guest = {"inviteeName": "Bo", "inviteeEmail": "bo@example.com", "inviteeTimezone": "UTC"}
        booking, contact = {"bookingId": self.booking["id"]}, {"contactId": self.booking["contact"]["id"]}
        event_type, webhook = {"eventTypeId": self.event_type["id"]}, {"webhookId": self.webhook["id"]}
        new = {"name": "New", "slug": "new", "durationMinutes": 30, "locationType": "PHONE"}
        hook = {"url": "https://example.com/h", "events": ["booking.created"]}
        action = {"type": "SEND_EMAIL", "config": {"subject": "x"}}
        return {
            "create_booking": {"eventTypeSlug": self.event_type["slug"], "startTime": self.slot, **guest},
            "cancel_booking": booking,
            "reschedule_booking": {**booking, "newStartTime": self.slot},
            "create_contact": {"name": "Bo", "email": "bo@example.com"},
            "update_contact": {**contact, "name": "Renamed"},
            "delete_contact": contact,
            "create_event_type": new,
            "update_event_type": {**event_type, "name": "Renamed", "bufferBefore": 60},
            "delete_event_type": event_type,
            "update_availability_rules": {"rules": [{"dayOfWeek": 3, "startTime": "09:00", "endTime": "10:00"}]},
            "create_availability_override": {"date": "2026-03-04"},
            "delete_availability_override": {"overrideId": self.override["id"]},
            "update_settings": {"timezone": ELSEWHERE},
            "create_webhook": hook,
            "update_webhook": {**webhook, "name": "Renamed"},
            "delete_webhook": webhook,
            "create_workflow": {"name": "New", "trigger": "BOOKING_CREATED", "actions": [action]},
        }


async def days_of(client: Visitor) -> dict[str, dict[str, str]]:
    """Return for each list a day of the account that has a row on another day elsewhere."""
    days = {}
    for tool, path, field in (
        ("list_bookings", "/bookings?limit=100", "startTime"),
        ("list_conversations", "/conversations", "lastMessageAt"),
        ("list_call_history", "/calls", "startedAt"),
    ):
        times = [datetime.fromisoformat(row[field]).astimezone(HOME) for row in (await client.get(path))["data"]]
        day = str(next(time.date() for time in times if time.astimezone(ZoneInfo(ELSEWHERE)).date() != time.date()))
        days[tool] = {"from": day, "to": day}
    days["list_bookings"] = {"from": "2026-03-03", "to": "2026-03-06"}
    return days


async def sent(client: Visitor, request: Request) -> Any:
    body = orjson.loads(request.body) if request.body else None
    answer = await client.ask(request.method, request.path, body, params=dict(request.query))
    assert request.is_read or answer.status in {200, 201}, answer
    return answer.status, answer.data


@pytest.mark.slow
@pytest.mark.parametrize("write", CHANGED)
async def test_write_makes_stale_every_answer_that_it_changes(write: str) -> None:
    async with visitor() as client:
        account = await Account.of(client)
        reads = account.reads(await days_of(client))
        request = TOOLS[write].request(account.writes()[write])
        before = {name: await sent(client, read) for name, read in reads.items()}
        await sent(client, request)
        changed = {name for name, read in reads.items() if await sent(client, read) != before[name]}

    assert changed == CHANGED[write]
    assert [name for name in changed if not reads[name].tags & request.tags] == []


def test_every_write_has_a_row() -> None:
    assert set(CHANGED) == {name for name, tool in TOOLS.items() if not tool.reads}


async def test_new_zone_changes_the_kept_rows_of_a_day() -> None:
    async with visitor() as client, user_of(client.sandbox) as user:
        day = (await days_of(client))["list_call_history"]
        before = await user.call("list_call_history", day)
        whole = await user.call("list_call_history")
        await user.answer("update_settings", timezone=ELSEWHERE)
        after = await user.call("list_call_history", day)
        still = await user.call("list_call_history")

    ids = [[row["id"] for row in each.structured_content["data"]] for each in (before, after)]
    assert ids[0] != ids[1]
    assert after.meta["linktime/cache"] == "miss"
    assert (whole.meta["linktime/cache"], still.meta["linktime/cache"]) == ("miss", "hit")
