"""Tags for the cache: the data that an answer depends on, and the data that a write changes.

A write has only the tags of its direct changes. A read has a tag for everything that its answer shows. So the indirect
effects of a write, such as a guest who becomes a contact, are listed in one place, with the read.
"""

from __future__ import annotations

from typing import Final

AVAILABILITY_OVERRIDES: Final = "availability-overrides"
AVAILABILITY_RULES: Final = "availability-rules"
BOOKINGS: Final = "bookings"
CALLS: Final = "calls"
CONTACTS: Final = "contacts"
CONVERSATIONS: Final = "conversations"
EVENT_TYPES: Final = "event-types"
INTEGRATIONS: Final = "integrations"
SETTINGS: Final = "settings"
WEBHOOKS: Final = "webhooks"
WORKFLOWS: Final = "workflows"


def days(*given: str | None) -> frozenset[str]:
    """Return the tags of a range of days: a service counts days in the account's zone. No day, no tag."""
    return frozenset({SETTINGS}) if any(given) else frozenset()


def booking(ident: str) -> str:
    """Return the tag of one booking. A change of another booking does not invalidate its answer."""
    return f"booking:{ident}"


def contact(ident: str) -> str:
    """Return the tag of one contact. A change of another contact does not invalidate its answer."""
    return f"contact:{ident}"
