"""Compares the policies for sixty requests a minute: ours, and those of other programs.

`python -m tests.benchmarks.budget [--seed N] [--calls N] [--plot FILE]` plays the same agents with every policy against
every service, in virtual time. A row shows the service with a sliding window, which is the strictest. 429s and peaks
are those of all three services.

- Requests "at least" is the lower bound if all calls are known in advance, with the same rules for the cache.
- The limiter's efficiency is the shortest time for the requests, divided by the time of the session. The shortest time
  grows by a minute at every sixtieth request, so "steady" is the efficiency up to the last of these steps.
- The cache's efficiency is the shortest time for the requests "at least", divided by that for the requests made.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import product
from math import inf
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from .agents import THINKING, trace, variety
from .picture import blank, draw
from .policies import POLICIES
from .services import SERVICES, SETTINGS
from .session import Session, play


@dataclass(frozen=True, slots=True)
class Scenario:
    """The agents' median pause in seconds, a factor for their writes, and the *deadline* of each call in seconds."""

    title: str
    thinking: float = THINKING
    writing: float = 1.0
    deadline: float = inf


SCENARIOS: Final = [
    Scenario("agents that think, deadline 50 s", deadline=SETTINGS.deadline),
    Scenario("agents that think, no deadline"),
    Scenario("agents that don't think, no deadline", thinking=0.0),
    Scenario("agents that think, a tenth of the writes, no deadline", writing=0.1),
]

Case = tuple[Scenario, str, str]
"""A scenario, a policy and a service."""

CASES: Final[Sequence[Case]] = list(product(SCENARIOS, POLICIES, SERVICES))

_STRICTEST: Final = next(iter(SERVICES))

_COLUMNS: Final[Sequence[tuple[str, Callable[[Session], str]]]] = [
    ("requests\nmade", lambda session: f"{len(session.arrivals)}"),
    ("\na call", lambda session: f"{session.share:.2f}"),
    ("\nat least", lambda session: f"{session.fewest}"),
    ("makespan\ns", lambda session: f"{session.makespan:.0f}"),
    ("reads\np50 s", lambda session: f"{session.wait(50, read=True):.1f}"),
    ("\np95 s", lambda session: f"{session.wait(95, read=True):.1f}"),
    ("writes\np50 s", lambda session: f"{session.wait(50, read=False):.1f}"),
    ("\np95 s", lambda session: f"{session.wait(95, read=False):.1f}"),
    ("refused\ncalls", lambda session: f"{session.refusals}"),
    ("limiter's\nefficiency", lambda session: f"{session.limiter_efficiency:.2f}"),
    ("\nsteady", lambda session: f"{session.steady_efficiency:.2f}"),
    ("cache's\nefficiency", lambda session: f"{session.cache_efficiency:.2f}"),
]


def session(seed: int, calls: int, case: Case) -> Session:
    """Play one case."""
    scenario, policy, service = case
    played = trace(seed, calls=calls, thinking=scenario.thinking, writing=scenario.writing)
    return play(played, POLICIES[policy], service, seed=seed, deadline=scenario.deadline)


def sessions(seed: int, calls: int) -> Mapping[Case, Session]:
    """Play all cases, in a process for each processor."""
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        return dict(zip(CASES, pool.map(partial(session, seed, calls), CASES), strict=True))


def table(played: Mapping[Case, Session]) -> Table:
    """Return a table with a section for each scenario and a row for each policy."""
    others = "/".join(SERVICES)
    laid = Table("\npolicy", caption=f"429s and peaks at {others}, all else at {_STRICTEST}")
    for title in [*(title for title, _ in _COLUMNS), "429s\n", "peak in\n60 s"]:
        laid.add_column(title, justify="right", no_wrap=True)
    for scenario in SCENARIOS:
        laid.add_row(f"[bold]{scenario.title}[/]")
        for policy in POLICIES:
            laid.add_row(policy, *_row([played[scenario, policy, service] for service in SERVICES]))
        laid.add_section()
    return laid


def _row(everywhere: Sequence[Session]) -> list[str]:
    limited = "/".join(str(session.limited) for session in everywhere)
    peaks = "/".join(str(session.peak) for session in everywhere)
    return [*(text(everywhere[0]) for _, text in _COLUMNS), limited, peaks]


def _arguments() -> Namespace:
    parser = ArgumentParser(prog="python -m tests.benchmarks.budget", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seed", type=int, default=0, help="the seed of the random calls (0)")
    parser.add_argument("--calls", type=int, default=1000, help="the calls of all agents together (1000)")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the waiting times. This needs matplotlib.")
    return parser.parse_args()


def main() -> None:
    """Measure, print, and draw if the user asks for it."""
    options = _arguments()
    figure = blank() if options.plot else None
    played = sessions(options.seed, options.calls)
    console = Console(width=190)
    distinct = variety(trace(options.seed, calls=options.calls))
    console.print(f"{options.calls} calls, seed {options.seed}; {distinct:.0%} of the reads are distinct")
    console.print(table(played))
    if figure:
        draw(figure, {policy: played[SCENARIOS[1], policy, _STRICTEST] for policy in POLICIES})
        figure.savefig(options.plot, dpi=150)


if __name__ == "__main__":
    main()
