"""Meetings: the bookings that there are."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Required, TypedDict

from typing_extensions import Doc

from ..message import Request, get
from ..pipeline import routes
from ._fields import CHOICE, BookingId, From, Limit, Page, To
from ._shapes import Pagination
from ._tags import BOOKINGS, CONTACTS, EVENT_TYPES, booking, days
from ._tool import in_order, read


class Booking(TypedDict, total=False):
    """One meeting. Its times are in UTC, and also in the zones of the account and of the guest."""

    id: Required[str]
    startTime: str
    startTimeLocal: str
    startTimeGuest: str
    endTime: str
    endTimeLocal: str
    endTimeGuest: str
    status: str
    inviteeName: Any
    eventType: Any


class BookingDetails(Booking, total=False):
    """One meeting, with all that is known of it."""

    contact: Any
    emailLogs: Any
    meetingLink: Any
    notes: Any


class Bookings(TypedDict, total=False):
    """A page of meetings."""

    data: Required[list[Booking]]
    pagination: Pagination


@read("List bookings", in_order, returns=Bookings, open_world=True)
def list_bookings(
    *,
    from_: From | None = None,
    to: To | None = None,
    status: Annotated[Literal["CONFIRMED", "CANCELLED", "all"], CHOICE, Doc("Which bookings.")] | None = None,
    page: Page | None = None,
    limit: Limit | None = None,
) -> Request:
    """List meetings by days and status, with their ids.

    Times are UTC, and as …Local the account's. pagination tells if there are more pages.
    """
    return (
        get(routes.BOOKINGS, page=page, limit=limit, status=status, from_=from_, to=to)
        .tagged(BOOKINGS, CONTACTS, EVENT_TYPES, *days(from_, to))
        .with_times()
    )


@read("Get booking", returns=BookingDetails, open_world=True)
def get_booking(booking_id: BookingId) -> Request:
    """Get everything about one meeting: time, guest, event type, link, notes, status and e-mails sent."""
    return get(routes.BOOKING, booking_id).tagged(booking(booking_id), CONTACTS, EVENT_TYPES).with_times()
