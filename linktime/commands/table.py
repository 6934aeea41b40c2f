"""Answers and lists as tables on a terminal or in a file."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..pipeline.clock import utc_now
from ..wallclock import utc

_FILE_WIDTH: Final = 100  # columns of a table that is no terminal's, unless COLUMNS has another number
_WIDEST: Final = 40  # columns that a cell has before its text is folded
_PADDING: Final = 2  # columns after a cell
_GAP: Final = _PADDING + 1  # columns between the cells of a table with a head, which has a blank divider
_NAMES: Final = ("name", "title", "email", "id")  # fields that stand for a nested object
_LOCAL: Final = "Local"  # the ending of the fields with local times
_PAGINATION: Final = "pagination"
_MARKS: Final = "guestWrote"  # paths of the texts of guests; only a model needs them
_INSTANT: Final = re.compile(r"\d{4}-\d{2}-\d{2}T[\d:.]+Z", re.ASCII)
_LAST: Final = ("status", "inviteeEmail", "endTime", "meetingLink", "createdAt", "updatedAt", "inviteeTimezone")
"""The fields that come after all other columns, in this order. A local time counts as its field."""


def console() -> Console:
    """Return a console on stdout. It shows text as it is, without markup."""
    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else _FILE_WIDTH  # None: as rich measures it
    return Console(file=sys.stdout, width=width, highlight=False, markup=False, emoji=False)


def print_answer(answer: Mapping[str, Any]) -> None:
    """Print an answer: its fields first, then each of its lists as a table, and the page at the end."""
    out = console()
    lists = {name: value for name, value in answer.items() if _is_table(value)}
    others = {name: value for name, value in answer.items() if name not in (*lists, _PAGINATION, _MARKS)}
    if fields := {name: value for name, value in others.items() if value not in (None, [], {})}:
        print_rows(out, [(name, cell(value)) for name, value in _readable(fields).items()])
    for number, (name, rows) in enumerate(lists.items()):
        if fields or number:
            out.print()
        if len(lists) > 1 or name != "data":
            out.print(Text(name, "bold"))
        _print_table(out, rows)
    if not (fields or lists):
        out.print("nothing")
    _print_page(out, answer.get(_PAGINATION))


def print_rows(out: Console, rows: Sequence[Sequence[str]], *, head: Sequence[str] = (), first: int = 0) -> None:
    """Print *rows* of cells in columns that fit them, with a line below the *first* rows."""
    table = Table(
        box=SIMPLE_HEAD if head else None,
        show_header=bool(head),
        show_edge=False,
        pad_edge=False,
        padding=(0, _PADDING, 0, 0),
    )
    for number, name in enumerate(head or [""] * max(map(len, rows), default=0)):
        table.add_column(name, overflow="fold", no_wrap=name.lower().endswith("id") if head else number == 0)
    for number, row in enumerate(rows, start=1):
        table.add_row(*(Text(text) for text in row), end_section=number == first)
    with out.capture() as page:
        out.print(table)
    out.file.write("".join(f"{line.rstrip()}\n" for line in page.get().splitlines()))


def print_text(out: Console, text: str, style: str = "dim") -> None:
    """Print sentences in lines of the width, without blanks at their ends."""
    for line in Text(text, style).wrap(out, out.width):
        line.rstrip()
        out.print(line)


def cell(value: Any) -> str:
    """Return a JSON value as the text of a cell. Control characters become spaces."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case dict():
            name = next((value[name] for name in _NAMES if isinstance(value.get(name), str)), None)
            return cell(name) if name else ", ".join(f"{name} {cell(each)}" for name, each in value.items())
        case list():
            return "; ".join(map(cell, value)) if _is_table(value) else ", ".join(map(cell, value))
        case _:
            return "".join(char if char.isprintable() else " " for char in str(value))


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


def _readable(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of *row*, without a time that is there in local form too."""
    return {name: value for name, value in row.items() if f"{name}{_LOCAL}" not in row}


def _print_table(out: Console, rows: Sequence[Mapping[str, Any]]) -> None:
    """Print objects as rows, with past meetings at the end. Fields that do not fit are named below the table."""
    rows, ahead = _upcoming_first(rows)
    cells = [{name: cell(value) for name, value in _readable(row).items()} for row in rows]
    names = [name for name in dict.fromkeys(name for row in cells for name in row) if any(r.get(name) for r in cells)]
    names.sort(key=_place)
    fitting = _fitting(names, cells, out.width)
    print_rows(out, [[row.get(name, "") for name in fitting] for row in cells], head=fitting, first=ahead)
    if more := [name for name in names if name not in fitting]:
        noun = "field" if len(more) == 1 else "fields"
        print_text(out, f"{len(more)} more {noun} with --json: {', '.join(more)}")
    if ahead < len(rows):
        order = "Past meetings come last, the latest first." if ahead else "All of these meetings are past."
        print_text(out, f"{order} from=today shows only those to come.")


def _place(name: str) -> int:
    """Return the place of a column: 0 for most, so that they keep their order."""
    field = name.removesuffix(_LOCAL)
    return _LAST.index(field) + 1 if field in _LAST else 0


def _upcoming_first(rows: Sequence[Mapping[str, Any]]) -> tuple[Sequence[Mapping[str, Any]], int]:
    """Return meetings with the next one first and the oldest one last, and the number of those that have not ended.

    Rows without times stay as they are.
    """
    if not all(_INSTANT.fullmatch(str(row.get("endTime"))) for row in rows):
        return rows, len(rows)
    now = utc(utc_now())
    ahead = sorted((row for row in rows if row["endTime"] > now), key=itemgetter("endTime"))
    past = sorted((row for row in rows if row["endTime"] <= now), key=itemgetter("endTime"), reverse=True)
    return [*ahead, *past], len(ahead)


def _print_page(out: Console, pagination: Any) -> None:
    """Print the place of a page in its list, if there are several."""
    match pagination:
        case {"page": int(page), "totalPages": int(pages), "total": int(total)} if pages > 1:
            following = f" page={page + 1} shows the next." if page < pages else ""
            print_text(out, f"Page {page} of {pages}, {total} in all.{following}")


def _fitting(names: Sequence[str], cells: Sequence[Mapping[str, str]], width: int) -> list[str]:
    """Return the first of *names*, and the others that fit beside it."""
    used = 0
    fitting: list[str] = []
    for name in names:
        needed = min(_WIDEST, max(len(name), *(len(row.get(name, "")) for row in cells))) + _GAP
        if not fitting or used + needed <= width + _GAP:
            fitting.append(name)
            used += needed
    return fitting
