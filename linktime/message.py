"""The values that travel: a Request towards LinkTime, a Reply back, and the one interface at every depth."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from math import inf
from typing import Any, Final
from urllib.parse import quote

import orjson

from .ratelimit_headers import UNTOLD, Quota

NULL: Final = object()
"""A body field that is sent as null; None means a field that is not sent."""


@dataclass(frozen=True, slots=True)
class Request:
    """One REST request, as a value: equal requests ask the same question, so it is its own cache key.

    *template* is the path under /api/v1 with at most one `{id}`. *tags* name what the answer depends on (a read)
    or what the request changes (a write). A *volatile* answer may be shared while under way but never kept,
    a *dated* one is likely to have times in it.
    *deadline* (seconds on the app's clock), *idempotency_key* and *attempt* (how often it was sent before) belong to
    the call that asks, not to the question.
    """

    method: str
    template: str
    ident: str = ""
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # guests are in these two
    body: bytes | None = field(default=None, repr=False)
    tags: frozenset[str] = frozenset()
    volatile: bool = False
    dated: bool = field(default=False, compare=False)
    deadline: float = field(default=inf, compare=False)
    idempotency_key: str = field(default="", compare=False)
    attempt: int = field(default=0, compare=False)

    @property
    def path(self) -> str:
        """The path under /api/v1, quoted: an id is one segment, whatever it holds."""
        return self.template.replace("{id}", quote(self.ident, safe=""))

    @property
    def is_read(self) -> bool:
        """Whether sending it twice is harmless."""
        return self.method == "GET"

    def tagged(self, *tags: str) -> Request:
        """Name what a read depends on, or what a write changes."""
        return replace(self, tags=frozenset(tags))

    def fresh(self) -> Request:
        """Ask that the answer is never kept."""
        return replace(self, volatile=True)

    def with_times(self) -> Request:
        """Tell that the answer is likely to have times in it."""
        return replace(self, dated=True)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: the API's *data*, and *notes* of how it came, which reach the client as `_meta`.

    *quota* is what LinkTime's headers said of the budget.
    """

    status: int
    data: Any = None
    notes: Mapping[str, str | float] = field(default_factory=dict)
    quota: Quota = UNTOLD

    def noted(self, **notes: str | float) -> Reply:
        """Add notes; a layer tells what it knows, in camelCase as it will stand on the wire."""
        return replace(self, notes={**self.notes, **notes})


Send = Callable[[Request], Awaitable[Reply]]
"""The interface of every layer between a tool and LinkTime: cache, retry, mailbox and rest."""


def get(template: str, ident: str = "", /, **query: Any) -> Request:
    """Build a read; parameters that are None are left out."""
    given = tuple((camel(name), _query(value)) for name, value in query.items() if value is not None)
    return Request("GET", template, ident, query=given)


def post(template: str, ident: str = "", /, **body: Any) -> Request:
    """Build a POST; fields that are None are left out, NULL is sent as null."""
    return Request("POST", template, ident, body=_json(body))


def put(template: str, ident: str = "", /, **body: Any) -> Request:
    """Build a PUT, as `post` does."""
    return Request("PUT", template, ident, body=_json(body))


def patch(template: str, ident: str = "", /, **body: Any) -> Request:
    """Build a PATCH, as `post` does."""
    return Request("PATCH", template, ident, body=_json(body))


def delete(template: str, ident: str, /) -> Request:
    """Build a DELETE, which has no body."""
    return Request("DELETE", template, ident)


def _json(body: Mapping[str, Any]) -> bytes:
    given = {camel(name): value for name, value in body.items() if value is not None}
    return orjson.dumps({name: None if value is NULL else value for name, value in given.items()})


def camel(name: str) -> str:
    """Name a Python parameter as LinkTime does: from_ is from, start_time is startTime."""
    first, *rest = name.rstrip("_").split("_")
    return first + "".join(word.capitalize() for word in rest)


def _query(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def utc(time: datetime) -> str:
    """Write a time as LinkTime does: UTC, with milliseconds and Z."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
