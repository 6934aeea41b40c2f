"""Request parameters: the JSON body, the query, and the date range and page of a list."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler

from . import readers, time_readers
from .normalization import normalized
from .readers import Reader
from .responses import Invalid
from .spelling import our_body, query_names
from .times import since, until

RANGE: Final = {"from": time_readers.bound, "to": time_readers.bound}
# a page counts from 1
PAGES: Final = {"page": readers.digits(1, 1_000_000), "limit": readers.digits(1, 100)}

QUERY: Final = web.RequestKey("query", dict[str, Any])
"""The parsed query of a request."""

_H = TypeVar("_H", bound=Callable[..., Any])
_Declaration = tuple[Mapping[str, Reader], Collection[str]]  # readers, and the required names
_NO_QUERY: Final[_Declaration] = ({}, ())
_declared: Final[dict[Any, _Declaration]] = {}  # by handler, filled by `takes` at import


def takes(known: Mapping[str, Reader], required: Collection[str] = ()) -> Callable[[_H], _H]:
    """Declare the query parameters of a handler. The handler finds their values in `request[QUERY]`."""

    def declare(handler: _H) -> _H:
        _declared[handler] = known, required
        return handler

    return declare


@web.middleware
async def check_query(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Parse the query. Refuse a parameter that the route does not declare, unless there is no such route."""
    # An unknown route or method has no declaration. Its handler raises 404 or 405.
    if request.match_info.http_exception is None:
        known, required = _declared.get(request.match_info.handler, _NO_QUERY)
        names = query_names(request)
        readers_by_name = {names.get(name, name): reader for name, reader in known.items()}
        for name in request.query:
            if name not in readers_by_name:
                raise Invalid(f"{name} is not a query parameter here. Known: {', '.join(readers_by_name) or 'none'}.")
        parsed = _parse(request.query, readers_by_name, [names.get(name, name) for name in required])
        ours = {wire: name for name, wire in names.items()}
        request[QUERY] = {ours.get(name, name): value for name, value in parsed.items()}
    return await handler(request)


async def body(request: web.Request, known: Mapping[str, Reader], required: Collection[str] = ()) -> dict[str, Any]:
    """Return the *known* fields of the JSON body. A missing body counts as an empty object.

    Raises:
        Invalid: The body is not a JSON object, or a field is missing or malformed.
    """
    # The request log has read the body already, so this does not wait.
    raw = await request.read()
    try:
        payload = orjson.loads(raw or b"{}")
    except orjson.JSONDecodeError:
        raise Invalid("the body is not JSON") from None
    if not isinstance(payload, dict):
        raise Invalid("the body must be an object")
    return _parse(normalized(request, our_body(request, payload)), known, required)


async def changes(request: web.Request, known: Mapping[str, Reader]) -> dict[str, Any]:
    """Return the fields to update, at least one.

    Raises:
        Invalid: The body has no *known* field, or `body` raises it.
    """
    update = await body(request, known)
    if not update:
        raise Invalid(f"nothing to update: set at least one of {', '.join(known)}")
    return update


def date_range(query: dict[str, Any], zone: ZoneInfo) -> tuple[str, str]:
    """Remove `from` and `to` from *query*. Return the first time in the range and the first after it, as stored.

    Raises:
        Invalid: The range is empty.
    """
    first = since(query.pop("from"), zone) if "from" in query else ""
    last = until(query.pop("to"), zone) if "to" in query else "~"  # sorts after every time
    if first >= last:
        raise Invalid("from must not be after to")
    return first, last


def _parse(payload: Mapping[str, Any], known: Mapping[str, Reader], required: Collection[str]) -> dict[str, Any]:
    """Read the *known* fields of a payload, or raise Invalid."""
    try:
        parsed: dict[str, Any] = readers.record(known, required)(dict(payload))
    except ValueError as error:
        raise Invalid(str(error)) from None
    return parsed
