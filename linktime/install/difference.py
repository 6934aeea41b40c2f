"""What changes in a client's file, for people: a text that others wrote may be a secret, so only ours are shown."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from difflib import unified_diff
from itertools import takewhile
from typing import Final

from .spot import QUOTED

_TEXT: Final = re.compile(
    rf"(?P<text>{QUOTED})(?P<name>\s*+[:=.])?|(?P<comment>//|\#)[^\r\n]*+|/\*.*?\*/",
    re.DOTALL,
)
_REFERENCE: Final = re.compile(r"\$\{((env|input):)?[\w-]+\}")  # and no `${NAME:-what else}`
_KEY: Final = re.compile(r"""lt_live_(?!\.\.\.["'])[^\s"']+""")


def difference(before: str, after: str, name: str, public: Collection[str]) -> str:
    """Show what changes; of texts only references to variables, and those that are *public*."""
    old, new = _apart(*(_masked(text, public).splitlines() for text in (before, after)))
    lines = unified_diff(old, new, name, f"{name} (new)", lineterm="", n=1)
    return "\n".join("@@" if line.startswith("@@") else line for line in lines)


def _apart(old: list[str], new: list[str]) -> tuple[list[str], list[str]]:
    """Cut off what both begin and end with, all but a line; over many lines that are alike difflib takes minutes."""
    start = max(_alike(old, new) - 1, 0)
    end = max(_alike(old[:start:-1], new[:start:-1]) - 1, 0)
    return old[start : len(old) - end], new[start : len(new) - end]


def _alike(old: list[str], new: list[str]) -> int:
    """Count the lines that both begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))


def _masked(text: str, public: Collection[str]) -> str:
    def shown(found: re.Match[str]) -> str:
        quoted = found["text"]
        if quoted is None:
            return f"{found['comment']} …" if found["comment"] else "/* … */"
        value = _unquoted(quoted)
        if found["name"] or value in public or _REFERENCE.fullmatch(value):
            return found.group()
        return '"lt_live_…"' if value.startswith("lt_live_") else '"…"'

    return _KEY.sub("lt_live_…", _TEXT.sub(shown, text))


def _unquoted(text: str) -> str:
    try:
        return str(json.loads(text))
    except json.JSONDecodeError:
        return text[1:-1]
