"""Completion sources: the values that complete the arguments of prompts and resource templates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import available_timezones

from ..answers import PAGE, pages, records
from ..sanitize.spelling import bare


@dataclass(frozen=True, slots=True)
class Choices:
    """A fixed set of values."""

    values: Callable[[], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Listed:
    """Values of a *field* of the items that *tool* lists.

    *search* names the argument of the tool that finds items beyond the first page. It is empty if there is none.
    """

    tool: str
    field: str
    arguments: Mapping[str, Any]
    search: str = ""

    def values(self, answer: Mapping[str, Any] | None) -> list[str]:
        """Return the distinct values in an answer. An answer without a list has none."""
        fields = (item.get(self.field) for item in records(answer))
        return list(dict.fromkeys(value for value in fields if isinstance(value, str)))


Source = Choices | Listed

_LONGEST_PAGE: Final = MappingProxyType({"limit": PAGE})

# Only contacts have a search, so other completions end with the first page.
EVENT_TYPES: Final = Listed("list_event_types", "slug", {})
CONTACTS: Final = Listed("list_contacts", "name", _LONGEST_PAGE, search="search")
CONTACT_IDS: Final = Listed("list_contacts", "id", _LONGEST_PAGE)
BOOKING_IDS: Final = Listed("list_bookings", "id", _LONGEST_PAGE)
ZONES: Final = Choices(lambda: sorted(available_timezones()))


def goes_on(answer: Mapping[str, Any] | None) -> bool:
    """Return whether a list has more than one page."""
    return (pages(answer) or 1) > 1


def matching(values: Iterable[str], typed: str) -> list[str]:
    """Return the values that contain *typed* in any spelling. Values that begin with it come first."""
    key = bare(typed)
    positions = {value: bare(value).find(key) for value in values}
    matches = (value for value, position in positions.items() if position >= 0)
    return sorted(matches, key=lambda value: positions[value] > 0)
