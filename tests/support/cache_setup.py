"""A cache with a manual clock over a scripted service."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any

import pytest

from linktime.errors import OutcomeUnknown
from linktime.message import Notes, Quota, Reply, Request, get, post

LAG = 3.0  # s after a write in which a replica may not show it
BOOKINGS = get("/bookings").tagged("bookings")
CONTACTS = get("/contacts").tagged("contacts")
SLOTS = get("/availability", event_type_slug="intro").tagged("bookings").fresh()
BOOK = post("/bookings", invitee_name="Ada").tagged("bookings")
UNKNOWN = OutcomeUnknown("no answer", answered=False)


@dataclass
class Clock:
    """A clock that a test sets."""

    now: float = 100.0

    def __call__(self) -> float:
        """Return the time in seconds."""
        return self.now


@dataclass
class Upstream:
    """The layer below the cache. It numbers its answers, and holds each request until its gate opens.

    As a mailbox does, it drops a request that is cancelled, unless it is already *sent*.
    """

    sent: bool = False
    failure: Exception | None = None
    requests: list[Request] = field(default_factory=list)
    ended: int = 0
    gates: list[asyncio.Event] = field(default_factory=list)

    async def __call__(self, request: Request) -> Reply:
        """Return the next answer once the gate is open."""
        self.requests.append(request)
        number, gate = len(self.requests), self.gates[-1] if self.gates else None
        while gate and not gate.is_set():
            try:
                await gate.wait()
            except asyncio.CancelledError:
                if not self.sent:
                    raise
        self.ended += 1
        if self.failure:
            raise self.failure
        return Reply(200, number, Notes(budget_remaining=60 - number), Quota(60 - number))

    def hold(self) -> asyncio.Event:
        """Hold the next requests until the returned gate opens. Earlier requests keep their own gate."""
        self.gates.append(asyncio.Event())
        return self.gates[-1]

    def open_all(self) -> None:
        """Open every gate, so that a failed test ends."""
        for gate in self.gates:
            gate.set()


async def idle() -> None:
    """Run every task until it waits."""
    for _ in range(10):
        await asyncio.sleep(0)


async def begun(call: Awaitable[Reply]) -> asyncio.Future[Reply]:
    """Start a call and run it until it waits."""
    task = asyncio.ensure_future(call)
    await idle()
    return task


async def left(task: asyncio.Future[Reply]) -> None:
    """Cancel a caller, and check that it ends at once."""
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await idle()


async def outcome(call: Awaitable[Reply]) -> tuple[Any, Any] | type[BaseException]:
    """Return the data of an answer and its cache note, or the class of the failure."""
    try:
        reply = await call
    except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - the class is the outcome
        return type(error)
    return reply.data, reply.notes.cache
