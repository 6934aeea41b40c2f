"""Scheduling: from event types to free slots to a booking."""

from __future__ import annotations

from typing import Annotated, Any, Required, TypedDict

from typing_extensions import Doc

from ..message import Request, get, post
from ..pipeline import routes
from ..pipeline.outcome.bookings import bookings_around
from ..pipeline.outcome.checks import cancelled, moved
from ..pipeline.outcome.conflict import after_booking, after_rescheduling
from ..pipeline.outcome.new_rows import booked
from ..pipeline.outcome.verification import Verification, Way, read_row
from ._fields import BookingId, Email, From, Instant, Slug, Text, To, Zone
from ._shapes import Success
from ._tags import AVAILABILITY_OVERRIDES, AVAILABILITY_RULES, BOOKINGS, EVENT_TYPES, SETTINGS, booking
from ._tool import in_order, read, write
from .confirmations import MEETING

SlotZone = Annotated[Zone, Doc("IANA zone of startTimeLocal; the account's if left out.")]
SlotStart = Annotated[Instant, Doc("startTime of a slot from check_availability.")]


class EventType(TypedDict, total=False):
    """One kind of meeting that guests can book."""

    id: str
    name: str
    slug: str
    durationMinutes: int
    locationType: Any
    price: Any
    currency: Any


class EventTypes(TypedDict, total=False):
    """The active event types."""

    data: Required[list[EventType]]


class Slot(TypedDict, total=False):
    """One bookable time: in UTC, and in the zone that the answer names."""

    startTime: str
    startTimeLocal: str
    endTime: str
    endTimeLocal: str


class Slots(TypedDict, total=False):
    """The free slots."""

    eventTypeSlug: str
    timezone: str
    slots: list[Slot]


class Booked(TypedDict, total=False):
    """The new booking's id."""

    bookingId: Required[str]


@read("List event types", returns=EventTypes)
def list_event_types() -> Request:
    """List the active event types with name, slug, duration, location type and price. Start here to book."""
    return get(routes.EVENT_TYPES).tagged(EVENT_TYPES)


@read("Check availability", in_order, returns=Slots)
def check_availability(event_type_slug: Slug, from_: From, to: To, timezone: SlotZone | None = None) -> Request:
    """Get the free slots of an event type on a range of days: startTime to book, startTimeLocal to tell.

    Never from the cache.
    """
    return (
        get(routes.AVAILABILITY, event_type_slug=event_type_slug, from_=from_, to=to, timezone=timezone)
        .tagged(AVAILABILITY_RULES, AVAILABILITY_OVERRIDES, SETTINGS, EVENT_TYPES, BOOKINGS)
        .fresh()
    )


@write(
    "Create booking",
    returns=Booked,
    destructive=False,
    idempotent=False,
    open_world=True,
    verification=Verification(
        (Way(lambda write: bookings_around(write.body["startTime"]), booked),),
        "use list_bookings for that day and look for this time and guest",
        detail=routes.BOOKING,
        advise=after_booking,
    ),
)
def create_booking(
    event_type_slug: Slug,
    start_time: SlotStart,
    invitee_name: Annotated[Text, Doc("Guest's name.")],
    invitee_email: Annotated[Email, Doc("Guest's e-mail.")],
    invitee_timezone: Annotated[Zone, Doc("Guest's IANA zone, such as America/New_York.")],
    *,
    notes: Annotated[str, Doc("Notes for the meeting.")] | None = None,
) -> Request:
    """Book a meeting. startTime must come from check_availability; the guest is e-mailed a confirmation."""
    return post(
        routes.BOOKINGS,
        event_type_slug=event_type_slug,
        start_time=start_time,
        invitee_name=invitee_name,
        invitee_email=invitee_email,
        invitee_timezone=invitee_timezone,
        notes=notes,
    ).tagged(BOOKINGS)


@write(
    "Cancel booking",
    returns=Success,
    destructive=True,
    idempotent=True,
    open_world=True,
    verification=Verification((Way(read_row(routes.BOOKING), cancelled),), "use get_booking and look at its status"),
    confirmation=MEETING,
)
def cancel_booking(
    booking_id: BookingId, *, reason: Annotated[str, Doc("Reason; the guest may see it.")] | None = None
) -> Request:
    """Cancel a booking and free its slot. The guest is notified, and it can't be taken back."""
    return post(routes.CANCEL_BOOKING, booking_id, reason=reason).tagged(BOOKINGS, booking(booking_id))


@write(
    "Reschedule booking",
    returns=Success,
    destructive=True,
    idempotent=False,
    open_world=True,
    verification=Verification(
        (Way(read_row(routes.BOOKING), moved),),
        "use get_booking and look at its startTime",
        advise=after_rescheduling,
    ),
)
def reschedule_booking(booking_id: BookingId, new_start_time: SlotStart) -> Request:
    """Move a booking; newStartTime must come from check_availability. It keeps its id, and the guest is notified."""
    return post(routes.RESCHEDULE_BOOKING, booking_id, new_start_time=new_start_time).tagged(
        BOOKINGS, booking(booking_id)
    )
