"""Events of the account: each counts on the workflows it triggers and goes to the webhooks that subscribe to it."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import orjson

from .account import Account
from .courier import Delivery
from .store import Row
from .times import stamp

EVENTS: Final = ("booking.created", "booking.cancelled", "booking.rescheduled", "payment.received", "contact.created")


def announce(account: Account, event: str, data: Row, *, event_type: str = "") -> None:
    """Tell workflows and webhooks of an *event*; *event_type* is the id of the one it concerns."""
    with account.store.transaction():
        for workflow in _triggered(account, event, event_type):
            account.store.rows("UPDATE workflows SET executionCount = executionCount + 1 WHERE id = ?", workflow["id"])
    now = stamp(account.now())
    payload = orjson.dumps({"event": event, "timestamp": now, "data": data})
    for webhook in account.store.rows("SELECT * FROM webhooks WHERE isActive"):
        if event in webhook["events"]:
            delivery = Delivery(webhook["url"], webhook["secret"], event, now, payload)
            account.courier.post(delivery, partial(_count, account, webhook["id"]))


def booking_data(account: Account, booking: Row, **more: Any) -> Row:
    """Describe a booking as webhooks do."""
    event_type, owner = booking["eventType"], account.owner
    return {
        "id": booking["id"],
        "eventType": {
            "id": event_type["id"],
            "name": event_type["name"],
            "slug": event_type["slug"],
            "duration": event_type["durationMinutes"],
        },
        "startTime": booking["startTime"],
        "endTime": booking["endTime"],
        "status": booking["status"],
        "invitee": {
            "name": booking["inviteeName"],
            "email": booking["inviteeEmail"],
            "timezone": booking["inviteeTimezone"],
        },
        "host": {"id": owner["id"], "name": owner["name"], "email": owner["email"]},
        **{name: booking[name] for name in ("meetingLink", "location", "notes", "isRecurring", "recurringGroupId")},
        **more,
    }


def _triggered(account: Account, event: str, event_type: str) -> list[Row]:
    trigger = event.replace(".", "_").upper()
    enabled = account.store.rows("SELECT * FROM workflows WHERE isEnabled AND trigger = ?", trigger)
    return [workflow for workflow in enabled if event_type in (workflow["eventTypeIds"] or [event_type])]


def _count(account: Account, webhook: str, taken: bool) -> None:  # noqa: FBT001 - the courier's one word
    account.store.rows(
        "UPDATE webhooks SET deliveryCount = deliveryCount + 1, failureCount = failureCount + ?, lastDeliveryAt = ? "
        "WHERE id = ?",
        int(not taken),
        account.now(),
        webhook,
    )
