"""The mailbox: a pool of workers that send waiting messages as permits become free.

It is one file, because all of it reads or changes the same state: the queue, the stage and the workers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from contextvars import copy_context
from enum import Enum, auto
from math import inf
from typing import Final, Self

from ...errors import BudgetSpent, OutcomeUnknown, Overloaded, ShuttingDown, Unavailable
from ...message import Notes, Reply, Request, Send
from ...telemetry import hooks
from ..clock import now
from .queue import Envelope, Limiter, Permit, Queue

_NAP: Final = 5.0  # s; a longer wait is taken in pieces, since timers stand still while a laptop sleeps
_NOTED: Final = 0.05  # s; a shorter wait is not noted on the reply
_BLINK: Final = 0.001  # s; a shorter wait is lost in the rounding of the clock


class _Stage(Enum):
    OPEN = auto()
    FINISHING = auto()
    CLOSED = auto()


class Mailbox:
    """A `Send` whose calls are queued for a permit of the *limiter* and then go to *send*, one wire attempt for each.

    At most *capacity* calls are queued, and at most *workers* are in flight. One worker at a time waits until there are
    a message and a permit, and only then takes the oldest message of the permit's kind. So priority is decided when
    budget becomes free, and no permit ever waits for a worker. Deadlines are on *clock*.

    | stage | new calls | queued calls | calls in flight |
    | --- | --- | --- | --- |
    | open | are queued | wait for a permit | go on |
    | finishing | start now or are refused | start now or are refused | go on |
    | closed | are refused | are refused | go on |
    | leaving | are refused | as in the stage before | are waited for |

    It is an async context manager: leaving it is the last stage.
    """

    def __init__(
        self, send: Send, limiter: Limiter, *, capacity: int = 256, workers: int = 8, clock: Callable[[], float] = now
    ) -> None:
        self._send = send
        self._limiter = limiter
        self._capacity = capacity
        self._size = workers
        self._clock = clock
        # Queued calls; the event is set when their order or the budget may have changed
        self._queue = Queue(limiter)
        self._changed = asyncio.Event()
        # The stage, and whether the context manager is left
        self._stage = _Stage.OPEN
        self._leaving = False
        # The workers, of which one at a time waits for a message and a permit, and the requests in flight
        self._workers: list[asyncio.Task[None]] = []
        self._next_one = asyncio.Lock()
        self._reads: set[asyncio.Task[Reply]] = set()
        self._busy = 0

    async def __call__(self, request: Request) -> Reply:
        """Wait for the request's turn, send it and return the reply.

        Raises Overloaded, BudgetSpent or ShuttingDown if it was not sent, else any error of *send*. A call that is
        cancelled while it is queued leaves the queue, and nothing is sent. A call that is cancelled later goes on to
        its end and returns its reply: a sent request cannot be unsent. So run it in a task of its own.
        """
        envelope = self._admit(request)
        while not envelope.reply.done():
            try:
                await asyncio.wait((envelope.reply,), timeout=self._patience(envelope))
            except asyncio.CancelledError as cancelled:
                if self._queue.withdraw(envelope):
                    self._trace(envelope, cancelled)
                    raise
            self._expire(envelope)
        return envelope.reply.result()

    @property
    def waiting(self) -> int:
        """Return how many calls are queued."""
        return len(self._queue)

    def eta(self, request: Request) -> float | None:
        """Estimate the seconds until *request* is sent. Return None if it is not queued."""
        return next((wait for envelope, wait in self._queue.plan() if envelope.request == request), None)

    def close(self, *, finish: bool) -> None:
        """Refuse queued and later calls. To *finish*, those that need not wait for budget still start."""
        if not finish:
            self._stage = _Stage.CLOSED
        elif self._stage is _Stage.OPEN:
            self._stage = _Stage.FINISHING
        self._fail(envelope for envelope, wait in self._queue.plan() if wait > 0 or self._stage is _Stage.CLOSED)

    def give_up_reads(self) -> None:
        """Cancel the reads in flight, when no caller waits for them any more."""
        for read in self._reads:
            read.cancel()

    async def __aenter__(self) -> Self:
        self._workers = [asyncio.create_task(self._work()) for _ in range(self._size)]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._leaving = True
        self.close(finish=self._stage is _Stage.FINISHING)
        self._changed.set()
        await asyncio.gather(*self._workers)

    def __repr__(self) -> str:
        workers = f"{self._busy} of {self._size} workers busy"
        permits = f"{self._limiter.free} of {self._limiter.limit} permits free"
        return f"<Mailbox {len(self._queue)} waiting | {workers} | {permits}>"

    def _admit(self, request: Request) -> Envelope:
        moment, finishing = self._clock(), self._stage is _Stage.FINISHING
        if self._leaving or self._stage is _Stage.CLOSED:
            raise _gone()
        if len(self._queue) >= self._capacity:
            raise Overloaded(f"{self._capacity} calls are queued already, and this one was not sent; call again later.")
        # A call is refused at once if its turn comes after its deadline, so that the model can do without it.
        patience = 0.0 if finishing else request.deadline - moment
        if patience < inf and (wait := self._queue.wait_of_next(read=not request.is_urgent)) > patience:
            raise _gone() if finishing else BudgetSpent(wait)
        envelope = Envelope(request, asyncio.get_running_loop().create_future(), moment, copy_context())
        if self._queue.add(envelope):
            self._changed.set()
        return envelope

    def _patience(self, envelope: Envelope) -> float | None:
        if envelope.request.deadline == inf or envelope not in self._queue:
            return None
        return _nap(envelope.request.deadline - self._clock())

    def _expire(self, envelope: Envelope) -> None:
        if envelope in self._queue and self._clock() >= envelope.request.deadline:
            self._fail([envelope], BudgetSpent(dict(self._queue.plan())[envelope]))

    def _fail(self, envelopes: Iterable[Envelope], failure: Exception | None = None) -> None:
        for envelope in list(envelopes):
            self._queue.withdraw(envelope)
            self._refuse(envelope, failure or _gone())

    async def _work(self) -> None:
        while taken := await self._next():
            await self._serve(*taken)

    async def _next(self) -> tuple[Envelope, Permit] | None:
        """Wait for a message and a permit. Return None when there will be no more."""
        async with self._next_one:
            since = self._clock()
            while self._queue or not self._leaving:
                self._changed.clear()
                # 1. No permit: wait for one, or for a change of the queue.
                # 2. A permit and a message: send it.
                # 3. A permit, but the message has left the queue meanwhile: give the permit back.
                answer = await self._ask() if self._queue else inf
                if isinstance(answer, float):
                    since = since if self._queue else inf
                    await self._pause(answer)
                    since = min(since, self._clock())
                elif envelope := self._pop(read=answer.read):
                    envelope.context.run(hooks.granted, envelope.request.method, self._clock() - since)
                    return envelope, answer
                else:
                    await asyncio.wait((answer.settle(None),))
        return None

    async def _ask(self) -> Permit | float:
        try:
            return await self._limiter.take(**self._queue.waiting)
        except Exception as error:  # noqa: BLE001 - any error goes to the callers, and the pool lives on
            self._fail(self._queue, error)
            return inf

    async def _pause(self, seconds: float) -> None:
        """Wait for a change or for budget. A mailbox that finishes does not wait for budget."""
        if self._stage is _Stage.FINISHING:
            self._fail(self._queue)
        with suppress(TimeoutError):
            async with asyncio.timeout(_nap(seconds) if self._queue else None):
                await self._changed.wait()

    def _pop(self, *, read: bool) -> Envelope | None:
        """Take the oldest message of its kind, and refuse those whose deadline is over."""
        while (envelope := self._queue.pop(read=read)) and self._clock() >= envelope.request.deadline:
            self._refuse(envelope, BudgetSpent(0.0))
        return envelope

    def _refuse(self, envelope: Envelope, failure: Exception) -> None:
        self._trace(envelope, failure)
        envelope.answer(failure)

    def _trace(self, envelope: Envelope, refusal: BaseException | None = None) -> None:
        """End the span of the wait: the message is sent, or refused."""
        waited = self._clock() - envelope.arrival
        envelope.context.run(hooks.waited, envelope.request.method, waited, refusal)

    async def _serve(self, envelope: Envelope, permit: Permit) -> None:
        """Send the request. Then settle its permit, answer its caller and wake the next worker, in this order."""
        waited = self._clock() - envelope.arrival
        self._trace(envelope)
        sending = asyncio.create_task(self._attempt(envelope.request, permit), context=envelope.context)
        if envelope.request.is_read:
            self._reads.add(sending)
            sending.add_done_callback(self._reads.discard)
        self._busy += 1
        try:
            await asyncio.wait((sending,))
        finally:
            self._busy -= 1
            sending.cancel()
            outcome = _outcome(sending, envelope.request)
            # The permit is settled first: a caller that sees the reply may ask how many are free.
            settling = permit.settle(outcome)
            envelope.answer(_noted(outcome, waited) if isinstance(outcome, Reply) else outcome)
            await asyncio.wait((settling,))
            self._changed.set()

    async def _attempt(self, request: Request, permit: Permit) -> Reply:
        """Send the request, unless the process stood still for so long that other servers may have its permit."""
        if not permit.is_fresh:
            raise Unavailable("the server stood still before it sent the request; call again.", sent=False)
        return await self._send(request)


def _outcome(sending: asyncio.Task[Reply], request: Request) -> Reply | BaseException:
    if sending.done() and not sending.cancelled():
        return sending.exception() or sending.result()
    if request.is_read:
        return Unavailable("the request was given up before its answer came; try again later.", sent=True)
    return OutcomeUnknown(
        "the request was given up before its answer came, so this change may or may not have been made. "
        "Look before you try again.",
        answered=False,
    )


def _noted(reply: Reply, waited: float) -> Reply:
    return reply.noted(Notes(queue_seconds=round(waited, 1))) if waited >= _NOTED else reply


def _nap(seconds: float) -> float:
    return min(max(seconds, _BLINK), _NAP)


def _gone() -> ShuttingDown:
    return ShuttingDown("the server is shutting down, and this call was not sent.")
