"""The mailbox in random minutes of trouble."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import inf
from random import Random

import pytest

from linktime.errors import BudgetSpent, Failure, Overloaded, Unavailable
from linktime.message import Reply
from linktime.pipeline.limiter import Limiter, MemoryStore, Store
from linktime.pipeline.mailbox import Mailbox
from tests.support.mailbox_setup import FAULTS, mailbox, read, write
from tests.support.virtual_time import (
    TIMEOUT,
    Bucket,
    Fixed,
    Network,
    Service,
    Sliding,
    SlowStore,
    clock,
    peak,
    virtual,
)


@dataclass
class Scenario:
    """Random calls, deadlines, cancellations and faults on a slow network, from a *seed*."""

    seed: int
    admitted: dict[bool, list[str]] = field(default_factory=lambda: {True: [], False: []})

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.trouble = self.random.choice([0.0, 0.05, 0.2])
        services: list[Service] = [Sliding(60, 60.0), Fixed(60, 60.0, self.random.uniform(0, 60)), Bucket(60, 60.0)]
        self.network = Network(
            latency=lambda: self.random.lognormvariate(-2.8, 0.6) + (self.random.random() < 0.01) * 3,
            fate=lambda: self.random.choice(FAULTS) if self.random.random() < self.trouble else None,
            lost=lambda: self.random.uniform(0.0, TIMEOUT + 0.5),
            services=services,
        )

    async def call(self, box: Mailbox, number: int) -> tuple[str, Reply | BaseException]:
        """Make one call at a random time. Return its id and its outcome."""
        await asyncio.sleep(self.random.choice([0.0, 60.0, self.random.uniform(0, 150)]))
        kind = self.random.choices([read, write], [5, 1])[0]
        request = kind(number, within=self.random.choice([inf, 50.0, 150.0]))
        self.admitted[request.is_read].append(request.ident)
        try:
            return request.ident, await box(request)
        except (Failure, asyncio.CancelledError) as failure:
            return request.ident, failure

    async def play(self, box: Mailbox) -> list[tuple[str, Reply | BaseException]]:
        """Make all calls, and cancel some of them. Return the outcomes."""
        calls = [asyncio.create_task(self.call(box, n)) for n in range(self.random.randint(60, 150))]
        for call in calls:
            if self.random.random() < 0.15:
                asyncio.get_running_loop().call_later(self.random.uniform(0, 200), call.cancel)
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        return [outcome for outcome in outcomes if isinstance(outcome, tuple)]


@virtual
async def test_late_arrivals_after_a_timeout_overfill_no_window() -> None:
    fates: Iterator[Failure | None] = iter([Unavailable("timeout", sent=True)] * 20)
    network = Network(fate=lambda: next(fates, None))
    async with mailbox(network, limit=20, workers=20) as box:
        await asyncio.gather(*(box(write(n)) for n in range(40)), return_exceptions=True)

    assert len(network.arrivals) == 40
    assert peak(network.arrivals, 60.0) == 20


@pytest.mark.slow
@pytest.mark.parametrize("store", [MemoryStore, SlowStore])
@pytest.mark.parametrize("seeds", [range(start, start + 25) for start in range(0, 100, 25)])
def test_no_window_is_overfull_and_no_permit_or_call_is_lost(seeds: range, store: Callable[..., Store]) -> None:
    for seed in seeds:
        _play(seed, store)


@virtual
async def _play(seed: int, make: Callable[..., Store]) -> None:
    scenario = Scenario(seed)
    store = make(60, clock=clock)
    workers = scenario.random.choice([1, 8, 20])
    async with (
        Limiter(store, 60.0, clock=clock) as limiter,
        Mailbox(scenario.network, limiter, capacity=250, workers=workers, clock=clock) as box,
    ):
        outcomes = await scenario.play(box)
        await asyncio.sleep(61)

        idle = f"<Mailbox 0 waiting | 0 of {workers} workers busy | 60 of 60 permits free>"
        assert repr(box) == idle, f"seed {seed}"
    assert peak(scenario.network.arrivals, 60.0) <= 60, f"seed {seed}"
    assert scenario.network.refusals == 0, f"seed {seed}"
    _check_order(scenario, dict(outcomes))


def _check_order(scenario: Scenario, outcomes: dict[str, Reply | BaseException]) -> None:
    sent = [request.ident for _, request in scenario.network.sent]
    for admitted in scenario.admitted.values():
        places = [admitted.index(ident) for ident in sent if ident in admitted]
        assert places == sorted(places), f"seed {scenario.seed}"
    unsent = (asyncio.CancelledError, BudgetSpent, Overloaded)
    assert not {ident for ident, outcome in outcomes.items() if isinstance(outcome, unsent)} & set(sent)
