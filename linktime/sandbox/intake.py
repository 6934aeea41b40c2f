"""Taking in what a request asks: its body, its query and the range and page of a list."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo

import orjson
from aiohttp import web

from . import fields
from .answers import Invalid
from .fields import Reader
from .normalization import normalized
from .times import since, until

RANGE: Final = {"from": fields.bound, "to": fields.bound}
PAGES: Final = {"page": fields.digits(1, 1_000_000), "limit": fields.digits(1, 100)}


async def body(request: web.Request, readers: Mapping[str, Reader], required: Collection[str] = ()) -> dict[str, Any]:
    """Read the fields of a JSON body; no body at all is an empty one."""
    raw = await request.read()
    try:
        given = orjson.loads(raw or b"{}")
    except orjson.JSONDecodeError:
        raise Invalid("the body is not JSON") from None
    if not isinstance(given, dict):
        raise Invalid("the body must be an object")
    return _checked(normalized(request, given), readers, required)


async def changes(request: web.Request, readers: Mapping[str, Reader]) -> dict[str, Any]:
    """Read the fields to change, of which there must be one."""
    given = await body(request, readers)
    if not given:
        raise Invalid(f"nothing to update: give one of {', '.join(readers)}")
    return given


def query(request: web.Request, readers: Mapping[str, Reader], required: Collection[str] = ()) -> dict[str, Any]:
    """Read the parameters of the query."""
    return _checked(request.query, readers, required)


def _checked(given: Mapping[str, Any], readers: Mapping[str, Reader], required: Collection[str]) -> dict[str, Any]:
    try:
        found: dict[str, Any] = fields.record(readers, required)(dict(given))
    except ValueError as error:
        raise Invalid(str(error)) from None
    return found


def span(asked: dict[str, Any], zone: ZoneInfo) -> tuple[str, str]:
    """Take `from` and `to` out of what was *asked*: the first time that is in and the first that is out."""
    first = since(asked.pop("from"), zone) if "from" in asked else ""
    last = until(asked.pop("to"), zone) if "to" in asked else "~"  # sorts after every time
    if first >= last:
        raise Invalid("from must not be after to")
    return first, last
