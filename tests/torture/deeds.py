"""What is asked for in a run: tool calls that each leave a trace of their own in the account."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from typing import Any, Final

from tests.visitor import MONDAY, Visitor

_SPREAD: Final = 3  # slots of half an hour: whatever is booked, the next one that is used stays free
_FIRST_DAY: Final = MONDAY.date() + timedelta(days=7)
_LAST_DAY: Final = _FIRST_DAY + timedelta(days=364)
_NOBODY: Final = "http://127.0.0.1:9/"


@dataclass(frozen=True, slots=True)
class Deed:
    """A tool call, the request that it becomes, and where it shows that it was done.

    *trace* is SQL with *values* that finds a row for each time it was done. *mark* is in the body of the request and
    in no other's with this path. A read has no trace.
    """

    tool: str
    arguments: Mapping[str, Any]
    method: str
    path: str
    trace: str = ""
    values: tuple[Any, ...] = ()
    mark: str = ""


class Scene:
    """An account in which things are set up so that they can be changed: no two deeds are about the same one."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self._numbers = count(1)
        self._days = map(str, (_LAST_DAY + timedelta(days=number) for number in count(1)))
        self._slots: Iterator[str] = iter(())

    async def open(self) -> None:
        """Look which slots there are."""
        slots = await self.visitor.slots(f"{_FIRST_DAY}", to=f"{_LAST_DAY}")
        self._slots = iter(slots[::_SPREAD])

    def slot(self) -> str:
        """Name a free slot of the 30-minute call."""
        return next(self._slots)

    def day(self) -> str:
        """Name a date without an override, on which nothing is booked."""
        return next(self._days)

    def number(self) -> int:
        """Draw a number that was not used yet."""
        return next(self._numbers)

    def name(self, what: str) -> str:
        """Make a name that was not used yet, and is part of no other."""
        return f"{what}-{self.number()}-x"

    async def booking(self) -> str:
        """Set up a booking, past what is under test."""
        answer = await self.visitor.book(self.slot(), inviteeEmail=f"{self.name('guest')}@torture.example")
        return str(answer.data["bookingId"])

    async def made(self, path: str, **body: Any) -> str:
        """Set up anything else."""
        return str((await self.visitor.make(path, **body))["id"])


def _book(start: str, guest: str) -> Deed:
    email = f"{guest}@torture.example"
    arguments = {
        "eventTypeSlug": "30min",
        "startTime": start,
        "inviteeName": "Robin Hale",
        "inviteeEmail": email,
        "inviteeTimezone": "Europe/Berlin",
    }
    trace = "SELECT id FROM bookings WHERE inviteeEmail = ? AND startTime = ? AND status = 'CONFIRMED'"
    return Deed("create_booking", arguments, "POST", "/bookings", trace, (email, start), mark=email)


def _move(booking: str, start: str) -> Deed:
    trace = (
        "SELECT bookings.id FROM bookings JOIN emailLogs ON bookingId = bookings.id "
        "WHERE type = 'RESCHEDULE' AND bookingId = ? AND startTime = ?"
    )
    arguments = {"bookingId": booking, "newStartTime": start}
    return Deed("reschedule_booking", arguments, "POST", f"/bookings/{booking}/reschedule", trace, (booking, start))


def _cancel(booking: str) -> Deed:
    trace = "SELECT bookingId AS id FROM emailLogs WHERE type = 'CANCELLATION' AND bookingId = ?"
    return Deed("cancel_booking", {"bookingId": booking}, "POST", f"/bookings/{booking}/cancel", trace, (booking,))


def _make(tool: str, path: str, table: str, key: str, **arguments: Any) -> Deed:
    trace, value = f"SELECT id FROM {table} WHERE {key} = ?", arguments[key]
    return Deed(tool, arguments, "POST", path, trace, (value,), mark=value)


def _change(tool: str, argument: str, ident: str, path: str, table: str, **change: str) -> Deed:
    ((key, value),) = change.items()
    trace = f"SELECT id FROM {table} WHERE id = ? AND {key} = ?"
    return Deed(tool, {argument: ident, **change}, "PATCH", f"{path}/{ident}", trace, (ident, value))


def _delete(tool: str, argument: str, ident: str, path: str, still_there: str) -> Deed:
    trace = f"SELECT ? AS id WHERE NOT EXISTS (SELECT 1 FROM {still_there} AND id = ?)"
    return Deed(tool, {argument: ident}, "DELETE", f"{path}/{ident}", trace, (ident, ident))


async def _one_booking(scene: Scene) -> list[Deed]:
    return [_book(scene.slot(), scene.name("guest"))]


async def _rivals(scene: Scene) -> list[Deed]:
    """Two guests want one slot."""
    start = scene.slot()
    return [_book(start, scene.name("guest")) for _ in range(2)]


async def _twins(scene: Scene) -> list[Deed]:
    """Ask for one booking twice, as a model does that has lost patience."""
    return [_book(scene.slot(), scene.name("guest"))] * 2


async def _one_move(scene: Scene) -> list[Deed]:
    return [_move(await scene.booking(), scene.slot())]


async def _one_cancellation(scene: Scene) -> list[Deed]:
    return [_cancel(await scene.booking())]


async def _move_and_cancel(scene: Scene) -> list[Deed]:
    booking = await scene.booking()
    return [_move(booking, scene.slot()), _cancel(booking)]


async def _move_and_book(scene: Scene) -> list[Deed]:
    """Move one booking to the slot that another guest wants."""
    start = scene.slot()
    return [_move(await scene.booking(), start), _book(start, scene.name("guest"))]


async def _new_contact(scene: Scene) -> list[Deed]:
    email = f"{scene.name('contact')}@torture.example"
    return [_make("create_contact", "/contacts", "contacts", "email", name="Robin Hale", email=email)]


async def _contact(scene: Scene) -> str:
    return await scene.made("/contacts", name="Robin Hale", email=f"{scene.name('known')}@torture.example")


async def _changed_contact(scene: Scene) -> list[Deed]:
    ident, told = await _contact(scene), scene.name("notes")
    return [_change("update_contact", "contactId", ident, "/contacts", "contacts", notes=told)]


async def _deleted_contact(scene: Scene) -> list[Deed]:
    return [_delete("delete_contact", "contactId", await _contact(scene), "/contacts", "contacts WHERE true")]


_CALL: Final = {"name": "A call", "durationMinutes": 30, "locationType": "ZOOM"}


async def _new_event_type(scene: Scene) -> list[Deed]:
    return [_make("create_event_type", "/event-types", "eventTypes", "slug", slug=scene.name("slug"), **_CALL)]


async def _event_type(scene: Scene) -> str:
    return await scene.made("/event-types", slug=scene.name("known"), **_CALL)


async def _changed_event_type(scene: Scene) -> list[Deed]:
    ident, told = await _event_type(scene), scene.name("description")
    return [_change("update_event_type", "eventTypeId", ident, "/event-types", "eventTypes", description=told)]


async def _deleted_event_type(scene: Scene) -> list[Deed]:
    ident = await _event_type(scene)
    return [_delete("delete_event_type", "eventTypeId", ident, "/event-types", "eventTypes WHERE NOT isDeleted")]


_OVERRIDES: Final = "/availability/overrides"


async def _new_override(scene: Scene) -> list[Deed]:
    return [_make("create_availability_override", _OVERRIDES, "overrides", "date", date=scene.day())]


async def _deleted_override(scene: Scene) -> list[Deed]:
    ident = await scene.made(_OVERRIDES, date=scene.day())
    return [_delete("delete_availability_override", "overrideId", ident, _OVERRIDES, "overrides WHERE true")]


_EVENTS: Final = ["payment.received"]  # which no deed here sets off


async def _new_webhook(scene: Scene) -> list[Deed]:
    url = _NOBODY + scene.name("hook")
    return [_make("create_webhook", "/webhooks", "webhooks", "url", url=url, events=_EVENTS)]


async def _webhook(scene: Scene) -> str:
    return await scene.made("/webhooks", url=_NOBODY + scene.name("known"), events=_EVENTS)


async def _changed_webhook(scene: Scene) -> list[Deed]:
    ident, told = await _webhook(scene), scene.name("hook")
    return [_change("update_webhook", "webhookId", ident, "/webhooks", "webhooks", name=told)]


async def _deleted_webhook(scene: Scene) -> list[Deed]:
    return [_delete("delete_webhook", "webhookId", await _webhook(scene), "/webhooks", "webhooks WHERE true")]


async def _new_workflow(scene: Scene) -> list[Deed]:
    actions = [{"type": "SEND_SLACK", "config": {"channel": "sales"}}]
    arguments = {"name": scene.name("flow"), "trigger": "PAYMENT_RECEIVED", "actions": actions}
    return [_make("create_workflow", "/workflows", "workflows", "name", **arguments)]


async def _changed_settings(scene: Scene) -> list[Deed]:
    mark = _clock(scene.number())
    blocks = [{"dayOfWeek": 0, "startTime": "01:00", "endTime": mark}]
    trace = "SELECT 'settings' AS id FROM settings WHERE focusTimeBlocks = ?"
    arguments = {"focusTimeBlocks": blocks}
    return [Deed("update_settings", arguments, "PATCH", "/settings", trace, (blocks,), mark)]


async def _changed_rules(scene: Scene) -> list[Deed]:
    weekdays = [{"dayOfWeek": day, "startTime": "09:00", "endTime": "17:00"} for day in range(1, 6)]
    mark = _clock(scene.number())
    sunday = {"dayOfWeek": 0, "startTime": "01:00", "endTime": mark}
    trace = "SELECT 'rules' AS id FROM rules WHERE dayOfWeek = 0 AND endTime = ?"
    arguments = {"rules": [*weekdays, sunday]}
    return [Deed("update_availability_rules", arguments, "PUT", "/availability/rules", trace, (mark,), mark)]


def _clock(number: int) -> str:
    hours, minutes = divmod(number % (21 * 60), 60)
    return f"{2 + hours:02}:{minutes:02}"


Setting = Callable[[Scene], Awaitable[list[Deed]]]

DEEDS: Final[Mapping[str, Setting]] = {
    "book": _one_booking,
    "rivals": _rivals,
    "twins": _twins,
    "move": _one_move,
    "cancel": _one_cancellation,
    "move and cancel": _move_and_cancel,
    "move and book": _move_and_book,
    "new contact": _new_contact,
    "changed contact": _changed_contact,
    "deleted contact": _deleted_contact,
    "new event type": _new_event_type,
    "changed event type": _changed_event_type,
    "deleted event type": _deleted_event_type,
    "new override": _new_override,
    "deleted override": _deleted_override,
    "new webhook": _new_webhook,
    "changed webhook": _changed_webhook,
    "deleted webhook": _deleted_webhook,
    "new workflow": _new_workflow,
    "changed settings": _changed_settings,
    "changed rules": _changed_rules,
}
"""What a run can be about, by name."""

_SOON: Final = {"from": str(date(2026, 3, 9)), "to": str(date(2026, 3, 13))}

READS: Final = (
    Deed("get_me", {}, "GET", "/me"),
    Deed("list_bookings", _SOON, "GET", "/bookings"),
    Deed("list_contacts", {}, "GET", "/contacts"),
    Deed("check_availability", {"eventTypeSlug": "30min", **_SOON}, "GET", "/availability"),
    Deed("list_webhooks", {}, "GET", "/webhooks"),
)
"""What is asked for meanwhile."""
