"""The plan of a run, drawn from one seed."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final

from .agents import AGENTS
from .faults import Fault, Traits, read_fault, traits, write_fault
from .writes import WRITES

STAY: Final = "stay"
_ENDINGS: Final = {STAY: 70, "kill": 10, "eof": 10, "term": 6, "int": 4}  # percent
_CANCELLED: Final = 0.04  # of the writes


@dataclass(frozen=True, slots=True)
class Act:
    """One subject of a run: its *name* in WRITES, the *agent* that calls, its *fault*, and seconds until it starts.

    The client cancels the first call after *cancelled* seconds, unless that is None.
    """

    name: str
    agent: str
    fault: Fault
    start: float
    cancelled: float | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The *acts* of a run, on a service with these *traits*, with *reads* meanwhile, and the *ending*.

    The ending comes *pause* seconds after *arrived* writes have reached the service. Virtual runs have no ending.
    """

    seed: int
    traits: Traits
    acts: tuple[Act, ...]
    reads: int
    read_fault: Fault
    ending: str
    arrived: int
    pause: float


def plan(seed: int, *, timeout: float, agents: tuple[str, ...] = tuple(AGENTS)) -> Plan:
    """Draw a run for a client with a *timeout* in seconds."""
    random = Random(seed)
    names = random.sample(sorted(WRITES), random.randint(3, 7))
    acts = tuple(_act(random, name, timeout, agents) for name in names)
    return Plan(
        seed=seed,
        traits=traits(random),
        acts=acts,
        reads=random.choice([0, 2, 5]),
        read_fault=read_fault(random, timeout),
        ending=random.choices(list(_ENDINGS), list(_ENDINGS.values()))[0],
        arrived=random.randint(0, len(names)),
        pause=random.choice([0.0, random.uniform(0, timeout), random.uniform(0, 3)]),
    )


def _act(random: Random, name: str, timeout: float, agents: tuple[str, ...]) -> Act:
    return Act(
        name=name,
        agent=random.choice(agents),
        fault=write_fault(random, timeout),
        start=random.choice([0.0, random.uniform(0, 2 * timeout)]),
        cancelled=random.uniform(0, 1.5 * timeout) if random.random() < _CANCELLED else None,
    )
