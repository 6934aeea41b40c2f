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
from ._fields import IDENTS, NUMBER, OBJECTS, Action, Ident, Text
from ._marks import Choice
from ._tags import BOOKINGS, EVENT_TYPES, WORKFLOWS
from ._tool import read, write
from .confirmations import NEW_WORKFLOW

_TIMED = ("BEFORE_MEETING", "AFTER_MEETING")
_TRIGGERS = ("BOOKING_CREATED", "BOOKING_CANCELLED", "BOOKING_RESCHEDULED", "PAYMENT_RECEIVED", *_TIMED)
Trigger = Annotated[
    Text,
    Choice(_TRIGGERS),
    Doc("BOOKING_CREATED, BOOKING_CANCELLED, BOOKING_RESCHEDULED, PAYMENT_RECEIVED, BEFORE_MEETING or AFTER_MEETING."),
]
Offset = Annotated[
    int, Ge(1), Le(525_600), NUMBER, Doc("Minutes; for BEFORE_MEETING and AFTER_MEETING, which need it.")
]

EventTypeIds = Annotated[list[Ident], MinLen(1), IDENTS, Doc("Only these event types; all if left out.")]

_CONFIG = "LinkTime does not document config: copy the fields of a workflow in list_workflows, or ask the user."
Actions = Annotated[list[Action], MinLen(1), MaxLen(5), OBJECTS, Doc(f"What to do, in order. {_CONFIG}")]


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
    trigger, offset = values["trigger"], values["trigger_offset_minutes"]
    if trigger in _TIMED:
        return f"triggerOffsetMinutes: is required for {trigger}, such as 60" if offset is None else None
    # LinkTime may know further triggers, and decides about them.
    if trigger not in _TRIGGERS or offset is None:
        return None
    return f"triggerOffsetMinutes: goes only with the trigger {' or '.join(_TIMED)}, and not with {trigger}"


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
    actions: Actions,
    *,
    trigger_offset_minutes: Offset | None = None,
    event_type_ids: EventTypeIds | None = None,
    is_enabled: Annotated[bool, Doc("false creates it switched off, else it runs at once.")] | None = None,
) -> Request:
    """Create an automation: e-mail, SMS, Slack, webhook or AI call around bookings. Once enabled it contacts guests.

    No tool changes, switches off or deletes a workflow: the user has to do that in LinkTime.
    """
    return post(
        routes.WORKFLOWS,
        name=name,
        trigger=trigger,
        trigger_offset_minutes=trigger_offset_minutes,
        actions=actions,
        event_type_ids=event_type_ids,
        is_enabled=is_enabled,
    ).tagged(WORKFLOWS)
