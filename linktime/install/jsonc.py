"""Edits JSON text where it stands: comments, order, layout and line ends outside an edit stay byte for byte.

It reads comments and trailing commas too, and knows only where to insert, replace and remove.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final, NamedTuple

from .scan import BLANK, Member, Node, scanned
from .spot import Path, Unreadable, nested

_REST_OF_LINE: Final = re.compile(r"[ \t]*+(?:/\*(?:[^*\r\n]|\*(?!/))*+\*/[ \t]*+)*+(?://[^\r\n]*+)?")
_MARGIN: Final = re.compile(r"[ \t]*+")


class _Cut(NamedTuple):
    start: int
    end: int
    put: str


def read(text: str) -> dict[str, Any]:
    """Read the whole as an object; nothing but comments and space counts as an empty one."""
    root = scanned(text)
    if root is None:
        return {}
    if not isinstance(root.value, dict):
        raise Unreadable.at(root.start, text, "an object is expected")
    return root.value


def put(text: str, path: Path, value: Any) -> str:
    """Set the value at *path*, and make the objects that lead there."""
    node = scanned(text)
    newline = "\r\n" if "\r\n" in text else "\n"
    if node is None:
        start = newline if text.strip(BLANK) and not text.endswith("\n") else ""
        return f"{text}{start}{_shown(nested(path, value), '', '  ', newline)}{newline}"
    unit = _unit(text, node)
    for depth, name in enumerate(path):
        if not isinstance(node.value, list if isinstance(name, int) else dict):
            raise Unreadable.at(node.start, text, f"{'a list' if isinstance(name, int) else 'an object'} is expected")
        member = node.find(name)
        if member is None:
            return _spliced(text, _insertion(text, node, name, nested(path[depth + 1 :], value), unit))
        node = member.node
    margin = _margin(text, node.start)
    return _spliced(text, [_Cut(node.start, node.end, _shown(value, margin, unit, newline))])


def drop(text: str, path: Path) -> str:
    """Remove the member at *path*, which is there, with its line where it has one for itself."""
    node = scanned(text)
    for name in path[:-1]:
        member = node.find(name) if node else None
        node = member.node if member else None
    member = node.find(path[-1]) if node else None
    return _spliced(text, _removal(text, node, member)) if node and member else text


def _insertion(text: str, node: Node, name: str | int, value: Any, unit: str) -> list[_Cut]:
    """Put a member in at the end: laid out as the last one is, and behind the comment that this has on its line."""
    label = "" if isinstance(name, int) else f"{json.dumps(name, ensure_ascii=False)}: "
    newline = "\r\n" if "\r\n" in text else "\n"
    outer = _margin(text, node.start)
    inner = outer + unit
    if not node.members:
        start = node.start + 1 + len(text[node.start + 1 : node.end - 1].rstrip(BLANK))
        shown = f"{newline}{inner}{label}{_shown(value, inner, unit, newline)}"
        return [_Cut(start, node.end - 1, f"{shown}{newline}{outer}")]
    last = node.members[-1]
    behind = last.node.end if last.comma is None else last.comma + 1
    comma = [_Cut(last.node.end, last.node.end, ",")] if last.comma is None else []
    again = "" if last.comma is None else ","
    if "\n" not in text[node.start : last.start]:
        return [*comma, _Cut(behind, behind, f" {label}{json.dumps(value, ensure_ascii=False)}{again}")]
    inner = _margin(text, last.start)
    rest = _REST_OF_LINE.match(text, behind)
    if rest and text[rest.end()] in "\r\n":
        behind = rest.end()
    return [*comma, _Cut(behind, behind, f"{newline}{inner}{label}{_shown(value, inner, unit, newline)}{again}")]


def _removal(text: str, node: Node, member: Member) -> list[_Cut]:
    """Cut a member out: with all space where it is alone, with its line where that is its own, else by itself."""
    index = node.members.index(member)
    end = member.node.end if member.comma is None else member.comma + 1
    before = len(text[: member.start].rstrip(" \t"))
    rest = _MARGIN.match(text, end)
    behind = rest.end() if rest else end
    if len(node.members) == 1 and not (text[node.start + 1 : member.start] + text[end : node.end - 1]).strip(BLANK):
        return [_Cut(node.start + 1, node.end - 1, "")]
    if text[before - 1] == "\n" and text[behind] in "\r\n":
        cut = _Cut(before - (2 if text[before - 2] == "\r" else 1), behind, "")
    elif member.comma is None and text[before - 1] != "\n":
        cut = _Cut(before, end, "")
    else:
        cut = _Cut(member.start, behind, "")
    orphan = node.members[index - 1].comma if index and member is node.members[-1] and member.comma is None else None
    return [cut] if orphan is None else [_Cut(orphan, orphan + 1, ""), cut]


def _spliced(text: str, cuts: list[_Cut]) -> str:
    for cut in reversed(cuts):
        text = text[: cut.start] + cut.put + text[cut.end :]
    return text


def _shown(value: Any, margin: str, unit: str, newline: str) -> str:
    return json.dumps(value, ensure_ascii=False, indent=unit).replace("\n", newline + margin)


def _margin(text: str, offset: int) -> str:
    """Read the space at the beginning of the line that *offset* is in."""
    margin = _MARGIN.match(text, text.rfind("\n", 0, offset) + 1)
    return margin.group() if margin else ""


def _unit(text: str, root: Node) -> str:
    """Tell what the file indents by."""
    return next((_margin(text, each.start) for each in root.members if _margin(text, each.start)), "  ")
