"""Availability: the weekly hours, and the dates that differ from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypedDict

from typing_extensions import Doc

from ..message import Request, delete, get, post, put
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
    return get("/availability/rules").tagged(AVAILABILITY_RULES, SETTINGS)


@write("Update availability rules", returns=Rules, destructive=True, idempotent=True, confirmation=WEEKLY_HOURS)
def update_availability_rules(rules: Annotated[Windows, Doc("All weekly hours; [] closes every day.")]) -> Request:
    """Set the weekly hours. It replaces all existing rules, so give every window that is to stay."""
    return put("/availability/rules", rules=rules).tagged(AVAILABILITY_RULES)


@read("List availability overrides", in_order, returns=Overrides)
def list_availability_overrides(from_: From | None = None, to: To | None = None) -> Request:
    """List the dates that are blocked or have custom hours, which override the weekly hours."""
    return get("/availability/overrides", from_=from_, to=to).tagged(AVAILABILITY_OVERRIDES)


@write(
    "Create availability override",
    _blocked_or_custom,
    returns=Override,
    destructive=True,
    idempotent=True,
    local=("start_time", "end_time"),
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
        "/availability/overrides",
        date=date,
        is_blocked=is_blocked,
        start_time=start_time,
        end_time=end_time,
        reason=reason,
    ).tagged(AVAILABILITY_OVERRIDES)


@write("Delete availability override", returns=Success, destructive=True, idempotent=True, confirmation=OVERRIDE)
def delete_availability_override(override_id: OverrideId) -> Request:
    """Remove an override; the weekly hours hold again for its date."""
    return delete("/availability/overrides/{id}", override_id).tagged(AVAILABILITY_OVERRIDES)
