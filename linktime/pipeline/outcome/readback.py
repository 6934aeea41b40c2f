"""Reads a write back until LinkTime shows its outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from ...answers import joined, pages, record
from ...errors import Rejected
from ...message import Reply, Request, Send, get
from .comparison import detailed
from .timeline import LAG, Moment, since
from .verification import UNCLEAR, Finding, Look, Write

_PAUSES: Final = (0.5, 2.5, LAG)  # s after the end of the write; LinkTime's replicas may be behind
_OVERRUN: Final = 5.0  # s past the end of the write that its first reads have, whatever its deadline
_MOST_PAGES: Final = 3


@dataclass(frozen=True, slots=True)
class Result:
    """The last *finding*, with its *reply*. *met* is the error of the last read, if it failed."""

    finding: Finding
    reply: Reply = field(default_factory=lambda: Reply(200))
    met: BaseException | None = None
    complete: bool = False  # whether a read was made that a replica can't be behind any more


class ReadBack:
    """Verifies writes by reads through *send*, which pay and are retried as any read.

    The reads are sent after each of *pauses* (seconds after the end of the write) until one proves the write. They end
    at the deadline of the call, or a few seconds after the write if that is later. `hurry` skips the rest of a pause.
    """

    def __init__(
        self,
        send: Send,
        *,
        clock: Callable[[], float],
        wall: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[object]],
        pauses: tuple[float, ...] = _PAUSES,
    ) -> None:
        self._send = send
        self._clock = clock
        self._wall = wall
        self._sleep = sleep
        # When to read: after each pause, or at once if the server shuts down
        self._pauses = pauses
        self._hurried = asyncio.Event()

    def now(self) -> Moment:
        """Return the present moment."""
        return Moment(self._clock(), self._wall())

    def hurry(self) -> None:
        """Make the next read of each verification at once, and none after it."""
        self._hurried.set()

    async def __call__(self, write: Write, deadline: float, *, settled: Callable[[], bool]) -> Result:
        """Return what the reads prove. *settled* is True once an equal write has succeeded, which ends them."""
        ended = self._clock()
        limit = max(deadline, ended + _OVERRUN)
        result = Result(UNCLEAR)
        for pause in self._pauses:
            if ended + pause >= limit:
                break
            await self._wait(ended + pause - self._clock())
            if settled():
                break
            begun = self._clock()
            result = await self._look(write, limit)
            result = replace(result, complete=begun >= ended + LAG)
            if result.finding.committed and (result.finding.fresh or result.complete):
                return result
            # One read is made after the start of a shutdown, and none after it.
            if self._hurried.is_set():
                break
        # A state of before proves nothing until the replicas had time to catch up.
        return result if result.complete and not result.finding.committed else replace(result, finding=UNCLEAR)

    async def _wait(self, seconds: float) -> None:
        """Sleep, but not longer than until the server shuts down."""
        sleeping = asyncio.ensure_future(self._sleep(max(seconds, 0.0)))
        hurried = asyncio.ensure_future(self._hurried.wait())
        try:
            await asyncio.wait((sleeping, hurried), return_when=asyncio.FIRST_COMPLETED)
        finally:
            # A task that outlives the wait would be reported as pending at the end of the loop.
            sleeping.cancel()
            hurried.cancel()

    async def _look(self, write: Write, limit: float) -> Result:
        """Try one way after the other, until one is conclusive."""
        result = Result(UNCLEAR)
        for way in write.verification.ways:
            sent = self.now()
            try:
                reply, absent = await self._read(_verifying(way.read(write), limit))
                look = Look(reply.data, since(write.started, sent, self.now(), reply.date), sent.clock, absent)
                finding = way.check(write, look)
                # A list may not show the age of its rows. The row itself may.
                if finding.candidate and (detail := write.verification.detail):
                    row = await self._send(_verifying(get(detail, finding.candidate), limit))
                    finding = way.check(write, replace(look, data=detailed(reply.data, record(row.data))))
                result = Result(finding, reply)
            except Exception as error:  # noqa: BLE001 - whatever it is, it proves nothing of the write
                result = Result(UNCLEAR, met=error)
            if result.finding.committed is not None:
                break
        return result

    async def _read(self, read: Request) -> tuple[Reply, bool]:
        """Make the read. Return a list whole if it has few pages, and True if there is no such thing."""
        try:
            reply = await self._send(read)
        except Rejected as refusal:
            if not refusal.proves_absence:
                raise
            return Reply(refusal.status), True
        # A longer list is not read whole, because each page costs a request. So it proves nothing.
        count = pages(reply.data) or 1
        if not 1 < count <= _MOST_PAGES:
            return reply, False
        others = [await self._send(_page(read, number)) for number in range(2, count + 1)]
        return replace(reply, data=joined(page.data for page in (reply, *others))), False


def _verifying(read: Request, limit: float) -> Request:
    return replace(read, deadline=limit, verifies=True)


def _page(read: Request, number: int) -> Request:
    return replace(read, query=(*read.query, ("page", str(number))))
