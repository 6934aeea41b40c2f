"""Measures starts, calls per second and exits of programs side by side: each round starts every program once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final, Self

from linktime.pipeline.system import STATE

from .wire import Program, calls, drive

AT_ONCE: Final = 64
_WARM: Final = 300
_CALLS: Final = 1500


@dataclass(frozen=True, slots=True)
class Candidate:
    """A program to be measured: its *command*, its *settings*, and a *tool* that needs no arguments."""

    command: Sequence[str]
    tool: str
    settings: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Life:
    """The measurements of one start: seconds, and calls per second."""

    start: float
    again: float  # a start after it, with the same state folder
    first_call: float
    one_by_one: float
    at_once: float
    exit: float

    @classmethod
    def median(cls, lives: Sequence[Self]) -> Self:
        """Return the median of each measurement."""
        return cls(*(median(figures) for figures in zip(*map(astuple, lives), strict=True)))


FIGURES: Final = [field.name for field in fields(Life)]


def live(candidate: Candidate, number: int = _CALLS) -> Life:
    """Start a program, list its tools, make *number* calls one by one and twice as many 64 at once, and end it.

    Then start it again and list its tools.
    """
    with TemporaryDirectory() as state:
        settings = {**candidate.settings, STATE: state}
        with Program(candidate.command, settings) as program:
            listed = _listed(program)
            program.ask("tools/call", name=candidate.tool, arguments={})
            called = perf_counter()
            frames = calls(candidate.tool, [{}] * number)
            drive(program, frames[:_WARM])
            rates = drive(program, frames), drive(program, frames * 2, width=AT_ONCE)
            ended = program.leave()
        with Program(candidate.command, settings) as other:
            again = _listed(other) - other.began
    return Life(listed - program.began, again, called - listed, *rates, ended)


def _listed(program: Program) -> float:
    program.greet()
    program.ask("tools/list")
    return perf_counter()


def lives(candidates: Mapping[str, Candidate], rounds: int) -> dict[str, Life]:
    """Return the medians of so many rounds. A round before them fills the cache of the file system."""
    for candidate in candidates.values():
        live(candidate, 1)
    played = [{name: live(candidate) for name, candidate in candidates.items()} for _ in range(rounds)]
    return {name: Life.median([each[name] for each in played]) for name in candidates}
