"""The layer that adds local times to answers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final
from zoneinfo import ZoneInfo

from ...message import Notes, Reply, Request, Send
from ...wallclock import zone_named
from .annotate import has_times, localized, zone_of_slots
from .zone import AccountZone

_KEPT: Final = 32  # answers; the cache returns the same object again


class LocalTimes:
    """A `Send` that adds local times to answers: `…Local` in the account's zone, and `…Guest` in that of the guest.

    The account's zone is the one that an answer with slots names without a request for it, or else *zone*. The zone of
    a slot's guest is the one of the request. A read waits a short time for the account's zone, and so does a write
    whose answer is likely to hold times. Its lookup runs beside the request.
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
        guest = zone_named(dict(request.query).get("timezone"))
        zone = (None if guest else answer.zone) or await self._account_zone(request)
        noted = reply.noted(Notes(timezone=zone.key)) if zone else reply
        return replace(noted, data=answer.local(zone, guest))

    async def _account_zone(self, request: Request) -> ZoneInfo | None:
        waits = request.is_read or request.dated
        return await self._zone.get(request.deadline) if waits else self._zone.known

    def _answer(self, data: Any) -> _Answer:
        answer = self._answers.get(id(data))
        if answer is None or answer.data is not data:
            answer = self._answers[id(data)] = _Answer(data)
            if len(self._answers) > _KEPT:
                del self._answers[next(iter(self._answers))]
        return answer


class _Answer:
    """The *data* of an answer, the zone that it names, and its copy with local times."""

    def __init__(self, data: Any) -> None:
        self.data = data
        self.has_times = has_times(data)
        self.zone = zone_of_slots(data)
        self._local: tuple[ZoneInfo | None, ZoneInfo | None, Any] | None = None  # the latest zones, and the copy

    def local(self, zone: ZoneInfo | None, guest: ZoneInfo | None) -> Any:
        """Return a copy with local times in *zone*, and in that of the *guest*."""
        if self._local is None or self._local[0] is not zone or self._local[1] is not guest:
            self._local = zone, guest, localized(self.data, zone, guest)
        return self._local[2]
