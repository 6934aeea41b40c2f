"""Edits TOML text in place: comments, order, layout and line ends outside an edit stay byte for byte.

tomlkit assigns a comment above a table to the table before it, and would remove it with that table. Therefore the text
is split into statements, and tomlkit edits at most one of them.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from itertools import groupby
from typing import Any, Final, NamedTuple

import tomlkit

from .syntax import BOM, GONE, QUOTED, KeyPath, Unreadable, nested

_FAULT: Final = re.compile(r"(.*?)(?: \(at line (\d+), column (\d+)\)| \(at end of document\))?", re.DOTALL)
_TOKEN: Final = re.compile(rf"{QUOTED}|\#[^\n]*|[ \t\r\ufeff]+|.", re.DOTALL)


class _Statement(NamedTuple):
    """A table header or an assignment. *start* and *end* are offsets in characters, with the line end."""

    start: int
    end: int
    table: KeyPath  # the table that the statement is in
    names: KeyPath  # the names in the statement itself
    header: bool

    @property
    def path(self) -> KeyPath:
        """The path of the table or value, from the root."""
        return self.names if self.header else self.table + self.names


def read(text: str) -> dict[str, Any]:
    """Return the values in *text*. Raises Unreadable."""
    try:
        return tomllib.loads(text.removeprefix(BOM))
    except tomllib.TOMLDecodeError as error:
        match = _FAULT.fullmatch(str(error))
        what, line, column = match.groups() if match else (str(error), None, None)
        raise Unreadable(what, int(line or text.count("\n") + 1), int(column or 1)) from None
    except (RecursionError, ValueError) as fault:  # ValueError: a number is too long
        raise Unreadable(f"it cannot be read: {fault}") from None


def put(text: str, path: KeyPath, value: Any) -> str:
    """Set the value at *path*. Raises Unreadable if a value on the way is not a table.

    1. A statement sets the value, or an inline table that contains it: that statement is changed.
    2. A table of another kind is at *path*: it is removed first.
    3. The table of the value exists: the value is appended to it.
    4. Otherwise a new table is appended to the file.
    """
    statements = list(_statements(text))
    _check(text, statements, path)
    # 1. The value, or a table that contains it, is in one statement: edit that statement.
    beside = None
    for each in statements:
        anew = each.path == path and isinstance(value, dict)
        if not (each.header or anew) and each.path == path[: len(each.path)]:
            return _reset(text, each, path, value)
        if (each.path if each.header else each.path[:-1]) == path[:-1]:
            beside = each
    # 2. The value is spread over statements: remove them and begin again.
    if any(each.path[: len(path)] == path for each in statements):
        return put(drop(text, path), path, value)
    # 3. Its table has a statement: add a line after the last one.
    if beside and not isinstance(value, dict):
        names = tomlkit.key([str(name) for name in (*([] if beside.header else beside.names[:-1]), path[-1])])
        return _inserted(text, beside.end, f"{names.as_string()} = {tomlkit.item(value).as_string()}\n")
    # 4. Otherwise add a table at the end.
    blank = "\n" if text.strip(BOM) else ""
    return _inserted(text, len(text), blank + tomlkit.dumps(nested(path, value)))


def drop(text: str, path: KeyPath) -> str:
    """Remove the value at *path*, which exists. Comments above it stay, because they can describe the next value."""
    statements = list(_statements(text))
    for each in statements:
        if not each.header and len(each.path) < len(path) and each.path == path[: len(each.path)]:
            return _reset(text, each, path, GONE)
    # From the end, so that the offsets before a cut stay valid.
    runs = [list(run) for ours, run in groupby(statements, lambda each: each.path[: len(path)] == path) if ours]
    for run in reversed(runs):
        line = max(text.rfind("\n", 0, run[0].start) + 1, text.startswith(BOM))
        text = _without(text, line, run[-1].end)
    return text


def _check(text: str, statements: list[_Statement], path: KeyPath) -> None:
    value: Any = read(text)
    for depth, name in enumerate(path[:-1], 1):
        value = value.get(name, {})
        if not isinstance(value, dict):
            start = next(each.start for each in statements if each.path[:depth] == path[:depth])
            raise Unreadable.at(start, text, f"{name} must be a table")


def _reset(text: str, statement: _Statement, path: KeyPath, value: Any) -> str:
    document = tomlkit.parse(text[statement.start : statement.end])
    *leading, last = *statement.names, *path[len(statement.path) :]
    target: Any = document
    for name in leading:
        target = target[name]
    if value is GONE:
        del target[last]
    else:
        target[last] = value
    return text[: statement.start] + document.as_string() + text[statement.end :]


def _inserted(text: str, at: int, put_in: str) -> str:
    begins = at == 0 or text[at - 1] in f"\n{BOM}"
    newline = "\r\n" if "\r\n" in text else "\n"
    return text[:at] + ("" if begins else newline) + put_in.replace("\n", newline) + text[at:]


def _without(text: str, start: int, end: int) -> str:
    """Cut lines out, and the blank line before them if another blank line or the end follows."""
    before, after = text[:start], text[end:]
    blank = re.search(r"(?<=\n)\r?\n\Z", before)
    return before[: blank.start() if blank and re.match(r"\r?\n|\Z", after) else start] + after


def _statements(text: str) -> Iterator[_Statement]:
    table: KeyPath = ()
    start = equals = None
    depth = 0
    for token in _TOKEN.finditer(text + "\n"):
        word = token.group()
        if start is None:
            # Space and comments before a statement are not part of it.
            if word == "\n" or word[0] in f"# \t\r{BOM}":
                continue
            start = token.start()
        # A statement ends at a line end outside of brackets.
        depth += (word in {"[", "{"}) - (word in {"]", "}"})
        if word == "=" and equals is None:
            equals = token.start()
        if word == "\n" and not depth:
            names = _names(text[start : token.start()].rstrip("\r") if equals is None else f"{text[start:equals]}=0")
            table = names if equals is None else table
            yield _Statement(start, min(token.end(), len(text)), table, names, equals is None)
            start = equals = None


def _names(code: str) -> KeyPath:
    value: Any = tomllib.loads(code)
    names: list[str] = []
    while isinstance(value, dict) and value:
        name, value = next(iter(value.items()))
        names.append(name)
    return tuple(names)
