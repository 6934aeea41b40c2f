"""The spellings of an address that a model understands, each turned into the usual one.

They are `evil[.]example`, `evil dot example`, `evil. example`, `e v i l . e x a m p l e`, `evil**.**example`, codes
such as `%65` and `&#101;`, and letters of other alphabets that look like Latin ones. A guest chooses the text, so every
pattern takes linear time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import unescape
from typing import Final
from unicodedata import decimal, normalize
from urllib.parse import unquote

_ADDRESS: Final = re.compile(r"[.@:\d%&\\\u3002]|dot|punkt|punto|ponto|point|点|點|точка", re.IGNORECASE)
"""Every address has one of these."""

_DOTS: Final = re.compile("[\u00b7\u2022\u2027\u2219\u22c5\u2e31\u3002\u30fb]")
_DOT: Final = re.compile(r" ?[\[({<] ?(?:\.|dot) ?[\])}>] ?| (?:\.|dot|punkt|punto|ponto|point|点|點|точка) ")
_AT: Final = re.compile(r" ?[\[({<] ?(?:@|at) ?[\])}>] ?")
_CODES: Final = re.compile(r"\\(?:u([0-9a-f]{4})|x([0-9a-f]{2}))", re.IGNORECASE)
_DIGIT: Final = re.compile(r"[^\D0-9]")  # of another script
_MOST_CODINGS: Final = 3  # how often a text is decoded
_MARKUP: Final = re.compile(r"<[^<>]{0,200}>|[*`~\\\u200c\u200d]|(?<=\.)_+|_+(?=\.)")
_LONE: Final = re.compile(r"(?<=(?<!\S)\S) (?=\S(?!\S))")  # the blank between two lone characters
_BLANK_BESIDE: Final = re.compile(r" ?([@:/]) ?")
_JOINT: Final = "\x1f"
_BLANK_AT_DOT: Final = re.compile(r" \. ?|\. ")
_MOST_PARTS: Final = 4  # of a host that blanks divide, such as `203. 0. 113. 9`

_RESEMBLING: Final[Mapping[str, str]] = {
    "a": "\u0430\u03b1\u0251",
    "b": "\u0299\u0253",
    "c": "\u0441\u1d04\u03f2",
    "d": "\u0501\u1d05\u0257",
    "e": "\u0435\u1d07\u04bd",
    "f": "\ua730\u0493\u0192",
    "g": "\u0581\u0261\u0262",
    "h": "\u04bb\u029c\u0570",
    "i": "\u0456\u026a\u0131",
    "j": "\u0458\u1d0a\u03f3",
    "k": "\u043a\u03ba\u1d0b",
    "l": "\u04cf\u029f\u0269",
    "m": "\u043c\u1d0d\u0271",
    "n": "\u0578\u0274\u03b7",
    "o": "\u043e\u03bf\u1d0f",
    "p": "\u0440\u03c1\u1d18",
    "q": "\u051b\u0566\u02a0",
    "r": "\u0433\u0280\u1d26",
    "s": "\u0455\ua731\u0282",
    "t": "\u0442\u03c4\u1d1b",
    "u": "\u057d\u03c5\u1d1c",
    "v": "\u0475\u03bd\u1d20",
    "w": "\u051d\u0461\u1d21",
    "x": "\u0445\u03c7\u04b3",
    "y": "\u0443\u03b3\u028f",
    "z": "\u1d22\u0290",
}
"""Cyrillic, Greek, Armenian and phonetic letters, by the Latin letter that each resembles."""

_SYMBOLS: Final = (0x1F1E6, 0x1F150, 0x1F170)  # the A of regional indicators, of negative circles and of squares
_LATIN: Final = {ord(char): letter for letter, chars in _RESEMBLING.items() for char in chars} | {
    start + place: letter for start in _SYMBOLS for place, letter in enumerate(_RESEMBLING)
}


def decoded(text: str) -> str:
    """Return *text* in lower case, with one blank for each space, one sort of dot and digit, and no coded characters.

    It is empty if it has no address.
    """
    text = _DOTS.sub(".", normalize("NFKC", text))
    if not _ADDRESS.search(text):
        return ""
    for _ in range(_MOST_CODINGS):
        coded, text = text, _CODES.sub(lambda code: chr(int(code[1] or code[2], 16)), unescape(unquote(text)))
        if text == coded:
            break
    text = _DOTS.sub(".", _DIGIT.sub(lambda digit: str(decimal(digit[0])), normalize("NFKC", text)))
    return " ".join(text.replace("\u2800", " ").lower().split())


def readings(text: str) -> set[str]:
    """Return *text* in its possible readings: with dots as words, without markup, as Latin letters, without blanks."""
    variants = {_MARKUP.sub("", each) for each in (text, text.translate(_LATIN))}
    variants |= {text, text.translate(_LATIN)}
    dotted = {_AT.sub("@", _DOT.sub(".", each)) for each in variants}
    return {text, *dotted, *map(_without_blanks, variants)}


def _without_blanks(text: str) -> str:
    """Return the parts of *text* beside a dot with a blank, joined in every way that may be an address."""
    text = _BLANK_BESIDE.sub(r"\1", _AT.sub("@", _LONE.sub("", text)))
    chunks = [chunk.split(_JOINT) for chunk in _BLANK_AT_DOT.sub(_JOINT, text).split(" ")]
    return " ".join(span for parts in chunks for span in (_spans(parts) if len(parts) > 1 else parts))


def _spans(parts: list[str]) -> Iterator[str]:
    """Yield each run of up to _MOST_PARTS *parts*, joined by dots."""
    for size in range(1, min(len(parts), _MOST_PARTS) + 1):
        for start in range(len(parts) - size + 1):
            yield ".".join(parts[start : start + size])
