"""Conversations about what guests can book, and what happens then."""

from __future__ import annotations

from typing import Final

from ._prompt import Argument, Prompt, Step

BLOCK_VACATION: Final = Prompt(
    "block_vacation",
    "Block a vacation",
    "Close the calendar on the days of a vacation.",
    "Block days in my LinkTime, so that nobody can book them.",
    (
        Argument("when", "Which days, in your own words, such as: next week."),
        Argument("reason", "Such as Vacation, which it is if left out.", required=False),
    ),
    (
        Step("list_bookings", "of these days, status CONFIRMED: a block leaves them as they are."),
        Step(
            "create_availability_override",
            "one call for each day, isBlocked true, with the reason. Of a whole week, Monday to Friday are enough "
            "unless I said otherwise.",
        ),
    ),
    "Then tell me the first and the last day, and the meetings that still stand on them, if any: ask me what is to "
    "become of these, and don't touch them before. The blocks can be taken away again.",
)

NEW_EVENT_TYPE: Final = Prompt(
    "new_event_type",
    "New event type",
    "Create a kind of meeting that guests can book.",
    "Create an event type in my LinkTime.",
    (
        Argument("name", "What guests see, such as: Quick Chat."),
        Argument("minutes", "How long it is."),
        Argument("location", "Where, such as: Zoom, Google Meet, phone.", required=False),
        Argument("more", "Anything else: price, buffers, notice, most a day.", required=False),
    ),
    (
        Step("list_event_types", "to see that neither the name nor the slug is taken."),
        Step(
            "create_event_type",
            "with a short slug made of the name, and only what I asked for beside. If I named no place, ask.",
        ),
        Step("get_me", "for the username."),
    ),
    "Then tell me the link that guests can book at (linktime.io/USERNAME/SLUG), the length and the place.",
)

NEW_WEBHOOK: Final = Prompt(
    "new_webhook",
    "New webhook",
    "Have LinkTime call a server of yours when something happens.",
    "Set up a webhook in my LinkTime.",
    (
        Argument("url", "The address that is to be called, such as: https://api.example.com/bookings."),
        Argument("events", "When, in your own words. New and cancelled bookings if left out.", required=False),
        Argument("name", "A label for it.", required=False),
    ),
    (
        Step("list_webhooks", "to see whether this address has one already. If it has, ask me before you go on."),
        Step("create_webhook", "with exactly this address, and booking.created and booking.cancelled or what I named."),
    ),
    "Then show me the signing secret and tell me to save it now: it is never shown again. "
    "Tell me too that guests' data goes to that address, and on which events.",
)
