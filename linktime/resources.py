"""What a client can attach to a conversation: the answers of some tools, each under an address of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from .completion import BOOKING_IDS, CONTACT_IDS, Listed
from .moment import Moment

Arguments = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Resource:
    """What *tool* answers; its arguments are made *by_id* of the id in the address, or *by_time* of the time it is.

    *uri* is an address, or a template with `{id}`, which *source* completes.
    """

    uri: str
    name: str
    title: str
    description: str
    tool: str
    by_id: Callable[[str], Arguments] | None = None
    source: Listed | None = None
    by_time: Callable[[Moment], Arguments] | None = None

    @property
    def is_template(self) -> bool:
        """Whether it stands for many addresses."""
        return "{id}" in self.uri

    def ident(self, uri: str) -> str | None:
        """Read the id in an address of this resource, empty where it needs none; None if the address is another's."""
        before, _, after = self.uri.partition("{id}")
        found = re.fullmatch(f"{re.escape(before)}{'([^/?#]+)' * self.is_template}{re.escape(after)}", uri)
        return unquote("".join(found.groups())) if found else None


def _week(moment: Moment) -> Arguments:
    monday, sunday = moment.week
    return {"from": str(monday), "to": str(sunday), "status": "CONFIRMED", "limit": 100}


RESOURCES: Final = (
    Resource("linktime://account", "account", "Account", "Your name, e-mail, username and plan.", "get_me"),
    Resource(
        "linktime://settings",
        "settings",
        "Settings",
        "Your time zone, formats, buffers, meeting limits and focus time.",
        "get_settings",
    ),
    Resource(
        "linktime://event-types",
        "event-types",
        "Event types",
        "What guests can book: name, slug, length, place, price.",
        "list_event_types",
    ),
    Resource(
        "linktime://bookings/this-week",
        "this-week",
        "This week's meetings",
        "The confirmed meetings from Monday to Sunday, a hundred at most; times are UTC.",
        "list_bookings",
        by_time=_week,
    ),
    Resource(
        "linktime://bookings/{id}",
        "booking",
        "A meeting",
        "All about one meeting: time, guest, event type, link, notes.",
        "get_booking",
        lambda ident: {"bookingId": ident},
        BOOKING_IDS,
    ),
    Resource(
        "linktime://contacts/{id}",
        "contact",
        "A contact",
        "One person, with the meetings that were and will be.",
        "get_contact",
        lambda ident: {"contactId": ident},
        CONTACT_IDS,
    ),
)
"""Every resource; an address belongs to the first that it fits."""


def find(uri: str, among: Iterable[Resource] = RESOURCES) -> tuple[Resource, str] | None:
    """Find whose address this is, and the id in it."""
    return next(((each, ident) for each in among if (ident := each.ident(uri)) is not None), None)
