"""The layer that adds local times to answers."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from ...message import Notes, Reply, Request, Send
from ...wallclock import zone_named
from ..identity import ByIdentity
from .annotate import has_times, localized, zone_of_slots
from .zone import AccountZone


class LocalTimes:
    """A `Send` that adds local times to answers: `…Local` in the account's zone, and `…Guest` in that of the guest.

    The account's zone is the one that an answer with slots names without a request for it, or else *zone*. The zone of
    a slot's guest is the one of the request. A read waits a short time for the account's zone, and so does a write
    whose answer is likely to hold times. Its lookup runs beside the request.
    """

    def __init__(self, send: Send, zone: AccountZone) -> None:
        self._send = send
        self._zone = zone
        self._has_times = ByIdentity(has_times)
        self._localized = ByIdentity(localized)

    async def __call__(self, request: Request) -> Reply:
        """Send *request*, and add local times to the reply. Existing fields do not change."""
        if request.dated:
            self._zone.refresh()
        reply = await self._send(request)
        # Only the answers of reads come again.
        known, local = (self._has_times, self._localized) if request.is_read else (has_times, localized)
        if not known(reply.data):
            return reply
        guest = zone_named(dict(request.query).get("timezone"))
        zone = (None if guest else zone_of_slots(reply.data)) or await self._account_zone(request)
        noted = reply.noted(Notes(timezone=zone.key)) if zone else reply
        return replace(noted, data=local(reply.data, zone, guest))

    async def _account_zone(self, request: Request) -> ZoneInfo | None:
        waits = request.is_read or request.dated
        return await self._zone.get(request.deadline) if waits else self._zone.known
