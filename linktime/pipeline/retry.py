"""Retries: reads after a fault, and any request after a 429 or if nothing was sent."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from ..errors import BudgetSpent, Failure, Overloaded, RateLimited, ShuttingDown, Unavailable
from ..message import Notes, Reply, Request, Send

_PAUSES: Final = (0.5, 1.0)  # s; the longest pause before each retry after a fault; the shortest is 0
_LONGEST_WAIT: Final = 10.0  # s; after a longer Retry-After of a 503, the caller has to call again
_MOST_UNTIMED: Final = 10  # attempts against a service that answers 429 without a time


class Retry:
    """A `Send` that retries. Each further attempt is a message that waits for its turn and pays like any other.

    | failure of an attempt | further attempts | pause |
    |---|---|---|
    | 429 | until the deadline, 9 if LinkTime states no wait | none: the limiter holds all messages |
    | a read: no usable answer | 2 | full jitter, after LinkTime's own wait of at most 10 s |
    | a write: nothing was sent | 2 | full jitter |
    | a write that was sent | none | |
    | any that would recur, or a refusal | none | |

    Args:
        send: Sends the request.
        clock: The clock of deadlines, in seconds.
        sleep: Pauses for a number of seconds.
        uniform: Returns a random number between its two arguments.
    """

    def __init__(
        self,
        send: Send,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._send = send
        self._clock = clock
        self._sleep = sleep
        self._uniform = uniform

    async def __call__(self, request: Request) -> Reply:
        """Send the request until it is answered, or until a retry is useless or unsafe.

        Raises:
            Failure: That of the last attempt. If this was refused before it was sent, the more useful one of two.
        """
        faults: list[Unavailable | RateLimited] = []
        while True:
            try:
                reply = await self._send(replace(request, attempt=len(faults)) if faults else request)
            # 1. This attempt was not sent: no further one would be.
            # 2. It failed: the next one follows after a pause, if one is useful and safe.
            # 3. It was answered.
            except (BudgetSpent, Overloaded, ShuttingDown) as refusal:
                raise _more_useful(refusal, faults) from None
            except (Unavailable, RateLimited) as fault:
                faults.append(fault)
                pause = self._pause(request, faults)
                if pause is None:
                    raise
            else:
                return reply.noted(Notes(retries=len(faults))) if faults else reply
            if pause:
                await self._sleep(pause)

    def _pause(self, request: Request, faults: list[Unavailable | RateLimited]) -> float | None:
        """Return the seconds until the next attempt, None if there is none."""
        longest = _longest_pause(request, faults)
        if longest is None or _is_cancelled():
            return None
        pause = _own_wait(faults[-1]) + self._uniform(0.0, longest)
        return pause if self._clock() + pause < request.deadline else None


def _longest_pause(request: Request, faults: list[Unavailable | RateLimited]) -> float | None:
    """Return the longest random pause in seconds, None if there is no further attempt."""
    match faults[-1]:
        case RateLimited(retry_after=seconds):
            return 0.0 if seconds or len(faults) < _MOST_UNTIMED else None
        case Unavailable(sent=True) if not request.is_read:
            return None
        case Unavailable(repeat=False):
            return None
        case Unavailable(retry_after=float(wait)) if wait > _LONGEST_WAIT:
            return None
        case _:
            # every attempt but those after a 429 uses up a pause
            nth = sum(isinstance(fault, Unavailable) for fault in faults)
            return _PAUSES[nth - 1] if nth <= len(_PAUSES) else None


def _own_wait(fault: Unavailable | RateLimited) -> float:
    """Return the seconds of LinkTime's Retry-After. After a 429 they are 0, because the limiter waits them out."""
    return fault.retry_after or 0.0 if isinstance(fault, Unavailable) else 0.0


def _is_cancelled() -> bool:
    """Return whether the caller is cancelled. A request that was sent still ends, but no other follows it."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _more_useful(refusal: Failure, faults: list[Unavailable | RateLimited]) -> Failure:
    """Return the more useful error: the fault before the refusal, unless the refusal knows the end of a 429."""
    if not faults or (isinstance(refusal, BudgetSpent) and isinstance(faults[-1], RateLimited)):
        return refusal
    return faults[-1]
