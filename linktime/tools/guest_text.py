"""Guest-written text: the one table of the fields that guests fill in, and the walk through an answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

KINDS: Final[Mapping[str, str]] = {
    "list_bookings": "booking",
    "get_booking": "booking",
    "cancel_booking": "booking",
    "reschedule_booking": "booking",
    "list_contacts": "contact",
    "get_contact": "contact",
    "update_contact": "contact",
    "delete_contact": "contact",
    "list_conversations": "conversation",
    "list_call_history": "call",
}
"""The tools whose answers hold guest-written text, and the kind of their items."""

FREE_TEXT: Final = frozenset(
    {
        "answer",
        "answers",
        "body",
        "cancelReason",
        "cancellationReason",
        "comment",
        "content",
        "customFields",
        "lastMessage",
        "message",
        "notes",
        "preview",
        "reason",
        "responses",
        "subject",
        "summary",
        "text",
        "transcript",
    }
)
"""The fields with sentences of a guest, and everything inside them."""

NAMES: Final = frozenset({"company", "contactName", "inviteeName", "jobTitle", "name"})
"""The fields with a name, which are marked only if they hold more than a name."""

LONGEST_IN_LIST: Final = 500  # characters of one guest-written text in a list of several items

_WHOLE: Final[Mapping[str, str]] = {"list_bookings": "get_booking", "list_contacts": "get_contact"}
_OWN: Final = frozenset({"eventType", "host", "emailLogs", "pagination"})  # objects that only the account writes
_MEETINGS: Final = frozenset({"upcomingMeetings", "pastMeetings"})
_OUTBOUND: Final = "OUTBOUND"
_LONGEST_NAME: Final = 40  # characters
_MOST_WORDS: Final = 5
_UNLIKE_A_NAME: Final = re.compile(r"[\n\r<>{}\[\]|`@]|://|\.[a-z]{2,}|[:!?;]\s|[.]\s+\w{3,}", re.IGNORECASE)

Path = tuple[str | int, ...]


class GuestText(NamedTuple):
    """A text of a guest: the *keys* that lead to it, and its *source*, such as `booking clx1`."""

    keys: Path
    text: str
    source: str

    @property
    def path(self) -> str:
        """The path of the field, such as `data[4].notes`."""
        return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in self.keys).lstrip(".")


def guest_texts(tool: str, answer: Any) -> Iterator[GuestText]:
    """Yield the guest-written texts in the *answer* of a tool, without plain names."""
    if kind := KINDS.get(tool):
        yield from _walk(answer, (), kind, inside=False)


def with_short_texts(tool: str, answer: dict[str, Any]) -> dict[str, Any]:
    """Return a list's *answer* with long guest-written texts cut. Each cut text has a mark with the way to the rest."""
    items = answer.get("data")
    if not (tool.startswith("list_") and isinstance(items, list) and len(items) > 1):
        return answer
    for each in guest_texts(tool, answer):
        if len(each.text) > LONGEST_IN_LIST:
            rest = f"{LONGEST_IN_LIST} of {len(each.text)} characters shown. {_way(tool, answer, each.keys)}"
            answer = _put(answer, each.keys, f"{each.text[:LONGEST_IN_LIST]}… [{rest}]")
    return answer


def is_guest_text(name: str, value: str) -> bool:
    """Return whether the field *name* holds more than a name."""
    if name in FREE_TEXT:
        return bool(value.strip())
    unusual = len(value) > _LONGEST_NAME or len(value.split()) > _MOST_WORDS or _UNLIKE_A_NAME.search(value)
    return name in NAMES and bool(unusual)


def _walk(value: Any, keys: Path, source: str, *, inside: bool) -> Iterator[GuestText]:
    """Yield the guest-written texts in *value*. *inside* a field of a guest, every text is one."""
    match value:
        case str():
            if value.strip() and (inside or is_guest_text(str(keys[-1]) if keys else "", value)):
                yield GuestText(keys, value, source)
        case list():
            for index, item in enumerate(value):
                yield from _walk(item, (*keys, index), source, inside=inside)
        case dict():
            yield from _fields(value, keys, _source(value, source), inside=inside)


def _fields(item: Mapping[str, Any], keys: Path, source: str, *, inside: bool) -> Iterator[GuestText]:
    if "body" in item and str(item.get("direction")).upper() == _OUTBOUND:
        return
    for name, value in item.items():
        if name not in _OWN:
            kind = "booking" if name in _MEETINGS else source
            yield from _walk(value, (*keys, name), kind, inside=inside or name in FREE_TEXT)


def _source(item: Mapping[str, Any], source: str) -> str:
    """Return the source with the item's own id, unless an outer item has given its own."""
    ident = item.get("id")
    return f"{source} {ident}" if isinstance(ident, str) and " " not in source else source


def _way(tool: str, answer: Mapping[str, Any], keys: Path) -> str:
    """Return how to have the whole text: by a tool for one item, or by a page of one item."""
    if tool in _WHOLE:
        return f"{_WHOLE[tool]} returns all."
    return f"Call again with limit 1 and page {_page(answer.get('pagination'), keys[1])} to have all."


def _page(pagination: Any, index: str | int) -> str:
    match pagination, index:
        case {"page": int(page), "limit": int(limit)}, int():
            return str((page - 1) * limit + index + 1)
        case _:
            return "1, 2, 3 …"


def _put(value: Any, keys: Path, text: str) -> Any:
    """Return a copy of *value* with *text* at *keys*."""
    copy = value.copy()
    copy[keys[0]] = _put(value[keys[0]], keys[1:], text) if keys[1:] else text
    return copy
