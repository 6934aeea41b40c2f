"""The initial rows of a sandbox, built from the sample data. Dates and ids depend only on the current time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime, time, timedelta
from typing import Final

from . import sample_data as sample
from .bookings import meeting_link
from .store import Row, Store, cuid
from .times import stamp

_AGENT: Final = "Sales Agent"
_Rows = Iterator[tuple[str, Row]]  # table, row


def seed(store: Store, *, owner: Mapping[str, str], now: datetime) -> None:
    """Fill an empty *store*. *owner* holds columns of the account, among them the key.

    The current week is the week of the local day, from its Monday. On a weekend its meetings are over.
    """
    local = now.astimezone(sample.ZONE)
    monday = datetime.combine(local.date() - timedelta(days=local.weekday()), time(), sample.ZONE)
    with store.transaction():
        account = {"id": _id("user"), **sample.OWNER, **owner}
        store.insert("account", {"effectivePlan": account["plan"], **account})
        store.insert("settings", sample.SETTINGS)
        for rows in (_setup(local), _contacts(local), _bookings(local, monday), _calls(local, monday), _threads(local)):
            for table, row in rows:
                store.insert(table, row)


def _setup(now: datetime) -> _Rows:
    """Yield the rows that do not depend on the week: rules, integrations, event types, webhook and workflow."""
    # Monday to Friday
    for weekday in range(1, 6):
        yield "rules", {"dayOfWeek": weekday, "startTime": "09:00", "endTime": "17:00"}
    for provider, category, connected in sample.INTEGRATIONS:
        email = sample.OWNER["email"] if connected else None
        yield (
            "integrations",
            {"provider": provider, "category": category, "connected": connected, "accountEmail": email},
        )
    for name, slug, minutes, location, price, active, more in sample.EVENT_TYPES:
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
    # It is off, so that a sandbox sends requests only to endpoints that its user created.
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
    """Yield the contacts, the first one created 90 days ago."""
    for age, person in enumerate(sample.PEOPLE):
        row = {"id": _id(person.email), "name": person.name, "email": person.email, "phone": person.phone}
        yield (
            "contacts",
            {**row, "company": person.company, "jobTitle": person.title, "notes": person.notes, **_made(now, 90 - age)},
        )


def _bookings(now: datetime, monday: datetime) -> _Rows:
    """Yield the bookings, each with its confirmation e-mail."""
    event_types = {slug: (minutes, location) for _, slug, minutes, location, *_ in sample.EVENT_TYPES}
    for number, (week, weekday, hour, slug, guest, call) in enumerate(_meetings(now, monday)):
        ident, (minutes, location) = _id(f"booking {number}"), event_types[slug]
        start = _at(monday, weekday + 7 * week, hour)
        # A booking is made six days ahead or during the call that led to it, and never in the future.
        created = min(start - timedelta(days=6), now) if call is None else _called(call, now, monday)
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
                "inviteeTimezone": sample.ZONE.key,
                "location": location,
                "meetingLink": meeting_link(location, ident),
                "createdAt": created,
                "updatedAt": created,
            },
        )
        mail = {"id": _id(f"mail {number}"), "bookingId": ident, "type": "CONFIRMATION", "recipient": guest.email}
        yield "emailLogs", {**mail, "status": "SENT", "sentAt": created}


def _meetings(now: datetime, monday: datetime) -> tuple[sample.Meeting, ...]:
    """Return the meetings, so that exactly four with Sarah are over: without the oldest after this week's call."""
    return sample.MEETINGS[1:] if now >= _at(monday, 1, 14.25) else sample.MEETINGS


def _calls(now: datetime, monday: datetime) -> _Rows:
    """Yield the calls of the current week, with the bookings that they led to."""
    led_to = {call: _id(f"booking {number}") for number, (*_, call) in enumerate(_meetings(now, monday))}
    for number, (_, _, direction, status, seconds, phone) in enumerate(sample.CALLS):
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
                "summary": sample.SUMMARIES[status],
                "bookingId": led_to.get(number),
            },
        )


def _called(number: int, now: datetime, monday: datetime) -> datetime:
    """Return the time of a call: as in the sample data, or earlier, to fit all calls between Monday and now."""
    weekday, hour, *_ = sample.CALLS[number]
    return min(_at(monday, weekday, hour), monday + (now - monday) * (number + 1) / (len(sample.CALLS) + 1))


def _threads(now: datetime) -> _Rows:
    """Yield the message threads."""
    for channel, person, days, texts in sample.CONVERSATIONS:
        first = now - timedelta(days=days)
        ident = _id(f"{channel} {person.email}")
        messages = [
            {
                "id": _id(f"{ident} {minutes}"),
                "direction": "INBOUND" if direction == ">" else "OUTBOUND",
                "body": body,
                "sentAt": stamp(first + timedelta(minutes=minutes)),
            }
            for direction, minutes, body in texts
        ]
        row = {"id": ident, "channel": channel, "contactId": _id(person.email), "contactName": person.name}
        yield (
            "conversations",
            {**row, "phone": person.phone, "lastMessageAt": messages[-1]["sentAt"], "messages": messages},
        )


def _at(monday: datetime, days: int, hour: float) -> datetime:
    """Return a time of the week that begins on *monday*. *hour* may have a fraction."""
    return monday + timedelta(days=days, hours=hour)  # local time, also across a clock change


def _made(now: datetime, days: int) -> Row:
    """Return the timestamps of a row that was created *days* ago."""
    made = now - timedelta(days=days)
    return {"createdAt": made, "updatedAt": made}


def _id(name: str) -> str:
    """Return the id of a row. The same *name* gives the same id."""
    return cuid(hashlib.sha256(name.encode()).digest())
