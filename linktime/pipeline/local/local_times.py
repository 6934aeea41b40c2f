"""The layer that adds local times to answers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final
from zoneinfo import ZoneInfo

from ...message import Notes, Reply, Request, Send
from ...wallclock import zone_named
from .annotate import has_times, localized, zone_of_slots
from .zone import AccountZone

_MOST: Final = 32  # answers; the cache returns the same object again


class LocalTimes:
    """A `Send` that adds local times to answers, in the first of these zones that is known.

    1. the zone that an answer with slots names
    2. the zone of the request
    3. the account's *zone*

    A read waits a short time for the account's zone. A write does not wait.
    """

    def __init__(self, send: Send, zone: AccountZone) -> None:
        self._send = send
        self._zone = zone
        # by the id of its data, oldest first; the data are kept, so that the id stays taken
        self._answers: dict[int, _Answer] = {}

    async def __call__(self, request: Request) -> Reply:
        """Send *request*, and add local times to the reply. Existing fields do not change."""
        if request.dated:
            self._zone.refresh()
        reply = await self._send(request)
        answer = self._answer(reply.data) if request.is_read else _Answer(reply.data)
        if not answer.has_times:
            return reply
        zone = answer.zone or zone_named(dict(request.query).get("timezone")) or await self._account_zone(request)
        if zone is None:
            return reply
        return replace(reply, data=answer.local(zone)).noted(Notes(timezone=zone.key))

    async def _account_zone(self, request: Request) -> ZoneInfo | None:
        return await self._zone.get(request.deadline) if request.is_read else self._zone.known

    def _answer(self, data: Any) -> _Answer:
        answer = self._answers.get(id(data))
        if answer is None or answer.data is not data:
            answer = self._answers[id(data)] = _Answer(data)
            if len(self._answers) > _MOST:
                del self._answers[next(iter(self._answers))]
        return answer


class _Answer:
    """The *data* of an answer, the zone that it names, and its copy with local times."""

    def __init__(self, data: Any) -> None:
        self.data = data
        self.has_times = has_times(data)
        self.zone = zone_of_slots(data)
        self._local: tuple[ZoneInfo, Any] | None = None  # the latest zone, and the copy in it

    def local(self, zone: ZoneInfo) -> Any:
        """Return a copy with local times in *zone*."""
        if self._local is None or self._local[0] is not zone:
            self._local = zone, localized(self.data, zone)
        return self._local[1]
