"""How each kind of write is verified: one row for every endpoint that writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, NamedTuple

from ...answers import PAGE
from ...message import Request, get
from .checks import cancelled, gone, gone_among, gone_among_active, moved, overridden, ruled, updated, updated_among
from .comparison import days_around
from .evidence import UNCLEAR, Check, Finding, Look, Write
from .new_rows import booked, kept, made, subscribed


class Way(NamedTuple):
    """One way to verify a write: the read to make, and the check of its answer."""

    read: Callable[[Write], Request]
    check: Check


@dataclass(frozen=True, slots=True)
class Verification:
    """The *ways* to verify a write, the next one if one is not conclusive. *hint* is what the model can do itself.

    *detail* is the template of the read that shows a row of a list whole, with its age.
    """

    ways: tuple[Way, ...]
    hint: str
    detail: str = ""

    def of_row(self, ident: Any) -> Verification:
        """Return how to verify that the new row *ident*, which LinkTime has answered, is still there."""
        return replace(self, ways=tuple(Way(way.read, kept(ident)) for way in self.ways), detail="")


def _one(template: str) -> Callable[[Write], Request]:
    return lambda write: get(template, write.ident)


def _all(template: str) -> Callable[[Write], Request]:
    return lambda _: get(template)


def bookings_around(start: str) -> Request:
    """Return the read of all bookings near a start, whatever their status."""
    first, last = days_around(datetime.fromisoformat(start))
    return get("/bookings", limit=PAGE, status="all", from_=first, to=last)


def _contacts_like(write: Write) -> Request:
    return get("/contacts", search=write.body["email"].partition("+")[0], limit=PAGE)  # LinkTime may drop a tag


def _contacts_like_lower(write: Write) -> Request:
    return get("/contacts", search=write.body["email"].partition("+")[0].lower(), limit=PAGE)


def _presence(check: Check) -> Check:
    """Return a check that does not count absence if the e-mail has capitals: a search may regard the letter case."""

    def present(write: Write, look: Look) -> Finding:
        finding = check(write, look)
        certain = finding.committed is not False or write.body["email"].islower()
        return finding if certain else UNCLEAR

    return present


def _contacts(_: Write) -> Request:
    return get("/contacts", limit=PAGE)  # without a search: the e-mail may have changed


def _overrides_of(write: Write) -> Request:
    return get("/availability/overrides", from_=write.body["date"], to=write.body["date"])


def _overrides_of_former(write: Write) -> Request:
    day = write.former.get("date")
    day = day[:10] if isinstance(day, str) else None
    return get("/availability/overrides", from_=day, to=day)


_BOOKING: Final = "/bookings/{id}"

VERIFICATIONS: Final[Mapping[tuple[str, str], Verification]] = {
    ("POST", "/bookings"): Verification(
        (Way(lambda write: bookings_around(write.body["startTime"]), booked),),
        "use list_bookings for that day and look for this time and guest",
        _BOOKING,
    ),
    ("POST", "/bookings/{id}/cancel"): Verification(
        (Way(_one(_BOOKING), cancelled),), "use get_booking and look at its status"
    ),
    ("POST", "/bookings/{id}/reschedule"): Verification(
        (Way(_one(_BOOKING), moved),), "use get_booking and look at its startTime"
    ),
    ("POST", "/contacts"): Verification(
        (Way(_contacts_like_lower, _presence(made("email", "name"))), Way(_contacts_like, made("email", "name"))),
        "use list_contacts and search for the e-mail",
        "/contacts/{id}",
    ),
    ("PATCH", "/contacts/{id}"): Verification(
        (Way(_one("/contacts/{id}"), updated),), "use get_contact and compare the fields"
    ),
    ("DELETE", "/contacts/{id}"): Verification(
        (Way(_one("/contacts/{id}"), gone), Way(_contacts, gone_among)),
        "use get_contact; not_found means that it is gone",
    ),
    ("POST", "/event-types"): Verification(
        (Way(_all("/event-types"), made("slug", "name")),),
        "use list_event_types and look for the slug",
        "/event-types/{id}",
    ),
    ("PATCH", "/event-types/{id}"): Verification(
        (Way(_one("/event-types/{id}"), updated), Way(_all("/event-types"), updated_among)),
        "use list_event_types and compare the fields; it shows active ones only",
    ),
    ("DELETE", "/event-types/{id}"): Verification(
        (Way(_one("/event-types/{id}"), gone), Way(_all("/event-types"), gone_among_active)),
        "use list_event_types and look whether it is gone",
    ),
    ("POST", "/webhooks"): Verification(
        (Way(_all("/webhooks"), subscribed),),
        "use list_webhooks and look for the URL; if one is new and its secret is lost, delete it and create it anew",
    ),
    ("PATCH", "/webhooks/{id}"): Verification(
        (Way(_all("/webhooks"), updated_among),), "use list_webhooks and compare the fields"
    ),
    ("DELETE", "/webhooks/{id}"): Verification(
        (Way(_all("/webhooks"), gone_among),), "use list_webhooks and look whether it is gone"
    ),
    ("POST", "/availability/overrides"): Verification(
        (Way(_overrides_of, overridden),), "use list_availability_overrides for that date"
    ),
    ("DELETE", "/availability/overrides/{id}"): Verification(
        (Way(_overrides_of_former, gone_among),),
        "use list_availability_overrides and look whether it is gone",
    ),
    ("PUT", "/availability/rules"): Verification(
        (Way(_all("/availability/rules"), ruled),), "use get_availability_rules and compare the hours"
    ),
    ("PATCH", "/settings"): Verification((Way(_all("/settings"), updated),), "use get_settings and compare the fields"),
    ("POST", "/workflows"): Verification(
        (Way(_all("/workflows"), made("name")),), "use list_workflows and look for the name"
    ),
}
"""Every write by its method and template, as the tools build them."""
