"""Event types: the kinds of meeting that guests can book."""

from __future__ import annotations

from typing import Annotated, Any, TypedDict

from annotated_types import Ge, Le
from typing_extensions import Doc

from ..message import NULL, Request, delete, patch, post
from ..pipeline import routes
from ..pipeline.outcome.checks import gone, gone_among_active, updated, updated_among
from ..pipeline.outcome.conflict import after_event_type
from ..pipeline.outcome.new_rows import made
from ..pipeline.outcome.verification import Verification, Way, read_row, read_whole
from ._fields import NUMBER, Amount, Currency, EventTypeId, Minutes, Text
from ._marks import CLEARABLE, Choice
from ._shapes import Success
from ._tags import EVENT_TYPES
from ._tool import some_change, write
from .confirmations import EVENT_TYPE

Name = Annotated[Text, Doc("Name that guests see.")]
NewSlug = Annotated[Text, Doc("URL part, such as quick-chat.")]
Duration = Annotated[int, Ge(1), Le(1440), NUMBER, Doc("Length of the meeting.")]
_LOCATIONS = ("ZOOM", "GOOGLE_MEET", "PHONE", "IN_PERSON", "CUSTOM")
LocationType = Annotated[
    Text, Choice(_LOCATIONS), Doc("ZOOM, GOOGLE_MEET, PHONE, IN_PERSON, CUSTOM or another that LinkTime knows.")
]
Description = Annotated[str, Doc("Text that guests see.")]
BufferBefore = Annotated[Minutes, Doc("Free minutes before. If never set: the account's default.")]
BufferAfter = Annotated[Minutes, Doc("Free minutes after. If never set: the account's default.")]
Notice = Annotated[int, Ge(0), Le(525_600), NUMBER, Doc("Minutes ahead that a booking needs.")]
DailyCap = Annotated[int, Ge(0), Le(1000), NUMBER, Doc("Most bookings a day. 0 for no cap.")]
Price = Annotated[Amount, Doc("Price of one booking; 0 is free.")]
PriceCurrency = Annotated[Currency, Doc("Code, such as USD.")]


class EventType(TypedDict, total=False):
    """One event type, as it is now."""

    id: str
    name: str
    slug: str
    durationMinutes: Any
    locationType: Any
    isActive: Any


@write(
    "Create event type",
    returns=EventType,
    destructive=False,
    idempotent=False,
    verification=Verification(
        (Way(read_whole(routes.EVENT_TYPES), made("slug", "name")),),
        "use list_event_types and look for the slug",
        detail=routes.EVENT_TYPE,
        advise=after_event_type,
    ),
)
def create_event_type(
    name: Name,
    slug: NewSlug,
    duration_minutes: Duration,
    location_type: LocationType,
    *,
    description: Description | None = None,
    buffer_before: BufferBefore | None = None,
    buffer_after: BufferAfter | None = None,
    minimum_notice: Notice | None = None,
    max_bookings_per_day: DailyCap | None = None,
    price: Price | None = None,
    currency: PriceCurrency | None = None,
) -> Request:
    """Create an event type; guests can book it at once."""
    return post(
        routes.EVENT_TYPES,
        name=name,
        slug=slug,
        duration_minutes=duration_minutes,
        location_type=location_type,
        description=description,
        buffer_before=buffer_before,
        buffer_after=buffer_after,
        minimum_notice=minimum_notice,
        max_bookings_per_day=max_bookings_per_day or None,
        price=price,
        currency=currency,
    ).tagged(EVENT_TYPES)


@write(
    "Update event type",
    some_change,
    returns=EventType,
    destructive=True,
    idempotent=True,
    verification=Verification(
        (Way(read_row(routes.EVENT_TYPE), updated), Way(read_whole(routes.EVENT_TYPES), updated_among)),
        "use list_event_types and compare the fields; it shows active ones only",
        advise=after_event_type,
    ),
)
def update_event_type(
    event_type_id: EventTypeId,
    *,
    name: Name | None = None,
    slug: NewSlug | None = None,
    duration_minutes: Duration | None = None,
    location_type: LocationType | None = None,
    description: Annotated[Description, CLEARABLE, Doc('Text that guests see; "" clears it.')] | None = None,
    buffer_before: BufferBefore | None = None,
    buffer_after: BufferAfter | None = None,
    minimum_notice: Notice | None = None,
    max_bookings_per_day: DailyCap | None = None,
    price: Price | None = None,
    currency: PriceCurrency | None = None,
    is_active: Annotated[
        bool, Doc("false hides it from guests and from list_event_types: keep its id to switch it on again.")
    ]
    | None = None,
) -> Request:
    """Change an event type. Give only the fields that change; null keeps a field. A new slug breaks the old link."""
    return patch(
        routes.EVENT_TYPE,
        event_type_id,
        name=name,
        slug=slug,
        duration_minutes=duration_minutes,
        location_type=location_type,
        description=description,
        buffer_before=buffer_before,
        buffer_after=buffer_after,
        minimum_notice=minimum_notice,
        max_bookings_per_day=NULL if max_bookings_per_day == 0 else max_bookings_per_day,
        price=price,
        currency=currency,
        is_active=is_active,
    ).tagged(EVENT_TYPES)


@write(
    "Delete event type",
    returns=Success,
    destructive=True,
    idempotent=True,
    verification=Verification(
        (Way(read_row(routes.EVENT_TYPE), gone), Way(read_whole(routes.EVENT_TYPES), gone_among_active)),
        "use list_event_types and look whether it is gone",
    ),
    confirmation=EVENT_TYPE,
)
def delete_event_type(event_type_id: EventTypeId) -> Request:
    """Delete an event type for good; update_event_type with isActive false only hides it.

    Its existing bookings are not cancelled.
    """
    return delete(routes.EVENT_TYPE, event_type_id).tagged(EVENT_TYPES)
