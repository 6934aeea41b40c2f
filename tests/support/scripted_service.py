"""A LinkTime that answers by script, under the layer that verifies writes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from linktime.errors import Failure
from linktime.message import Notes, Reply, Request
from linktime.pipeline.outcome import Outcome

START = datetime(2026, 3, 1, 12, tzinfo=UTC)  # when the write begins


@dataclass
class Service:
    """LinkTime as scripted: a write meets its *fate*; reads get *answers* one by one, over and over the last."""

    fate: Reply | Exception
    answers: list[Any] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    now: float = 100.0
    dated: bool = True
    ahead: float = 0.0  # s by which its clock is ahead of ours
    looks: list[float] = field(default_factory=list)  # when reads came, in seconds after the start

    def __post_init__(self) -> None:
        self.outcome = Outcome(self, clock=lambda: self.now, wall=self.wall, sleep=self.sleep)

    async def __call__(self, request: Request) -> Reply:
        """Answer or fail. Data stands for a Reply with it."""
        self.requests.append(request)
        if request.is_read:
            self.looks.append(self.now - 100.0)
        answer = self.answers[min(len(self.reads), len(self.answers)) - 1] if request.is_read else self.fate
        if isinstance(answer, Exception):
            raise answer
        date = (self.wall() + timedelta(seconds=self.ahead)).replace(microsecond=0) if self.dated else None
        return answer if isinstance(answer, Reply) else Reply(200, answer, Notes(budget_remaining=7), date=date)

    def wall(self) -> datetime:
        """Return our time of day."""
        return START + timedelta(seconds=self.now - 100.0)

    async def sleep(self, seconds: float) -> None:
        """Pass the time."""
        self.now += seconds

    @property
    def reads(self) -> list[Request]:
        """The reads that came."""
        return [request for request in self.requests if request.is_read]

    async def send(self, request: Request) -> Reply:
        """Send through the layer under test."""
        return await self.outcome(request)

    async def failure(self, request: Request) -> Failure:
        """Send a request that must fail."""
        with pytest.raises(Failure) as failure:
            await self.send(request)
        return failure.value

    async def knowing(self, *reads: tuple[Request, Any]) -> Service:
        """Let LinkTime show things a while before the write."""
        answers, fate = self.answers, self.fate
        self.now -= 30.0
        for read, data in reads:
            self.answers = [data]
            await self.send(read)
        self.now += 30.0
        self.answers, self.fate = answers, fate
        self.requests.clear()
        self.looks.clear()
        return self


@dataclass
class Fated(Service):
    """A service whose writes meet one fate after the other. The *rows* by template answer reads, or make the answer."""

    fate: Any = None
    fates: list[Any] = field(default_factory=list)
    rows: dict[str, Any] = field(default_factory=dict)

    async def __call__(self, request: Request) -> Reply:
        """Answer or fail."""
        if request.is_read:
            rows = self.rows.get(request.template, [])
            self.answers = [rows() if callable(rows) else rows]
        else:
            await asyncio.sleep(0)
            self.fate = self.fates.pop(0)
        return await super().__call__(request)


async def met(service: Service, request: Request) -> Reply | Failure:
    """Send a request. Return its reply or its failure."""
    try:
        return await service.send(request)
    except Failure as failure:
        return failure


def call(request: Request, key: str) -> Request:
    """Return the request with an Idempotency-Key."""
    return replace(request, idempotency_key=key)


def keys(service: Service) -> list[str]:
    """Return the Idempotency-Keys of the writes that were sent."""
    return [request.idempotency_key for request in service.requests if not request.is_read]
