"""Reads on nobody's order: what is at hand, or costs a request that nobody else needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from ..errors import Failure
from ..local import AccountZone
from ..message import Send
from ..today import Moment
from ..tools import Tool
from .calls import report
from .results import as_object

_PATIENCE: Final = 2.0  # s; somebody is typing
SPARE: Final = 10  # requests that are left to the calls


class AtHand:
    """Looks things up through *send*; what the others are is told at `Session`."""

    def __init__(
        self,
        send: Send,
        *,
        clock: Callable[[], float],
        budget: Callable[[], Mapping[str, float]],
        refusal: Failure | None,
        zone: AccountZone | None,
        wall: Callable[[], datetime],
    ) -> None:
        self._send = send
        self._clock = clock
        self._budget = budget
        self._refusal = refusal
        self._zone = zone if refusal is None else None
        self._wall = wall

    async def look(self, tool: Tool, arguments: Mapping[str, Any]) -> dict[str, Any] | None:
        """Read what *tool* tells, from the cache if budget is scarce; None where that can't be."""
        if self._refusal is not None:
            return None
        patience = _PATIENCE if self._budget()["budgetRemaining"] > SPARE else 0.0
        try:
            reply = await self._send(replace(tool.request(arguments), deadline=self._clock() + patience))
        except Failure:
            return None
        except Exception as error:  # noqa: BLE001 - whatever it is, it was a look and no more
            report(tool, error)
            return None
        return as_object(reply.data)

    async def moment(self) -> Moment:
        """Tell the time, in the account's zone if that is known or soon told."""
        return Moment.at(self._wall(), await self._zone.get() if self._zone else None)


def wall() -> datetime:
    """Tell the time of day."""
    return datetime.now(UTC)
