"""The MCP resources: answers of some tools that a client can attach to a conversation, each under a URI."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from .completion_sources import BOOKING_IDS, CONTACT_IDS, Listed
from .today import Moment

Arguments = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource. Its content is the answer of *tool*.

    *uri* is a URI, or a template with `{id}`. *source* completes the id. The arguments of the tool come from the id
    (*by_id*) or from the current time (*by_time*), or there are none.
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
        """Return whether *uri* is a template."""
        return "{id}" in self.uri

    def ident(self, uri: str) -> str | None:
        """Return the id in a URI of this resource, or "" if it has no id. Return None if the URI does not match."""
        before, _, after = self.uri.partition("{id}")
        match = re.fullmatch(f"{re.escape(before)}{'([^/?#]+)' * self.is_template}{re.escape(after)}", uri)
        return unquote("".join(match.groups())) if match else None


def _week(moment: Moment) -> Arguments:
    monday, sunday = moment.week
    return {"from": str(monday), "to": str(sunday), "status": "CONFIRMED", "limit": 100}


# URI, name, title, description, tool
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
        "The active event types: name, slug, length, location, price.",
        "list_event_types",
    ),
    Resource(
        "linktime://bookings/this-week",
        "this-week",
        "This week's meetings",
        "The confirmed meetings from Monday to Sunday, at most 100. Times are in UTC.",
        "list_bookings",
        by_time=_week,
    ),
    Resource(
        "linktime://bookings/{id}",
        "booking",
        "A meeting",
        "One meeting: time, guest, event type, link, notes.",
        "get_booking",
        lambda ident: {"bookingId": ident},
        BOOKING_IDS,
    ),
    Resource(
        "linktime://contacts/{id}",
        "contact",
        "A contact",
        "One person, with past and upcoming meetings.",
        "get_contact",
        lambda ident: {"contactId": ident},
        CONTACT_IDS,
    ),
)
"""All resources. A URI belongs to the first one that matches, so fixed URIs come before templates."""


def find(uri: str, among: Iterable[Resource] = RESOURCES) -> tuple[Resource, str] | None:
    """Return the resource that *uri* belongs to, and the id in it. Return None if there is none."""
    return next(((each, ident) for each in among if (ident := each.ident(uri)) is not None), None)
