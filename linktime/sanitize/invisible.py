"""Removes invisible characters, except where a script or an emoji is written with them.

Hidden text is an instruction that only a model can read. It is written with tag characters, runs of variation selectors
or bidirectional controls. But Persian and Hindi need joiners, and emoji need selectors. So each of these stays only in
its context, and at most once. The rules follow Unicode's own:

    zero width joiner and non-joiner  https://www.unicode.org/reports/tr31/#Layout_and_Format_Control_Characters
    emoji sequences and tag flags     https://www.unicode.org/reports/tr51/#emoji_zwj_sequence
    ignorable characters              https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point
"""

from __future__ import annotations

import re
from typing import Final
from unicodedata import combining

# The ignorable characters, lone surrogates, and the C0 and C1 controls except tab, line feed and carriage return.
_RUN: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U00013430-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff\ud800-\udfff]+"
)
_VIRAMA: Final = 9  # the combining class of the signs that join Indic consonants

_KEYCAPS: Final = "[#*0-9]"
_EMOJI: Final = (
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
)
_HAN: Final = "[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]"
_VARYING: Final = (
    "[\u1000-\u109f\u2200-\u22ff\u2a00-\u2aff\ua840-\ua87f\uaa60-\uaa7f]"  # Burmese, Phags-pa, mathematics
)
_CURSIVE: Final = (
    "[\u0620-\u065f\u066e-\u06d3\u06d5-\u06ff\u0710-\u07ff\u0840-\u08ff\u1820-\u18aa\ufb50-\ufdff\ufe70-\ufefc]"
)
_INDIC: Final = "[\u0900-\u0dff\u0f00-\u109f\u1700-\u17b3\u17b6-\u17ff\u1b00-\u1bff\ua980-\ua9df]"
_FLAGS: Final = frozenset(  # the only tag sequences in general use
    "".join(chr(0xE0000 + ord(char)) for char in region) + "\U000e007f" for region in ("gbeng", "gbsct", "gbwls")
)
_ANY: Final = "[^\u3164]?"
_BLACK_FLAG: Final = "\U0001f3f4"


# Each rule has the characters that stay, the character before them and the visible character after them. `re` compiles
# them at their first use, because that takes 5 ms of the start.
_CONTEXTS: Final = (
    ("\u200c", _CURSIVE, _CURSIVE),
    ("\u200d", _CURSIVE, ""),
    ("\u200d", f"{_EMOJI}[\ufe0e\ufe0f]?", _EMOJI),
    ("[\ufe0e\ufe0f]", _KEYCAPS, "\u20e3"),
    ("[\ufe0e\ufe0f]", _EMOJI, ""),
    ("[\ufe00-\ufe0d]", f"{_HAN}|{_VARYING}", ""),
    ("[\U000e0100-\U000e01ef]", _HAN, ""),
    ("[\u180b-\u180d\u180f]", "[\u1820-\u18aa]", ""),
    ("\u180e", "[\u1820-\u18aa]", "[\u1820-\u18aa]"),
    ("[\U00013430-\U0001343f]", "[\U00013000-\U0001342f\U00013441-\U00013455]", ""),  # hieroglyphs
    ("\u115f", _ANY, "[\u1160-\u11a7\ud7b0-\ud7c6]"),
    ("\u1160", "[\u1100-\u115e\ua960-\ua97c]", ""),
    ("\u3164", _ANY, "[\u3131-\u3163\u3165-\u318e]"),
)


_ASCII: Final = bytes(code for code in range(0x7F))
_ESCAPE: Final = re.compile(rb"\\(?:[bf]|u00)")  # JSON escapes the C0 controls


def may_hide(json: bytes) -> bool:
    """Return whether a JSON text may have a character that `without_invisible` removes. This is fast."""
    if _ESCAPE.search(json):
        return True
    return _RUN.search(json.translate(None, _ASCII).decode()) is not None


def without_invisible(text: str) -> str:
    """Return *text* without invisible characters. A second call changes no text."""
    if text.isascii() and text.isprintable():
        return text
    return _RUN.sub(
        lambda run: _meaningful(run.group(), text[run.start() - 1 : run.start()], text[run.end() : run.end() + 1]), text
    )


def _meaningful(run: str, before: str, after: str) -> str:
    """Return the characters of a *run* that belong to the characters *before* and *after* it."""
    if before == _BLACK_FLAG and run in _FLAGS:
        return run
    meaningful = ""
    for char in run:
        if _belongs(char, before + meaningful, after):
            meaningful += char
    return meaningful


def _belongs(char: str, before: str, after: str) -> bool:
    """Return whether *char* has a meaning between the texts *before* and *after*."""
    if char in "\u200c\u200d" and before and _joins_indic(before[-1], after):
        return True
    if char == "\u034f":
        return bool(before and after) and combining(before[-1]) > 0 < combining(after)
    return any(
        re.match(chars, char) and re.fullmatch(earlier, before) and re.match(later, after)
        for chars, earlier, later in _CONTEXTS
    )


def _joins_indic(before: str, after: str) -> bool:
    """Return whether a joiner is beside a virama."""
    virama_after = bool(after) and combining(after) == _VIRAMA
    return combining(before) == _VIRAMA or (virama_after and re.match(_INDIC, before) is not None)
