"""The invariants of a budget under random steps of its servers, for each kind of store."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from linktime.pipeline.limiter import Lease, MemoryStore, SharedStore, Store
from tests.support.ledger_homes import RedisHome, at_once, mature, opened
from tests.support.redis_server import RedisServer

LIMIT, PERIOD, PATIENCE, MARGIN = 4, 60.0, 12.0, 0.05
LEASE = PERIOD + PATIENCE
DAY = 86_400.0
MANY = settings(
    max_examples=40,
    stateful_step_count=60,
    suppress_health_check=list(HealthCheck),
)

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


@dataclass(eq=False)
class Request:
    """A request of one server. *sent* and *ended* are true times in seconds."""

    server: Store
    lease: Lease
    sent: float
    ended: float = inf

    def counts(self, moment: float) -> bool:
        """Return whether the service can count the request in the period before *moment*."""
        return self.sent <= moment < min(self.ended, self.sent + PATIENCE) + PERIOD


@dataclass
class World:
    """The true time and the budget's clock, which is *ahead* seconds ahead of it."""

    time: float = 1000.0
    ahead: float = 0.0
    boots: int = 0
    servers: list[Store] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)

    def clock(self) -> float:
        """Return the true time."""
        return self.time

    def reading(self) -> float:
        """Return the time on the budget's clock."""
        return self.time + self.ahead


class Servers(RuleBasedStateMachine):
    """Servers that send, answer, freeze and die while time passes and clocks jump."""

    place = "memory"
    redis: RedisServer
    leases = Bundle("leases")

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.folder = TemporaryDirectory()
        self.home = RedisHome(self.redis) if self.place == "redis" else None
        self.births = 0

    @initialize()
    def begin(self) -> None:
        """Start the servers."""
        for _ in range(1 if self.place == "memory" else 3):
            self.world.servers.append(self.born())

    def born(self) -> Store:
        """Start a server."""
        if self.place == "memory":
            return MemoryStore(LIMIT, clock=self.world.clock)
        self.births += 1
        name, clock = str(self.births), self.world.reading
        if self.home:
            shared = self.home.open(name, LIMIT, clock)
        else:
            machine = f"boot {self.world.boots}"
            shared = opened(Path(self.folder.name) / "budget.db", name, LIMIT, clock, machine=machine)
        if self.births == 1:
            shared.ledger.apply(mature)
        store = SharedStore(shared.ledger, shared.terms, run=at_once, clock=self.world.clock)
        run(store.join())
        return store

    def server(self, number: int) -> Store:
        """Choose one of the servers."""
        return self.world.servers[number % len(self.world.servers)]

    @rule(target=leases, number=st.integers(0, 2), spare=st.integers(0, LIMIT), soon=st.sampled_from([0.0, 3.0]))
    def take(self, number: int, spare: int, soon: float) -> Any:
        """Send a request if a permit is free."""
        server = self.server(number)
        lease = run(server.take(spare, soon))
        if not isinstance(lease, Lease):
            assert lease > 0
            mine = [request for request in self.world.requests if request.server is server]
            assert lease < inf or any(request.ended == inf for request in mine), "it would wait for ever"
            return multiple()
        request = Request(server, lease, self.world.time)
        self.world.requests.append(request)
        return request

    @rule(request=consumes(leases), used=st.booleans(), closes=st.booleans())
    def answer(self, request: Request, *, used: bool, closes: bool) -> None:
        """End a request. If it is not *used*, it was never sent."""
        if request.server in self.world.servers:
            run(request.server.release(request.lease, PERIOD + MARGIN if used else 0.0, closes=closes))
            request.ended = self.world.time if used else -inf

    @rule(number=st.integers(0, 2), seconds=st.floats(0.0, 80.0))
    def refuse(self, number: int, seconds: float) -> None:
        """Answer 429."""
        run(self.server(number).open_breaker(seconds))

    @rule(seconds=st.floats(0.0, 80.0))
    def wait(self, seconds: float) -> None:
        """Advance the time."""
        self.world.time += seconds

    @rule()
    def sleep(self) -> None:
        """Advance the time until silent servers no longer count."""
        self.world.time += 400.0

    @precondition(lambda self: self.place != "memory")
    @rule(number=st.integers(0, 2))
    def kill(self, number: int) -> None:
        """Kill a server with its requests in flight, and start another."""
        self.world.servers[number % len(self.world.servers)] = self.born()

    @precondition(lambda self: self.place != "memory")
    @rule(number=st.integers(0, 2), seconds=st.sampled_from([-DAY, -30.0, 30.0, DAY]))
    def jump(self, number: int, seconds: float) -> None:
        """Set the budget's clock. A server that knows the budget is the first to see it."""
        store = self.server(number)
        assert isinstance(store, SharedStore)
        run(store.join())
        self.world.ahead += seconds
        run(store.join())

    @precondition(lambda self: self.place == "file")
    @rule()
    def reboot(self) -> None:
        """Kill all servers, and restart the clock."""
        self.world.boots += 1
        self.world.ahead = 7.0 - self.world.time
        self.world.servers = [self.born() for _ in self.world.servers]

    @invariant()
    def never_more_than_the_limit_in_a_period(self) -> None:
        """Check the limit against the worst count of the service, on the slowest network."""
        assert sum(request.counts(self.world.time) for request in self.world.requests) <= LIMIT

    def teardown(self) -> None:
        """Check that no server starves, and that no permit is lost after its lease."""
        try:
            if self.world.servers:
                self.world.time += 80.0  # a breaker that is open
                self.nobody_starves()
                self.nothing_is_lost()
        finally:
            self.folder.cleanup()

    def nobody_starves(self) -> None:
        """Check that the last server gets a permit while the other servers take all they can."""
        *greedy, poor = self.world.servers
        end = self.world.time + LEASE + PERIOD
        answer: Lease | float = 0.0
        while self.world.time < end and not isinstance(answer, Lease):
            for server in greedy:
                self.send(server)
            answer = run(poor.take(0, 0.0))
            self.never_more_than_the_limit_in_a_period()
            if not isinstance(answer, Lease):
                self.world.time += min(max(answer, 0.01), 5.0)
        assert isinstance(answer, Lease) or not greedy
        if isinstance(answer, Lease):
            run(poor.release(answer, 0.0, closes=True))

    def send(self, server: Store) -> None:
        """Send a request, and end it at once."""
        lease = run(server.take(0, 0.0))
        if isinstance(lease, Lease):
            self.world.requests.append(Request(server, lease, self.world.time, self.world.time))
            run(server.release(lease, PERIOD + MARGIN, closes=True))

    def nothing_is_lost(self) -> None:
        """Check that all permits are free after the last lease."""
        if self.place == "memory":
            return
        self.world.time += 400.0
        last = self.world.servers[-1]
        assert sum(isinstance(run(last.take(0, 0.0)), Lease) for _ in range(LIMIT)) == LIMIT


@pytest.mark.slow
@pytest.mark.parametrize("place", ["memory", "file", "redis"])
def test_invariants_hold_for_any_sequence(place: str, redis: RedisServer) -> None:
    machine = type("Machine", (Servers,), {"place": place, "redis": redis})

    run_state_machine_as_test(machine, settings=MANY)
