"""Settings: the account's own rules, and its connections to other services."""

from __future__ import annotations

from typing import Annotated, Any, TypedDict

from annotated_types import Ge, Le
from typing_extensions import Doc

from ..message import NULL, Request, get, patch
from ..pipeline import routes
from ..pipeline.outcome.checks import updated
from ..pipeline.outcome.verification import Verification, Way, read_whole
from ._fields import NUMBER, Minutes, Windows, Zone
from ._tags import INTEGRATIONS, SETTINGS
from ._tool import read, some_change, write


class Settings(TypedDict, total=False):
    """The account's settings."""

    timezone: Any
    timeFormat: Any
    dateFormat: Any
    bufferBefore: Any
    bufferAfter: Any
    maxMeetingsPerDay: Any
    minGapMinutes: Any
    focusTimeEnabled: Any
    focusTimeBlocks: Any


class Integration(TypedDict, total=False):
    """One service, connected or not."""

    provider: str
    category: Any
    connected: bool
    accountEmail: Any


class Integrations(TypedDict, total=False):
    """The services that LinkTime knows."""

    data: list[Integration]


@read("Get settings", returns=Settings)
def get_settings() -> Request:
    """Get the account's time zone, formats, default buffers, meeting limits and focus time."""
    return get(routes.SETTINGS).tagged(SETTINGS)


@write(
    "Update settings",
    some_change,
    returns=Settings,
    destructive=True,
    idempotent=True,
    verification=Verification(
        (Way(read_whole(routes.SETTINGS), updated),), "use get_settings and compare the fields", replaces=True
    ),
)
def update_settings(
    *,
    timezone: Zone | None = None,
    buffer_before: Annotated[Minutes, Doc("Free minutes before meetings, unless their event type has its own.")]
    | None = None,
    buffer_after: Annotated[Minutes, Doc("Free minutes after meetings, unless their event type has its own.")]
    | None = None,
    max_meetings_per_day: Annotated[int, Ge(0), Le(1000), NUMBER, Doc("Daily cap; 0 for none.")] | None = None,
    min_gap_minutes: Annotated[Minutes, Doc("Least minutes between meetings.")] | None = None,
    focus_time_enabled: Annotated[bool, Doc("Whether focus blocks close their hours.")] | None = None,
    focus_time_blocks: Annotated[
        Windows, Doc("All focus blocks, replaces the old ones. They do nothing without focusTimeEnabled.")
    ]
    | None = None,
) -> Request:
    """Change account settings at once. Give only the fields that change; it affects every event type's slots."""
    return patch(
        routes.SETTINGS,
        timezone=timezone,
        buffer_before=buffer_before,
        buffer_after=buffer_after,
        max_meetings_per_day=NULL if max_meetings_per_day == 0 else max_meetings_per_day,
        min_gap_minutes=min_gap_minutes,
        focus_time_enabled=focus_time_enabled,
        focus_time_blocks=focus_time_blocks,
    ).tagged(SETTINGS)


@read("List integrations", returns=Integrations)
def list_integrations() -> Request:
    """List calendar, video, CRM and payment services and whether each is connected."""
    return get(routes.INTEGRATIONS).tagged(INTEGRATIONS)
