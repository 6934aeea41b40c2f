"""Availability: the weekly hours, and the dates that differ from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypedDict

from typing_extensions import Doc

from ..message import Request, delete, get, post, put
from ..pipeline import routes
from ..pipeline.outcome.checks import gone_among, overridden, ruled
from ..pipeline.outcome.verification import Verification, Way, Write, read_whole
from ._fields import Clock, Day, From, Ident, To, Windows
from ._shapes import Success
from ._tags import AVAILABILITY_OVERRIDES, AVAILABILITY_RULES, SETTINGS
from ._tool import in_order, read, write
from .confirmations import OVERRIDE, WEEKLY_HOURS

OverrideId = Annotated[Ident, Doc("id from list_availability_overrides.")]


class RuleShape(TypedDict, total=False):
    """Hours of one weekday."""

    dayOfWeek: int
    startTime: str
    endTime: str


class Rules(TypedDict, total=False):
    """The weekly hours, in the account's zone."""

    timezone: Any
    data: list[RuleShape]


class Override(TypedDict, total=False):
    """One date that differs."""

    id: str
    date: str
    isBlocked: bool
    startTime: Any
    endTime: Any
    reason: Any


class Overrides(TypedDict, total=False):
    """The dates that differ."""

    data: list[Override]


def _blocked_or_custom(values: Mapping[str, Any]) -> str | None:
    hours = [values["start_time"], values["end_time"]]
    if values["is_blocked"]:
        return "isBlocked: should be false where startTime and endTime set custom hours" if any(hours) else None
    if not all(hours):
        return "isBlocked: false needs custom hours, both startTime and endTime"
    return "endTime: should be after startTime" if hours[1] <= hours[0] else None


@read("Get availability rules", returns=Rules)
def get_availability_rules() -> Request:
    """Get the weekly hours, by day of week and in the account's zone."""
    return get(routes.AVAILABILITY_RULES).tagged(AVAILABILITY_RULES, SETTINGS)


@write(
    "Update availability rules",
    returns=Rules,
    destructive=True,
    idempotent=True,
    verification=Verification(
        (Way(read_whole(routes.AVAILABILITY_RULES), ruled),),
        "use get_availability_rules and compare the hours",
        replaces=True,
    ),
    confirmation=WEEKLY_HOURS,
)
def update_availability_rules(rules: Annotated[Windows, Doc("All weekly hours; [] closes every day.")]) -> Request:
    """Set the weekly hours. It replaces all existing rules, so give every window that is to stay."""
    return put(routes.AVAILABILITY_RULES, rules=rules).tagged(AVAILABILITY_RULES)


@read("List availability overrides", in_order, returns=Overrides)
def list_availability_overrides(from_: From | None = None, to: To | None = None) -> Request:
    """List the dates that are blocked or have custom hours, which override the weekly hours."""
    return get(routes.AVAILABILITY_OVERRIDES, from_=from_, to=to).tagged(AVAILABILITY_OVERRIDES)


def _of_date(write: Write) -> Request:
    return get(routes.AVAILABILITY_OVERRIDES, from_=write.body["date"], to=write.body["date"])


def _of_former_date(write: Write) -> Request:
    day = write.former.get("date")
    day = day[:10] if isinstance(day, str) else None
    return get(routes.AVAILABILITY_OVERRIDES, from_=day, to=day)


@write(
    "Create availability override",
    _blocked_or_custom,
    returns=Override,
    destructive=True,
    idempotent=True,
    local=("start_time", "end_time"),
    verification=Verification(
        (Way(_of_date, overridden),), "use list_availability_overrides for that date", replaces=True
    ),
)
def create_availability_override(
    date: Day,
    *,
    is_blocked: Annotated[bool, Doc("false for custom hours.")] = True,
    start_time: Annotated[Clock, Doc("HH:MM; custom hours need both.")] | None = None,
    end_time: Annotated[Clock, Doc("HH:MM, after startTime.")] | None = None,
    reason: Annotated[str, Doc("Such as Vacation.")] | None = None,
) -> Request:
    """Block one date, or set custom hours for it: one call for each date.

    It may replace an earlier override of the date; bookings already made stay.
    """
    return post(
        routes.AVAILABILITY_OVERRIDES,
        date=date,
        is_blocked=is_blocked,
        start_time=start_time,
        end_time=end_time,
        reason=reason,
    ).tagged(AVAILABILITY_OVERRIDES)


@write(
    "Delete availability override",
    returns=Success,
    destructive=True,
    idempotent=True,
    verification=Verification(
        (Way(_of_former_date, gone_among),), "use list_availability_overrides and look whether it is gone"
    ),
    confirmation=OVERRIDE,
)
def delete_availability_override(override_id: OverrideId) -> Request:
    """Remove an override; the weekly hours hold again for its date."""
    return delete(routes.AVAILABILITY_OVERRIDE, override_id).tagged(AVAILABILITY_OVERRIDES)
