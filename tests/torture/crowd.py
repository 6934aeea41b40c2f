"""Servers that share a key and are killed or frozen: `python -m tests.torture.crowd [killed|frozen|mixed]`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from random import Random
from tempfile import TemporaryDirectory

from linktime.pipeline.ledger.factory import STATE
from linktime.sandbox import Sandbox
from tests.support.process import Child, child

LIMIT, PERIOD, TIMEOUT = 20, 4.0, 2.0  # requests, s, s
LEASE = TIMEOUT + 2.0 + PERIOD  # s; then the slots of a killed server are free again


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
    """Let so many real programs ask as fast as they may, and kill one *every* so many seconds.

    One that is to be *frozen* for some seconds goes on after that. The programs have the *limits* in turns.
    """
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(Sandbox(limit=LIMIT, period=PERIOD))
        settings = {
            "LINKTIME_BASE_URL": sandbox.url,
            "LINKTIME_API_KEY": sandbox.key,
            "LINKTIME_RATE_PERIOD": str(PERIOD),
            "LINKTIME_TIMEOUT": str(TIMEOUT),
            "LINKTIME_CACHE_TTL": "0",
            "OTEL_TRACES_EXPORTER": "none",
            STATE: stack.enter_context(TemporaryDirectory()),
        }
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


PLAYS = {
    "killed": partial(play, 8, 60.0),
    "frozen": partial(play, 3, 10.0, every=10.0, frozen=120.0),
    "mixed": partial(play, 4, 30.0, limits=(LIMIT, 2 * LIMIT)),
}


if __name__ == "__main__":
    for name in sys.argv[1:] or PLAYS:
        print(f"{name}: {asyncio.run(PLAYS[name]())}", flush=True)  # noqa: T201
