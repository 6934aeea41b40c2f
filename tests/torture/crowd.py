"""Servers that share a key: killed, frozen, with mixed limits, or undisturbed beside the optimum.

Run `python -m tests.torture.crowd [killed|frozen|mixed|undisturbed]`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from random import Random
from tempfile import TemporaryDirectory

from linktime.pipeline.ledger import Status
from linktime.pipeline.limiter.scheduling import Scheduler
from linktime.pipeline.system import STATE
from linktime.sandbox import Sandbox
from tests.support.process import Child, child

LIMIT, PERIOD, TIMEOUT = 20, 4.0, 2.0  # requests, s, s
LEASE = TIMEOUT + 2.0 + PERIOD  # s; then the permits of a killed server are free again


@dataclass(frozen=True)
class Result:
    """The *sent* requests, the *kills*, the *peak* in any period, and the *faults*: statuses other than 200."""

    sent: int
    kills: int
    peak: int
    faults: Counter[int]
    seconds: float

    @property
    def least(self) -> int:
        """Return the fewest requests if no permit is lost for longer than its lease, and each start takes a lease."""
        periods = self.seconds / (PERIOD + 0.5)
        return int(LIMIT * (periods - 1) - self.kills * 8 * LEASE / PERIOD)

    def __str__(self) -> str:
        return (
            f"{self.sent} requests in {self.seconds:.0f} s (at least {self.least} expected), {self.kills} kills, "
            f"peak {self.peak} of {LIMIT}, faults {dict(self.faults)}"
        )


async def play(
    servers: int,
    seconds: float,
    *,
    seed: int = 0,
    every: float = 5.0,
    frozen: float = 0.0,
    limits: Sequence[int] = (LIMIT,),
) -> Result:
    """Start real programs that send requests as fast as the budget allows, and kill one *every* so many seconds.

    With *frozen*, the program is stopped for so many seconds instead. The programs use the *limits* in turn.
    """
    async with AsyncExitStack() as stack:
        sandbox, settings = await _shared(stack)
        alive: list[Child] = []
        limit = cycle(limits)

        async def start() -> None:
            server = await stack.enter_async_context(child(LINKTIME_RATE_LIMIT=str(next(limit)), **settings))
            await server.greet()
            for _ in range(200):
                server.call("get_me")
            alive.append(server)

        for _ in range(servers):
            await start()
        random, kills, begun = Random(seed), 0, len(sandbox.requests)
        for _ in range(int(seconds // every)):
            await asyncio.sleep(every)
            victim = alive.pop(random.randrange(len(alive)))
            os.kill(victim.process.pid, signal.SIGSTOP if frozen else signal.SIGKILL)
            kills += 1
            if frozen:
                await asyncio.sleep(frozen)
                os.kill(victim.process.pid, signal.SIGCONT)
                alive.append(victim)
            else:
                await start()
        faults = Counter(entry.status for entry in sandbox.requests if entry.status and entry.status != 200)
        since = sandbox.requests[begun].at
        lasted = sandbox.requests[-1].at - since
        result = Result(len(sandbox.requests) - begun, kills, sandbox.peak(), faults, lasted)
        for server in alive:
            os.kill(server.process.pid, signal.SIGKILL)
        return result


async def undisturbed(servers: int = 4, calls: int = 20) -> str:
    """Send *calls* reads from each server. Compare the last arrival with the schedule of a single server.

    The schedule leaves the last permits of each period to writes until nearly its end.
    """
    async with AsyncExitStack() as stack:
        sandbox, settings = await _shared(stack)
        started = [
            await stack.enter_async_context(child(LINKTIME_RATE_LIMIT=str(LIMIT), **settings)) for _ in range(servers)
        ]
        for server in started:
            await server.greet()
        sent = [(server, server.call("get_me")) for server in started for _ in range(calls)]
        for server, call in sent:
            await server.result(call)
        took = sandbox.requests[-1].at - sandbox.requests[0].at
        *_, (_, optimum) = Scheduler(LIMIT, PERIOD).forecast(Status(LIMIT, PERIOD, free=LIMIT), 0.0, 0, len(sent))
        ratio = f"{took / optimum:.3f} of the optimum, peak {sandbox.peak()} of {LIMIT}"
        return f"{len(sent)} requests in {took:.2f} s, {ratio}"


async def _shared(stack: AsyncExitStack) -> tuple[Sandbox, dict[str, str]]:
    """Start a sandbox. Return it with the settings of servers that share its key and a new home."""
    sandbox = await stack.enter_async_context(Sandbox(limit=LIMIT, period=PERIOD))
    return sandbox, {
        "LINKTIME_BASE_URL": sandbox.url,
        "LINKTIME_API_KEY": sandbox.key,
        "LINKTIME_RATE_PERIOD": str(PERIOD),
        "LINKTIME_TIMEOUT": str(TIMEOUT),
        "LINKTIME_CACHE_TTL": "0",
        "OTEL_TRACES_EXPORTER": "none",
        STATE: stack.enter_context(TemporaryDirectory()),
    }


PLAYS: dict[str, Callable[[], Awaitable[object]]] = {
    "killed": partial(play, 8, 60.0),
    "frozen": partial(play, 3, 10.0, every=10.0, frozen=120.0),
    "mixed": partial(play, 4, 30.0, limits=(LIMIT, 2 * LIMIT)),
    "undisturbed": undisturbed,
}


async def _run(name: str) -> object:
    return await PLAYS[name]()


if __name__ == "__main__":
    for name in sys.argv[1:] or PLAYS:
        print(f"{name}: {asyncio.run(_run(name))}", flush=True)  # noqa: T201
