"""Where in a file something is, for both formats."""

from __future__ import annotations

from typing import Any, Final

QUOTED: Final = (
    r'"""(?:[^"\\]|\\.|"(?!""))*+"{3,5}'
    r"|'''(?:[^']|'(?!''))*+'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*+"'
    r"|'[^'\n]*+'"
)
"""A regular expression for a text in quotes; of the four kinds JSON knows the third."""

Path = tuple[str | int, ...]


class Unreadable(Exception):  # noqa: N818 - it says so of a user's file, which is no error of ours
    """A file that is not what its client reads; *line* and *column* count from 1."""

    def __init__(self, what: str, line: int = 1, column: int = 1) -> None:
        super().__init__(what)
        self.what = what
        self.line = line
        self.column = column

    @classmethod
    def at(cls, offset: int, text: str, what: str) -> Unreadable:
        """Say that *what* is so at *offset*, in characters; a byte order mark is in no column."""
        line = max(text.rfind("\n", 0, offset) + 1, text.startswith("\ufeff"))
        return cls(what, text.count("\n", 0, offset) + 1, offset - line + 1)


def nested(path: Path, value: Any) -> Any:
    """Wrap *value* in what leads to it."""
    for name in reversed(path):
        value = [value] if isinstance(name, int) else {name: value}
    return value
