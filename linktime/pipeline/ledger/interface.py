"""The two things that servers with one key share: a budget of permits, and a log of changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, Protocol, TypeVar

from .rules import Budget

T = TypeVar("T")

RETRY: Final = 5.0  # s; after which a ledger that was unavailable is tried again
KEPT: Final = 1000  # changes that are kept; a server that missed more takes everything for changed
UNUSED: Final = 30 * 86_400.0  # s; after which the budget of a key that nobody uses is removed

Step = Callable[[Budget, float], T]
"""A step on a budget at a reading of the ledger's clock. It may run more than once, and only its last run counts."""


class LedgerUnavailable(Exception):
    """The ledger cannot be used now. Its text is for the log and holds no secret."""


class Ledger(Protocol):
    """Keeps the budget of one key. It loads the budget, applies a step, and stores it, all in one.

    A call blocks for about a second at most, so it runs in a thread of its own, one at a time. It raises
    LedgerUnavailable; the step may then have been stored or not.
    """

    @property
    def place(self) -> str:
        """Where it is kept, without a password."""

    @property
    def clock(self) -> str:
        """Which clock it reads: two machines on one ledger may have two."""

    def apply(self, step: Step[T]) -> T:
        """Apply *step* to the budget and return its result. A ledger without a budget begins one."""

    def peek(self) -> tuple[Budget, float] | None:
        """Return the stored budget and a reading of the clock, or None if there is none. Nothing is written."""

    def close(self) -> None:
        """Close files and connections."""


class Change(NamedTuple):
    """A write that ended: it touched *tags*, and may take effect for *settle* more seconds."""

    tags: frozenset[str]
    settle: float


class ChangeLog(Protocol):
    """The last changes that the servers of one key made. Calls block and raise as those of a `Ledger`."""

    @property
    def waits(self) -> bool:
        """Whether `poll` waits for a network. If not, it may run on the event loop."""

    def publish(self, change: Change) -> None:
        """Add a change for the other servers."""

    def poll(self, *, patient: bool) -> Sequence[Change] | None:
        """Return the others' changes since the last poll, or None if that is unknown, as at first.

        Unless it is *patient*, it raises Busy instead of waiting for another server.
        """


class Busy(Exception):
    """Another server writes at this moment."""


class Runner(Protocol):
    """Runs a blocking step where it does not block the event loop."""

    async def __call__(self, step: Callable[[], T]) -> T:
        """Run it after those that came before, and return its result."""
