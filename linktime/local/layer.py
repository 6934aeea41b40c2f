"""Adds the local times to answers on their way to the client."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final
from zoneinfo import ZoneInfo

from ..message import Reply, Request, Send
from ..wall import zone_named
from .fields import has_times, localized, zone_told
from .zone import AccountZone

_REMEMBERED: Final = 32  # answers; the cache gives the same one again


class LocalTimes:
    """A `Send` that shows each instant in an answer also in the account's *zone*, or in the one that was asked for.

    A read whose answer has instants waits a little for the zone where it isn't known, a write never.
    """

    def __init__(self, send: Send, zone: AccountZone) -> None:
        self._send = send
        self._zone = zone
        self._answers: dict[int, _Answer] = {}

    async def __call__(self, request: Request) -> Reply:
        """Send it on, and add to the answer; LinkTime's own fields stay as they are."""
        if request.dated:
            self._zone.ask()
        reply = await self._send(request)
        answer = self._answer(reply.data) if request.is_read else _Answer(reply.data)
        if not answer.has_times:
            return reply
        zone = answer.zone or zone_named(dict(request.query).get("timezone")) or await self._account(request)
        if zone is None:
            return reply
        return replace(reply, data=answer.local(zone), notes={**reply.notes, "timezone": zone.key})

    async def _account(self, request: Request) -> ZoneInfo | None:
        return await self._zone.get(request.deadline) if request.is_read else self._zone.known

    def _answer(self, data: Any) -> _Answer:
        known = self._answers.get(id(data))
        if known is None or known.data is not data:
            known = self._answers[id(data)] = _Answer(data)
            if len(self._answers) > _REMEMBERED:
                del self._answers[next(iter(self._answers))]
        return known


class _Answer:
    """An answer's *data*, what was found in it, and its last translation."""

    def __init__(self, data: Any) -> None:
        self.data = data
        self.has_times = has_times(data)
        self.zone = zone_told(data)
        self._local: tuple[ZoneInfo, Any] | None = None

    def local(self, zone: ZoneInfo) -> Any:
        """Show its times in *zone* too."""
        if self._local is None or self._local[0] is not zone:
            self._local = zone, localized(self.data, zone)
        return self._local[1]
