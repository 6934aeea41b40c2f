"""Availability: the weekly hours, and the dates that differ from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypedDict

from typing_extensions import Doc

from ..answers import records
from ..message import Request, delete, get, post, put
from ..pipeline import routes
from ..pipeline.outcome.checks import gone_among, overridden, ruled
from ..pipeline.outcome.verification import Verification, Way, Write, read_whole
from ._days import is_date
from ._fields import Clock, Day, EndClock, From, Ident, LastDay, To, Windows
from ._shapes import Success
from ._tags import AVAILABILITY_OVERRIDES, AVAILABILITY_RULES, SETTINGS
from ._tool import in_order, read, write
from .confirmations import OVERRIDE, WEEKLY_HOURS
from .dates import MOST_DATES, dates, in_range
from .lookup import Lookup
from .plan import Plan

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


class NewOverride(Override, total=False):
    """The date that differs, or with `to` one row for each date."""

    data: list[Override]


class Overrides(TypedDict, total=False):
    """The dates that differ."""

    data: list[Override]


def _blocked_or_custom(values: Mapping[str, Any]) -> str | None:
    hours, is_blocked = [values["start_time"], values["end_time"]], values["is_blocked"]
    # 1. No hours block the date. 2. Both set custom hours. 3. Everything else contradicts itself.
    if not any(hours):
        return "isBlocked: false needs custom hours, both startTime and endTime" if is_blocked is False else None
    if is_blocked:
        return "isBlocked: true blocks the whole date, and startTime and endTime open it between them. Leave one out"
    if not all(hours):
        missing = "endTime" if hours[0] else "startTime"
        return f"{missing}: is required for custom hours. To block the date, give neither"
    return "endTime: should be after startTime" if hours[1] <= hours[0] else None


def _opened(values: Mapping[str, Any]) -> str | None:
    """Return a remark if only the times of a call show that it sets custom hours."""
    if values["start_time"] is None or values["is_blocked"] is not None:
        return None
    hours = f"{values['start_time']} to {values['end_time']}"
    return f"isBlocked: was sent as false, because the times set custom hours. Guests can book from {hours} only."


def _named_once(values: Mapping[str, Any]) -> str | None:
    names = [values["override_id"], values["date"]]
    return None if names.count(None) == 1 else "give either date or overrideId"


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
    """Set the weekly hours, at once and for good. It replaces all existing rules, so give every window that is to stay.

    For single dates use create_availability_override.
    """
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
    in_range,
    returns=NewOverride,
    destructive=True,
    idempotent=True,
    local=("start_time", "end_time"),
    remarks=(_opened,),
    verification=Verification(
        (Way(_of_date, overridden),), "use list_availability_overrides for that date", replaces=True
    ),
)
def create_availability_override(
    date: Day,
    *,
    to: Annotated[LastDay, Doc(f"Last date, included. At most {MOST_DATES} dates a call.")] | None = None,
    is_blocked: Annotated[bool, Doc("true unless startTime and endTime set custom hours.")] | None = None,
    start_time: Annotated[Clock, Doc("HH:MM, opens then. Custom hours need both.")] | None = None,
    end_time: Annotated[EndClock, Doc("HH:MM, closes then. 24:00 is midnight.")] | None = None,
    reason: Annotated[str, Doc("Such as Vacation.")] | None = None,
) -> Request | Plan:
    """Block a date, or with `to` each date of a range, or set custom hours.

    Custom hours are the only window of that date, in place of its weekly hours: to block a part of a day, give the part
    that stays open. An earlier override of the date is replaced; bookings already made stay.
    """

    def of_date(day: str) -> Request:
        return post(
            routes.AVAILABILITY_OVERRIDES,
            date=day,
            is_blocked=start_time is None if is_blocked is None else is_blocked,
            start_time=start_time,
            end_time=end_time,
            reason=reason,
        ).tagged(AVAILABILITY_OVERRIDES)

    return of_date(date) if to is None else Plan({day: of_date(day) for day in dates(date, to)})


def _named_by_date(ident: str) -> Request | None:
    """Return the read of the overrides of a date, or None if *ident* is not a date."""
    return list_availability_overrides.request({"from": ident, "to": ident}) if is_date(ident) else None


def _with_date(data: Any, day: str) -> list[str]:
    return [str(row["id"]) for row in records(data) if str(row.get("date"))[:10] == day and "id" in row]


@write(
    "Delete availability override",
    _named_once,
    returns=Success,
    destructive=True,
    idempotent=True,
    verification=Verification(
        (Way(_of_former_date, gone_among),), "use list_availability_overrides and look whether it is gone"
    ),
    confirmation=OVERRIDE,
    lookup=Lookup("override", "overrideId", _named_by_date, _with_date),
)
def delete_availability_override(
    override_id: OverrideId | None = None, *, date: Annotated[Day, Doc("Its date, in place of the id.")] | None = None
) -> Request:
    """Remove the override of a date, by the date or by its id; the weekly hours hold again for it."""
    return delete(routes.AVAILABILITY_OVERRIDE, override_id or str(date)).tagged(AVAILABILITY_OVERRIDES)
