"""Plays a trace against a service by a policy, and returns the measurements."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from math import ceil, nan
from random import Random

from linktime.errors import Failure
from linktime.message import Request, Send
from tests.support.virtual_time import VirtualLoop, clock, peak

from .agents import Trace, Turn
from .bounds import Call, critical_path, fewest, shortest
from .policies import Policy
from .services import LIMIT, ONE_WAY, PERIOD, Upstream


@dataclass(frozen=True)
class Session:
    """The calls of a trace, and the times of the requests that arrived at the service and that it admitted.

    *shortest* is the time of the slowest agent if it never waits for budget, in seconds. A session can be pickled.
    """

    shortest: float
    calls: Sequence[Call]
    arrivals: Sequence[float]
    admitted: Sequence[float]

    @property
    def makespan(self) -> float:
        """Seconds until the last call was over."""
        return max(call.over for call in self.calls)

    @property
    def refusals(self) -> int:
        """The number of calls without an answer."""
        return sum(not call.answered for call in self.calls)

    @property
    def limited(self) -> int:
        """The number of requests that got a 429."""
        return len(self.arrivals) - len(self.admitted)

    @property
    def share(self) -> float:
        """The requests that arrived at the service, per call."""
        return len(self.arrivals) / len(self.calls)

    @property
    def peak(self) -> int:
        """The most requests in any window of a period."""
        return peak(list(self.arrivals), PERIOD)

    @property
    def limiter_efficiency(self) -> float:
        """The shortest time for these requests and pauses, divided by the makespan."""
        return max(self.shortest, shortest(len(self.admitted))) / self.makespan

    @property
    def steady_efficiency(self) -> float:
        """The same up to the last request that needed a further period, since the end of that period is random."""
        last = (len(self.admitted) - 1) // LIMIT * LIMIT
        return shortest(last + 1) / (self.admitted[last] + ONE_WAY)

    @property
    def cache_efficiency(self) -> float:
        """The shortest time for the fewest requests, divided by that for the requests made."""
        return shortest(self.fewest) / shortest(len(self.admitted))

    @property
    def fewest(self) -> int:
        """The lower bound of the requests."""
        return fewest(self.calls)

    def waits(self, *, read: bool) -> list[float]:
        """Return the seconds that each read or each write took, in ascending order."""
        return sorted(call.over - call.begun for call in self.calls if call.answered and call.request.is_read is read)

    def wait(self, percent: int, *, read: bool) -> float:
        """Return a percentile of the seconds that reads or writes took."""
        waits = self.waits(read=read)
        return waits[ceil(len(waits) * percent / 100) - 1] if waits else nan


def play(trace: Trace, policy: Policy, service: str, *, seed: int, deadline: float) -> Session:
    """Play the *trace* in virtual time. Each call has a *deadline* in seconds."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(_play(trace, policy, Upstream(service, Random(seed)), deadline))


async def _play(trace: Trace, policy: Policy, upstream: Upstream, deadline: float) -> Session:
    async with policy(upstream) as send:
        calls = await asyncio.gather(*(_agent(turns, send, deadline) for turns in trace))
    return Session(critical_path(trace), list(chain.from_iterable(calls)), upstream.arrivals, upstream.admitted)


async def _agent(turns: Sequence[Turn], send: Send, deadline: float) -> list[Call]:
    calls: list[Call] = []
    for turn in turns:
        await asyncio.sleep(turn.thinking)
        calls += await asyncio.gather(*(_call(request, send, deadline) for request in turn.requests))
    return calls


async def _call(request: Request, send: Send, deadline: float) -> Call:
    begun = clock()
    is_answered = True
    try:
        await send(replace(request, deadline=begun + deadline))
    except Failure:
        is_answered = False
    # The functions of a verification can't be pickled.
    return Call(replace(request, verification=None), begun, clock(), is_answered)
