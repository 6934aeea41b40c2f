"""What a limiter asks of the place that keeps the slots, be it this process, a file or a server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Slot:
    """One place in the budget, while a request holds it.

    *left* slots were free when it was taken, and *turn* had been taken before it.
    """

    ident: str
    left: int
    turn: int


@dataclass(frozen=True, slots=True)
class State:
    """What a store knows of itself, without asking anybody; all times are seconds from now.

    *free* slots can be taken, *out* are held by requests, and *cooling* tells when the first of the others will be
    free, in this order. No slot is given out for *shut* seconds, and then, if the gate is *ajar*, one for a probe
    before all others. *turns* slots were taken since the store was made, by *servers* that share it; *places* are kept
    for those of them that have none. Where only others have some, this one's *first* is spared for nobody.
    """

    free: int
    out: int
    cooling: tuple[float, ...]
    shut: float
    ajar: bool
    turns: int
    servers: int = 1
    places: int = 0
    first: bool = False


class Store(Protocol):
    """LIMIT slots and the one gate before them.

    The limiter runs each step to its end even if its caller is cancelled, so a store need not care. It must not raise:
    what to do while its file or server is away is its own business.
    """

    @property
    def limit(self) -> int:
        """How many slots there are."""

    async def take(self, spare: int, soon: float) -> Slot | float:
        """Take a free slot, if *spare* others are free or will be within *soon* seconds; else say how long to wait.

        After the gate was shut the first slot is a probe's, and there is no second one until that is released.
        """

    async def release(self, slot: Slot, after: float, *, opens: bool) -> None:
        """Make the slot free *after* so many seconds; if it *opens*, it was let in, as a probe should be."""

    async def shut(self, seconds: float) -> None:
        """Shut the gate for at least so long; the probe that may be out no longer opens it."""

    def state(self, ahead: int = 0) -> State:
        """Tell what is known at this moment, and of *ahead* cooling slots at most."""
