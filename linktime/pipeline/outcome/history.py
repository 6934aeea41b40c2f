"""The rows that LinkTime has shown, and our own writes to them: what was there before a write."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any, Final

from ...answers import record, rows
from ...message import Reply, Request
from .. import routes

_SIZE: Final = 1024  # rows; references to answers that the cache holds, too
_SINGLE: Final = frozenset({routes.SETTINGS, routes.AVAILABILITY_RULES})  # one object each, without an id
_LISTED: Final = frozenset(
    {
        routes.BOOKINGS,
        routes.CONTACTS,
        routes.EVENT_TYPES,
        routes.WEBHOOKS,
        routes.AVAILABILITY_OVERRIDES,
        routes.WORKFLOWS,
    }
)

Key = tuple[str, str]
"""A collection's path and an id in it. The id of a single object is empty."""


@dataclass(slots=True)
class Known:
    """What is known of one row. Times are seconds on the app's clock.

    *row* holds the fields that LinkTime showed last, unless a write has changed them since. *first* is when the id was
    first seen. *read* is True once a read has shown it. *written* is when a write of ours last began or ended. *maker*
    is the write of ours that made the row.
    """

    first: float
    row: Mapping[str, Any] = field(default_factory=dict)
    read: bool = False
    written: float = -inf
    maker: Request | None = None


class History:
    """A bounded memory of rows. It holds no secrets of webhooks."""

    def __init__(self, size: int = _SIZE) -> None:
        self._known: OrderedDict[Key, Known] = OrderedDict()
        self._size = size

    def find(self, request: Request, ident: str | None = None) -> Known | None:
        """Return what is known of the row that *request* is about, or of *ident* in the same collection."""
        return self._known.get((collection(request), request.ident if ident is None else ident))

    def read(self, request: Request, reply: Reply, now: float) -> None:
        """Remember the rows that a read shows."""
        for ident, row in _shown(request, reply.data):
            known = self._at((collection(request), ident), now)
            known.row, known.read = ({**known.row, **row} if known.row else row), True

    def wrote(self, request: Request, now: float) -> None:
        """Remember that a write began or ended, for its row and for the collection, whose id is empty."""
        for ident in (request.ident, ""):
            self._at((collection(request), ident), now).written = now

    def made(self, request: Request, reply: Reply, now: float) -> None:
        """Remember a write that LinkTime acknowledged, and the row that it answered."""
        self.wrote(request, now)
        ident = request.ident or ident_of(reply)
        if request.ident or collection(request) in _SINGLE:
            known = self._at((collection(request), request.ident), now)
            known.row = dict(_shown(request, reply.data)).get(request.ident, {})
        elif isinstance(ident, str):
            known = self._at((collection(request), ident), now)
            known.written, known.row, known.maker = now, _public(record(reply.data)), request

    def _at(self, key: Key, now: float) -> Known:
        known = self._known.setdefault(key, Known(now))
        self._known.move_to_end(key)
        if len(self._known) > self._size:
            self._known.popitem(last=False)
        return known


def collection(request: Request) -> str:
    """Return the path of the collection or the single object that a request is about."""
    return request.template.partition("/{id}")[0]


def ident_of(reply: Reply) -> Any:
    """Return the id of the row that an answer to a write holds, None if it shows none."""
    data = record(reply.data)
    return data.get("id", data.get("bookingId"))


def _shown(request: Request, data: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    where = collection(request)
    if where in _SINGLE:
        yield "", record(data) or {"data": data}
    elif where in _LISTED:
        shown = [record(data)] if request.ident else rows(data)
        yield from (
            (row["id"], _public(row)) for row in shown if isinstance(row, dict) and isinstance(row.get("id"), str)
        )


def _public(row: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in row.items() if name != "secret"} if "secret" in row else row
