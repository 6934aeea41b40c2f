"""The difference between two texts of a client's file, without its secrets."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from difflib import unified_diff
from itertools import takewhile
from typing import Final

from .syntax import QUOTED

_TEXT: Final = re.compile(
    rf"(?P<text>{QUOTED})(?P<name>\s*[:=.])?|(?P<comment>//|\#)[^\r\n]*|/\*.*?\*/",
    re.DOTALL,
)
_REFERENCE: Final = re.compile(r"\$\{((env|input):)?[\w-]+\}")  # without a default, as in `${NAME:-default}`
_KEY: Final = re.compile(r"""lt_live_(?!\.\.\.["'])[^\s"']+""")


def masked_diff(before: str, after: str, name: str, public: Collection[str]) -> str:
    """Return a unified diff that shows no secret: of texts only those in *public* and references to variables."""
    texts = (_masked(text, public).splitlines() for text in (before, after))
    lines = unified_diff(*_trimmed(*texts), name, f"{name} (after)", lineterm="", n=1)
    return "\n".join("@@" if line.startswith("@@") else line for line in lines)


def _trimmed(old: list[str], new: list[str]) -> tuple[list[str], list[str]]:
    """Cut off all but one of the lines that both begin or end with. With many equal lines difflib takes minutes."""
    start = max(_common(old, new) - 1, 0)
    end = max(_common(old[:start:-1], new[:start:-1]) - 1, 0)
    return old[start : len(old) - end], new[start : len(new) - end]


def _common(old: list[str], new: list[str]) -> int:
    """Count the lines that both begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))


def _masked(text: str, public: Collection[str]) -> str:
    def mask(match: re.Match[str]) -> str:
        # 1. A comment: it can contain a secret.
        quoted = match["text"]
        if quoted is None:
            return f"{match['comment']} …" if match["comment"] else "/* … */"
        value = _unquoted(quoted)
        # 2. A name, a text of the installer, or a reference to a variable. 3. Any other text.
        if match["name"] or value in public or _REFERENCE.fullmatch(value):
            return match.group()
        return '"lt_live_…"' if value.startswith("lt_live_") else '"…"'

    return _KEY.sub("lt_live_…", _TEXT.sub(mask, text))


def _unquoted(text: str) -> str:
    try:
        return str(json.loads(text))
    except json.JSONDecodeError:
        return text[1:-1]
