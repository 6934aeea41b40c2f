"""The permits of a server that shares its key: in a ledger, and while that is unavailable in the server's own copy."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from math import inf
from typing import Final, Generic, NamedTuple, TypeVar

from ..clock import now
from ..ledger import RETRY, Budget, Ledger, LedgerUnavailable, Presence, Runner, Status, Terms
from .store import Lease, lease

ALONE: Final = "the shared budget can't be used (%s): going on alone, with a share of %s"
BACK: Final = "the shared budget is back"
_DRIFT: Final = 1.001  # by which one clock may run faster than another

T = TypeVar("T")
Step = Callable[[Budget, float], T]
"""A step on a budget that was read at some moment of the server's clock."""

log = logging.getLogger(__name__)


class _Result(NamedTuple, Generic[T]):
    """The *value* of a step in the ledger, the new budget, and a moment before the step."""

    value: T
    budget: Budget
    began: float


class SharedStore:
    """A `Store` in a *ledger*, whose blocking steps *run* runs.

    | state | where a step is applied | until |
    | --- | --- | --- |
    | joined | to the budget in the ledger; the result is the new copy | the ledger is unavailable |
    | alone | to the copy, of which this server takes its share | the ledger answers, asked every RETRY seconds |
    | returned | to the budget in the ledger, with what the copy knew, up to the share | a lease has passed |

    A ledger that was made anew is met as in `returned`. So servers that lost sight of the same ledger stay within the
    limit together, and so do they when it comes back empty. The *presence* is written with each step.
    """

    def __init__(
        self,
        ledger: Ledger,
        terms: Terms,
        *,
        run: Runner,
        clock: Callable[[], float] = now,
        presence: Presence | None = None,
    ) -> None:
        self._ledger = ledger
        self._terms = terms
        self._run = run
        self._clock = clock
        self._presence = presence or Presence()
        # The budget as this server knows it, and when it was moved on last
        self._copy = Budget()
        self._passed = clock()
        # The ledger's time at the last step there, and a moment before it
        self._read, self._began = 0.0, clock()
        # Whether it goes on alone, and when it asks the ledger again
        self._alone = False
        self._retry_at = -inf
        # One step at a time
        self._steps = asyncio.Lock()
        self._warned: set[object] = set()

    @property
    def limit(self) -> int:
        """How many permits there are, by this server's own settings."""
        return self._terms.limit

    async def join(self) -> None:
        """Let the other servers know of this one before it needs a permit."""
        await self._do(lambda *_: None)

    async def take(self, spare: int, soon: float) -> Lease | float:
        """Take a permit, or return the seconds to wait."""
        return await self._do(lambda budget, since: lease(budget, self._terms, spare=spare, soon=soon, since=since))

    async def release(self, lease: Lease, after: float, *, closes: bool) -> None:
        """Free the permit *after* so many seconds."""
        await self._do(lambda budget, _: budget.release(self._terms, lease.ident, after, closes=closes))

    async def open_breaker(self, seconds: float) -> None:
        """Open the breaker for at least so long."""
        await self._do(lambda budget, _: budget.open_breaker(seconds))

    def status(self) -> Status:
        """Return what is known now: what the ledger held last, or the copy."""
        return self._copy.status(self._terms, passed=self._clock() - self._passed)

    def counts(self) -> tuple[int, int]:
        """Return the number of free permits and of servers."""
        return self._copy.free(self._terms, passed=self._clock() - self._passed), self._copy.present()

    def close(self) -> None:
        """Leave the budget and close the ledger. It blocks as a step does."""
        try:
            if self._copy.members and not self._alone:
                self._ledger.apply(lambda budget, _: budget.leave(self._terms))
        except LedgerUnavailable:
            log.debug("the ledger is unavailable, so it forgets this server by itself")
        finally:
            self._ledger.close()

    async def _do(self, step: Step[T]) -> T:
        """Apply *step* to the ledger's budget, or to the copy while the ledger is unavailable."""
        async with self._steps:
            self._pass()
            if self._clock() >= self._retry_at:
                try:
                    return self._joined(await self._run(partial(self._apply, step)))
                except LedgerUnavailable as fault:
                    self._pass()
                    self._lost(fault)
            return step(self._copy, self._passed)

    def _apply(self, step: Step[T]) -> _Result[T]:
        """Apply *step* in the ledger."""
        copy, began = self._copy, self._clock()

        def apply(budget: Budget, reading: float) -> _Result[T]:
            read = self._clock()
            latest = self._read + (read - self._began) * _DRIFT if budget.ident == copy.ident else inf
            budget.read(self._ledger.clock, reading, latest=latest)
            budget.enroll(self._terms, copy, returning=self._alone).introduce(self._presence)
            return _Result(step(budget, read), budget, began)

        return self._ledger.apply(apply)

    def _joined(self, result: _Result[T]) -> T:
        self._copy, self._passed = result.budget, self._clock()
        self._read, self._began = result.budget.now, result.began
        if self._alone:
            log.warning(BACK)
        self._alone = False
        self._warn(result.budget)
        return result.value

    def _lost(self, fault: LedgerUnavailable) -> None:
        self._retry_at = self._clock() + RETRY
        first, self._alone = not self._alone, True
        self._doubt()
        if first:
            share = self._copy.share(self._terms)
            log.warning(ALONE, fault, share)

    def _pass(self) -> None:
        """Move the copy on to the present."""
        moment = self._clock()
        self._copy.pass_to(self._copy.now + moment - self._passed)
        self._passed = moment
        if self._alone:
            self._doubt()

    def _doubt(self) -> None:
        """Keep to this server's share of the copy: other servers may take permits that it does not know of."""
        self._copy.enroll(self._terms, self._copy, returning=True)

    def _warn(self, budget: Budget) -> None:
        limit, period = budget.limit(self._terms), budget.period()
        if limit < self._terms.limit or period > self._terms.period:
            self._warn_once(
                "servers with this key have different settings: the strictest apply, %s requests in %g s. "
                "Set LINKTIME_RATE_LIMIT and LINKTIME_RATE_PERIOD alike for all of them",
                limit,
                period,
            )
        if budget.idle is not None and not budget.share(self._terms):
            self._warn_once(
                "the shared budget was lost (%s): requests wait until those of before no longer count, at most %g s",
                self._ledger.place,
                self._terms.lease,
            )
        if budget.mixed:
            self._warn_once(
                "several machines share the budget's file in one home (%s): set LINKTIME_BUDGET to a Redis server "
                "unless their file locks are reliable",
                self._ledger.place,
            )

    def _warn_once(self, text: str, *words: object) -> None:
        if (text, words) not in self._warned:
            self._warned.add((text, words))
            log.warning(text, *words)
