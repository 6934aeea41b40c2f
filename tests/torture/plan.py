"""What happens in a run, all of it drawn from one seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Final

from .deeds import DEEDS, READS, Deed
from .mishaps import TIMEOUT, Mishap, for_reads, for_write

STAY: Final = "stay"
_ENDINGS: Final = {STAY: 66, "kill": 12, "eof": 10, "term": 7, "int": 5}  # in a hundred
_CALLED_OFF: Final = 0.1


@dataclass(frozen=True, slots=True)
class Plan:
    """The *deeds* by name with what each meets, the *reads* meanwhile, and the *ending*.

    The ending comes *pause* seconds after *arrived* writes have reached the service. *called_off* is the share of the
    calls after which one is cancelled by the client; None if none is.
    """

    seed: int
    deeds: Mapping[str, Mishap]
    reads: tuple[Deed, ...]
    read_mishap: tuple[Mishap, str]
    ending: str
    arrived: int
    pause: float
    called_off: float | None


def plan(seed: int) -> Plan:
    """Draw a run."""
    random = Random(seed)
    names = random.sample(sorted(DEEDS), random.randint(3, 7))
    return Plan(
        seed=seed,
        deeds={name: for_write(random) for name in names},
        reads=tuple(random.choices(READS, k=random.randint(0, 3))),
        read_mishap=for_reads(random),
        ending=random.choices(list(_ENDINGS), list(_ENDINGS.values()))[0],
        arrived=random.randint(0, len(names)),
        pause=random.choice([0, random.uniform(0, TIMEOUT), random.uniform(0, 3)]),
        called_off=random.random() if random.random() < _CALLED_OFF else None,
    )
