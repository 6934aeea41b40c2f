"""What answers depend on and what writes change, for the cache.

A write names only what it changes at first hand. A read names everything its answer shows, so what follows from a
write (a guest who becomes a contact, a delivery that is counted) is known in one place, beside the read.
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


def booking(ident: str) -> str:
    """Name one booking, so that a change of another leaves its answer alone."""
    return f"booking:{ident}"


def contact(ident: str) -> str:
    """Name one contact, so that a change of another leaves its answer alone."""
    return f"contact:{ident}"
