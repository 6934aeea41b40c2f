"""Events of the account: they trigger workflows, and webhooks receive them."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import orjson

from .account import Account
from .store import Row
from .times import stamp
from .webhook_sender import Delivery

EVENTS: Final = ("booking.created", "booking.cancelled", "booking.rescheduled", "payment.received", "contact.created")


def announce(account: Account, event: str, data: Row, *, event_type: str = "") -> None:
    """Publish an *event* to workflows and webhooks. *event_type* is the id of the event type concerned, if any."""
    with account.store.transaction():
        for workflow in _triggered(account, event, event_type):
            account.store.rows("UPDATE workflows SET executionCount = executionCount + 1 WHERE id = ?", workflow["id"])
    # All receivers get the same bytes, each with its own signature.
    now = stamp(account.now())
    payload = orjson.dumps({"event": event, "timestamp": now, "data": data})
    for webhook in account.store.rows("SELECT * FROM webhooks WHERE isActive"):
        if event in webhook["events"]:
            delivery = Delivery(webhook["url"], webhook["secret"], event, now, payload)
            account.webhooks.post(delivery, partial(_count, account, webhook["id"]))


def booking_data(account: Account, booking: Row, **more: Any) -> Row:
    """Return the payload of a booking in a webhook, with the fields *more*."""
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
    """Return the enabled workflows for an event. A workflow without event types applies to all."""
    # booking.created triggers BOOKING_CREATED. Time-based triggers never fire in the sandbox.
    trigger = event.replace(".", "_").upper()
    enabled = account.store.rows("SELECT * FROM workflows WHERE isEnabled AND trigger = ?", trigger)
    return [workflow for workflow in enabled if event_type in (workflow["eventTypeIds"] or [event_type])]


def _count(account: Account, webhook: str, accepted: bool) -> None:  # noqa: FBT001 - a callback of WebhookSender
    """Record the result of a delivery."""
    account.store.rows(
        "UPDATE webhooks SET deliveryCount = deliveryCount + 1, failureCount = failureCount + ?, lastDeliveryAt = ? "
        "WHERE id = ?",
        int(not accepted),
        account.now(),
        webhook,
    )
