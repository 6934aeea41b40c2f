"""Guest-written text: the one table of the fields that guests fill in, and the walk through an answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
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
_CONTAINERS: Final = (dict, list)
_OUTBOUND: Final = "OUTBOUND"
_LAST_MESSAGE: Final = "lastMessage"  # of the guest or of the account
_LONGEST_NAME: Final = 40  # characters
_MOST_WORDS: Final = 5
_UNLIKE_A_NAME: Final = re.compile(
    r"[\n\r<>{}\[\]|`@]|://|\.[a-z]{2,}|[:!?;]\s|[.]\s+\w{3,}|\d[\d ().-]{5,}\d", re.IGNORECASE
)

Path = tuple[str | int, ...]


class GuestText(NamedTuple):
    """A text of a guest: the *keys* that lead to it, and its *source*, such as `booking clx1`.

    *depth* is the number of keys that lead to the guest's field. The field of a plain name is not *marked*.
    """

    keys: Path
    text: str
    source: str
    depth: int
    marked: bool

    @property
    def path(self) -> str:
        """The path of the field, such as `data[4].notes`."""
        field = self.keys[: self.depth]
        return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in field).lstrip(".")


def guest_texts(tool: str, answer: Any) -> list[GuestText]:
    """Return the guest-written texts in the *answer* of a tool, names included."""
    texts: list[GuestText] = []
    if kind := KINDS.get(tool):
        _Walk(texts).any(answer, (), kind)
    return texts


def marks(texts: Iterable[GuestText]) -> list[str]:
    """Return the paths of the fields that guests wrote, without plain names."""
    return list(dict.fromkeys(each.path for each in texts if each.marked))


def with_short_texts(tool: str, answer: dict[str, Any], texts: Iterable[GuestText]) -> dict[str, Any]:
    """Return a list's *answer* with its long guest-written *texts* cut. Each has a mark with the way to the rest."""
    items = answer.get("data")
    if not (tool.startswith("list_") and isinstance(items, list) and len(items) > 1):
        return answer
    for each in texts:
        if len(each.text) > LONGEST_IN_LIST:
            rest = f"{LONGEST_IN_LIST} of {len(each.text)} characters shown. {_way(tool, answer, each.keys)}"
            answer = _put(answer, each.keys, f"{each.text[:LONGEST_IN_LIST]}… [{rest}]")
    return answer


class _Walk(NamedTuple):
    """One walk through an answer, which appends the guest-written texts to *texts*.

    A *depth* means that a value is in a guest's field, which so many keys lead to.
    """

    texts: list[GuestText]

    def any(self, value: Any, keys: Path, source: str, depth: int = 0) -> None:
        # 1. An object: each field by its name, unless it is a message of the account.
        # 2. A list: each item, under the index that its mark shows.
        # 3. A text inside a field of a guest.
        if isinstance(value, dict):
            if depth or not _is_outbound(value):
                self.object(value, keys, _source(value, source), depth)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                self.any(item, (*keys, index), source, depth)
        elif depth and isinstance(value, str) and value.strip():
            self.texts.append(GuestText(keys, value, source, depth, marked=True))

    def object(self, item: Mapping[str, Any], keys: Path, source: str, depth: int) -> None:
        # 1. Everything inside a field of a guest, and a field with sentences.
        # 2. An object or a list, which may hold fields of guests.
        # 3. A name, which is marked only if it holds more than a name.
        for name, value in item.items():
            if depth or (name in FREE_TEXT and not (name == _LAST_MESSAGE and _is_outbound(value))):
                self.any(value, (*keys, name), source, depth or len(keys) + 1)
            elif isinstance(value, _CONTAINERS):
                if name not in _OWN:
                    self.any(value, (*keys, name), "booking" if name in _MEETINGS else source)
            elif name in NAMES and isinstance(value, str):
                self.texts.append(GuestText((*keys, name), value, source, len(keys) + 1, _is_more_than_a_name(value)))


def _is_outbound(item: Any) -> bool:
    """Return whether *item* is a message of the account."""
    return isinstance(item, dict) and "body" in item and str(item.get("direction")).upper() == _OUTBOUND


def _is_more_than_a_name(value: str) -> bool:
    is_long = len(value) > _LONGEST_NAME or len(value.split()) > _MOST_WORDS
    return is_long or _UNLIKE_A_NAME.search(value) is not None


def _source(item: Mapping[str, Any], source: str) -> str:
    """Return the source with the item's own id, unless an outer item has given its own."""
    if " " in source:
        return source
    ident = item.get("id")
    return f"{source} {ident}" if isinstance(ident, str) else source


def _way(tool: str, answer: Mapping[str, Any], keys: Path) -> str:
    """Return how to have the whole text: by a tool for one item, or by a page of one item."""
    if tool in _WHOLE:
        return f"{_WHOLE[tool]} returns all."
    return f"Call again with limit 1 and page {_page(answer.get('pagination'), keys[1:])} to have all."


def _page(pagination: Any, keys: Path) -> str:
    """Return the number of the page with one item, where *keys* are those within the list."""
    match pagination, keys:
        case {"page": int(page), "limit": int(limit)}, (int(index), *_):
            return str((page - 1) * limit + index + 1)
        case _:
            return "1, 2, 3 …"


def _put(value: Any, keys: Path, text: str) -> Any:
    """Return a copy of *value* with *text* at *keys*."""
    copy = value.copy()
    copy[keys[0]] = _put(value[keys[0]], keys[1:], text) if keys[1:] else text
    return copy
