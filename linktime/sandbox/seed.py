"""The lifelike account that a sandbox starts with; its dates follow the clock, and one time gives one account."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from .bookings import meeting_link
from .store import Row, Store, cuid
from .times import stamp

_ZONE: Final = ZoneInfo("America/New_York")
_AGENT: Final = "Sales Agent"


@dataclass(frozen=True, slots=True)
class _Person:
    name: str
    email: str
    phone: str
    company: str
    title: str
    notes: str | None = None


_SARAH: Final = _Person(
    "Sarah Chen",
    "sarah.chen@acme.example",
    "+12125550142",
    "Acme Corp",
    "VP Engineering",
    "Interested in enterprise plan. Budget review in Q1.",
)
_ALEX: Final = _Person("Alex Rivera", "alex@northwind.example", "+13125550187", "Northwind", "Head of Operations")
_JORDAN: Final = _Person(
    "Jordan Lee", "jordan.lee@globex.example", "+14155550119", "Globex", "Founder", "Prefers mornings."
)
_SAM: Final = _Person("Sam Okafor", "sam.okafor@initech.example", "+442079460958", "Initech", "Product Manager")
_PRIYA: Final = _Person("Priya Nair", "priya@umbrella.example", "+16465550173", "Umbrella Labs", "Chief of Staff")
_PEOPLE: Final = (_SARAH, _ALEX, _JORDAN, _SAM, _PRIYA)

_QUICK: Final = "quick-call"
_DEMO: Final = "product-demo"
_STRATEGY: Final = "strategy-session"
_INTRO: Final = "intro-call"
# name, slug, minutes, location, price, active, what else
_EVENT_TYPES: Final[tuple[tuple[str, str, int, str, int, bool, Row], ...]] = (
    ("30-Minute Call", "30min", 30, "ZOOM", 0, True, {"description": "A call about anything."}),
    ("Quick Call", _QUICK, 15, "PHONE", 0, True, {}),
    ("Product Demo", _DEMO, 60, "ZOOM", 0, True, {"bufferAfter": 15, "minimumNotice": 120}),
    ("Intro Call", _INTRO, 30, "GOOGLE_MEET", 0, True, {"maxBookingsPerDay": 4}),
    ("Strategy Session", _STRATEGY, 60, "ZOOM", 150, True, {"bufferBefore": 10, "bufferAfter": 10}),
    ("Office Hours", "office-hours", 45, "IN_PERSON", 0, False, {"description": "Paused until spring."}),
)

_Meeting = tuple[int, int, float, str, _Person, int | None]

# weeks from this one, weekday (0 = Monday), hour, event type, guest, call that led to it
_MEETINGS: Final[tuple[_Meeting, ...]] = (
    (-9, 1, 10, _INTRO, _SARAH, None),
    (-6, 3, 15, _QUICK, _SARAH, None),
    (-4, 0, 9, _INTRO, _JORDAN, None),
    (-3, 2, 11, _STRATEGY, _SARAH, None),
    (-2, 4, 14, _QUICK, _ALEX, None),
    (-1, 2, 10, _DEMO, _SARAH, None),
    (0, 0, 10, _DEMO, _ALEX, None),
    (0, 1, 14, _QUICK, _SARAH, None),
    (0, 2, 11, _STRATEGY, _JORDAN, None),
    (0, 4, 15, _INTRO, _SAM, None),
    (1, 1, 11, _STRATEGY, _ALEX, 0),
    (1, 2, 14, _QUICK, _PRIYA, 2),
    (1, 3, 10, _DEMO, _SAM, 5),
)

# weekday (0 = Monday), hour, direction, status, seconds, phone
_CALLS: Final = (
    (0, 9.5, "INBOUND", "COMPLETED", 150, _ALEX.phone),
    (0, 13.2, "OUTBOUND", "NO_ANSWER", 0, _JORDAN.phone),
    (1, 10.1, "INBOUND", "COMPLETED", 175, _PRIYA.phone),
    (1, 16.4, "OUTBOUND", "COMPLETED", 95, _SARAH.phone),
    (2, 9.8, "INBOUND", "FAILED", 5, "+17185550131"),
    (2, 14.7, "INBOUND", "COMPLETED", 135, _SAM.phone),
    (3, 11.3, "OUTBOUND", "NO_ANSWER", 0, "+19175550164"),
    (4, 10.6, "INBOUND", "COMPLETED", 120, "+13475550108"),
)
_SUMMARIES: Final = {
    "COMPLETED": "Answered questions about plans and availability.",
    "NO_ANSWER": None,
    "FAILED": "The caller hung up.",
}

# channel, who, days ago, then each message from (> to us, < from us) with minutes after the first
_CONVERSATIONS: Final = (
    (
        "SMS",
        _SARAH,
        2,
        (("<", 0, "Hi Sarah, see you Tuesday at 2."), (">", 7, "Perfect, I'll bring the budget figures.")),
    ),
    (
        "WHATSAPP",
        _JORDAN,
        3,
        ((">", 0, "Can we keep it to 45 minutes?"), ("<", 12, "Of course."), (">", 13, "Thank you!")),
    ),
    (
        "SMS",
        _ALEX,
        6,
        (("<", 0, "Your demo is confirmed."), (">", 3, "Great. Can my colleague join?"), ("<", 9, "Yes!")),
    ),
    ("WHATSAPP", _PRIYA, 9, ((">", 0, "Do you have time next week?"), ("<", 25, "I do: linktime.io/maya/quick-call"))),
)
_INTEGRATIONS: Final = (
    ("Google Calendar", "calendar", True),
    ("Outlook", "calendar", False),
    ("Zoom", "video", True),
    ("Google Meet", "video", True),
    ("HubSpot", "crm", True),
    ("Salesforce", "crm", False),
    ("Stripe", "payments", True),
)
_OWNER: Final = {"name": "Maya Brooks", "email": "maya@brooks.example", "username": "maya"}


_SETTINGS: Final = {
    "timezone": _ZONE.key,
    "timeFormat": "12h",
    "dateFormat": "MMM D, YYYY",
    "bufferBefore": 0,
    "bufferAfter": 0,
    "maxMeetingsPerDay": None,
    "minGapMinutes": 0,
    "focusTimeEnabled": False,
    "focusTimeBlocks": [{"dayOfWeek": 3, "startTime": "13:00", "endTime": "15:00"}],
}

_Rows = Iterator[tuple[str, Row]]


def seed(store: Store, *, key: str, plan: str, now: datetime) -> None:
    """Fill an empty store.

    "This week" is the one that the local day belongs to, from its Monday; on a weekend its meetings are over.
    """
    local = now.astimezone(_ZONE)
    monday = datetime.combine(local.date() - timedelta(days=local.weekday()), time(), _ZONE)
    with store.transaction():
        store.insert("account", {"id": _id("user"), "key": key, **_OWNER, "plan": plan, "effectivePlan": plan})
        store.insert("settings", _SETTINGS)
        for rows in (_setup(local), _contacts(local), _bookings(local, monday), _calls(local, monday), _threads(local)):
            for table, row in rows:
                store.insert(table, row)


def _setup(now: datetime) -> _Rows:
    for weekday in range(1, 6):
        yield "rules", {"dayOfWeek": weekday, "startTime": "09:00", "endTime": "17:00"}
    for provider, category, connected in _INTEGRATIONS:
        email = _OWNER["email"] if connected else None
        yield (
            "integrations",
            {"provider": provider, "category": category, "connected": connected, "accountEmail": email},
        )
    for name, slug, minutes, location, price, active, more in _EVENT_TYPES:
        row = {"id": _id(slug), "name": name, "slug": slug, "durationMinutes": minutes, "locationType": location}
        yield (
            "eventTypes",
            {
                **row,
                "price": price,
                "currency": "USD",
                "isActive": active,
                "minimumNotice": 0,
                **more,
                **_made(now, 200),
            },
        )
    yield "webhooks", _webhook(now)
    yield "workflows", _workflow(now)


def _webhook(now: datetime) -> Row:
    # Switched off, so that a sandbox calls nobody whom its user has not named.
    return {
        "id": _id("webhook"),
        "name": "CRM sync",
        "url": "https://hooks.brooks.example/linktime",
        "events": ["booking.created", "contact.created"],
        "secret": f"whsec_{hashlib.sha256(b'seeded').hexdigest()[:48]}",
        "isActive": False,
        "deliveryCount": 128,
        "failureCount": 2,
        "lastDeliveryAt": now - timedelta(days=12),
        "createdAt": now - timedelta(days=180),
    }


def _workflow(now: datetime) -> Row:
    return {
        "id": _id("workflow"),
        "name": "Thank-you e-mail",
        "trigger": "BOOKING_CREATED",
        "actions": [{"type": "SEND_EMAIL", "config": {"subject": "Looking forward to it"}}],
        "eventTypeIds": [],
        "isEnabled": True,
        "executionCount": 42,
        "createdAt": now - timedelta(days=150),
    }


def _contacts(now: datetime) -> _Rows:
    for age, person in enumerate(_PEOPLE):
        row = {"id": _id(person.email), "name": person.name, "email": person.email, "phone": person.phone}
        yield (
            "contacts",
            {**row, "company": person.company, "jobTitle": person.title, "notes": person.notes, **_made(now, 90 - age)},
        )


def _bookings(now: datetime, monday: datetime) -> _Rows:
    event_types = {slug: (minutes, location) for _, slug, minutes, location, *_ in _EVENT_TYPES}
    for number, (week, weekday, hour, slug, guest, call) in enumerate(_meetings(now, monday)):
        ident, (minutes, location) = _id(f"booking {number}"), event_types[slug]
        start = _at(monday, weekday + 7 * week, hour)
        asked = min(start - timedelta(days=6), now) if call is None else _called(call, now, monday)
        yield (
            "bookings",
            {
                "id": ident,
                "eventTypeId": _id(slug),
                "contactId": _id(guest.email),
                "startTime": start,
                "endTime": start + timedelta(minutes=minutes),
                "status": "CONFIRMED",
                "inviteeName": guest.name,
                "inviteeEmail": guest.email,
                "inviteeTimezone": _ZONE.key,
                "location": location,
                "meetingLink": meeting_link(location, ident),
                "createdAt": asked,
                "updatedAt": asked,
            },
        )
        mail = {"id": _id(f"mail {number}"), "bookingId": ident, "type": "CONFIRMATION", "recipient": guest.email}
        yield "emailLogs", {**mail, "status": "SENT", "sentAt": asked}


def _meetings(now: datetime, monday: datetime) -> tuple[_Meeting, ...]:
    """Leave out the oldest once this week's call with Sarah is over: she was met four times on any day."""
    return _MEETINGS[1:] if now >= _at(monday, 1, 14.25) else _MEETINGS


def _calls(now: datetime, monday: datetime) -> _Rows:
    led_to = {call: _id(f"booking {number}") for number, (*_, call) in enumerate(_meetings(now, monday))}
    for number, (_, _, direction, status, seconds, phone) in enumerate(_CALLS):
        yield (
            "calls",
            {
                "id": _id(f"call {number}"),
                "direction": direction,
                "status": status,
                "durationSeconds": seconds,
                "agentName": _AGENT,
                "phone": phone,
                "startedAt": _called(number, now, monday),
                "summary": _SUMMARIES[status],
                "bookingId": led_to.get(number),
            },
        )


def _called(number: int, now: datetime, monday: datetime) -> datetime:
    """Return when a call was made: as planned, or earlier where all must fit between Monday and now."""
    weekday, hour, *_ = _CALLS[number]
    return min(_at(monday, weekday, hour), monday + (now - monday) * (number + 1) / (len(_CALLS) + 1))


def _threads(now: datetime) -> _Rows:
    for channel, person, days, messages in _CONVERSATIONS:
        first = now - timedelta(days=days)
        ident = _id(f"{channel} {person.email}")
        told = [
            {
                "id": _id(f"{ident} {minutes}"),
                "direction": "INBOUND" if way == ">" else "OUTBOUND",
                "body": body,
                "sentAt": stamp(first + timedelta(minutes=minutes)),
            }
            for way, minutes, body in messages
        ]
        row = {"id": ident, "channel": channel, "contactId": _id(person.email), "contactName": person.name}
        yield "conversations", {**row, "phone": person.phone, "lastMessageAt": told[-1]["sentAt"], "messages": told}


def _at(monday: datetime, days: int, hour: float) -> datetime:
    return monday + timedelta(days=days, hours=hour)  # wall time, also across a clock change


def _made(now: datetime, days: int) -> Row:
    made = now - timedelta(days=days)
    return {"createdAt": made, "updatedAt": made}


def _id(name: str) -> str:
    return cuid(hashlib.sha256(name.encode()).digest())
