from __future__ import annotations

from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any, Final

import pytest

from tests.support.sandbox_client import Visitor, visitor

NEW_TYPE: Final = {"name": "Quick Chat", "slug": "quick-chat", "durationMinutes": 15, "locationType": "ZOOM"}
EVENTS: Final = ["booking.created", "booking.cancelled"]
ACTION: Final = {"type": "SEND_SMS", "config": {"text": "Hello"}}


@pytest.fixture
async def maya() -> AsyncIterator[Visitor]:
    async with visitor() as maya:
        yield maya


BOOKING: Final = {
    "eventTypeSlug": "30min",
    "startTime": "2026-03-03T14:00:00.000Z",
    "inviteeName": "Robin",
    "inviteeEmail": "robin@hale.example",
    "inviteeTimezone": "UTC",
}


HOURS: Final = {"dayOfWeek": 1, "startTime": "09:00", "endTime": "10:00"}


@pytest.mark.slow
@pytest.mark.measured
@pytest.mark.parametrize(
    ("method", "path", "body", "name"),
    [
        *[
            ("POST", "/bookings", {**BOOKING, name: value}, name)
            for name, value in [
                ("startTime", "2026-03-03T14:00:00"),
                ("startTime", "2026-02-30T14:00:00Z"),
                ("startTime", "1969-03-03T14:00:00Z"),
                ("startTime", 1),
                ("inviteeName", "  "),
                ("inviteeEmail", "robin"),
                ("inviteeEmail", "a@b"),
                ("inviteeTimezone", "Mars/Base"),
                ("inviteeTimezone", "../etc/passwd"),
                ("inviteeTimezone", "America"),
                ("notes", 7),
                ("notes", "x" * 5001),
            ]
        ],
        *[("POST", "/bookings", {k: v for k, v in BOOKING.items() if k != name}, name) for name in BOOKING],
        ("POST", "/bookings/x/reschedule", {}, "newStartTime"),
        ("POST", "/event-types", {**NEW_TYPE, "slug": "Quick Chat"}, "slug"),
        ("POST", "/event-types", {**NEW_TYPE, "durationMinutes": 0}, "durationMinutes"),
        ("POST", "/event-types", {**NEW_TYPE, "durationMinutes": True}, "durationMinutes"),
        ("POST", "/event-types", {**NEW_TYPE, "durationMinutes": "15"}, "durationMinutes"),
        ("POST", "/event-types", {**NEW_TYPE, "locationType": "MOON"}, "locationType"),
        ("POST", "/event-types", {**NEW_TYPE, "price": -1}, "price"),
        ("POST", "/event-types", {**NEW_TYPE, "currency": "euro"}, "currency"),
        ("PATCH", "/event-types/x", {}, "isActive"),
        ("PATCH", "/event-types/x", {"isActive": 1}, "isActive"),
        ("POST", "/contacts", {"name": "X"}, "email"),
        ("PATCH", "/contacts/x", {"unknown": 1}, "email"),
        ("PUT", "/availability/rules", {}, "rules"),
        ("PUT", "/availability/rules", {"rules": {}}, "rules"),
        ("PUT", "/availability/rules", {"rules": [1]}, "rules"),
        ("PUT", "/availability/rules", {"rules": [{**HOURS, "dayOfWeek": 7}]}, "dayOfWeek"),
        ("PUT", "/availability/rules", {"rules": [{**HOURS, "startTime": "9:00"}]}, "startTime"),
        ("PUT", "/availability/rules", {"rules": [{**HOURS, "endTime": "09:00"}]}, "endTime"),
        ("PUT", "/availability/rules", {"rules": [HOURS, {**HOURS, "startTime": "09:59"}]}, "rules"),
        ("POST", "/availability/overrides", {}, "date"),
        ("POST", "/availability/overrides", {"date": "2026-02-29"}, "date"),
        ("POST", "/availability/overrides", {"date": "1900-01-01"}, "date"),
        ("POST", "/availability/overrides", {"date": "2026-03-10", "startTime": "09:00"}, "isBlocked"),
        ("POST", "/availability/overrides", {"date": "2026-03-10", "isBlocked": False}, "startTime"),
        ("PATCH", "/settings", {"timezone": 5}, "timezone"),
        ("PATCH", "/settings", {"maxMeetingsPerDay": 0}, "maxMeetingsPerDay"),
        ("POST", "/webhooks", {"url": "ftp://x.example", "events": EVENTS}, "url"),
        ("POST", "/webhooks", {"url": "https://[x", "events": EVENTS}, "url"),
        ("POST", "/webhooks", {"url": "https://x.example", "events": []}, "events"),
        ("POST", "/webhooks", {"url": "https://x.example", "events": ["all"]}, "events"),
        ("POST", "/workflows", {"name": "X", "trigger": "BOOKING_CREATED", "actions": []}, "actions"),
        ("POST", "/workflows", {"name": "X", "trigger": "BOOKING_CREATED", "actions": [ACTION] * 6}, "actions"),
        ("POST", "/workflows", {"name": "X", "trigger": "BOOKING_CREATED", "actions": [{"type": "FAX"}]}, "config"),
        ("POST", "/workflows", {"name": "X", "trigger": "NOON", "actions": [ACTION]}, "trigger"),
        (
            "POST",
            "/workflows",
            {"name": "X", "trigger": "BOOKING_CREATED", "actions": [ACTION], "eventTypeIds": ["clx1"]},
            "eventTypeIds",
        ),
        ("POST", "/contacts", ["name"], "body"),
        ("GET", "/bookings?status=confirmed", None, "status"),
        ("GET", "/bookings?page=0", None, "page"),
        ("GET", "/bookings?limit=101", None, "limit"),
        ("GET", "/bookings?limit=ten", None, "limit"),
        ("GET", "/bookings?from=2026-03-03&to=2026-03-02", None, "from"),
        ("GET", "/bookings?from=yesterday", None, "from"),
        ("GET", "/conversations?channel=FAX", None, "channel"),
        ("GET", "/calls?status=BUSY", None, "status"),
        ("GET", "/availability?from=2026-03-03&to=2026-03-03", None, "eventTypeSlug"),
        ("GET", "/availability?eventTypeSlug=30min&from=2026-03-03", None, "to"),
        ("GET", "/availability?eventTypeSlug=30min&from=2026-03-03&to=2026-03-02", None, "to"),
        ("GET", "/availability?eventTypeSlug=30min&from=2026-03-03&to=2028-03-02", None, "to"),
        ("GET", "/availability?eventTypeSlug=30min&from=2026-03-03&to=2026-03-03&timezone=X", None, "timezone"),
        ("GET", "/availability/overrides?from=2026-03-03&to=2026-03-02", None, "from"),
        ("GET", "/me?verbose=1", None, "verbose"),
        ("GET", "/bookings/x?include=contact", None, "include"),
        ("GET", "/bookings?Status=all", None, "Status"),
        ("GET", "/availability?eventTypeSlug=30min&from=2026-03-03&to=2026-03-03&tz=UTC", None, "tz"),
        ("POST", "/bookings?dryRun=1", BOOKING, "dryRun"),
        ("PATCH", "/settings?force=", {"bufferAfter": 5}, "force"),
        ("DELETE", "/contacts/x?cascade=1", None, "cascade"),
    ],
)
async def test_invalid_input_is_refused_with_the_field_name(
    maya: Visitor, method: str, path: str, body: Any, name: str
) -> None:
    answer = await maya.ask(method, path, body)

    assert answer.error == (400, "validation_error")
    assert name in answer.data["error"]["message"]


@pytest.mark.parametrize("raw", [b"{", b"\xff", b'{"name": NaN}', b"[" * 5000])
async def test_body_that_is_not_json_is_refused(maya: Visitor, raw: bytes) -> None:
    assert (await maya.ask("POST", "/contacts", data=raw)).error == (400, "validation_error")
    assert maya.sandbox.requests[-1].body == raw.decode(errors="replace")


async def test_body_over_the_limit_is_refused(maya: Visitor) -> None:
    answer = await maya.ask("POST", "/contacts", data=BytesIO(b"x" * (1 << 21)))

    assert answer.error == (413, "validation_error")
    assert maya.sandbox.requests[-1].status == 413


async def test_refused_query_parameter_changes_nothing(maya: Visitor) -> None:
    assert (await maya.ask("POST", "/bookings?dryRun=1", BOOKING)).error == (400, "validation_error")

    assert (await maya.ask("POST", "/bookings", BOOKING)).status == 201
    assert (await maya.ask("GET", "/nothing?a=1")).error == (404, "not_found")
    assert (await maya.ask("PUT", "/me?a=1")).error == (405, "method_not_allowed")
