"""The expected request of each tool, written by hand from LinkTime's documents and not from the source."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple


class Expected(NamedTuple):
    """One call of *tool*, and its expected request. *path* is under /api/v1.

    A row that *is_looked_up* has a name in the place of an id. Its id is looked up before the request.
    """

    tool: str
    arguments: dict[str, Any]
    method: str
    path: str
    query: Mapping[str, str] = MappingProxyType({})
    body: dict[str, Any] | None = None
    is_looked_up: bool = False


_WEEK: Final = {"eventTypeSlug": "intro-call", "from": "2026-03-02", "to": "2026-03-06"}
_BOOKING: Final = {
    "eventTypeSlug": "intro-call",
    "startTime": "2026-03-01T14:00:00.000Z",
    "inviteeName": "Sarah Chen",
    "inviteeEmail": "sarah.chen@acme.example",
    "inviteeTimezone": "America/New_York",
}

REQUESTS: Final = [
    # Scheduling
    Expected("list_event_types", {}, "GET", "/event-types"),
    Expected("check_availability", _WEEK, "GET", "/availability", _WEEK),
    Expected(
        "check_availability",
        {"eventTypeSlug": "a b&c", "from": "2028-02-29", "to": "2028-02-29", "timezone": "Asia/Kolkata"},
        "GET",
        "/availability",
        {"eventTypeSlug": "a b&c", "from": "2028-02-29", "to": "2028-02-29", "timezone": "Asia/Kolkata"},
    ),
    Expected("check_availability", {**_WEEK, "timeFrom": "13:00", "timeTo": "17:00"}, "GET", "/availability", _WEEK),
    Expected("create_booking", _BOOKING, "POST", "/bookings", body=_BOOKING),
    Expected(
        "create_booking",
        {
            "eventTypeSlug": "intro-call",
            "startTime": "2026-03-01T09:00-05:00",
            "inviteeName": "Zoë 李",
            "inviteeEmail": "zoe+li@mail.example.org",
            "inviteeTimezone": "UTC",
            "notes": "  two\nlines ",
        },
        "POST",
        "/bookings",
        body={
            "eventTypeSlug": "intro-call",
            "startTime": "2026-03-01T14:00:00.000Z",
            "inviteeName": "Zoë 李",
            "inviteeEmail": "zoe+li@mail.example.org",
            "inviteeTimezone": "UTC",
            "notes": "  two\nlines ",
        },
    ),
    Expected("cancel_booking", {"bookingId": "clx1"}, "POST", "/bookings/clx1/cancel", body={}),
    Expected(
        "cancel_booking",
        {"bookingId": "clx1", "reason": "Ill"},
        "POST",
        "/bookings/clx1/cancel",
        body={"reason": "Ill"},
    ),
    Expected(
        "reschedule_booking",
        {"bookingId": "clx1", "newStartTime": "2026-03-05T10:30:00+05:30"},
        "POST",
        "/bookings/clx1/reschedule",
        body={"newStartTime": "2026-03-05T05:00:00.000Z"},
    ),
    # Meetings
    Expected("list_bookings", {}, "GET", "/bookings"),
    Expected(
        "list_bookings",
        {"from": "2026-03-02", "to": "2026-03-06", "status": "CONFIRMED", "page": 2, "limit": 100},
        "GET",
        "/bookings",
        {"from": "2026-03-02", "to": "2026-03-06", "status": "CONFIRMED", "page": "2", "limit": "100"},
    ),
    Expected("list_bookings", {"limit": "30", "status": "all"}, "GET", "/bookings", {"limit": "30", "status": "all"}),
    Expected("get_booking", {"bookingId": "clx1"}, "GET", "/bookings/clx1"),
    Expected("get_booking", {"bookingId": "../me?x=1#y"}, "GET", "/bookings/..%2Fme%3Fx%3D1%23y"),
    # Contacts
    Expected("list_contacts", {}, "GET", "/contacts"),
    Expected(
        "list_contacts",
        {"search": "Sarah & Söhne", "page": 1, "limit": 1},
        "GET",
        "/contacts",
        {"search": "Sarah & Söhne", "page": "1", "limit": "1"},
    ),
    Expected("get_contact", {"contactId": "clx2"}, "GET", "/contacts/clx2"),
    Expected(
        "create_contact",
        {"name": "Alex Rivera", "email": "alex@rivera.example"},
        "POST",
        "/contacts",
        body={"name": "Alex Rivera", "email": "alex@rivera.example"},
    ),
    Expected(
        "create_contact",
        {
            "name": "Jo Lee",
            "email": "jo@lee.example",
            "phone": "+1 555 0100",
            "company": "Lee & Co",
            "notes": "Likes tea",
        },
        "POST",
        "/contacts",
        body={
            "name": "Jo Lee",
            "email": "jo@lee.example",
            "phone": "+1 555 0100",
            "company": "Lee & Co",
            "notes": "Likes tea",
        },
    ),
    Expected(
        "update_contact",
        {"contactId": "clx2", "company": "Acme", "phone": None, "notes": ""},
        "PATCH",
        "/contacts/clx2",
        body={"company": "Acme", "notes": ""},
    ),
    Expected(
        "update_contact",
        {"contactId": "clx2", "name": "S. Chen", "email": "s@acme.example", "phone": "1"},
        "PATCH",
        "/contacts/clx2",
        body={"name": "S. Chen", "email": "s@acme.example", "phone": "1"},
    ),
    Expected("delete_contact", {"contactId": "clx2"}, "DELETE", "/contacts/clx2"),
    # Communication
    Expected("list_conversations", {}, "GET", "/conversations"),
    Expected(
        "list_conversations",
        {"channel": "WHATSAPP", "from": "2026-03-02", "to": "2026-03-02", "page": 3, "limit": 5},
        "GET",
        "/conversations",
        {"channel": "WHATSAPP", "from": "2026-03-02", "to": "2026-03-02", "page": "3", "limit": "5"},
    ),
    Expected("list_call_history", {}, "GET", "/calls"),
    Expected(
        "list_call_history",
        {"status": "all", "from": "2026-03-02", "to": "2026-03-08", "page": 1, "limit": 50},
        "GET",
        "/calls",
        {"status": "all", "from": "2026-03-02", "to": "2026-03-08", "page": "1", "limit": "50"},
    ),
    # Context
    Expected("get_me", {}, "GET", "/me"),
    # Event management
    Expected(
        "create_event_type",
        {"name": "Quick Chat", "slug": "quick-chat", "durationMinutes": 15, "locationType": "ZOOM"},
        "POST",
        "/event-types",
        body={"name": "Quick Chat", "slug": "quick-chat", "durationMinutes": 15, "locationType": "ZOOM"},
    ),
    Expected(
        "create_event_type",
        {
            "name": "Workshop",
            "slug": "workshop",
            "durationMinutes": "90",
            "locationType": "IN_PERSON",
            "description": "Bring paper.",
            "bufferBefore": 0,
            "bufferAfter": 15,
            "minimumNotice": 1440,
            "maxBookingsPerDay": 2,
            "price": 49.5,
            "currency": "EUR",
        },
        "POST",
        "/event-types",
        body={
            "name": "Workshop",
            "slug": "workshop",
            "durationMinutes": 90,
            "locationType": "IN_PERSON",
            "description": "Bring paper.",
            "bufferBefore": 0,
            "bufferAfter": 15,
            "minimumNotice": 1440,
            "maxBookingsPerDay": 2,
            "price": 49.5,
            "currency": "EUR",
        },
    ),
    Expected(
        "update_event_type",
        {"eventTypeId": "clx3", "isActive": "false", "price": 25},
        "PATCH",
        "/event-types/clx3",
        body={"isActive": False, "price": 25},
    ),
    Expected(
        "update_event_type",
        {
            "eventTypeId": "clx3",
            "name": "Chat",
            "slug": "chat",
            "durationMinutes": 20,
            "locationType": "PHONE",
            "description": "",
            "bufferBefore": 5,
            "bufferAfter": 0,
            "minimumNotice": 0,
            "maxBookingsPerDay": 8,
            "currency": "USD",
        },
        "PATCH",
        "/event-types/clx3",
        body={
            "name": "Chat",
            "slug": "chat",
            "durationMinutes": 20,
            "locationType": "PHONE",
            "description": "",
            "bufferBefore": 5,
            "bufferAfter": 0,
            "minimumNotice": 0,
            "maxBookingsPerDay": 8,
            "currency": "USD",
        },
    ),
    Expected("delete_event_type", {"eventTypeId": "clx3"}, "DELETE", "/event-types/clx3"),
    # Availability
    Expected("get_availability_rules", {}, "GET", "/availability/rules"),
    Expected(
        "update_availability_rules",
        {
            "rules": [
                {"dayOfWeek": 1, "startTime": "09:00", "endTime": "12:30"},
                {"dayOfWeek": 1, "startTime": "13:30", "endTime": "17:00"},
            ]
        },
        "PUT",
        "/availability/rules",
        body={
            "rules": [
                {"dayOfWeek": 1, "startTime": "09:00", "endTime": "12:30"},
                {"dayOfWeek": 1, "startTime": "13:30", "endTime": "17:00"},
            ]
        },
    ),
    Expected(
        "update_availability_rules",
        {"rules": '[{"dayOfWeek": "0", "startTime": "9:00", "endTime": "23:59"}]'},
        "PUT",
        "/availability/rules",
        body={"rules": [{"dayOfWeek": 0, "startTime": "09:00", "endTime": "23:59"}]},
    ),
    Expected("list_availability_overrides", {}, "GET", "/availability/overrides"),
    Expected(
        "list_availability_overrides",
        {"from": "2026-03-09", "to": "2026-03-31"},
        "GET",
        "/availability/overrides",
        {"from": "2026-03-09", "to": "2026-03-31"},
    ),
    Expected(
        "create_availability_override",
        {"date": "2026-03-10", "reason": "Vacation"},
        "POST",
        "/availability/overrides",
        body={"date": "2026-03-10", "isBlocked": True, "reason": "Vacation"},
    ),
    Expected(
        "create_availability_override",
        {"date": "2026-03-11", "isBlocked": False, "startTime": "10:00", "endTime": "14:00"},
        "POST",
        "/availability/overrides",
        body={"date": "2026-03-11", "isBlocked": False, "startTime": "10:00", "endTime": "14:00"},
    ),
    Expected(
        "create_availability_override",
        {"date": "2026-03-12", "to": "2026-03-13"},
        "POST",
        "/availability/overrides",
        body={"date": "2026-03-12", "isBlocked": True},
    ),
    Expected(
        "delete_availability_override",
        {"date": "2026-03-12"},
        "DELETE",
        "/availability/overrides/2026-03-12",
        is_looked_up=True,
    ),
    Expected("delete_availability_override", {"overrideId": "clx4"}, "DELETE", "/availability/overrides/clx4"),
    # Settings
    Expected("get_settings", {}, "GET", "/settings"),
    Expected("update_settings", {"maxMeetingsPerDay": 0}, "PATCH", "/settings", body={"maxMeetingsPerDay": None}),
    Expected(
        "update_settings",
        {
            "timezone": "Europe/Vienna",
            "bufferBefore": 5,
            "bufferAfter": 10,
            "maxMeetingsPerDay": 6,
            "minGapMinutes": 15,
            "focusTimeEnabled": True,
            "focusTimeBlocks": [{"dayOfWeek": 6, "startTime": "08:00", "endTime": "10:00"}],
        },
        "PATCH",
        "/settings",
        body={
            "timezone": "Europe/Vienna",
            "bufferBefore": 5,
            "bufferAfter": 10,
            "maxMeetingsPerDay": 6,
            "minGapMinutes": 15,
            "focusTimeEnabled": True,
            "focusTimeBlocks": [{"dayOfWeek": 6, "startTime": "08:00", "endTime": "10:00"}],
        },
    ),
    Expected("list_integrations", {}, "GET", "/integrations"),
    # Webhooks
    Expected("list_webhooks", {}, "GET", "/webhooks"),
    Expected(
        "create_webhook",
        {"url": "https://api.example.com/bookings", "events": ["booking.created", "booking.cancelled"]},
        "POST",
        "/webhooks",
        body={"url": "https://api.example.com/bookings", "events": ["booking.created", "booking.cancelled"]},
    ),
    Expected(
        "create_webhook",
        {"url": "https://hooks.example.com:8443/hook?a=1", "events": '["payment.received"]', "name": "Till"},
        "POST",
        "/webhooks",
        body={"url": "https://hooks.example.com:8443/hook?a=1", "events": ["payment.received"], "name": "Till"},
    ),
    Expected(
        "update_webhook",
        {
            "webhookId": "clx5",
            "url": "https://api.example.com/2",
            "events": ["booking.rescheduled", "contact.created"],
            "name": "Second",
            "isActive": False,
        },
        "PATCH",
        "/webhooks/clx5",
        body={
            "url": "https://api.example.com/2",
            "events": ["booking.rescheduled", "contact.created"],
            "name": "Second",
            "isActive": False,
        },
    ),
    Expected("delete_webhook", {"webhookId": "clx5"}, "DELETE", "/webhooks/clx5"),
    # Workflows
    Expected("list_workflows", {}, "GET", "/workflows"),
    Expected(
        "create_workflow",
        {
            "name": "Thank you",
            "trigger": "BOOKING_CREATED",
            "actions": [{"type": "SEND_EMAIL", "config": {"subject": "Thanks", "body": "See you!"}}],
        },
        "POST",
        "/workflows",
        body={
            "name": "Thank you",
            "trigger": "BOOKING_CREATED",
            "actions": [{"type": "SEND_EMAIL", "config": {"subject": "Thanks", "body": "See you!"}}],
        },
    ),
    Expected(
        "create_workflow",
        {
            "name": "Remind",
            "trigger": "BEFORE_MEETING",
            "triggerOffsetMinutes": 60,
            "actions": [
                '{"type": "SEND_SMS", "config": {"body": "In an hour"}}',
                {"type": "CALL_WEBHOOK", "config": '{"url": "https://api.example.com/soon", "retries": [1, null]}'},
            ],
            "eventTypeIds": ["clx3", "clx6"],
            "isEnabled": False,
        },
        "POST",
        "/workflows",
        body={
            "name": "Remind",
            "trigger": "BEFORE_MEETING",
            "triggerOffsetMinutes": 60,
            "actions": [
                {"type": "SEND_SMS", "config": {"body": "In an hour"}},
                {"type": "CALL_WEBHOOK", "config": {"url": "https://api.example.com/soon", "retries": [1, None]}},
            ],
            "eventTypeIds": ["clx3", "clx6"],
            "isEnabled": False,
        },
    ),
]
