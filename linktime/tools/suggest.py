"""Suggestions: the known name that a mistyped name was probably meant to be."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches
from typing import Final

_SAME_WORD: Final = 0.75  # difflib's ratio; "workflow" and "webhook" have 0.4, "contract" and "contact" 0.93
_SAME_NAME: Final = 0.9  # the ratio of a name without separators, such as "listbookings"
_SHORTEST_MISTYPED: Final = 4  # letters of a verb; "get" and "set" are two verbs
_CAPITAL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


def suggest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is closest to *name*, or None if no name is close.

    Two names of the form verb_noun are close only if their nouns are close, and their verbs differ by a typing mistake
    at most. So `create_workflow` and `delete_webhook` are no suggestions for `delete_workflow`.
    """
    written = {_plain(each): each for each in known}
    candidates = [each for each in written if _same_words(name, written[each])]
    close = get_close_matches(_plain(name), candidates, 1)
    return written[close[0]] if close else None


def _plain(name: str) -> str:
    return name.casefold().replace("-", "_").replace(" ", "_")


def _same_words(name: str, known: str) -> bool:
    if "_" not in known:
        return True
    verb, _, noun = _plain(_CAPITAL.sub("_", name)).partition("_")
    known_verb, _, known_noun = _plain(known).partition("_")
    if not noun:
        return _ratio(_plain(name), _plain(known)) >= _SAME_NAME
    return _same_verb(verb, known_verb) and _ratio(noun, known_noun) >= _SAME_WORD


def _same_verb(verb: str, known: str) -> bool:
    """Return whether *verb* is *known* with at most one letter changed, or two swapped."""
    if verb == known:
        return True
    mistyped = min(len(verb), len(known)) >= _SHORTEST_MISTYPED and abs(len(verb) - len(known)) <= 1
    return mistyped and _ratio(verb, known) >= _SAME_WORD


def _ratio(word: str, other: str) -> float:
    return SequenceMatcher(None, word, other).ratio()
