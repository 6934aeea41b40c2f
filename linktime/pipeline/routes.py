"""The routes of LinkTime's API, as paths under /api/v1. Each stands only here."""

from __future__ import annotations

from typing import Final

ME: Final = "/me"
BOOKINGS: Final = "/bookings"
BOOKING: Final = "/bookings/{id}"
CANCEL_BOOKING: Final = "/bookings/{id}/cancel"
RESCHEDULE_BOOKING: Final = "/bookings/{id}/reschedule"
AVAILABILITY: Final = "/availability"
AVAILABILITY_RULES: Final = "/availability/rules"
AVAILABILITY_OVERRIDES: Final = "/availability/overrides"
AVAILABILITY_OVERRIDE: Final = "/availability/overrides/{id}"
EVENT_TYPES: Final = "/event-types"
EVENT_TYPE: Final = "/event-types/{id}"
CONTACTS: Final = "/contacts"
CONTACT: Final = "/contacts/{id}"
CONVERSATIONS: Final = "/conversations"
CALLS: Final = "/calls"
SETTINGS: Final = "/settings"
INTEGRATIONS: Final = "/integrations"
WEBHOOKS: Final = "/webhooks"
WEBHOOK: Final = "/webhooks/{id}"
WORKFLOWS: Final = "/workflows"
