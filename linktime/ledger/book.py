"""What a ledger is asked and answers, wherever it is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Final, NamedTuple, Protocol, TypeVar

T = TypeVar("T")

RETRY: Final = 5.0  # s; after which a ledger that was away is asked again
POLL: Final = 0.25  # s; nobody tells a server what another one gives back, so it has to look
YIELD: Final = 0.02  # s; in which a server with fewer slots can take the one that it was left
NEAR: Final = 0.5  # s; about the moment at which a server said that it will ask again, a slot is kept for it
PLACES: Final = 4  # the part of the slots, one in so many, that is at most kept for servers without any
QUIET: Final = 300.0  # s; a server that says nothing for so long no longer counts as one that shares
KEPT: Final = 1000  # changes that are remembered; a server that was away for more takes all for changed


class Away(Exception):  # noqa: N818 - it tells where the ledger is
    """The ledger can't be had now; its text is for the log."""


class Forgotten(Exception):  # noqa: N818 - likewise
    """The ledger doesn't know this server; let it join."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a ledger says after a step; all times are seconds from then.

    *wait* is 0 if the slot that was asked for is taken, else when to ask again. *cooling* tells when each used slot
    will be free, and *out* when those that requests hold will be if nobody gives them back. No slot is given out for
    *shut* seconds, and then, if the gate is *ajar*, one for a probe. *turns* slots were ever taken, by *servers* that
    were heard of lately; *places* are kept from this one for those that have none.
    """

    cooling: tuple[float, ...] = ()
    out: tuple[float, ...] = ()
    shut: float = 0.0
    ajar: bool = False
    turns: int = 0
    servers: int = 1
    places: int = 0
    wait: float = 0.0


class Change(NamedTuple):
    """A write that ended: it touched *tags*, and may take effect for *settle* more seconds."""

    tags: frozenset[str]
    settle: float


class Ledger(Protocol):
    """The slots and the gate of one key, and the changes made with it; each step is atomic.

    A slot is known by an identifier that nobody uses twice. A step raises Away where the ledger can't be had, after a
    second at most, and it may then have been made or not. It blocks: call it from a thread of its own, one at a time.
    """

    @property
    def place(self) -> str:
        """Where it is kept, without a password."""

    @property
    def lease(self) -> float:
        """Seconds after which whatever anybody holds now is free."""

    @property
    def waits(self) -> bool:
        """Whether `news` blocks too; where it doesn't, it may be called from another thread than the rest."""

    def join(self, live: Mapping[str, float]) -> None:
        """Make this server known, with *live* slots alone: seconds until each is free, infinite for one that is out."""

    def take(self, ident: str, spare: int, soon: float) -> Standing:
        """Take a slot, if *spare* others are free or will be within *soon* seconds, and nobody has a better claim.

        A server that has one leaves one for each that has none; its own first one is spared for nobody. So everybody is
        served in every period.
        Raises Forgotten, as the next two do, where the server has to join first.
        """

    def release(self, ident: str, after: float, *, opens: bool) -> Standing:
        """Make the slot free *after* so many seconds; if it *opens*, it was let in, as a probe should be."""

    def shut(self, seconds: float) -> Standing:
        """Shut the gate for at least so long; the probe that may be out no longer opens it."""

    def look(self) -> Standing:
        """Tell how things stand, and touch nothing."""

    def tell(self, change: Change) -> None:
        """Let the others know of a change."""

    def news(self) -> Sequence[Change] | None:
        """Tell what others changed since the last time; None if that can't be said, as at first."""

    def close(self) -> None:
        """Leave: this server no longer shares."""


class Call(Protocol):
    """Does a blocking step of a ledger where it blocks nobody, and gives what it gives."""

    async def __call__(self, step: Callable[[], T]) -> T:
        """Do it after those that came before."""


def due(cooling: Sequence[float], free: int, spare: int) -> float:
    """When there will be a free slot beside *spare* others, of *free* and the *cooling*; infinite if nobody knows."""
    if spare < free:
        return -inf
    later = spare - free
    return cooling[later] if later < len(cooling) else inf
