"""Finds where every value of a JSON text is; comments and trailing commas are allowed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from .spot import Unreadable

BLANK: Final = " \t\r\n\ufeff"

_TRIVIA: Final = re.compile(r"(?:[ \t\r\n]++|//[^\r\n]*+|/\*(?:[^*]|\*(?!/))*+\*/)*+")
_SCALAR: Final = re.compile(
    r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+"'
    r"|-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?(?![\w.])|(?:true|false|null)(?!\w)"
)


@dataclass(frozen=True)
class Node:
    """A value: where it is, and what is in it; *value* is what it says."""

    start: int
    end: int
    value: Any
    members: tuple[Member, ...] = ()

    def find(self, name: str | int) -> Member | None:
        """Find a member; of two with one name the last, as every reader does."""
        return next((member for member in reversed(self.members) if member.name == name), None)


class Member(NamedTuple):
    """A value in an object or a list, with its name or its number."""

    name: str | int
    start: int
    node: Node
    comma: int | None  # where it is, behind the value


def scanned(text: str) -> Node | None:
    """Find the one value of *text*; None where there is nothing but comments and space. Raises Unreadable."""
    try:
        return _Scanner(text).whole()
    except (RecursionError, ValueError) as fault:  # the latter where a number is too long
        raise Unreadable(f"it can't be read: {fault}") from None


class _Scanner:
    """Finds where every value of *text* is."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 1 if text.startswith("\ufeff") else 0

    def whole(self) -> Node | None:
        """Scan the one value there is, if any."""
        root = None if self._next() == "" else self._value()
        if self._next():
            raise self._fault("nothing more is expected")
        return root

    def _next(self) -> str:
        """Skip space and comments, and look at what follows them."""
        trivia = _TRIVIA.match(self._text, self._at)
        self._at = trivia.end() if trivia else self._at
        return self._text[self._at : self._at + 1]

    def _fault(self, what: str) -> Unreadable:
        return Unreadable.at(self._at, self._text, what)

    def _value(self) -> Node:
        opening = self._next()
        start = self._at
        match opening:
            case "{":
                members = tuple(self._members("}"))
                return Node(start, self._at, {each.name: each.node.value for each in members}, members)
            case "[":
                members = tuple(self._members("]"))
                return Node(start, self._at, [each.node.value for each in members], members)
            case _:
                value = self._scalar()
                return Node(start, self._at, value)

    def _scalar(self) -> Any:
        found = _SCALAR.match(self._text, self._at)
        if found is None:
            raise self._fault("a value is expected")
        self._at = found.end()
        return json.loads(found.group())

    def _members(self, closing: str) -> Iterator[Member]:
        self._at += 1
        count = 0
        while self._next() != closing:
            start = self._at
            name = count if closing == "]" else self._name()
            self._next()
            node = self._value()
            comma = self._at if self._next() == "," else None
            yield Member(name, start, node, comma)
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
