"""The layer that finds out what became of a write."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Final

from ..errors import Failure, NotCommitted, OutcomeUnknown, Rejected
from ..message import Reply, Request, Send
from .conflict import offer
from .evidence import EVIDENCE, Evidence
from .fields import joined, pages
from .judges import GONE, UNCLEAR, Finding, Write

_PAUSES: Final = (0.5, 2.0)  # s; before each look, since LinkTime may briefly be behind
_OVERRUN: Final = 10.0  # s; beyond the end of the write, since an honest answer is worth the wait
_HELP_WITHIN: Final = 2.0  # s; help with a conflict is for when there is budget at once
_MOST_PAGES: Final = 3


class Outcome:
    """A `Send` that never leaves it at "unknown" where LinkTime can show what became of a write.

    A write of unknown outcome is not repeated but read back, once after each of *pauses* (seconds) until it is found.
    The looks go through *send*, so they pay and are retried as any read. Their deadline is the call's own, on *clock*,
    or ten seconds after the write ended if that is later. Where a time is taken, the refusal names free ones.
    """

    def __init__(
        self,
        send: Send,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        pauses: tuple[float, ...] = _PAUSES,
    ) -> None:
        self._send = send
        self._clock = clock
        self._sleep = sleep
        self._pauses = pauses

    async def __call__(self, request: Request) -> Reply:
        """Send the request, and find out what became of it where that is unknown.

        Raises NotCommitted where LinkTime answered the write and shows that it has not happened, OutcomeUnknown where
        nobody can tell, and whatever else *send* raises.
        """
        try:
            return await self._send(request)
        except OutcomeUnknown as unknown:
            evidence = EVIDENCE.get((request.method, request.template))
            if evidence is None:
                raise
            return await self._settled(request, evidence, unknown)
        except Rejected as refusal:
            if request.is_read or refusal.status != HTTPStatus.CONFLICT:
                raise
            raise await self._advised(request, refusal) from None

    async def _settled(self, request: Request, evidence: Evidence, unknown: OutcomeUnknown) -> Reply:
        try:
            reply, finding = await self._read_back(request, evidence)
        # Whatever a look meets, the write is still unknown, and who waits for it or bumps its epochs must be told so.
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - see above
            met = f" ({error.word})" if isinstance(error, Failure) else ""
            raise _still(unknown, f"It could not be read back{met}", evidence) from None
        if finding.committed:
            return replace(reply, status=200, data=finding.data).noted(outcome="verified")
        if finding.committed is None:
            raise _still(unknown, "Read back, what is there does not tell", evidence) from None
        if not unknown.answered:
            raise _still(unknown, "Read back, it is not there, but it may still be on its way", evidence) from None
        raise NotCommitted(
            "LinkTime met a fault and, read back, this was not committed, so it is safe to call again."
        ) from None

    async def _read_back(self, request: Request, evidence: Evidence) -> tuple[Reply, Finding]:
        write, deadline = Write.of(request), max(request.deadline, self._clock() + _OVERRUN)
        reply, finding = Reply(0), UNCLEAR
        for pause in self._pauses:
            await self._sleep(pause)
            reply = await self._look(replace(evidence.ask(write), deadline=deadline))
            finding = evidence.judge(write, reply)
            if finding.committed is not False:
                break
        return reply, finding

    async def _look(self, read: Request) -> Reply:
        """Make the read; a list comes whole if it has few pages, and that there is no such thing is an answer, too."""
        try:
            reply = await self._send(read)
        except Rejected as refusal:
            if refusal.status not in GONE:
                raise
            return Reply(refusal.status)
        told = pages(reply.data) or 1
        if not 1 < told <= _MOST_PAGES:
            return reply
        others = [await self._send(_page(read, number)) for number in range(2, told + 1)]
        return replace(reply, data=joined(page.data for page in (reply, *others)))

    async def _advised(self, request: Request, refusal: Rejected) -> Rejected:
        deadline = self._clock() + _HELP_WITHIN
        try:
            advice = await offer(lambda read: self._send(replace(read, deadline=deadline)), request)
        except (Exception, asyncio.CancelledError):  # noqa: BLE001 - help that fails must not hide the refusal
            return refusal
        return Rejected(refusal.word, f"{refusal.message} {advice}", status=refusal.status) if advice else refusal


def _page(read: Request, number: int) -> Request:
    return replace(read, query=(*read.query, ("page", str(number))))


def _still(unknown: OutcomeUnknown, found: str, evidence: Evidence) -> OutcomeUnknown:
    return OutcomeUnknown(f"{unknown.message} {found}: {evidence.look}.", answered=unknown.answered)
