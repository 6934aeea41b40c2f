"""Servers that share a key and are killed with requests in flight: `python -m tests.torture.crowd`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass
from random import Random
from tempfile import TemporaryDirectory

from linktime.sandbox import Sandbox
from tests.child import Child, child

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
        """Return the fewest requests if no slot is lost for longer than its lease, and each start takes a lease."""
        periods = self.seconds / (PERIOD + 0.5)
        return int(LIMIT * (periods - 1) - self.kills * 8 * LEASE / PERIOD)

    def __str__(self) -> str:
        return (
            f"{self.sent} requests in {self.seconds:.0f} s (at least {self.least} expected), {self.kills} kills, "
            f"peak {self.peak} of {LIMIT}, faults {dict(self.faults)}"
        )


async def play(servers: int, seconds: float, *, seed: int = 0, every: float = 5.0) -> Result:
    """Run so many real programs at full speed for some *seconds*, and kill one *every* so many."""
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(Sandbox(limit=LIMIT, period=PERIOD))
        settings = {
            "LINKTIME_BASE_URL": sandbox.url,
            "LINKTIME_API_KEY": sandbox.key,
            "LINKTIME_RATE_LIMIT": str(LIMIT),
            "LINKTIME_RATE_PERIOD": str(PERIOD),
            "LINKTIME_TIMEOUT": str(TIMEOUT),
            "LINKTIME_CACHE_TTL": "0",
            "OTEL_TRACES_EXPORTER": "none",
            "XDG_STATE_HOME": stack.enter_context(TemporaryDirectory()),
        }
        alive: list[Child] = []

        async def start() -> None:
            server = await stack.enter_async_context(child(**settings))
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
            os.kill(victim.process.pid, signal.SIGKILL)
            kills += 1
            await start()
        faults = Counter(entry.status for entry in sandbox.requests if entry.status and entry.status != 200)
        since = sandbox.requests[begun].at
        lasted = sandbox.requests[-1].at - since
        result = Result(len(sandbox.requests) - begun, kills, sandbox.peak(), faults, lasted)
        for server in alive:
            os.kill(server.process.pid, signal.SIGKILL)
        return result


if __name__ == "__main__":
    print(asyncio.run(play(8, float(sys.argv[1]) if len(sys.argv) > 1 else 60.0)))  # noqa: T201
