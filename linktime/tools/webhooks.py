"""Webhooks: servers that LinkTime calls when something happens."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypedDict

from annotated_types import MinLen
from typing_extensions import Doc

from ..message import Request, delete, get, patch, post
from ..pipeline import routes
from ..pipeline.outcome.checks import gone_among, updated_among
from ..pipeline.outcome.new_rows import subscribed
from ..pipeline.outcome.verification import Verification, Way, read_whole
from ._fields import CHOICE, CHOICES, Ident, Text, WebAddress
from ._shapes import Success
from ._tags import BOOKINGS, CONTACTS, WEBHOOKS
from ._tool import read, some_change, write
from .confirmations import NEW_WEBHOOK, OTHER_URL, WEBHOOK

Event = Annotated[
    Literal["booking.created", "booking.cancelled", "booking.rescheduled", "payment.received", "contact.created"],
    CHOICE,
]

WebhookId = Annotated[Ident, Doc("id from list_webhooks.")]
Address = Annotated[WebAddress, Doc("Public https URL that receives the POSTs.")]
Events = Annotated[list[Event], MinLen(1), CHOICES, Doc("Subscribed events.")]
Name = Annotated[Text, Doc("Label.")]


class Webhook(TypedDict, total=False):
    """One endpoint."""

    id: str
    name: Any
    url: str
    events: list[str]
    isActive: bool


class NewWebhook(Webhook, total=False):
    """One endpoint, and the secret that its deliveries are signed with."""

    secret: str


class CountedWebhook(Webhook, total=False):
    """One endpoint, and how its deliveries went."""

    deliveryCount: Any
    failureCount: Any
    lastDeliveryAt: Any
    lastDeliveryAtLocal: str


class Webhooks(TypedDict, total=False):
    """The endpoints."""

    data: list[CountedWebhook]


@read("List webhooks", returns=Webhooks)
def list_webhooks() -> Request:
    """List webhook endpoints with their events, status and delivery counts."""
    return get(routes.WEBHOOKS).tagged(WEBHOOKS, BOOKINGS, CONTACTS)


@write(
    "Create webhook",
    returns=NewWebhook,
    destructive=False,
    idempotent=False,
    open_world=True,
    verification=Verification(
        (Way(read_whole(routes.WEBHOOKS), subscribed),),
        "use list_webhooks and look for the URL; if one is new and its secret is lost, delete it and create it anew",
    ),
    confirmation=NEW_WEBHOOK,
)
def create_webhook(url: Address, events: Events, name: Name | None = None) -> Request:
    """Send events, guests' data included, to a URL.

    The signing secret is shown only in this answer: the user must save it.
    """
    return post(routes.WEBHOOKS, url=url, events=events, name=name).tagged(WEBHOOKS)


@write(
    "Update webhook",
    some_change,
    returns=Webhook,
    destructive=True,
    idempotent=True,
    open_world=True,
    verification=Verification(
        (Way(read_whole(routes.WEBHOOKS), updated_among),), "use list_webhooks and compare the fields"
    ),
    confirmation=OTHER_URL,
)
def update_webhook(
    webhook_id: WebhookId,
    *,
    url: Address | None = None,
    events: Events | None = None,
    name: Name | None = None,
    is_active: Annotated[bool, Doc("false pauses deliveries.")] | None = None,
) -> Request:
    """Change a webhook's URL, events, name or active status.

    Warning: events replace the old list, and a new URL gets all guests' data from now on.
    """
    return patch(routes.WEBHOOK, webhook_id, url=url, events=events, name=name, is_active=is_active).tagged(WEBHOOKS)


@write(
    "Delete webhook",
    returns=Success,
    destructive=True,
    idempotent=True,
    verification=Verification(
        (Way(read_whole(routes.WEBHOOKS), gone_among),), "use list_webhooks and look whether it is gone"
    ),
    confirmation=WEBHOOK,
)
def delete_webhook(webhook_id: WebhookId) -> Request:
    """Delete a webhook for good. Warning: its deliveries stop at once, and its secret is lost."""
    return delete(routes.WEBHOOK, webhook_id).tagged(WEBHOOKS)
