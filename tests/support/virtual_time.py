"""Virtual time: an event loop whose clock jumps to the next timer, with simulated services and networks."""

from __future__ import annotations

import asyncio
import selectors
from bisect import bisect_left
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, ParamSpec, Protocol

from linktime.errors import Failure, OutcomeUnknown, RateLimited, Unavailable
from linktime.message import Reply, Request
from linktime.pipeline.limiter import Lease, MemoryStore

P = ParamSpec("P")

TIMEOUT = 10.0  # s; of the network's clients


class _Jump(selectors.BaseSelector):
    """A selector that sleeps by moving the clock. It raises an error if no event can ever come."""

    def __init__(self) -> None:
        self.time = 0.0
        self.holds = 0  # threads at work; the clock stops until they are done
        self._real = selectors.DefaultSelector()

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = self._real.select(timeout if self.holds else 0)
        if self.holds:
            return ready
        if timeout is None and not ready:
            raise RuntimeError("everybody waits, and nothing is going to happen")
        self.time += 0.0 if ready else timeout or 0.0
        return ready

    def close(self) -> None:
        self._real.close()

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock jumps to the next timer as soon as it is idle."""

    def __init__(self) -> None:
        self._jump = _Jump()
        super().__init__(self._jump)

    def time(self) -> float:
        """Return the seconds since the loop was made."""
        return self._jump.time

    def run_in_executor(  # type: ignore[override]
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """Run a function in a thread, and stop the clock meanwhile."""
        self._jump.holds += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._release)
        return future

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - its own name
        """Wait for the threads, in real time."""
        self._jump.holds += 1
        await super().shutdown_default_executor()

    def _release(self, _: object) -> None:
        self._jump.holds -= 1


def virtual(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Run this test on a loop of its own, which starts at 0 s."""

    @wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            runner.run(test(*args, **kwargs))

    return run


def clock() -> float:
    """Return the time of the running loop, in seconds."""
    return asyncio.get_running_loop().time()


def peak(arrivals: list[float], period: float) -> int:
    """Return the highest number of arrivals in any window of this length."""
    ordered = sorted(arrivals)
    return max((end + 1 - bisect_left(ordered, at - period + 1e-9) for end, at in enumerate(ordered)), default=0)


class Service(Protocol):
    """A rule by which a service counts requests."""

    def admits(self, at: float) -> bool:
        """Count a request that arrives now, and return whether it is allowed."""


@dataclass
class Sliding:
    """A limit on the requests in any *period* that ends now."""

    limit: int
    period: float
    admitted: list[float] = field(default_factory=list)

    def admits(self, at: float) -> bool:
        """Count the request if the limit allows it."""
        self.admitted = [one for one in self.admitted if one > at - self.period]
        if len(self.admitted) < self.limit:
            self.admitted.append(at)
            return True
        return False


@dataclass
class Fixed:
    """A limit on the requests in each *period* of a calendar that is *phase* seconds off."""

    limit: int
    period: float
    phase: float = 0.0
    counts: dict[int, int] = field(default_factory=dict)

    def admits(self, at: float) -> bool:
        """Count the request if the limit allows it."""
        window = int((at + self.phase) // self.period)
        self.counts[window] = self.counts.get(window, 0) + 1
        return self.counts[window] <= self.limit


@dataclass
class Bucket:
    """A bucket of *limit* that fills once a *period*, steadily."""

    limit: int
    period: float
    spent: float = 0.0
    last: float = 0.0

    def admits(self, at: float) -> bool:
        """Count the request if the limit allows it."""
        self.spent = max(0.0, self.spent - (at - self.last) * self.limit / self.period)
        self.last = at
        if self.spent + 1 <= self.limit + 1e-6:
            self.spent += 1
            return True
        return False


@dataclass
class Network:
    """A `Send` over a network with latency that loses messages by *fate*, to *services* that count.

    *latency* draws the seconds of one way. *fate* draws what becomes of a request, None for an honest answer; one that
    gets lost is given up after TIMEOUT, and arrives when *lost* says. *sent* is what went out, *arrivals* when it
    came in.
    """

    latency: Callable[[], float] = lambda: 0.0
    fate: Callable[[], Failure | None] = lambda: None
    lost: Callable[[], float] = lambda: TIMEOUT + 0.5
    services: Sequence[Service] = ()
    sent: list[tuple[float, Request]] = field(default_factory=list)
    arrivals: list[float] = field(default_factory=list)
    refusals: int = 0

    async def __call__(self, request: Request) -> Reply:
        """Send the request and return the reply."""
        match self.fate():
            case Unavailable(sent=False) as fault:
                await asyncio.sleep(self.latency())
                raise fault
            case Unavailable() | OutcomeUnknown(answered=False) as fault:
                self.sent.append((clock(), request))
                asyncio.get_running_loop().call_later(self.lost(), self._arrive)
                await asyncio.sleep(TIMEOUT)
                raise fault
            case fault:
                self.sent.append((clock(), request))
                await asyncio.sleep(self.latency())
                admitted = self._arrive()
                await asyncio.sleep(self.latency())
        if not admitted:
            raise RateLimited("slow down", retry_after=1.0)
        if fault:
            raise fault
        return Reply(200, {"ident": request.ident})

    def _arrive(self) -> bool:
        self.arrivals.append(clock())
        refusals = sum(not service.admits(clock()) for service in self.services)
        self.refusals += refusals
        return not refusals


class SlowStore(MemoryStore):
    """A remote store: each step and its answer take some time on the way."""

    async def take(self, spare: int, soon: float) -> Lease | float:
        """Take a permit. It counts before the answer is back."""
        await asyncio.sleep(0.01)
        taken = await super().take(spare, soon)
        await asyncio.sleep(0.01)
        return taken

    async def release(self, lease: Lease, after: float, *, closes: bool) -> None:
        """Release the permit, later."""
        await asyncio.sleep(0.01)
        await super().release(lease, after, closes=closes)

    async def open_breaker(self, seconds: float) -> None:
        """Open the breaker, later."""
        await asyncio.sleep(0.01)
        await super().open_breaker(seconds)
