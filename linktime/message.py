"""The values that travel: a Request to LinkTime, a Reply back, and the one interface at every depth."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from math import inf
from typing import Any, Final, Literal, NamedTuple
from urllib.parse import quote

import orjson

NULL: Final = object()
"""A body field that is sent as null. None means a field that is not sent."""


class Delivery:
    """Whether a write may have taken effect, for every layer that holds the request.

    `Departure` sets *possible* when it hands the request to the HTTP client. It resets it after a refusal.
    """

    __slots__ = ("possible",)

    def __init__(self) -> None:
        self.possible = False


@dataclass(frozen=True, slots=True)
class Request:
    """One REST request, as a value. Equal requests ask the same question, so a request is its own cache key.

    *template* is the path under /api/v1 with at most one `{id}`. *tags* name the data that a read depends on or a
    write changes. A *volatile* answer may be shared in flight but is never kept. A *dated* answer is likely to hold
    times. *deadline* (seconds on the app's clock), *idempotency_key*, *attempt* (the number of earlier attempts) and
    *delivery* belong to the call and not to the question. *verification* is the tool's declaration of how
    the outcome of its write is verified, and a read for this *verifies* it.
    """

    # The question: equal requests have the same answer
    method: str
    template: str
    ident: str = ""
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # guests are in these two
    body: bytes | None = field(default=None, repr=False)
    tags: frozenset[str] = frozenset()
    volatile: bool = False
    # Marks of the tool, and values of one call, which are not compared
    dated: bool = field(default=False, compare=False)
    deadline: float = field(default=inf, compare=False)
    idempotency_key: str = field(default="", compare=False)
    attempt: int = field(default=0, compare=False)
    delivery: Delivery | None = field(default=None, compare=False, repr=False)
    verification: object = field(default=None, compare=False, repr=False)
    verifies: bool = field(default=False, compare=False)

    @property
    def path(self) -> str:
        """The path under /api/v1, quoted: an id is one segment, whatever it holds."""
        return self.template.replace("{id}", quote(self.ident, safe=""))

    @property
    def collection(self) -> str:
        """The path of the collection, or of the single object, that the request is about."""
        return self.template.partition("/{id}")[0]

    @property
    def is_read(self) -> bool:
        """Whether the request changes nothing, so that repeating it is harmless."""
        return self.method == "GET"

    @property
    def is_urgent(self) -> bool:
        """Whether the request has the turn and the permits of a write: it is one, or verifies one."""
        return self.verifies or not self.is_read

    def tagged(self, *tags: str) -> Request:
        """Return the request with the tags of the data that it reads or changes."""
        return replace(self, tags=frozenset(tags))

    def fresh(self) -> Request:
        """Return the request with an answer that is never kept."""
        return replace(self, volatile=True)

    def with_times(self) -> Request:
        """Return the request, marked for an answer that is likely to hold times."""
        return replace(self, dated=True)


@dataclass(frozen=True, slots=True)
class Quota:
    """The service's own count: requests *remaining* and seconds until the *reset*. None if it is not stated."""

    remaining: int | None = None
    reset: float | None = None


UNSTATED: Final = Quota()
"""The quota of an answer without such headers."""


class Notes(NamedTuple):
    """The way of a reply through the layers, each of which adds its own fields. None means that a layer added nothing.

    The order of the fields is that of the client's `_meta`, from the layer next to LinkTime to the session.
    """

    lacks: str | None = None  # fields of the contract that the answer lacks
    queue_seconds: float | None = None  # the wait for a permit
    retries: int | None = None  # further attempts of a read
    outcome: Literal["verified"] | None = None  # a write whose outcome was read back
    cache: Literal["off", "hit", "coalesced", "miss"] | None = None
    age_seconds: float | None = None  # since LinkTime gave a cached or repeated answer
    timezone: str | None = None  # of the local times in the answer, an IANA name
    already_done: bool | None = None  # True if an equal write had succeeded before, so that this one was not sent
    budget_remaining: int | None = None  # permits that are free now
    budget_servers: int | None = None  # servers that share the budget, this one included

    def merged(self, other: Notes) -> Notes:
        """Return these notes with the fields that *other* has."""
        return Notes._make(old if new is None else new for old, new in zip(self, other, strict=True))

    def as_meta(self) -> dict[str, str | float]:
        """Return the notes that are not None by their names on the wire, in camelCase."""
        return {name: value for name, value in zip(_META, self, strict=True) if value is not None}


NO_NOTES: Final = Notes()


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: the API's *data*, and the *notes* of the layers, which reach the client as `_meta`.

    *quota* is the budget by LinkTime's headers. *date* is LinkTime's clock, in whole seconds.
    """

    status: int
    data: Any = None
    notes: Notes = NO_NOTES
    quota: Quota = UNSTATED
    date: datetime | None = field(default=None, compare=False)

    def with_data(self, data: Any) -> Reply:
        """Return the reply with other *data*."""
        return replace(self, data=data)

    def noted(self, notes: Notes) -> Reply:
        """Return the reply with further notes."""
        return replace(self, notes=self.notes.merged(notes))


Send = Callable[[Request], Awaitable[Reply]]
"""The interface of every layer between a tool and LinkTime: cache, retry, mailbox and rest."""


def get(template: str, ident: str = "", /, **query: Any) -> Request:
    """Return a read. Parameters that are None are left out."""
    parameters = tuple((camel(name), _query(value)) for name, value in query.items() if value is not None)
    return Request("GET", template, ident, query=parameters)


def post(template: str, ident: str = "", /, **body: Any) -> Request:
    """Return a POST. Fields that are None are left out. NULL is sent as null."""
    return Request("POST", template, ident, body=_json(body))


def put(template: str, ident: str = "", /, **body: Any) -> Request:
    """Return a PUT with a body as in `post`."""
    return Request("PUT", template, ident, body=_json(body))


def patch(template: str, ident: str = "", /, **body: Any) -> Request:
    """Return a PATCH with a body as in `post`."""
    return Request("PATCH", template, ident, body=_json(body))


def delete(template: str, ident: str, /) -> Request:
    """Return a DELETE, which has no body."""
    return Request("DELETE", template, ident)


def _json(body: Mapping[str, Any]) -> bytes:
    sent = {camel(name): value for name, value in body.items() if value is not None}
    return orjson.dumps({name: None if value is NULL else value for name, value in sent.items()})


@cache
def camel(name: str) -> str:
    """Return LinkTime's name of a Python parameter: from_ is from, start_time is startTime."""
    first, *rest = name.rstrip("_").split("_")
    return first + "".join(word.capitalize() for word in rest)


def _query(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


_META: Final = tuple(map(camel, Notes._fields))
