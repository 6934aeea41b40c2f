"""The values of a verification: how a kind of write is verified, a write, an answer to a read, and its result.

Each tool that writes declares its Verification, and its requests carry it.

A committed write needs the state that was requested. NOT_COMMITTED needs the state before the write, or an absence by
LinkTime's own word. Anything else is UNCLEAR: a field that is not shown, a row that may be older than the write, and a
value that is neither the requested nor the former one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

import orjson

from ...message import Request, Send, get
from .comparison import Verdict, instant
from .history import History
from .timeline import LAG, Moment, Since

SUCCESS: Final = {"success": True}
Rivals = Callable[[], Iterable[Mapping[str, Any]]]
"""Returns the bodies of other writes."""


class Way(NamedTuple):
    """One way to verify a write: the read to make, and the check of its answer."""

    read: Callable[[Write], Request]
    check: Check


@dataclass(frozen=True, slots=True)
class Verification:
    """The *ways* to verify a write, the next one if one is not conclusive. *hint* is what the model can do itself.

    *detail* is the route that shows a row of a list whole, with its age. A write without an id in its path makes a row,
    unless it *replaces* one. *advise* returns the next step after a conflict.
    """

    ways: tuple[Way, ...]
    hint: str
    detail: str = ""
    replaces: bool = False
    advise: Advise | None = None

    def by(self, check: Check) -> Verification:
        """Return the same reads with one other check of their answers."""
        return replace(self, ways=tuple(Way(way.read, check) for way in self.ways), detail="")

    @staticmethod
    def of(request: Request) -> Verification | None:
        """Return how *request* is verified, None for a read."""
        return request.verification if isinstance(request.verification, Verification) else None


def read_row(route: str) -> Callable[[Write], Request]:
    """Return a function that reads the row of a write."""
    return lambda write: get(route, write.ident)


def read_whole(route: str) -> Callable[[Write], Request]:
    """Return a function that reads a list, or a single object."""
    return lambda _: get(route)


@dataclass(frozen=True, slots=True)
class Write:
    """A write: the *ident* in its path, the fields of its *body*, when it *started*, and the row as it was before.

    *former* is empty if that row is not known. *history* knows the ids that are older than the write. *rivals* returns
    the bodies of other writes of this kind that are in flight or in doubt: a new row may be theirs.
    """

    request: Request
    verification: Verification
    ident: str
    body: Mapping[str, Any]
    started: Moment
    history: History
    former: Mapping[str, Any]
    rivals: Rivals

    @classmethod
    def of(
        cls,
        request: Request,
        verification: Verification,
        *,
        started: Moment,
        history: History,
        rivals: Rivals,
    ) -> Write:
        """Read a request, and the row that it is about."""
        known = history.find(request)
        body = orjson.loads(request.body or b"{}")
        former = known.row if known else {}
        return cls(request, verification, request.ident, body, started, history, former, rivals)

    def made(self, row: Mapping[str, Any], look: Look) -> Verdict:
        """Return whether this write may have made the *row* that *look* shows: False if it is older, or of another."""
        # 1. A write of ours was answered with this row: it is of that write, or of an equal one after it.
        # 2. The row was seen before this write began, so it is older.
        # 3. Another write of ours has just changed the row: a replica may still show what is gone.
        # 4. Otherwise the row's own time decides, if it shows one.
        known = self.history.find(self.request, str(row.get("id")))
        if known and known.maker is not None:
            return known.maker == self.request and known.written >= self.started.clock
        if known and known.first < self.started.clock:
            return False
        if known and look.sent < known.written + LAG:
            return None
        return look.since.is_after(_created(row))

    def existed(self, moment: float) -> bool:
        """Return whether even a replica that is behind had the row at *moment*, in seconds on the app's clock."""
        known = self.history.find(self.request)
        return moment >= (known.first if known else self.started.clock) + LAG


@dataclass(frozen=True, slots=True)
class Look:
    """An answer to a verification read, which was *sent* at a time in seconds on the app's clock.

    *absent* is LinkTime's own word that there is no such thing.
    """

    data: Any
    since: Since
    sent: float
    absent: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """A result: whether the write was *committed*, None if it is not certain, and the *data* to answer with.

    *fresh* is True if the state is certainly later than the start of the write. Otherwise a replica may be behind, and
    show an older state that is equal to the requested one. *candidate* is the id of the one row that would prove the
    write if its age were known.
    """

    committed: Verdict
    data: Any = None
    fresh: bool = False
    candidate: str = ""


NOT_COMMITTED: Final = Finding(committed=False)
UNCLEAR: Final = Finding(committed=None)

Check = Callable[[Write, Look], Finding]
"""Returns what an answer proves of a write."""

Advise = Callable[[Send, Write], Awaitable[str]]
"""Returns the next step after a conflict, empty if no step helps. It raises the errors of its reads."""


def _created(row: Mapping[str, Any]) -> Any:
    """Return when a row was made: by its own word, or for a booking by the first e-mail about it."""
    if "createdAt" in row:
        return row["createdAt"]
    logs = row.get("emailLogs")
    times = [str(log.get("sentAt")) for log in logs if isinstance(log, dict)] if isinstance(logs, list) else []
    return min(times) if times and all(map(instant, times)) else None
