"""The layer that finds out the outcome of writes.

It is one file, because all of it follows one write from its first doubt to its result.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Any, Final

import orjson

from ...errors import Failure, NotCommitted, OutcomeUnknown, Rejected
from ...message import Delivery, Notes, Reply, Request, Send
from .accepted import Accepted, with_answer
from .doubts import Doubt, Doubts, may_arrive
from .history import History, ident_of
from .new_rows import still_there
from .readback import ReadBack, Result
from .verification import SUCCESS, UNCLEAR, Check, Verification, Write

_REPEATED: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY})
_ADVICE_WITHIN: Final = 2.0  # s; it is only given if there is budget at once
_FAILED: Final = "linktime-mcp failed after this change was sent, so it may or may not have been made."
_UNSENT: Final = "linktime-mcp failed before this change was sent; nothing was sent. Report it if it recurs."
_EARLIER: Final = (
    "An equal call before this one may be the reason. Don't choose another time or name before you have looked"
)
_ON_ITS_WAY: Final = "Read back, it is not there, but it may still be on its way"
UNREAD: Final = "It could not be read back"
_REPLAYED: Final = "LinkTime may have answered an earlier equal call once more, and its change may be undone since."

log = logging.getLogger(__name__)


class Outcome:
    """A `Send` that leaves no write at "unknown" if LinkTime can show its outcome.

    A write of unknown outcome is not repeated but read back. If it stays in doubt, an equal write that follows within
    minutes carries the same Idempotency-Key, and a refusal of it is checked against the first one. If a time is taken,
    the refusal names free ones. Reads pass through, and the history keeps the rows that they show.
    """

    def __init__(
        self,
        send: Send,
        *,
        clock: Callable[[], float],
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        # How to send, and how to verify by reads
        self._send = send
        self._clock = clock
        self._read_back = ReadBack(send, clock=clock, wall=wall, sleep=sleep)
        # Rows and writes of before: the proof that a row is new, or that a write may be a repetition
        self._history = History()
        self._doubts = Doubts()

    def hurry(self) -> None:
        """Make one more read for each write that is being verified, at once: the server shuts down."""
        self._read_back.hurry()

    async def __call__(self, request: Request) -> Reply:
        """Send the request, and verify a write if its outcome is not certain.

        Raises NotCommitted if LinkTime answered the write and proves that it was not made, OutcomeUnknown if that is
        not certain, and any other error of *send*.
        """
        # 1. A request without a verification is a read. The history keeps the rows that it shows.
        # 2. A write begins a doubt, or joins the doubt of an equal write. Its doubt ends with it.
        verification = Verification.of(request)
        if verification is None:
            reply = await self._send(request)
            self._history.read(request, reply, self._clock())
            return reply
        self._doubts.overtaken(request, self._history)
        now = self._read_back.now()
        doubt = self._doubts.begin(request, now)
        rivals = partial(self._rivals, request)
        write = Write.of(request, verification, started=doubt.started, history=self._history, rivals=rivals)
        self._history.wrote(request, now.clock)
        try:
            return await self._write(write, doubt)
        finally:
            self._doubts.end(doubt)

    async def _write(self, write: Write, doubt: Doubt) -> Reply:
        # 1. LinkTime may have made the write: it is read back.
        # 2. LinkTime refused it: an equal write before it may be the reason.
        # 3. LinkTime made it, and the client has left: an equal call is then a repetition.
        # 4. LinkTime made it. If that may be an old answer once more, the new row is looked up.
        replayable = doubt.replayable
        try:
            reply = await self._sent(replace(write.request, idempotency_key=doubt.key))
        except OutcomeUnknown as unknown:
            return await self._settled(write, doubt, unknown)
        except Rejected as refusal:
            return await self._refused(write, doubt, refusal)
        if _abandoned():  # the client has no answer, so an equal call is a repetition
            self._doubts.doubtful(doubt, self._clock(), answered=True)
        elif replayable:
            await self._check_replay(write, still_there(ident_of(reply)), doubt)
        return self._done(write, doubt, reply)

    async def _check_replay(self, write: Write, check: Check, doubt: Doubt) -> None:
        """Raise OutcomeUnknown unless LinkTime shows the new row: the answer may be that of an earlier equal write."""
        result = await self._verified(replace(write, verification=write.verification.by(check)), doubt)
        if isinstance(result, Result):
            doubt.retired |= result.finding.committed is False
            raise OutcomeUnknown(f"{_REPLAYED} {_inconclusive(result)}: {write.verification.hint}.", answered=True)

    async def _sent(self, request: Request) -> Reply:
        """Send a write. After it went out, any error but a refusal is an OutcomeUnknown."""
        delivery = request.delivery or Delivery()
        try:
            reply = await self._send(replace(request, delivery=delivery))
        except Failure:
            raise
        except Exception as error:  # noqa: BLE001 - any fault of this program
            log.error("%s %s: %s", request.method, request.template, type(error).__name__)  # noqa: TRY400 - no text
            raise (OutcomeUnknown(_FAILED, answered=False) if delivery.possible else Failure(_UNSENT)) from None
        if reply.status == HTTPStatus.ACCEPTED:
            raise Accepted(reply.data)
        return reply

    async def _settled(self, write: Write, doubt: Doubt, unknown: OutcomeUnknown) -> Reply:
        """Read a write in doubt back, and answer it."""
        self._history.wrote(write.request, self._clock())
        self._doubts.doubtful(doubt, self._clock(), answered=unknown.answered)
        # 1. The reads prove the write: it is a success.
        # 2. They prove nothing.
        # 3. They show the state before, but an equal request may still arrive.
        # 4. They show the state before, and no request is on its way: the write was not made.
        result = await self._verified(write, doubt)
        if isinstance(result, Reply):
            return self._done(write, doubt, with_answer(result, unknown))
        if result.finding.committed is None:
            raise OutcomeUnknown(
                f"{unknown.message} {_inconclusive(result)}: {write.verification.hint}.", answered=unknown.answered
            ) from None
        renewed = doubt.first is not doubt.started  # then an equal write before this one may have been made
        if not unknown.answered or renewed or may_arrive(doubt, self._clock()):
            raise OutcomeUnknown(
                f"{unknown.message} {_ON_ITS_WAY}: {write.verification.hint}.", answered=unknown.answered
            ) from None
        raise NotCommitted(
            "LinkTime met a fault and, read back, this was not committed, so it is safe to call again."
        ) from None

    async def _refused(self, write: Write, doubt: Doubt, refusal: Rejected) -> Reply:
        """Answer a refused write: an equal one before it may be the reason of the refusal."""
        # 1. No equal write came before: the refusal is final.
        # 2. A row to delete is absent: a success if an equal write may have deleted it.
        # 3. A refusal that no equal write can cause: it is final, too.
        # 4. Any other refusal: the reads decide whether the equal write was made.
        if not (doubt.open or doubt.reply or doubt.in_flight > 1):
            raise await self._advised(write, refusal) from None
        if write.request.method == "DELETE" and refusal.proves_absence:
            await self._equals_answered(doubt)
            if doubt.open or doubt.reply:
                return self._done(write, doubt, _verified(Reply(200), SUCCESS))
            raise refusal
        if refusal.status not in _REPEATED:
            raise refusal
        result = await self._verified(replace(write, started=doubt.first), doubt)
        if isinstance(result, Reply):
            return self._done(write, doubt, result)
        if result.finding.committed is None and refusal.status == HTTPStatus.CONFLICT:
            raise OutcomeUnknown(f"{refusal.message} {_EARLIER}: {write.verification.hint}.", answered=True) from None
        raise await self._advised(write, refusal) from None

    async def _equals_answered(self, doubt: Doubt) -> None:
        """Wait until each equal write in flight has its answer: if all are refused, none of them removed the row."""
        doubt.refused += 1
        doubt.changed.set()
        try:
            while doubt.in_flight > doubt.refused and not (doubt.open or doubt.reply):
                doubt.changed.clear()
                await doubt.changed.wait()
        finally:
            doubt.refused -= 1

    async def _verified(self, write: Write, doubt: Doubt) -> Reply | Result:
        """Return the reply of a write that was certainly made, else the result of reading it back."""
        try:
            result = await self._read_back(write, write.request.deadline, settled=lambda: doubt.reply is not None)
        # A caller who leaves must not make the layers above believe that nothing was sent.
        except asyncio.CancelledError as left:
            return Result(UNCLEAR, met=left)
        # An equal write was answered meanwhile. Its reply is the reply of this one, too.
        if doubt.reply is not None:
            return doubt.reply.noted(Notes(outcome="verified"))
        return _verified(result.reply, result.finding.data) if result.finding.committed else result

    def _done(self, write: Write, doubt: Doubt, reply: Reply) -> Reply:
        self._history.made(write.request, reply, self._clock())
        if not _abandoned():
            self._doubts.succeeded(doubt, reply)
        return reply

    def _rivals(self, request: Request) -> list[Mapping[str, Any]]:
        return [orjson.loads(other.body or b"{}") for other in self._doubts.others(request, self._clock())]

    async def _advised(self, write: Write, refusal: Rejected) -> Rejected:
        advise = write.verification.advise
        if refusal.status != HTTPStatus.CONFLICT or advise is None:
            return refusal
        limit = self._clock() + _ADVICE_WITHIN
        try:
            advice = await advise(lambda read: self._send(replace(read, deadline=limit)), write)
        except (Exception, asyncio.CancelledError):  # noqa: BLE001 - help that fails must not hide the refusal
            return refusal
        return Rejected(refusal.word, refusal.happened, advice, status=refusal.status) if advice else refusal


def _abandoned() -> bool:
    """Return whether the caller has left, so that no answer reaches the client."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _verified(reply: Reply, data: Any) -> Reply:
    return replace(reply, status=200, data=data).noted(Notes(outcome="verified"))


def _inconclusive(result: Result) -> str:
    if result.met is None:
        return "Read back, LinkTime shows no proof"
    word = f" ({result.met.word})" if isinstance(result.met, Failure) else ""
    return f"{UNREAD}{word}"
