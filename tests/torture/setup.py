"""The parts of a run: writes, reads, and their objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any, Final

from tests.support.sandbox_client import MONDAY, Visitor

_SPREAD: Final = 3  # slots of half an hour: after each booking the next slot that is used stays free
_FIRST_DAY: Final = MONDAY.date() + timedelta(days=7)
_LAST_DAY: Final = _FIRST_DAY + timedelta(days=364)


@dataclass(frozen=True, slots=True)
class Look:
    """How an agent checks a write: a call whose answer contains *text* if it was made, or does not if it *removes*."""

    tool: str
    arguments: Mapping[str, Any]
    text: str
    removes: bool = False


@dataclass(frozen=True, slots=True)
class Undo:
    """How an agent undoes a write: a call with these *arguments*, and with the id of the new row as *argument*."""

    tool: str
    arguments: Mapping[str, Any]
    argument: str = ""


@dataclass(frozen=True, slots=True)
class Write:
    """A tool call, the request that it becomes, and the rows that prove it.

    *trace* is SQL with *values* that finds one row for each time the write was carried out, in whatever form the
    service stores it. *mark* is in the body of this request and of no other request with this path.
    *state* is SQL with *values* that finds a row if the write's effect lasts. By default it is the *trace*.
    """

    tool: str
    arguments: Mapping[str, Any]
    method: str
    path: str
    trace: str
    values: tuple[Any, ...]
    look: Look
    mark: str = ""
    undo: Undo | None = None
    state: str = ""


@dataclass(frozen=True, slots=True)
class Read:
    """A call whose answer contains *text*, and no answer to another read does."""

    tool: str
    arguments: Mapping[str, Any]
    text: str


class Setup:
    """Prepares objects in the account. No two writes of a run are about the same one.

    If *odd* is set, arguments have a form that a normalising service changes.
    """

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.odd = False
        self._numbers = count(1)
        self._days = map(str, (_LAST_DAY + timedelta(days=number) for number in count(1)))
        self._slots: Iterator[str] = iter(())

    async def open(self) -> None:
        """Read the free slots."""
        slots = await self.visitor.slots(f"{_FIRST_DAY}", to=f"{_LAST_DAY}")
        self._slots = iter(slots[::_SPREAD])

    def slot(self) -> str:
        """Return a free slot of the 30-minute call."""
        return next(self._slots)

    def day(self) -> str:
        """Return a date without an override and without bookings."""
        return next(self._days)

    def number(self) -> int:
        """Return an unused number."""
        return next(self._numbers)

    def name(self, kind: str) -> str:
        """Return an unused name that is part of no other."""
        return f"{kind}-{self.number()}-x"

    def text(self, value: str) -> str:
        """Return *value* in the form of an argument."""
        return f" {value} " if self.odd else value

    def time(self, start: str) -> str:
        """Return *start* in the form of an argument."""
        return start.replace(":00.000", ":20.000") if self.odd else start

    async def booking(self, start: str = "", guest: str = "") -> str:
        """Make a booking, directly at the service."""
        guest = guest or self.name("guest")
        answer = await self.visitor.book(start or self.slot(), inviteeEmail=f"{guest}@torture.example")
        return str(answer.data["bookingId"])

    async def object(self, path: str, **body: Any) -> str:
        """Make any other object, directly at the service."""
        return str((await self.visitor.make(path, **body))["id"])
