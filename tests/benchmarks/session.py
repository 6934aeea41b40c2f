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
        """How many calls got no answer."""
        return sum(not call.answered for call in self.calls)

    @property
    def limited(self) -> int:
        """How many requests met a 429."""
        return len(self.arrivals) - len(self.admitted)

    @property
    def share(self) -> float:
        """Requests that the service saw for each call."""
        return len(self.arrivals) / len(self.calls)

    @property
    def peak(self) -> int:
        """The most requests in any window of a period."""
        return peak(list(self.arrivals), PERIOD)

    @property
    def limiter_efficiency(self) -> float:
        """The shortest time that so many requests and so much thinking allow, as a share of the time it took."""
        return max(self.shortest, shortest(len(self.admitted))) / self.makespan

    @property
    def steady_efficiency(self) -> float:
        """The same for the last request that had to wait for a further period: where the last period ends is chance."""
        last = (len(self.admitted) - 1) // LIMIT * LIMIT
        return shortest(last + 1) / (self.admitted[last] + ONE_WAY)

    @property
    def cache_efficiency(self) -> float:
        """The shortest time for the fewest requests that could have answered, as a share of that for those it took."""
        return shortest(self.fewest) / shortest(len(self.admitted))

    @property
    def fewest(self) -> int:
        """The fewest requests that could have answered."""
        return fewest(self.calls)

    def waits(self, *, read: bool) -> list[float]:
        """Tell the seconds that each read or each write took, the shortest first."""
        return sorted(call.over - call.begun for call in self.calls if call.answered and call.request.is_read is read)

    def wait(self, percent: int, *, read: bool) -> float:
        """Tell the seconds in which so many of 100 reads or writes were answered."""
        waits = self.waits(read=read)
        return waits[ceil(len(waits) * percent / 100) - 1] if waits else nan


def play(trace: Trace, policy: Policy, service: str, *, seed: int, deadline: float) -> Session:
    """Play the *trace* in virtual time; every call may take *deadline* seconds."""
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
