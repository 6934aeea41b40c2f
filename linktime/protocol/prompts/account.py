"""Prompts about the account: days off, event types and webhooks."""

from __future__ import annotations

from typing import Final

from ._prompt import Argument, Prompt, Step

BLOCK_VACATION: Final = Prompt(
    "block_vacation",
    "Block a vacation",
    "Close the calendar on the days of a vacation.",
    "Block days in my LinkTime calendar, so that guests cannot book them.",
    (
        Argument("when", "Which days, in your own words, such as: next week."),
        Argument("reason", "The reason, such as: Vacation (the default).", required=False),
    ),
    (
        Step("list_bookings", "of these days, status CONFIRMED. A block does not cancel them."),
        Step(
            "create_availability_override",
            "one call for all days in a row, from date to `to`, isBlocked true, with the reason. For a whole week, "
            "block Monday to Friday, unless I said otherwise.",
        ),
    ),
    "Then tell me the first and the last blocked day, and the meetings on these days, if any. Ask me what to do with "
    "these meetings, and do not change them before I answer. The blocks can be removed again.",
)

NEW_EVENT_TYPE: Final = Prompt(
    "new_event_type",
    "New event type",
    "Create a kind of meeting that guests can book.",
    "Create an event type in my LinkTime.",
    (
        Argument("name", "What guests see, such as: Quick Chat."),
        Argument("minutes", "The length in minutes."),
        Argument("location", "The location, such as: Zoom, Google Meet, phone.", required=False),
        Argument("more", "Anything else: price, buffers, minimum notice, limit per day.", required=False),
    ),
    (
        Step("list_event_types", "to check that the name and the slug are free."),
        Step(
            "create_event_type",
            "with a short slug made from the name, and else only the values that I named. If I named no location, ask.",
        ),
        Step("get_me", "for the username."),
    ),
    "Then tell me the booking link (linktime.io/USERNAME/SLUG), the length and the location.",
)

NEW_WEBHOOK: Final = Prompt(
    "new_webhook",
    "New webhook",
    "Have LinkTime call a server of yours when something happens.",
    "Set up a webhook in my LinkTime.",
    (
        Argument("url", "The URL to call, such as: https://api.example.com/bookings."),
        Argument("events", "Which events, in your own words. Default: new and cancelled bookings.", required=False),
        Argument("name", "A label for it.", required=False),
    ),
    (
        Step("list_webhooks", "to check whether this URL has a webhook already. If so, ask me before you continue."),
        Step(
            "create_webhook",
            "with exactly this URL, and with the events that I named, else booking.created and booking.cancelled.",
        ),
    ),
    "Then show me the signing secret, and tell me to save it now, because it is never shown again. "
    "Tell me too that guests' data goes to this URL, and on which events.",
)
