"""Simulated LinkTimes: three ways to count sixty requests a minute, over a network with a long tail of latency."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import ceil, log
from random import Random
from typing import Final

from linktime.config import Settings
from linktime.errors import RateLimited
from linktime.message import Reply, Request
from tests.support.virtual_time import Bucket, Fixed, Network, Service, Sliding, clock

SETTINGS: Final = Settings.from_environ({})
LIMIT: Final = SETTINGS.rate_limit
PERIOD: Final = SETTINGS.rate_period
ONE_WAY: Final = 0.06  # s, the median
_SIGMA: Final = 0.6
_HELD_UP: Final = 0.01  # of all packets are lost on the way, and sent again after 0.2 to 3 s

SERVICES: Final[Mapping[str, Callable[[Random], Service]]] = {
    "sliding": lambda _: Sliding(LIMIT, PERIOD),
    "fixed": lambda random: Fixed(LIMIT, PERIOD, phase=random.uniform(0, PERIOD)),
    "bucket": lambda _: Bucket(LIMIT, PERIOD),
}
"""The strictest first."""


class Upstream(Network):
    """A `Send` to one of the SERVICES. A 429 carries the whole seconds until the next permit.

    *admitted* holds the arrival times of the requests that were not limited.
    """

    def __init__(self, service: str, random: Random) -> None:
        super().__init__(latency=lambda: _latency(random), services=[SERVICES[service](random)])
        self.admitted: list[float] = []

    async def __call__(self, request: Request) -> Reply:
        """Make the exchange."""
        try:
            return await super().__call__(request)
        except RateLimited as refusal:
            raise RateLimited(refusal.message, retry_after=ceil(_wait(self.services[0], clock()))) from None

    def _arrive(self) -> bool:
        admitted = super()._arrive()
        self.admitted += [clock()] if admitted else []
        return admitted


def _latency(random: Random) -> float:
    held_up = random.uniform(0.2, 3.0) if random.random() < _HELD_UP else 0.0
    return random.lognormvariate(log(ONE_WAY), _SIGMA) + held_up


def _wait(service: Service, at: float) -> float:
    match service:
        case Sliding(period=period, admitted=[first, *_]):
            return first + period - at
        case Fixed(period=period, phase=phase):
            return period - (at + phase) % period
        case _:
            return PERIOD / LIMIT
