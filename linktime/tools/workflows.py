"""Workflows: actions that LinkTime starts around a booking."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypedDict

from annotated_types import Ge, Le, MaxLen, MinLen
from typing_extensions import Doc

from ..message import Request, get, post
from ..pipeline import routes
from ..pipeline.outcome.new_rows import made
from ..pipeline.outcome.verification import Verification, Way, read_whole
from ._fields import JSON, NUMBER, Action, Ident, Text
from ._tags import BOOKINGS, EVENT_TYPES, WORKFLOWS
from ._tool import read, write
from .confirmations import NEW_WORKFLOW

Trigger = Annotated[
    Text,
    Doc("BOOKING_CREATED, BOOKING_CANCELLED, BOOKING_RESCHEDULED, PAYMENT_RECEIVED, BEFORE_MEETING or AFTER_MEETING."),
]
Offset = Annotated[int, Ge(1), Le(525_600), NUMBER, Doc("Only for BEFORE_MEETING and AFTER_MEETING.")]

EventTypeIds = Annotated[list[Ident], MinLen(1), JSON, Doc("Only these event types; all if left out.")]


class Workflow(TypedDict, total=False):
    """One automation."""

    id: str
    name: str
    trigger: str
    triggerOffsetMinutes: Any
    actions: list[Any]
    isEnabled: bool
    executionCount: Any


class Workflows(TypedDict, total=False):
    """The automations."""

    data: list[Workflow]


def _timed(values: Mapping[str, Any]) -> str | None:
    if values["trigger_offset_minutes"] is None or values["trigger"] in {"BEFORE_MEETING", "AFTER_MEETING"}:
        return None
    return "triggerOffsetMinutes: goes only with the trigger BEFORE_MEETING or AFTER_MEETING"


@read("List workflows", returns=Workflows)
def list_workflows() -> Request:
    """List automations with trigger, actions, whether enabled, and execution count."""
    return get(routes.WORKFLOWS).tagged(WORKFLOWS, BOOKINGS, EVENT_TYPES)


@write(
    "Create workflow",
    _timed,
    returns=Workflow,
    destructive=False,
    idempotent=False,
    open_world=True,
    verification=Verification(
        (Way(read_whole(routes.WORKFLOWS), made("name")),), "use list_workflows and look for the name"
    ),
    confirmation=NEW_WORKFLOW,
)
def create_workflow(
    name: Annotated[Text, Doc("Name.")],
    trigger: Trigger,
    actions: Annotated[list[Action], MinLen(1), MaxLen(5), JSON, Doc("What to do, in order.")],
    *,
    trigger_offset_minutes: Offset | None = None,
    event_type_ids: EventTypeIds | None = None,
    is_enabled: Annotated[bool, Doc("false creates it switched off.")] | None = None,
) -> Request:
    """Create an automation: e-mail, SMS, Slack, webhook or AI call around bookings. Once enabled it contacts guests."""
    return post(
        routes.WORKFLOWS,
        name=name,
        trigger=trigger,
        trigger_offset_minutes=trigger_offset_minutes,
        actions=actions,
        event_type_ids=event_type_ids,
        is_enabled=is_enabled,
    ).tagged(WORKFLOWS)
