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
_LONGEST_WAIT: Final = 10.0  # s; a longer Retry-After of a 503 is for the caller to wait out
_MOST_UNTIMED: Final = 10  # attempts against a service that answers 429 without a time


class Retry:
    """A `Send` that retries by one more message, which waits for its turn and pays like any other.

    After a 429 it does not pause: the limiter holds all messages until the service's time is up. It goes on for as long
    as the deadline allows. After a fault it pauses at random, with full jitter. Deadlines are seconds on *clock*.
    *uniform* returns a random number between its two arguments.
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

        Raises the error of the last attempt. If that was refused before it was sent, raises the fault before it.
        """
        faults: list[Unavailable | RateLimited] = []
        while True:
            try:
                reply = await self._send(replace(request, attempt=len(faults)) if faults else request)
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
        if longest is None or _unwanted():
            return None
        pause = _wished(faults[-1]) + self._uniform(0.0, longest)
        return pause if self._clock() + pause < request.deadline else None


def _longest_pause(request: Request, faults: list[Unavailable | RateLimited]) -> float | None:
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
            nth = sum(isinstance(fault, Unavailable) for fault in faults)
            return _PAUSES[nth - 1] if nth <= len(_PAUSES) else None


def _wished(fault: Unavailable | RateLimited) -> float:
    """Return the seconds that a fault other than 429 asks to wait; the limiter waits out a 429."""
    return fault.retry_after or 0.0 if isinstance(fault, Unavailable) else 0.0


def _unwanted() -> bool:
    """Return whether the caller has left. A message that was sent still ends, but no other follows it."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _more_useful(refusal: Failure, faults: list[Unavailable | RateLimited]) -> Failure:
    """Return the more useful error: the fault before the refusal, unless the refusal knows the end of a 429."""
    if not faults or (isinstance(refusal, BudgetSpent) and isinstance(faults[-1], RateLimited)):
        return refusal
    return faults[-1]
