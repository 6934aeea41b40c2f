"""A request in flight, and the callers that wait for its answer."""

from __future__ import annotations

import asyncio
from typing import Final

from ...errors import BudgetSpent, Failure, ShuttingDown, Unavailable
from ...message import Reply, Request
from ...telemetry import hooks

LEAVING: Final = "the server is shutting down. This call was not sent, and nothing was changed."
_LATE: Final = "no answer came before this call's deadline. It was a read, so nothing was changed. Try again later."


class Flight:
    """A request that runs in a *task* of its own, so that no caller's cancellation ends it for the others.

    | callers | task | effect of a cancelled caller |
    |---|---|---|
    | several | runs | none |
    | the last one | waits for its turn | the layers below drop the request |
    | the last one | has sent the request | the exchange ends, and a later caller may still join it |
    """

    def __init__(self, request: Request, epoch: int, task: asyncio.Task[Reply]) -> None:
        self.request = request
        self.epoch = epoch  # of its tags, at the start
        self.task = task
        self._operation = hooks.current()  # of the first caller, for the spans of the others
        self._callers = 0

    async def reply(self, timeout: float | None = None) -> Reply:  # noqa: ASYNC109 - it does not cancel the task
        """Wait for the answer. A caller that leaves as the last one cancels the task.

        Args:
            timeout: Seconds, None for no limit.

        Raises:
            Unavailable: There is no answer in time.
            ShuttingDown: The task was cancelled.
            Failure: The failure of the request.
        """
        self._callers += 1
        try:
            await asyncio.wait({self.task}, timeout=timeout)
        finally:
            self._callers -= 1
            if not self._callers:
                self.task.cancel()
        if not self.task.done():
            raise Unavailable(_LATE, sent=True)
        if self.task.cancelled():
            raise ShuttingDown(LEAVING)
        return self.task.result()

    def joined(self) -> None:
        """Record in the trace that the present caller shares the request of the first one."""
        hooks.joined(self._operation)

    def is_foreign(self, failure: Failure, request: Request) -> bool:
        """Return whether *failure* does not hold for *request*, which joined this flight.

        1. The budget has no room before the deadline of the first caller, but *request* has more time.
        2. The task was cancelled because all earlier callers left.
        """
        has_more_time = isinstance(failure, BudgetSpent) and self.request.deadline < request.deadline
        return has_more_time or (self.task.done() and self.task.cancelling() > 0)
