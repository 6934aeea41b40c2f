"""Which zone the account is in: looked up rarely, and never waited for long."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from math import inf
from typing import Any, Final
from zoneinfo import ZoneInfo

from ..errors import BudgetSpent, Failure, Overloaded, ShuttingDown
from ..message import Request, Send
from ..wall import zone_named

_PATIENCE: Final = 1.0  # s; all who wait for one look wait no longer together
_LOOK: Final = 10.0  # s; a look that was not waited for may still end, and helps the next

log = logging.getLogger(__name__)


class AccountZone:
    """The account's zone, asked for with *question* at most once in *life* seconds; a failure counts as an answer.

    It is not asked for unless there is budget to *spare*; then what is known stays, however old. *epoch* counts the
    writes that may have changed it, after which nothing is known. An answer is not kept until they are *settled*.
    *clock* is that of deadlines.
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
        self._send = send
        self._question = question
        self._clock = clock
        self._epoch = epoch
        self._spare = spare
        self._life = life
        self._settled = settled
        self._zone: ZoneInfo | None = None
        self._of = epoch()
        self._fresh_until = self._begun = -inf
        self._look: asyncio.Task[None] | None = None

    @property
    def known(self) -> ZoneInfo | None:
        """The zone, if no write has touched it since it was told."""
        return self._zone if self._of == self._epoch() else None

    def ask(self) -> None:
        """Begin to look, unless that is done or under way; it takes nobody's time."""
        if not self._is_fresh() and not self._looking() and self._spare():
            self._begun = self._clock()
            self._look = asyncio.create_task(self._ask())

    async def get(self, deadline: float = inf) -> ZoneInfo | None:
        """Ask, wait a little, and tell what is known then."""
        self.ask()
        if self._look and self._looking():
            until = min(self._begun + _PATIENCE, deadline)
            await asyncio.wait({self._look}, timeout=max(until - self._clock(), 0.0))
        return self.known

    def _is_fresh(self) -> bool:
        return self._clock() < self._fresh_until and self._of == self._epoch()

    def _looking(self) -> bool:
        return self._look is not None and not self._look.done()

    async def _ask(self) -> None:
        epoch = self._epoch()
        zone, age = self.known, 0.0
        life = self._life if self._settled() else 0.0
        try:
            reply = await self._send(replace(self._question, deadline=self._clock() + _LOOK))
        except (BudgetSpent, Overloaded, ShuttingDown):  # nothing was asked
            return
        except Failure:
            pass
        except Exception as error:  # noqa: BLE001 - whatever it is, it was a look and no more
            log.error("the look for the account's zone failed: %s", type(error).__name__)  # noqa: TRY400 - no text
        else:
            zone, age = _zone_of(reply.data), float(reply.notes.get("ageSeconds", 0.0))
        self._zone, self._of, self._fresh_until = zone, epoch, self._clock() + life - age


def _zone_of(data: Any) -> ZoneInfo | None:
    match data:
        case {"timezone": name} | {"data": {"timezone": name}}:
            return zone_named(name)
        case _:
            return None
