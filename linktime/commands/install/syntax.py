"""The common part of the JSON and TOML editors: paths to values, changes, quoted text, positions of errors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from itertools import pairwise
from typing import Any, Final, NamedTuple

BOM: Final = "\ufeff"  # the byte order mark, as Windows programs write it before UTF-8
GONE: Final = object()  # the value of a Change that removes

QUOTED: Final = (
    r'"""(?:[^"\\]|\\.|"(?!""))*"{3,5}'
    r"|'''(?:[^']|'(?!''))*'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
)
"""A regular expression for quoted text. TOML has all four kinds, JSON the third only."""

KeyPath = tuple[str | int, ...]  # names in objects, indices in lists


class Change(NamedTuple):
    """A value to set at *path*, or GONE to remove it. An index into a list inserts."""

    path: KeyPath
    value: Any


class Unreadable(Exception):
    """A file that its client cannot read, or that cannot be edited. *line* and *column* count from 1."""

    def __init__(self, what: str, line: int = 1, column: int = 1) -> None:
        super().__init__(what)
        self.what = what
        self.line = line
        self.column = column

    @classmethod
    def at(cls, offset: int, text: str, what: str) -> Unreadable:
        """Build the error for *offset*, in characters. A byte order mark takes no column."""
        line = max(text.rfind("\n", 0, offset) + 1, text.startswith(BOM))
        return cls(what, text.count("\n", 0, offset) + 1, offset - line + 1)


def nested(path: KeyPath, value: Any) -> Any:
    """Return *value* inside the objects and lists of *path*."""
    for name in reversed(path):
        value = [value] if isinstance(name, int) else {name: value}
    return value


def changed(values: Mapping[str, Any], changes: Iterable[Change]) -> dict[str, Any]:
    """Return a copy of *values* with *changes*: the expected content of an edited file."""
    after = deepcopy(dict(values))
    for path, value in changes:
        parent: Any = after
        for name, following in pairwise(path):
            parent = parent.setdefault(name, [] if isinstance(following, int) else {})
        last = path[-1]
        if value is GONE:
            del parent[last]
        elif isinstance(last, int):
            parent.insert(last, value)
        else:
            parent[last] = value
    return after
