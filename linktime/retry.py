"""Sends again what may be sent again: reads after a fault, anything after a 429 or when nothing went out."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from .errors import BudgetSpent, Failure, Overloaded, RateLimited, ShuttingDown, Unavailable
from .message import Reply, Request, Send

_PAUSES: Final = (0.5, 1.0)  # s; the longest pause before each further try after a fault, the shortest is none
_LONGEST_WAIT: Final = 10.0  # s; a longer Retry-After of a 503 is for the caller to wait out
_UNTOLD: Final = 10  # tries against a service that says 429 but not for how long


class Retry:
    """A `Send` that tries again by sending one more message, which waits for its turn and pays like any other.

    After a 429 it does not pause: the messages behind it are held until the service's time is up, and it goes on for
    as long as the deadline allows. After a fault it pauses for a random while. A request's deadline is on *clock*, in
    seconds; *uniform* draws from between its two arguments.
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
        """Send the request until it is answered, or until trying again is useless or unsafe.

        Raises what the last try met; but where a further try was refused before it was sent, the fault before it.
        """
        faults: list[Unavailable | RateLimited] = []
        while True:
            try:
                reply = await self._send(replace(request, attempt=len(faults)) if faults else request)
            except (BudgetSpent, Overloaded, ShuttingDown) as refusal:
                raise _telling(refusal, faults) from None
            except (Unavailable, RateLimited) as fault:
                faults.append(fault)
                pause = self._pause(request, faults)
                if pause is None:
                    raise
            else:
                return reply.noted(retries=len(faults)) if faults else reply
            if pause:
                await self._sleep(pause)

    def _pause(self, request: Request, faults: list[Unavailable | RateLimited]) -> float | None:
        """Seconds until the next try, or None if there is to be none."""
        longest = _longest_pause(request, faults)
        if longest is None or _unwanted():
            return None
        pause = _wished(faults[-1]) + self._uniform(0.0, longest)
        return pause if self._clock() + pause < request.deadline else None


def _longest_pause(request: Request, faults: list[Unavailable | RateLimited]) -> float | None:
    match faults[-1]:
        case RateLimited(retry_after=told):
            return 0.0 if told or len(faults) < _UNTOLD else None
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
    """Whether the caller has left: a message that was already sent ends all the same, but no other follows it."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _telling(refusal: Failure, faults: list[Unavailable | RateLimited]) -> Failure:
    """Choose what tells the caller most: the fault before the refusal, unless the refusal knows when a 429 is over."""
    if not faults or (isinstance(refusal, BudgetSpent) and isinstance(faults[-1], RateLimited)):
        return refusal
    return faults[-1]
