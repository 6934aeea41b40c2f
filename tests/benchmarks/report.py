"""Formats the measurements as tables, beside the promises of CONTRIBUTING.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from rich.table import Table

from .latency import Added
from .lives import Life
from .memory import Growth, Memory


class Figure(NamedTuple):
    """A row: the measurement, its format, and the *promise*, which is the ratio of ours to the Python SDK's."""

    title: str
    write: Callable[[float], str]
    promise: str


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.1f} ms"


def _rate(number: float) -> str:
    return f"{number:,.0f}/s"


_SPEED: Final[Mapping[str, Figure]] = {
    "start": Figure("start to the answer of tools/list", _ms, "≤ 0.8"),
    "again": Figure("… of a later start", _ms, "≤ 0.6 of TypeScript"),
    "first_call": Figure("first call after it", _ms, ""),
    "one_by_one": Figure("cached call, one by one", _rate, "≥ 2"),
    "at_once": Figure("cached call, 64 at once", _rate, "≥ 2.2"),
    "exit": Figure("exit after EOF, idle", _ms, "≤ 100 ms"),
}


def speed(lives: Mapping[str, Life]) -> Table:
    """Return a table of the first program beside each of the others, with the ratios of their medians."""
    (us, our_life), *others = lives.items()
    table = Table("", us)
    for name, _ in others:
        table.add_column(name)
        table.add_column("ratio")
    table.add_column("promised")
    for field, figure in _SPEED.items():
        our = getattr(our_life, field)
        theirs = [getattr(life, field) for _, life in others]
        cells = [cell for their in theirs for cell in (figure.write(their), f"{our / their:.2f}")]
        table.add_row(figure.title, figure.write(our), *cells, figure.promise)
    return table


def weight(latency: Added, rest: Memory, growths: Mapping[str, Growth]) -> Table:
    """Return a table of the measurements without a peer, beside the promises."""
    table = Table("", "linktime-mcp", "promised")
    table.add_row("added to an uncached read, p50", _ms(latency.p50), "≤ 1.5 ms")
    table.add_row("added to an uncached read, p99", _ms(latency.p99), "≤ 8 ms")
    table.add_row("memory at rest after the demo's calls", _held(rest), "≤ 80 MB")
    for title, growth in growths.items():
        table.add_row(f"memory over {title}", f"{_held(growth.before)} → {_held(growth.after)}", "flat")
    return table


def _held(memory: Memory) -> str:
    return f"{memory.rss:.1f} MB Rss, {memory.pss:.1f} Pss"
