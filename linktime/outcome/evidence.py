"""Where each kind of write shows afterwards: one declaration for every endpoint that writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ..message import Request, get
from .fields import PAGE, days_around
from .judges import (
    Judge,
    Write,
    booked,
    cancelled,
    gone,
    gone_among,
    made,
    moved,
    ruled,
    subscribed,
    updated,
    updated_among,
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """How a kind of write is read back: *ask* is the read, *judge* its reading, *look* what the model can do itself."""

    ask: Callable[[Write], Request]
    judge: Judge
    look: str


def _one(template: str) -> Callable[[Write], Request]:
    return lambda write: get(template, write.ident)


def _all(template: str) -> Callable[[Write], Request]:
    return lambda _: get(template)


def _bookings_around(write: Write) -> Request:
    first, last = days_around(datetime.fromisoformat(write.body["startTime"]))
    return get("/bookings", limit=PAGE, status="CONFIRMED", from_=first, to=last)


def _contacts_like(write: Write) -> Request:
    return get("/contacts", search=write.body["email"], limit=PAGE)


def _overrides_of(write: Write) -> Request:
    return get("/availability/overrides", from_=write.body["date"], to=write.body["date"])


EVIDENCE: Final[Mapping[tuple[str, str], Evidence]] = {
    ("POST", "/bookings"): Evidence(
        _bookings_around, booked, "use list_bookings for that day and look for this time and guest"
    ),
    ("POST", "/bookings/{id}/cancel"): Evidence(
        _one("/bookings/{id}"), cancelled, "use get_booking and look at its status"
    ),
    ("POST", "/bookings/{id}/reschedule"): Evidence(
        _one("/bookings/{id}"), moved, "use get_booking and look at its startTime"
    ),
    ("POST", "/contacts"): Evidence(_contacts_like, made("email"), "use list_contacts and search for the e-mail"),
    ("PATCH", "/contacts/{id}"): Evidence(_one("/contacts/{id}"), updated, "use get_contact and compare the fields"),
    ("DELETE", "/contacts/{id}"): Evidence(
        _one("/contacts/{id}"), gone, "use get_contact; not_found means that it is gone"
    ),
    ("POST", "/event-types"): Evidence(
        _all("/event-types"), made("slug"), "use list_event_types and look for the slug"
    ),
    ("PATCH", "/event-types/{id}"): Evidence(
        _one("/event-types/{id}"), updated, "use list_event_types and compare the fields; it shows active ones only"
    ),
    ("DELETE", "/event-types/{id}"): Evidence(
        _one("/event-types/{id}"), gone, "use list_event_types and look whether it is gone"
    ),
    ("POST", "/webhooks"): Evidence(
        _all("/webhooks"),
        subscribed,
        "use list_webhooks and look for the URL; of one whose secret is lost, delete it and create it anew",
    ),
    ("PATCH", "/webhooks/{id}"): Evidence(_all("/webhooks"), updated_among, "use list_webhooks and compare the fields"),
    ("DELETE", "/webhooks/{id}"): Evidence(
        _all("/webhooks"), gone_among, "use list_webhooks and look whether it is gone"
    ),
    ("POST", "/availability/overrides"): Evidence(
        _overrides_of, made("date"), "use list_availability_overrides for that date"
    ),
    ("DELETE", "/availability/overrides/{id}"): Evidence(
        _all("/availability/overrides"), gone_among, "use list_availability_overrides and look whether it is gone"
    ),
    ("PUT", "/availability/rules"): Evidence(
        _all("/availability/rules"), ruled, "use get_availability_rules and compare the hours"
    ),
    ("PATCH", "/settings"): Evidence(_all("/settings"), updated, "use get_settings and compare the fields"),
    ("POST", "/workflows"): Evidence(_all("/workflows"), made("name"), "use list_workflows and look for the name"),
}
"""Every write by its method and template, as the tools build them."""
