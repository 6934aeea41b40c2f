"""Suggestions: the known name that a mistyped name was probably meant to be."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches
from typing import Final

_SAME_WORD: Final = 0.75  # difflib's ratio; "workflow" and "webhook" have 0.4, "contract" and "contact" 0.93


def suggest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is closest to *name*, or None if no name is close.

    Names of the form verb_noun are close only if both words are. So `create_workflow` and `delete_webhook` are no
    suggestions for `delete_workflow`.
    """
    written = {_plain(each): each for each in known}
    close = get_close_matches(_plain(name), [each for each in written if _same_words(_plain(name), each)], 1)
    return written[close[0]] if close else None


def _plain(name: str) -> str:
    return name.casefold().replace("-", "_").replace(" ", "_")


def _same_words(name: str, other: str) -> bool:
    verb, _, noun = name.partition("_")
    other_verb, _, other_noun = other.partition("_")
    if not (noun and other_noun):
        return True
    return min(_ratio(verb, other_verb), _ratio(noun, other_noun)) >= _SAME_WORD


def _ratio(word: str, other: str) -> float:
    return SequenceMatcher(None, word, other).ratio()
