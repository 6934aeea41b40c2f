"""The account's time zone and time format: looked up rarely, with a short wait."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from math import inf
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from ...answers import record
from ...errors import BudgetSpent, Failure, Overloaded, ShuttingDown
from ...message import Request, Send
from ...wallclock import zone_named

_PATIENCE: Final = 1.0  # s from the start of a lookup; shared by all callers that wait for it
_DEADLINE: Final = 10.0  # s for a lookup; a late result still serves later callers
_UNSETTLED: Final = 3.0  # s that a zone serves if a replica behind the last write may have answered
_TIME_FORMATS: Final = ("12h", "24h")

log = logging.getLogger(__name__)


class _Settings(NamedTuple):
    """The settings that a lookup read. None stands for one that is absent or invalid."""

    zone: ZoneInfo | None = None
    time_format: str | None = None


class AccountZone:
    """The account's time zone and time format, from the settings.

    A lookup costs a request, so its result serves for *life* seconds, also if the lookup failed.

    | state | `known` | `refresh` |
    |---|---|---|
    | no lookup yet | None | starts a lookup if there is budget to spare |
    | fresh | the last result | does nothing |
    | stale: its life is over | the last result | starts a lookup if there is budget to spare |
    | outdated: the epoch is a new one | None | starts a lookup if there is budget to spare |
    | a lookup is in flight | as before it | does nothing |

    Args:
        send: Sends the request.
        question: The request for the settings.
        clock: The clock of deadlines, in seconds.
        epoch: Returns the number of writes that could have changed the zone. A new number makes the zone unknown.
        spare: Returns whether there is budget to spare. If not, the last known zone serves, at any age.
        life: Seconds.
        settled: Returns whether the last such write is so old that no replica is behind it. If not, a result serves
            for 3 s.
    """

    def __init__(
        self,
        send: Send,
        question: Request,
        *,
        clock: Callable[[], float],
        epoch: Callable[[], int],
        spare: Callable[[], bool],
        life: float,
        settled: Callable[[], bool] = lambda: True,
    ) -> None:
        # how to look up
        self._send = send
        self._question = question
        self._clock = clock
        self._epoch = epoch
        self._spare = spare
        self._life = life
        self._settled = settled
        # the last result
        self._settings = _Settings()
        self._settings_epoch = epoch()  # the epoch before that lookup
        self._fresh_until = -inf  # s of the clock
        # the last lookup, in flight or done
        self._lookup: asyncio.Task[None] | None = None
        self._lookup_start = -inf  # s of the clock

    @property
    def known(self) -> ZoneInfo | None:
        """Return the zone, or None if it is unknown or a write could have changed it."""
        return self._known.zone

    @property
    def time_format(self) -> str | None:
        """Return `12h` or `24h`, as the account writes times. It is known as long as the zone is."""
        return self._known.time_format

    def refresh(self) -> None:
        """Start a lookup in the background, unless the zone is fresh, a lookup is in flight, or budget is scarce."""
        if not self._is_fresh() and not self._in_flight() and self._spare():
            self._lookup_start = self._clock()
            self._lookup = asyncio.create_task(self._look_up())

    async def get(self, deadline: float = inf, patience: float = _PATIENCE) -> ZoneInfo | None:
        """Refresh the zone, wait for a lookup in flight until *deadline* or for *patience* seconds, return `known`."""
        self.refresh()
        if self._lookup and self._in_flight():
            until = min(self._lookup_start + patience, deadline)
            await asyncio.wait({self._lookup}, timeout=max(until - self._clock(), 0.0))
        return self.known

    @property
    def _known(self) -> _Settings:
        return self._settings if self._settings_epoch == self._epoch() else _Settings()

    def _is_fresh(self) -> bool:
        return self._clock() < self._fresh_until and self._settings_epoch == self._epoch()

    def _in_flight(self) -> bool:
        return self._lookup is not None and not self._lookup.done()

    async def _look_up(self) -> None:
        # 1. Nothing was sent: the state stays, and the next caller looks up again.
        # 2. The lookup failed: the known zone serves for another life.
        # 3. There is a reply: its zone serves, for the rest of its life if the reply is from the cache.
        epoch = self._epoch()
        settings, age = self._known, 0.0
        life = self._life if self._settled() else min(self._life, _UNSETTLED)
        try:
            reply = await self._send(replace(self._question, deadline=self._clock() + _DEADLINE))
        except (BudgetSpent, Overloaded, ShuttingDown):
            return
        except Failure:
            pass
        except Exception as error:  # noqa: BLE001 - a failed lookup must not end the call
            log.error("the lookup of the account's zone failed: %s", type(error).__name__)  # noqa: TRY400 - no text
        else:
            row, age = record(reply.data), reply.notes.age_seconds or 0.0
            time_format = next((each for each in _TIME_FORMATS if each == row.get("timeFormat")), None)
            settings = _Settings(zone_named(row.get("timezone")), time_format)
        self._settings, self._settings_epoch, self._fresh_until = settings, epoch, self._clock() + life - age
