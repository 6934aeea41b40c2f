"""The subjects of a run: tool calls that each leave their own trace in the account."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from typing import Any, Final

from .setup import Look, Read, Setup, Undo, Write

_UNUSED: Final = "http://127.0.0.1:9/"  # nothing listens there
_PHONE: Final = "(212) 555-0142"


def _book(setup: Setup, start: str, guest: str, older: str = "") -> Write:
    email = f"{guest}@torture.example"
    arguments = {
        "eventTypeSlug": "30min",
        "startTime": setup.time(start),
        "inviteeName": setup.text("Robin Hale"),
        "inviteeEmail": email,
        "inviteeTimezone": "Europe/Berlin",
    }
    trace = "SELECT id FROM bookings WHERE inviteeEmail = ? AND status = 'CONFIRMED' AND id != ?"
    look = Look("list_bookings", {"from": start[:10], "to": start[:10], "limit": 100}, email)
    undo = Undo("cancel_booking", {}, "bookingId")
    return Write("create_booking", arguments, "POST", "/bookings", trace, (email, older), look, email, undo)


def _move(setup: Setup, booking: str, start: str) -> Write:
    mails = "SELECT bookingId AS id FROM emailLogs WHERE type = 'RESCHEDULE' AND bookingId = ? AND ? != ''"
    state = "SELECT id FROM bookings WHERE id = ? AND startTime = ?"
    undo = Undo("reschedule_booking", {"bookingId": booking, "newStartTime": setup.slot()})
    arguments = {"bookingId": booking, "newStartTime": setup.time(start)}
    look = Look("get_booking", {"bookingId": booking}, start)
    path = f"/bookings/{booking}/reschedule"
    return Write("reschedule_booking", arguments, "POST", path, mails, (booking, start), look, "", undo, state)


def _cancel(booking: str) -> Write:
    trace = "SELECT bookingId AS id FROM emailLogs WHERE type = 'CANCELLATION' AND bookingId = ?"
    look = Look("get_booking", {"bookingId": booking}, "CANCELLED")
    return Write(
        "cancel_booking", {"bookingId": booking}, "POST", f"/bookings/{booking}/cancel", trace, (booking,), look
    )


_UNDO: Final = {
    "create_contact": Undo("delete_contact", {}, "contactId"),
    "create_event_type": Undo("delete_event_type", {}, "eventTypeId"),
    "create_availability_override": Undo("delete_availability_override", {}, "overrideId"),
    "create_webhook": Undo("delete_webhook", {}, "webhookId"),
}


def _make(tool: str, path: str, trace: str, values: tuple[str, ...], look: Look, **arguments: Any) -> Write:
    return Write(tool, arguments, "POST", path, trace, values, look, look.text, _UNDO.get(tool))


def _change(tool: str, path: str, ident: str, trace: tuple[str, ...], look: Look, **arguments: Any) -> Write:
    condition, *values = trace
    table = {"/contacts": "contacts", "/event-types": "eventTypes", "/webhooks": "webhooks"}[path]
    sql = f"SELECT id FROM {table} WHERE id = ? AND {condition}"
    return Write(tool, arguments, "PATCH", f"{path}/{ident}", sql, (ident, *values), look)


def _delete(tool: str, argument: str, ident: str, path: str, *, still_there: str, look: str) -> Write:
    trace = f"SELECT ? AS id WHERE NOT EXISTS (SELECT 1 FROM {still_there} AND id = ?)"
    return Write(
        tool, {argument: ident}, "DELETE", f"{path}/{ident}", trace, (ident, ident), Look(look, {}, ident, removes=True)
    )


async def _booking(setup: Setup) -> list[Write]:
    return [_book(setup, setup.slot(), setup.name("guest"))]


async def _rebooking(setup: Setup) -> list[Write]:
    """Book a time that the same guest had booked and cancelled."""
    start, guest = setup.slot(), setup.name("guest")
    older = await setup.booking(start, guest)
    await setup.visitor.ask("POST", f"/bookings/{older}/cancel", {})
    return [_book(setup, start, guest, older)]


async def _rivals(setup: Setup) -> list[Write]:
    """Two guests want one slot."""
    start = setup.slot()
    return [_book(setup, start, setup.name("guest")) for _ in range(2)]


async def _move_booking(setup: Setup) -> list[Write]:
    return [_move(setup, await setup.booking(), setup.slot())]


async def _cancellation(setup: Setup) -> list[Write]:
    return [_cancel(await setup.booking())]


async def _move_and_cancel(setup: Setup) -> list[Write]:
    booking = await setup.booking()
    return [_move(setup, booking, setup.slot()), _cancel(booking)]


async def _move_and_book(setup: Setup) -> list[Write]:
    """Move one booking to the slot that another guest wants."""
    start = setup.slot()
    return [_move(setup, await setup.booking(), start), _book(setup, start, setup.name("guest"))]


async def _new_contact(setup: Setup) -> list[Write]:
    email = f"{setup.name('contact')}@torture.example"
    arguments = {"name": setup.text("Robin Hale"), "email": email, "phone": _PHONE}
    look = Look("list_contacts", {"search": email}, email)
    trace = "SELECT id FROM contacts WHERE email = ?"
    return [_make("create_contact", "/contacts", trace, (email,), look, **arguments)]


async def _contact(setup: Setup) -> str:
    return await setup.object("/contacts", name="Robin Hale", email=f"{setup.name('known')}@torture.example")


async def _contact_notes(setup: Setup) -> list[Write]:
    ident, notes = await _contact(setup), setup.name("notes")
    look = Look("get_contact", {"contactId": ident}, notes)
    trace, change = ("trim(notes) = ?", notes), {"notes": setup.text(notes)}
    return [_change("update_contact", "/contacts", ident, trace, look, contactId=ident, **change)]


async def _contact_phone(setup: Setup) -> list[Write]:
    ident = await _contact(setup)
    look = Look("get_contact", {"contactId": ident}, "555")
    trace = ("phone IS NOT NULL",)
    return [_change("update_contact", "/contacts", ident, trace, look, contactId=ident, phone=_PHONE)]


async def _deleted_contact(setup: Setup) -> list[Write]:
    ident = await _contact(setup)
    return [
        _delete(
            "delete_contact", "contactId", ident, "/contacts", still_there="contacts WHERE true", look="list_contacts"
        )
    ]


_CALL: Final = {"name": "A call", "durationMinutes": 30, "locationType": "ZOOM"}
_TYPES: Final = "/event-types"


async def _new_event_type(setup: Setup) -> list[Write]:
    slug = setup.name("slug")
    call = {**_CALL, "durationMinutes": 50} if setup.odd else _CALL
    look = Look("list_event_types", {}, slug)
    trace = "SELECT id FROM eventTypes WHERE instr(slug, ?) = 1 AND NOT isDeleted"
    return [_make("create_event_type", _TYPES, trace, (slug,), look, slug=slug, **call)]


async def _event_type(setup: Setup) -> str:
    return await setup.object(_TYPES, slug=setup.name("known"), **_CALL)


async def _event_type_text(setup: Setup) -> list[Write]:
    ident, text = await _event_type(setup), setup.name("description")
    trace = ("trim(description) = ?", text)
    look, change = Look("list_event_types", {}, text), {"description": setup.text(text)}
    return [_change("update_event_type", _TYPES, ident, trace, look, eventTypeId=ident, **change)]


async def _event_type_minutes(setup: Setup) -> list[Write]:
    ident = await _event_type(setup)
    trace = ("durationMinutes != 30",)
    look = Look("list_event_types", {}, '"durationMinutes":50')
    return [_change("update_event_type", _TYPES, ident, trace, look, eventTypeId=ident, durationMinutes=50)]


async def _deleted_event_type(setup: Setup) -> list[Write]:
    ident = await _event_type(setup)
    table = "eventTypes WHERE NOT isDeleted"
    return [_delete("delete_event_type", "eventTypeId", ident, _TYPES, still_there=table, look="list_event_types")]


_OVERRIDES: Final = "/availability/overrides"


async def _new_override(setup: Setup, day: str = "") -> list[Write]:
    day = day or setup.day()
    look = Look("list_availability_overrides", {"from": day, "to": day}, day)
    trace = "SELECT id FROM overrides WHERE date = ?"
    return [_make("create_availability_override", _OVERRIDES, trace, (day,), look, date=day)]


async def _override_again(setup: Setup) -> list[Write]:
    """Replace an override by an equal one. If that fails, the date is blocked all the same."""
    day = setup.day()
    await setup.object(_OVERRIDES, date=day)
    return await _new_override(setup, day)


async def _deleted_override(setup: Setup) -> list[Write]:
    ident = await setup.object(_OVERRIDES, date=setup.day())
    look = "list_availability_overrides"
    return [
        _delete(
            "delete_availability_override",
            "overrideId",
            ident,
            _OVERRIDES,
            still_there="overrides WHERE true",
            look=look,
        )
    ]


_EVENTS: Final = ["payment.received"]  # no write here causes it
_HOOKS: Final = "/webhooks"


async def _new_webhook(setup: Setup, older: str = "", url: str = "") -> list[Write]:
    url = url or _UNUSED + setup.name("hook")
    trace = "SELECT id FROM webhooks WHERE rtrim(url, '/') = ? AND id != ?"
    return [
        _make("create_webhook", _HOOKS, trace, (url, older), Look("list_webhooks", {}, url), url=url, events=_EVENTS)
    ]


async def _webhook_again(setup: Setup) -> list[Write]:
    """Make a webhook that looks like an older one."""
    url = _UNUSED + setup.name("hook")
    return await _new_webhook(setup, await setup.object(_HOOKS, url=url, events=_EVENTS), url)


async def _webhook(setup: Setup) -> str:
    return await setup.object(_HOOKS, url=_UNUSED + setup.name("known"), events=_EVENTS)


async def _webhook_name(setup: Setup) -> list[Write]:
    ident, name = await _webhook(setup), setup.name("hook")
    look = Look("list_webhooks", {}, name)
    trace, change = ("trim(name) = ?", name), {"name": setup.text(name)}
    return [_change("update_webhook", _HOOKS, ident, trace, look, webhookId=ident, **change)]


async def _deleted_webhook(setup: Setup) -> list[Write]:
    ident = await _webhook(setup)
    return [
        _delete("delete_webhook", "webhookId", ident, _HOOKS, still_there="webhooks WHERE true", look="list_webhooks")
    ]


_ACTIONS: Final = [{"type": "SEND_SLACK", "config": {"channel": "sales"}}]


def _workflow(name: str) -> dict[str, Any]:
    return {"name": name, "trigger": "PAYMENT_RECEIVED", "actions": _ACTIONS}


async def _new_workflow(setup: Setup, older: str = "", name: str = "") -> list[Write]:
    name = name or setup.name("flow")
    trace = "SELECT id FROM workflows WHERE trim(name) = ? AND id != ?"
    arguments = _workflow(setup.text(name))
    return [_make("create_workflow", "/workflows", trace, (name, older), Look("list_workflows", {}, name), **arguments)]


async def _workflow_again(setup: Setup) -> list[Write]:
    """Make a workflow that looks like an older one."""
    name = setup.name("flow")
    return await _new_workflow(setup, await setup.object("/workflows", **_workflow(name)), name)


async def _settings(setup: Setup) -> list[Write]:
    mark = _clock(setup.number())
    blocks = [{"dayOfWeek": 0, "startTime": "01:00", "endTime": mark}]
    trace = "SELECT 'settings' AS id FROM settings WHERE focusTimeBlocks = ?"
    look = Look("get_settings", {}, mark)
    return [Write("update_settings", {"focusTimeBlocks": blocks}, "PATCH", "/settings", trace, (blocks,), look, mark)]


async def _rules(setup: Setup) -> list[Write]:
    weekdays = [{"dayOfWeek": day, "startTime": "09:00", "endTime": "17:00"} for day in range(1, 6)]
    mark = _clock(setup.number())
    sunday = {"dayOfWeek": 0, "startTime": "01:00", "endTime": mark}
    trace = "SELECT 'rules' AS id FROM rules WHERE dayOfWeek = 0 AND endTime = ?"
    look, path = Look("get_availability_rules", {}, mark), "/availability/rules"
    return [Write("update_availability_rules", {"rules": [*weekdays, sunday]}, "PUT", path, trace, (mark,), look, mark)]


def _clock(number: int) -> str:
    hours, minutes = divmod(number % (21 * 60), 60)
    return f"{2 + hours:02}:{minutes:02}"


WRITES: Final[Mapping[str, Callable[[Setup], Awaitable[list[Write]]]]] = {
    "book": _booking,
    "book a cancelled time": _rebooking,
    "rivals": _rivals,
    "move": _move_booking,
    "cancel": _cancellation,
    "move and cancel": _move_and_cancel,
    "move and book": _move_and_book,
    "new contact": _new_contact,
    "contact notes": _contact_notes,
    "contact phone": _contact_phone,
    "deleted contact": _deleted_contact,
    "new event type": _new_event_type,
    "event type text": _event_type_text,
    "event type minutes": _event_type_minutes,
    "deleted event type": _deleted_event_type,
    "new override": _new_override,
    "override again": _override_again,
    "deleted override": _deleted_override,
    "new webhook": _new_webhook,
    "webhook again": _webhook_again,
    "webhook name": _webhook_name,
    "deleted webhook": _deleted_webhook,
    "new workflow": _new_workflow,
    "workflow again": _workflow_again,
    "settings": _settings,
    "rules": _rules,
}
"""The subjects of a run, by name. Each prepares its objects and returns its writes."""


async def _one_contact(setup: Setup) -> Read:
    ident = await _contact(setup)
    return Read("get_contact", {"contactId": ident}, ident)


async def _one_booking(setup: Setup) -> Read:
    ident = await setup.booking()
    return Read("get_booking", {"bookingId": ident}, ident)


async def _account(_: Setup) -> Read:
    return Read("get_me", {}, "effectivePlan")


async def _slots_of_a_day(_: Setup) -> Read:
    day = str(date(2026, 3, 9))
    return Read("check_availability", {"eventTypeSlug": "intro-call", "from": day, "to": day}, "intro-call")


READS: Final = (_one_contact, _one_contact, _one_booking, _account, _slots_of_a_day)
"""The reads meanwhile. Each prepares its object."""
