"""Hints for a `not_found`: the ids and slugs that there are, and the meaning of a text that is no id."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final

import orjson

from ...answers import records
from ...errors import Failure, Rejected
from ...message import Request
from ...pipeline import routes
from ...tools import Tool
from ...tools.suggest import suggest
from .lookups import Lookups

NONE_ACTIVE: Final = "No event type is active."
_NO_BOOKING_ID: Final = (
    "The bookingId is not an id such as clx8v3p0s0001ab9xk2m4qwer. Take one from list_bookings. For the meetings of a "
    "guest, call list_contacts with the name or e-mail as search, then get_contact."
)
_MOST: Final = 12  # rows that a hint names
_STATUSES: Final = {400, 404, 422}  # refusals of an id or a slug
_DATE: Final = re.compile(r"(\d{4}-\d{2}-\d{2})([T ].*)?")
_DIGIT: Final = re.compile(r"\d")

_Rows = list[dict[str, Any]]
_Look = Callable[..., Awaitable[_Rows | None]]
"""Returns the rows that a tool lists, or None if they are not known and the budget is scarce."""


class Hints:
    """Adds the next call to a `not_found`. Each hint costs at most one lookup, and none if the budget is scarce.

    A hint may name ids, slugs and dates, but no text of a guest.

    Args:
        tools: The tools that the client may use, by name.
        lookups: Reads from the cache, or from LinkTime while more than ten permits are left.
    """

    def __init__(self, tools: Mapping[str, Tool], lookups: Lookups) -> None:
        self._tools = tools
        self._lookups = lookups

    async def added(self, tool: Tool, arguments: Mapping[str, Any] | None, failure: Failure) -> Failure:
        """Return *failure* with a hint in place of its general advice, if LinkTime does not know the id or slug."""
        if not isinstance(failure, Rejected) or failure.status not in _STATUSES:
            return failure
        hint = await self._hint(tool.request(arguments), failure)
        return Rejected(failure.word, failure.happened, hint, status=failure.status) if hint else failure

    async def _hint(self, request: Request, failure: Rejected) -> str:
        # 1. The path has an unknown id.
        # 2. The query or the body has an unknown slug.
        # 3. The refusal names the argument with the ids of event types.
        kind = request.collection
        body = {**orjson.loads(request.body or b"{}"), **dict(request.query)}
        if request.ident:
            return await _BY_ID[kind](self._rows, request.ident) if failure.status == 404 and kind in _BY_ID else ""
        if slug := body.get("eventTypeSlug", "") if failure.status == 404 else "":
            return await _for_slug(self._rows, slug)
        if (idents := body.get("eventTypeIds")) and "eventTypeIds" in failure.happened:
            return await _for_event_type(self._rows, next((each for each in idents if each in failure.happened), ""))
        return ""

    async def _rows(self, tool: str, **arguments: Any) -> _Rows | None:
        """Return the rows of a list, or None if they are not known and budget is scarce."""
        if tool not in self._tools:
            return None
        answer = await self._lookups.answer(self._tools[tool], arguments)
        return None if answer is None else records(answer)


async def _for_slug(look: _Look, slug: str) -> str:
    rows = await look("list_event_types")
    if rows is None:
        return "Take the slug from list_event_types."
    slugs = [row["slug"] for row in rows if isinstance(row.get("slug"), str)]
    near = next((row["slug"] for row in rows if _is_called(slug, row) and "slug" in row), None)
    near = near or suggest(slug, slugs)
    active = f"The active event types have the slugs {_listed(slugs)}." if slugs else NONE_ACTIVE
    return active + (f" Did you mean {near}?" if near and near != slug else "")


async def _for_event_type(look: _Look, text: str) -> str:
    rows = await look("list_event_types")
    if rows is None:
        return "Take the id from list_event_types."
    if ident := _id_of(row for row in rows if _is_called(text, row)):
        return f"The id is a slug or a name. The event type has the id {ident}."
    known = _listed(f"{row['id']} ({row.get('slug')})" for row in rows if "id" in row)
    return f"The active event types have the ids {known}. list_event_types shows no inactive ones."


async def _for_contact(look: _Look, text: str) -> str:
    if not _is_name(text):
        return "Take the id from list_contacts. Its search takes a part of a name, e-mail or company."
    rows = await look("list_contacts", search=text)
    if rows is None:
        return "The contactId is a name or an e-mail. Call list_contacts with it as search."
    if ident := _id_of(rows):
        return f"The contactId is a name or an e-mail. Its contact has the id {ident}."
    return f"The contactId is a name or an e-mail of {len(rows)} contacts. Call list_contacts with another search."


async def _for_booking(look: _Look, text: str) -> str:
    # 1. A date: the only meeting on it, or the list of that day.
    # 2. A name or an e-mail, which only contacts are searched by.
    # 3. An id of another kind, or of a row that is gone.
    if date := _DATE.fullmatch(text):
        rows = await look("list_bookings", **{"from": date[1], "to": date[1]})
        ident = _id_of(rows or ())
        only = f"The only meeting on it has the id {ident}." if ident else ""
        return f"The bookingId is a date. {only or f'Call list_bookings with from and to {date[1]}.'}"
    if _is_name(text):
        return _NO_BOOKING_ID
    return "Take the id from list_bookings, whose status all includes cancelled meetings."


async def _for_webhook(look: _Look, text: str) -> str:
    rows = await look("list_webhooks")
    if rows is None:
        return "Take the id from list_webhooks."
    if ident := _id_of(row for row in rows if text in (row.get("name"), row.get("url"))):
        return f"The webhookId is a name or a URL. The webhook has the id {ident}."
    return f"The webhooks have the ids {_listed(row['id'] for row in rows if 'id' in row)}. See list_webhooks."


async def _for_override(look: _Look, _: str) -> str:
    rows = await look("list_availability_overrides")
    if rows is None:
        return "Take the date or the id from list_availability_overrides."
    dates = sorted(str(row["date"])[:10] for row in rows if "date" in row)
    return f"The dates with an override are {_listed(dates)}." if dates else "No date has an override."


_BY_ID: Final[Mapping[str, Callable[[_Look, str], Awaitable[str]]]] = {
    routes.AVAILABILITY_OVERRIDES: _for_override,
    routes.BOOKINGS: _for_booking,
    routes.CONTACTS: _for_contact,
    routes.EVENT_TYPES: _for_event_type,
    routes.WEBHOOKS: _for_webhook,
}


def _is_name(text: str) -> bool:
    """Return whether *text* is a name or an e-mail rather than an id, which has a digit and no blank."""
    return "@" in text or " " in text or not _DIGIT.search(text)


def _is_called(text: str, row: Mapping[str, Any]) -> bool:
    return text.casefold() in (str(row.get(field)).casefold() for field in ("slug", "name", "id"))


def _id_of(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return the id of the only row, else an empty text."""
    idents = [str(row["id"]) for row in rows if "id" in row]
    return idents[0] if len(idents) == 1 else ""


def _listed(names: Iterable[str]) -> str:
    known = list(names)
    return ", ".join(known[:_MOST]) + (f" and {len(known) - _MOST} more" if len(known) > _MOST else "") or "none"
