"""Spelling: words and names that differ only by letter case, separators, or American spelling."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

_SEPARATORS: Final = re.compile(r"[\s_.\u2010-\u2015-]+")  # blanks, underscores, full stops and hyphens
_AMERICAN: Final = ("canceled", "cancelled")  # LinkTime writes the second
_MOST_TABLES: Final = 256  # more than there are enumerations and tools


def bare(text: str) -> str:
    """Return *text* without letter case and separators, in British spelling."""
    return _SEPARATORS.sub("", text).casefold().replace(*_AMERICAN)


def spelled(text: str, names: Collection[str]) -> str | None:
    """Return the one of *names* that *text* spells, or None. No two of them may have the same bare form."""
    return text if text in names else _by_bare_form(tuple(names)).get(bare(text))


def candidates(text: str, names: Collection[str]) -> list[str]:
    """Return the *names* with adjacent words that *text* spells, such as CALL_WEBHOOK for `web hook`."""
    part = bare(text)
    return [name for name in names if part in _parts(_SEPARATORS.split(name))]


def renamed(fields: Mapping[str, Any], known: Collection[str]) -> dict[str, Any]:
    """Return *fields* with the *known* names that their names spell, such as bookingId for booking_id.

    A name with a leading underscore stays, because clients add such arguments by themselves.

    Raises:
        ValueError: Two spellings of one name have different values.
    """
    read: dict[str, Any] = {}
    spellings: dict[str, str] = {}
    for name, value in fields.items():
        target = name if name.startswith("_") else spelled(name, known) or name
        if target in read and read[target] != value:
            raise ValueError(f"{target}: has two values, as {spellings[target]} and as {name}. Keep one of them")
        read[target], spellings[target] = value, name
    return read


@lru_cache(maxsize=_MOST_TABLES)
def _by_bare_form(names: tuple[str, ...]) -> Mapping[str, str]:
    return {bare(name): name for name in names}


def _parts(words: Sequence[str]) -> set[str]:
    """Return the bare forms of all runs of adjacent *words*."""
    ends = range(1, len(words) + 1)
    return {bare("".join(words[start:end])) for end in ends for start in range(end)}
