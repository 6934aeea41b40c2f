"""Answers and lists as tables on a terminal or in a file."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

_FILE_WIDTH: Final = 200  # columns of a table that is no terminal's
_WIDEST: Final = 40  # columns that a cell has before its text is folded
_GAP: Final = 2  # columns between cells
_NAMES: Final = ("name", "title", "email", "id")  # fields that stand for a nested object
_LOCAL: Final = "Local"  # the ending of the fields with local times


def console() -> Console:
    """Return a console on stdout. It shows text as it is, without markup."""
    width = None if sys.stdout.isatty() else _FILE_WIDTH
    return Console(file=sys.stdout, width=width, highlight=False, markup=False, emoji=False)


def print_answer(answer: Mapping[str, Any]) -> None:
    """Print an answer: its fields first, then each of its lists as a table."""
    out = console()
    lists = {name: value for name, value in answer.items() if _is_table(value)}
    if fields := {name: value for name, value in answer.items() if name not in lists and value not in (None, [], {})}:
        print_rows(out, [(name, cell(value)) for name, value in _readable(fields).items()])
    for name, rows in lists.items():
        if len(lists) > 1 or name != "data":
            out.print(Text(name, "bold"))
        _print_table(out, rows)
    if not answer or (not lists and answer.get("data") == []):
        out.print("nothing")


def print_rows(out: Console, rows: Sequence[Sequence[str]], *, head: Sequence[str] = ()) -> None:
    """Print *rows* of cells in columns that fit them."""
    table = Table(
        *head, box=SIMPLE_HEAD if head else None, show_header=bool(head), pad_edge=False, padding=(0, _GAP, 0, 0)
    )
    for number in range(0 if head else len(rows[0]) if rows else 0):
        table.add_column(overflow="fold", no_wrap=number == 0)
    for row in rows:
        table.add_row(*(Text(text) for text in row))
    out.print(table)


def cell(value: Any) -> str:
    """Return a JSON value as the text of a cell. Control characters become spaces."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case dict():
            name = next((value[name] for name in _NAMES if isinstance(value.get(name), str)), None)
            return cell(name or orjson.dumps(value).decode())
        case list():
            return ", ".join(map(cell, value))
        case _:
            return "".join(char if char.isprintable() else " " for char in str(value))


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


def _readable(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of *row*, without a time that is there in local form too."""
    return {name: value for name, value in row.items() if f"{name}{_LOCAL}" not in row}


def _print_table(out: Console, rows: Sequence[Mapping[str, Any]]) -> None:
    """Print objects as rows. Fields that do not fit the width are counted below the table."""
    cells = [{name: cell(value) for name, value in _readable(row).items()} for row in rows]
    names = [name for name in dict.fromkeys(name for row in cells for name in row) if any(r.get(name) for r in cells)]
    shown = _fitting(names, cells, out.width)
    print_rows(out, [[row.get(name, "") for name in shown] for row in cells], head=shown)
    if more := len(names) - len(shown):
        out.print(Text(f"{more} more fields with --json: {', '.join(names[len(shown) :])}", "dim"))


def _fitting(names: Sequence[str], cells: Sequence[Mapping[str, str]], width: int) -> list[str]:
    """Return as many of the first *names* as fit, but at least one."""
    used = 0
    shown: list[str] = []
    for name in names:
        used += min(_WIDEST, max(len(name), *(len(row.get(name, "")) for row in cells))) + _GAP
        if shown and used > width:
            break
        shown.append(name)
    return shown
