"""Scheduling: from event types to free slots to a booking."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Required, TypedDict

from typing_extensions import Doc

from ..message import Request, get, post
from ..pipeline import routes
from ..pipeline.outcome.bookings import bookings_around
from ..pipeline.outcome.checks import cancelled, moved
from ..pipeline.outcome.conflict import after_booking, after_cancelling, after_rescheduling
from ..pipeline.outcome.new_rows import booked
from ..pipeline.outcome.verification import Verification, Way, read_row
from ._fields import BookingId, Clock, Email, From, Instant, Slug, Text, To, Until, Zone
from ._shapes import Success
from ._tags import AVAILABILITY_OVERRIDES, AVAILABILITY_RULES, BOOKINGS, EVENT_TYPES, SETTINGS, booking
from ._tool import in_order, read, write
from .confirmations import MEETING
from .plan import Plan
from .time_of_day import one_part_of_a_day, within

SlotZone = Annotated[Zone, Doc("Guest's IANA zone: adds startTimeGuest, and from and to are days in it.")]
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
    """One bookable time: in UTC, in the account's zone, and in the zone of the guest."""

    startTime: str
    startTimeLocal: str
    startTimeGuest: str


class Slots(TypedDict, total=False):
    """The free slots."""

    eventTypeSlug: str
    timezone: str
    slots: list[Slot]
    leftOut: int


class Meeting(TypedDict, total=False):
    """The fields of a booking that a write answers: those of LinkTime, else those of the request or a kept answer."""

    eventType: Any
    startTime: str
    startTimeLocal: str
    startTimeGuest: str
    inviteeName: Any
    inviteeEmail: Any
    inviteeTimezone: Any


class Booked(Meeting, total=False):
    """The new booking."""

    bookingId: Required[str]
    alreadyDone: str


class Moved(Meeting, total=False):
    """The booking at its new time."""

    success: bool
    bookingId: str
    alreadyDone: str


@read("List event types", returns=EventTypes)
def list_event_types() -> Request:
    """List the active event types with name, slug, duration, location type and price. Start here to book.

    An event type that is switched off is not in it, and no other tool lists it.
    """
    return get(routes.EVENT_TYPES).tagged(EVENT_TYPES)


@read("Check availability", in_order, one_part_of_a_day, returns=Slots)
def check_availability(
    event_type_slug: Slug,
    from_: From,
    to: To,
    timezone: SlotZone | None = None,
    *,
    time_from: Annotated[Clock, Doc("HH:MM as in startTimeLocal: only slots from this time of day.")] | None = None,
    time_to: Annotated[Until, Doc("HH:MM as in startTimeLocal: only slots that start before it.")] | None = None,
) -> Plan:
    """Get the free slots of an event type on a range of days: startTime to book, startTimeLocal to tell.

    A day without slots is full, closed, past or too soon. leftOut counts the slots outside timeFrom and timeTo. Never
    from the cache.
    """
    slots = (
        get(routes.AVAILABILITY, event_type_slug=event_type_slug, from_=from_, to=to, timezone=timezone)
        .tagged(AVAILABILITY_RULES, AVAILABILITY_OVERRIDES, SETTINGS, EVENT_TYPES, BOOKINGS)
        .fresh()
    )
    plan = Plan.of(slots.with_times() if timezone else slots)
    return plan.then(partial(within, first=time_from, last=time_to)) if time_from or time_to else plan


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
    """Book a meeting. startTime must come from check_availability; the guest is e-mailed a confirmation.

    LinkTime has no recurring meetings: book each one.
    """
    wish = post(
        routes.BOOKINGS,
        event_type_slug=event_type_slug,
        start_time=start_time,
        invitee_name=invitee_name,
        invitee_email=invitee_email,
        invitee_timezone=invitee_timezone,
        notes=notes,
    )
    return wish.tagged(BOOKINGS).with_times()


@write(
    "Cancel booking",
    returns=Success,
    destructive=True,
    idempotent=True,
    open_world=True,
    verification=Verification(
        (Way(read_row(routes.BOOKING), cancelled),),
        "use get_booking and look at its status",
        advise=after_cancelling,
    ),
    confirmation=MEETING,
)
def cancel_booking(
    booking_id: BookingId, *, reason: Annotated[str, Doc("Reason. LinkTime may send it to the guest.")] | None = None
) -> Request:
    """Cancel a booking and free its slot. The guest is notified, and it can't be taken back."""
    return post(routes.CANCEL_BOOKING, booking_id, reason=reason).tagged(BOOKINGS, booking(booking_id))


@write(
    "Reschedule booking",
    returns=Moved,
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
    return (
        post(routes.RESCHEDULE_BOOKING, booking_id, new_start_time=new_start_time)
        .tagged(BOOKINGS, booking(booking_id))
        .with_times()
    )
