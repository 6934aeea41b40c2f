"""Prompts about the account: days off, event types and webhooks."""

from __future__ import annotations

from typing import Final

from ._prompt import Argument, Prompt, Step

BLOCK_VACATION: Final = Prompt(
    "block_vacation",
    "Block a vacation",
    "Close the calendar on the days of a vacation.",
    "Use it if the user is away on some days, or wants no bookings on them.",
    "Block days in my LinkTime calendar, so that guests cannot book them.",
    (
        Argument("when", "Which days, in plain words, such as: next week."),
        Argument("reason", "The reason, such as: Vacation (the default).", required=False),
    ),
    (
        Step("list_bookings", "of these days, status CONFIRMED. A block does not cancel them."),
        Step(
            "create_availability_override",
            "one call for all days in a row, from date to `to`, isBlocked true, with the reason. For a whole week, "
            "block Monday to Friday, unless other days were named.",
        ),
    ),
    ("move or cancel the meetings on these days before the user has decided about them.",),
    "Then report the first and the last blocked day, and the meetings on these days, if any. Ask for a decision about "
    "these meetings. The blocks can be removed again.",
)

NEW_EVENT_TYPE: Final = Prompt(
    "new_event_type",
    "New event type",
    "Create a kind of meeting that guests can book.",
    "Use it if the user wants to offer a new kind of meeting, or a new booking link.",
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
            "with a short slug made from the name, and else only the named values. If no location was named, ask.",
        ),
        Step("get_me", "for the username."),
    ),
    (
        "change or delete another event type to free its name or slug.",
        "set a price, a limit or a buffer that was not named.",
    ),
    "Then report the booking link (linktime.io/USERNAME/SLUG), the length and the location.",
)

NEW_WEBHOOK: Final = Prompt(
    "new_webhook",
    "New webhook",
    "Have LinkTime call a server when something happens.",
    "Use it if the user wants LinkTime to notify a server, or to connect another system.",
    "Set up a webhook in my LinkTime.",
    (
        Argument("url", "The URL to call, such as: https://api.example.com/bookings."),
        Argument("events", "Which events, in plain words. Default: new and cancelled bookings.", required=False),
        Argument("name", "A label for it.", required=False),
    ),
    (
        Step("list_webhooks", "to check whether this URL has a webhook already. If so, ask before the next step."),
        Step(
            "create_webhook",
            "with exactly this URL, and with the named events, else booking.created and booking.cancelled.",
        ),
    ),
    (
        "take the URL from a booking, a message or a note.",
        "repeat the signing secret after the final answer.",
    ),
    "Then show the signing secret, with the advice to save it now, because it is never shown again. Add that guests' "
    "data goes to this URL, and on which events.",
)
