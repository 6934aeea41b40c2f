"""Edits JSON text in place: comments, order, layout and line ends outside an edit stay byte for byte.

Comments and trailing commas are read too. The first half is a scanner that finds the position of each value. The second
half inserts, replaces and removes values. They are one file because the edits are decided by those positions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from .syntax import BOM, KeyPath, Unreadable, nested

_BLANK: Final = f" \t\r\n{BOM}"

_TRIVIA: Final = re.compile(r"(?:[ \t\r\n]+|//[^\r\n]*|/\*(?:[^*]|\*(?!/))*\*/)*")
_SCALAR: Final = re.compile(
    r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"'
    r"|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![\w.])|(?:true|false|null)(?!\w)"
)
_REST_OF_LINE: Final = re.compile(r"[ \t]*(?:/\*(?:[^*\r\n]|\*(?!/))*\*/[ \t]*)*(?://[^\r\n]*)?")
_MARGIN: Final = re.compile(r"[ \t]*")


@dataclass(frozen=True)
class _Node:
    """A value with its position: *start* and *end* are offsets in characters, *members* the parts of a container."""

    start: int
    end: int
    value: Any
    members: tuple[_Member, ...] = ()

    def find(self, name: str | int) -> _Member | None:
        """Return the member of that name, or None. If a name occurs twice, the last counts, as for every reader."""
        return next((member for member in reversed(self.members) if member.name == name), None)


class _Member(NamedTuple):
    """A value in an object or a list, with its name or its index."""

    name: str | int
    start: int
    node: _Node
    comma: int | None  # offset of the comma behind the value


def _scanned(text: str) -> _Node | None:
    """Return the value of *text*, or None if there are only comments and space. Raises Unreadable."""
    try:
        return _Scanner(text).whole()
    except (RecursionError, ValueError) as fault:  # ValueError: a number is too long
        raise Unreadable(f"it cannot be read: {fault}") from None


class _Scanner:
    """Reads *text* once from the start to the end."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 1 if text.startswith("\ufeff") else 0

    def whole(self) -> _Node | None:
        """Return the value, or None if there is none."""
        root = None if self._next() == "" else self._value()
        if self._next():
            raise self._fault("nothing more is expected")
        return root

    def _next(self) -> str:
        """Skip space and comments. Return the next character, or nothing at the end."""
        trivia = _TRIVIA.match(self._text, self._at)
        self._at = trivia.end() if trivia else self._at
        return self._text[self._at : self._at + 1]

    def _fault(self, what: str) -> Unreadable:
        return Unreadable.at(self._at, self._text, what)

    def _value(self) -> _Node:
        opening = self._next()
        start = self._at
        match opening:
            case "{":
                members = tuple(self._members("}"))
                return _Node(start, self._at, {each.name: each.node.value for each in members}, members)
            case "[":
                members = tuple(self._members("]"))
                return _Node(start, self._at, [each.node.value for each in members], members)
            case _:
                value = self._scalar()
                return _Node(start, self._at, value)

    def _scalar(self) -> Any:
        match = _SCALAR.match(self._text, self._at)
        if match is None:
            raise self._fault("a value is expected")
        self._at = match.end()
        return json.loads(match.group())

    def _members(self, closing: str) -> Iterator[_Member]:
        self._at += 1
        count = 0
        while self._next() != closing:
            start = self._at
            name = count if closing == "]" else self._name()
            self._next()
            node = self._value()
            comma = self._at if self._next() == "," else None
            yield _Member(name, start, node, comma)
            count += 1
            if comma is None and self._next() != closing:
                raise self._fault(f"',' or '{closing}' is expected")
            self._at += comma is not None
        self._at += 1

    def _name(self) -> str:
        if self._next() != '"':
            raise self._fault("a name in double quotes is expected")
        name = str(self._scalar())
        if self._next() != ":":
            raise self._fault("':' is expected")
        self._at += 1
        return name


class _Cut(NamedTuple):
    """Replace the text from *start* to *end* by *put*."""

    start: int
    end: int
    put: str


def read(text: str) -> dict[str, Any]:
    """Return the object in *text*. A file with only comments and space counts as an empty object. Raises Unreadable."""
    root = _scanned(text)
    if root is None:
        return {}
    if not isinstance(root.value, dict):
        raise Unreadable.at(root.start, text, "an object is expected")
    return root.value


def put(text: str, path: KeyPath, value: Any) -> str:
    """Set the value at *path*, and create missing objects on the way. Raises Unreadable."""
    node = _scanned(text)
    newline = "\r\n" if "\r\n" in text else "\n"
    if node is None:
        start = newline if text.strip(_BLANK) and not text.endswith("\n") else ""
        return f"{text}{start}{_json(nested(path, value), '', '  ', newline)}{newline}"
    unit = _unit(text, node)
    for depth, name in enumerate(path):
        if not isinstance(node.value, list if isinstance(name, int) else dict):
            raise Unreadable.at(node.start, text, f"{'a list' if isinstance(name, int) else 'an object'} is expected")
        member = node.find(name)
        if member is None:
            return _spliced(text, _insertion(text, node, name, nested(path[depth + 1 :], value), unit))
        node = member.node
    margin = _margin(text, node.start)
    return _spliced(text, [_Cut(node.start, node.end, _json(value, margin, unit, newline))])


def drop(text: str, path: KeyPath) -> str:
    """Remove the member at *path*, if it exists, and its line if the line then is empty."""
    node = _scanned(text)
    for name in path[:-1]:
        member = node.find(name) if node else None
        node = member.node if member else None
    member = node.find(path[-1]) if node else None
    return _spliced(text, _removal(text, node, member)) if node and member else text


def _insertion(text: str, node: _Node, name: str | int, value: Any, unit: str) -> list[_Cut]:
    """Append a member with the layout of the last one, after the comment on the line of the last one."""
    label = "" if isinstance(name, int) else f"{json.dumps(name, ensure_ascii=False)}: "
    newline = "\r\n" if "\r\n" in text else "\n"
    outer = _margin(text, node.start)
    inner = outer + unit
    # 1. The container is empty: a line of its own.
    if not node.members:
        start = node.start + 1 + len(text[node.start + 1 : node.end - 1].rstrip(_BLANK))
        member = f"{newline}{inner}{label}{_json(value, inner, unit, newline)}"
        return [_Cut(start, node.end - 1, f"{member}{newline}{outer}")]
    last = node.members[-1]
    behind = last.node.end if last.comma is None else last.comma + 1
    comma = [_Cut(last.node.end, last.node.end, ",")] if last.comma is None else []
    again = "" if last.comma is None else ","
    # 2. The container is on one line, and stays so.
    if "\n" not in text[node.start : last.start]:
        return [*comma, _Cut(behind, behind, f" {label}{json.dumps(value, ensure_ascii=False)}{again}")]
    # 3. A new line with the indentation of the last member.
    inner = _margin(text, last.start)
    rest = _REST_OF_LINE.match(text, behind)
    if rest and text[rest.end()] in "\r\n":
        behind = rest.end()
    return [*comma, _Cut(behind, behind, f"{newline}{inner}{label}{_json(value, inner, unit, newline)}{again}")]


def _removal(text: str, node: _Node, member: _Member) -> list[_Cut]:
    """Cut a member out. There are four cases.

    1. It is alone in its container: all space goes with it.
    2. It is alone on its line: the line goes with it.
    3. It is the last one and not at the start of a line: only the space before it goes.
    4. Otherwise the space after it goes.

    A comma before the last member goes too.
    """
    index = node.members.index(member)
    end = member.node.end if member.comma is None else member.comma + 1
    before = len(text[: member.start].rstrip(" \t"))
    rest = _MARGIN.match(text, end)
    behind = rest.end() if rest else end
    if len(node.members) == 1 and not (text[node.start + 1 : member.start] + text[end : node.end - 1]).strip(_BLANK):
        return [_Cut(node.start + 1, node.end - 1, "")]
    if text[before - 1] == "\n" and text[behind] in "\r\n":
        cut = _Cut(before - (2 if text[before - 2] == "\r" else 1), behind, "")
    elif member.comma is None and text[before - 1] != "\n":
        cut = _Cut(before, end, "")
    else:
        cut = _Cut(member.start, behind, "")
    # Strict JSON allows no comma before the end of a container.
    orphan = node.members[index - 1].comma if index and member is node.members[-1] and member.comma is None else None
    return [cut] if orphan is None else [_Cut(orphan, orphan + 1, ""), cut]


def _spliced(text: str, cuts: list[_Cut]) -> str:
    for cut in reversed(cuts):
        text = text[: cut.start] + cut.put + text[cut.end :]
    return text


def _json(value: Any, margin: str, unit: str, newline: str) -> str:
    return json.dumps(value, ensure_ascii=False, indent=unit).replace("\n", newline + margin)


def _margin(text: str, offset: int) -> str:
    """Return the space at the beginning of the line of *offset*."""
    margin = _MARGIN.match(text, text.rfind("\n", 0, offset) + 1)
    return margin.group() if margin else ""


def _unit(text: str, root: _Node) -> str:
    """Return one level of the indentation of the file."""
    return next((_margin(text, each.start) for each in root.members if _margin(text, each.start)), "  ")
