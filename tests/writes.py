"""How every write of the tools shows afterwards, by LinkTime's documents, and a LinkTime that answers by script."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pytest

from linktime.errors import Failure, OutcomeUnknown, Rejected, Unavailable
from linktime.message import Reply, Request, get
from linktime.outcome import Outcome
from linktime.tools import TOOLS

ANSWERED = OutcomeUnknown("LinkTime answered 500.", answered=True)
LOST = OutcomeUnknown("The connection broke.", answered=False)
MISSING = Rejected("not_found", 'LinkTime says "not found".', status=404)
TAKEN = Rejected("conflict", 'LinkTime says "taken". Look.', status=409)
DENIED = Rejected("forbidden", "no", status=403)
BROKEN = Unavailable("LinkTime answered 502; try again later.", sent=True)


@dataclass
class Service:
    """LinkTime as scripted: a write meets its *fate*; reads get *answers* one by one, over and over the last."""

    fate: Reply | Exception
    answers: list[Any] = field(default_factory=list)
    asked: list[Request] = field(default_factory=list)
    now: float = 100.0
    slept: list[float] = field(default_factory=list)

    async def __call__(self, request: Request) -> Reply:
        """Answer or fail; data stands for a Reply that holds it."""
        self.asked.append(request)
        told = self.answers[min(len(self.reads), len(self.answers)) - 1] if request.is_read else self.fate
        if isinstance(told, Exception):
            raise told
        return told if isinstance(told, Reply) else Reply(200, told, {"budgetRemaining": 7})

    async def sleep(self, seconds: float) -> None:
        """Pass the time."""
        self.slept.append(seconds)
        self.now += seconds

    @property
    def reads(self) -> list[Request]:
        """The reads that came."""
        return [request for request in self.asked if request.is_read]

    async def send(self, request: Request) -> Reply:
        """Send through the layer under test."""
        return await Outcome(self, clock=lambda: self.now, sleep=self.sleep)(request)

    async def failure(self, request: Request) -> Failure:
        """Send what must fail."""
        with pytest.raises(Failure) as failure:
            await self.send(request)
        return failure.value


NOTE = (
    "The signing secret was in the answer that was lost, and can't be shown again. If you don't have it, delete this "
    "webhook and create it anew."
)


class Case(NamedTuple):
    """One write, the *read* that shows it, answers that *prove*, *disprove* or leave it *open*, and what it answers."""

    tool: str
    arguments: dict[str, Any]
    read: Request
    proof: Any
    disproof: Any
    answer: Any
    open: tuple[Any, ...] = ()

    @property
    def request(self) -> Request:
        """The write as the tool builds it."""
        return TOOLS[self.tool].request(self.arguments)


SUCCESS = {"success": True}
GUEST = {"inviteeName": "Ada", "inviteeEmail": "Ada@Example.com", "inviteeTimezone": "Europe/London"}
BOOKING = {
    "id": "b1",
    "startTime": "2026-03-01T15:00:00+01:00",
    "status": "CONFIRMED",
    "inviteeEmail": "ada@example.com",
    "eventType": {"slug": "intro"},
}
NEARBY = [
    BOOKING | {"id": "b2", "startTime": "2026-03-01T15:00:00.000Z"},
    BOOKING | {"id": "b3", "inviteeEmail": "bob@example.com"},
    BOOKING | {"id": "b4", "eventType": {"slug": "demo"}},
    BOOKING | {"id": "b5", "status": "CANCELLED"},
]
BOOK = {"eventTypeSlug": "intro", "startTime": "2026-03-01T14:00:00Z", **GUEST}
AROUND = {"limit": 100, "status": "CONFIRMED", "from_": "2026-03-01", "to": "2026-03-02"}
ADA = {"id": "c1", "name": "Ada", "email": "ada@example.com", "company": None}
TYPE = {"id": "e1", "name": "Intro", "slug": "intro", "durationMinutes": 30, "locationType": "ZOOM", "price": 25.0}
NEW_TYPE = {"name": "Intro", "slug": "Intro", "durationMinutes": 30, "locationType": "ZOOM", "price": 25}
HOOK = {"id": "w1", "name": "crm", "url": "https://a.example/x", "events": ["contact.created", "booking.created"]}
NEW_HOOK = {"url": "https://a.example/x", "events": ["booking.created", "contact.created"]}
DAY_OFF = {"id": "o1", "date": "2026-03-01T00:00:00.000Z", "isBlocked": True, "startTime": None, "endTime": None}
HOURS = {"dayOfWeek": 1, "startTime": "09:00", "endTime": "17:00"}
FLOW = {"id": "f1", "name": "Mail", "trigger": "BOOKING_CREATED", "actions": [{"type": "SEND_EMAIL", "config": {}}]}
UNREADABLE = (None, "<html>", 7, {"data": {"a": 1}}, ["x"], {"data": [None]})
PARTIAL = {"data": [], "pagination": {"totalPages": 9}}

CASES = [
    Case(
        "create_booking",
        BOOK,
        get("/bookings", **AROUND),
        {"data": [*NEARBY, BOOKING]},
        {"data": NEARBY},
        {"bookingId": "b1"},
        (
            [BOOKING, BOOKING | {"id": "b9"}],
            [{name: value for name, value in BOOKING.items() if name != "inviteeEmail"}],
            [BOOKING | {"startTime": "soon"}],
            [BOOKING | {"startTime": 1_772_373_600}],
            [BOOKING | {"startTime": "2026-03-01T14:00:00"}],
            [BOOKING | {"id": 7}],
            [{}] * 100,
            {"data": [], "pagination": {"total": 101}},
            PARTIAL,
            *UNREADABLE,
        ),
    ),
    Case(
        "cancel_booking",
        {"bookingId": "b1"},
        get("/bookings/{id}", "b1"),
        {"data": BOOKING | {"status": "cancelled"}},
        BOOKING,
        SUCCESS,
        (BOOKING | {"status": "PENDING"}, MISSING, *UNREADABLE),
    ),
    Case(
        "reschedule_booking",
        {"bookingId": "b1", "newStartTime": "2026-03-01T14:00:00Z"},
        get("/bookings/{id}", "b1"),
        BOOKING,
        BOOKING | {"startTime": "2026-03-01T15:00:00.000Z"},
        SUCCESS,
        (BOOKING | {"status": "CANCELLED"}, MISSING, *UNREADABLE),
    ),
    Case(
        "create_contact",
        {"name": "Ada", "email": "ADA@example.com", "company": ""},
        get("/contacts", search="ADA@example.com", limit=100),
        {"data": [ADA | {"email": "lada@example.com"}, ADA], "pagination": {"total": 2}},
        [ADA | {"email": "lada@example.com"}],
        ADA,
        ([ADA | {"name": "Bob"}], [ADA | {"email": None}, {}], PARTIAL, *UNREADABLE),
    ),
    Case(
        "update_contact",
        {"contactId": "c1", "name": "Ada", "email": "ada@example.COM"},
        get("/contacts/{id}", "c1"),
        ADA,
        ADA | {"name": None},
        ADA,
        (ADA | {"name": "ADA"}, {"id": "c1", "name": "Ada"}, ADA | {"name": 5}, MISSING, *UNREADABLE),
    ),
    Case(
        "delete_contact",
        {"contactId": "c1"},
        get("/contacts/{id}", "c1"),
        MISSING,
        ADA,
        SUCCESS,
        (ADA | {"isActive": False}, ADA | {"id": "c2"}, *UNREADABLE),
    ),
    Case(
        "create_event_type",
        NEW_TYPE,
        get("/event-types"),
        {"data": [TYPE | {"slug": "intro-2"}, TYPE]},
        {"data": [TYPE | {"slug": "intro-2"}]},
        TYPE,
        ([TYPE | {"price": 30}], [TYPE | {"price": "25.00"}], [{"id": "e1"}], PARTIAL, *UNREADABLE),
    ),
    Case(
        "update_event_type",
        {"eventTypeId": "e1", "isActive": False, "currency": "eur"},
        get("/event-types/{id}", "e1"),
        TYPE | {"isActive": False, "currency": "EUR"},
        TYPE | {"isActive": True, "currency": "EUR"},
        TYPE | {"isActive": False, "currency": "EUR"},
        (TYPE, TYPE | {"isActive": None, "currency": "EUR"}, MISSING, *UNREADABLE),
    ),
    Case(
        "delete_event_type",
        {"eventTypeId": "e1"},
        get("/event-types/{id}", "e1"),
        Rejected("gone", "gone", status=410),
        TYPE,
        SUCCESS,
        (TYPE | {"isActive": False}, *UNREADABLE),
    ),
    Case(
        "create_webhook",
        NEW_HOOK,
        get("/webhooks"),
        {"data": [HOOK | {"id": "w2", "url": "https://b.example/x"}, HOOK]},
        {"data": []},
        HOOK | {"secretNote": NOTE},
        (
            [HOOK, HOOK | {"id": "w2"}],
            [HOOK | {"events": ["booking.created"]}],
            [HOOK | {"deliveryCount": 3}],
            [HOOK | {"url": "https://a.example/x/"}],
            PARTIAL,
            *UNREADABLE,
        ),
    ),
    Case(
        "update_webhook",
        {"webhookId": "w1", "name": "crm", "isActive": True},
        get("/webhooks"),
        [HOOK | {"id": "w2"}, HOOK | {"isActive": True}],
        [HOOK | {"isActive": False}],
        HOOK | {"isActive": True},
        ([], [HOOK], PARTIAL, *UNREADABLE),
    ),
    Case(
        "delete_webhook",
        {"webhookId": "w1"},
        get("/webhooks"),
        {"data": [HOOK | {"id": "w2"}]},
        {"data": [HOOK]},
        SUCCESS,
        ([{}], PARTIAL, *UNREADABLE),
    ),
    Case(
        "create_availability_override",
        {"date": "2026-03-01"},
        get("/availability/overrides", from_="2026-03-01", to="2026-03-01"),
        {"data": [DAY_OFF]},
        {"data": []},
        DAY_OFF,
        ([DAY_OFF | {"isBlocked": False}], [{"id": "o1"}], PARTIAL, *UNREADABLE),
    ),
    Case(
        "delete_availability_override",
        {"overrideId": "o1"},
        get("/availability/overrides"),
        [],
        [DAY_OFF],
        SUCCESS,
        (PARTIAL, *UNREADABLE),
    ),
    Case(
        "update_availability_rules",
        {"rules": [HOURS, HOURS | {"dayOfWeek": 2}]},
        get("/availability/rules"),
        {"data": [HOURS | {"dayOfWeek": 2, "endTime": "17:00:00"}, HOURS | {"startTime": "9:00"}]},
        {"data": [HOURS]},
        {"data": [HOURS | {"dayOfWeek": 2, "endTime": "17:00:00"}, HOURS | {"startTime": "9:00"}]},
        ([{"day": 1}], [HOURS | {"startTime": 9}], PARTIAL, *UNREADABLE),
    ),
    Case(
        "update_settings",
        {"maxMeetingsPerDay": 0, "bufferBefore": 0, "focusTimeBlocks": [HOURS]},
        get("/settings"),
        {"maxMeetingsPerDay": None, "bufferBefore": 0, "focusTimeBlocks": [HOURS | {"id": "h1"}]},
        {"maxMeetingsPerDay": 5, "bufferBefore": 0, "focusTimeBlocks": [HOURS]},
        {"maxMeetingsPerDay": None, "bufferBefore": 0, "focusTimeBlocks": [HOURS | {"id": "h1"}]},
        ({"maxMeetingsPerDay": None, "bufferBefore": None, "focusTimeBlocks": [HOURS]}, MISSING, *UNREADABLE),
    ),
    Case(
        "create_workflow",
        {name: value for name, value in FLOW.items() if name != "id"} | {"eventTypeIds": ["e1", "e2"]},
        get("/workflows"),
        {"data": [FLOW | {"name": "Text"}, FLOW | {"eventTypeIds": ["e2", "e1"]}]},
        {"data": [FLOW | {"name": "Text"}]},
        FLOW | {"eventTypeIds": ["e2", "e1"]},
        (
            [FLOW | {"actions": [*FLOW["actions"], *FLOW["actions"]]}],
            [FLOW | {"actions": [{"type": "SEND_SMS", "config": {}}]}],
            [FLOW | {"actions": [{"type": "SEND_EMAIL", "config": None}]}],
            [FLOW | {"executionCount": 1}],
            PARTIAL,
            *UNREADABLE,
        ),
    ),
]
