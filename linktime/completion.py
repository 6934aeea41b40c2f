"""What the arguments of prompts and resources can be completed with, and where it comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import available_timezones


@dataclass(frozen=True, slots=True)
class Choices:
    """Values that are known beforehand."""

    values: Callable[[], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Listed:
    """Values of a *field* of the items that *tool* lists; its argument *search* finds those that a page leaves out."""

    tool: str
    field: str
    arguments: Mapping[str, Any]
    search: str = ""

    def values(self, answer: Mapping[str, Any] | None) -> list[str]:
        """Read them from an answer, each once; what is no list of items has none."""
        items = answer.get("data") if answer else None
        if not isinstance(items, list):
            return []
        fields = (item.get(self.field) for item in items if isinstance(item, Mapping))
        return list(dict.fromkeys(value for value in fields if isinstance(value, str)))


Source = Choices | Listed

_PAGE: Final = MappingProxyType({"limit": 100})

EVENT_TYPES: Final = Listed("list_event_types", "slug", {})
CONTACTS: Final = Listed("list_contacts", "name", _PAGE, search="search")
CONTACT_IDS: Final = Listed("list_contacts", "id", _PAGE)
BOOKING_IDS: Final = Listed("list_bookings", "id", _PAGE)
ZONES: Final = Choices(lambda: sorted(available_timezones()))


def goes_on(answer: Mapping[str, Any] | None) -> bool:
    """Whether a list has more pages than this one."""
    match answer:
        case {"pagination": {"totalPages": int(pages)}}:
            return pages > 1
        case _:
            return False


def matching(values: Iterable[str], typed: str) -> list[str]:
    """Take those that hold what was *typed*, whatever its case; those that begin with it come first."""
    sought = typed.casefold()
    places = {value: value.casefold().find(sought) for value in values}
    return sorted((value for value, place in places.items() if place >= 0), key=lambda value: places[value] > 0)
