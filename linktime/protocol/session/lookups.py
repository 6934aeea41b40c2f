"""Best-effort reads for completions and prompts: cached answers, or a request if there is budget to spare."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from ...answers import as_object
from ...errors import Failure
from ...message import Send
from ...pipeline.local import AccountZone
from ...tools import Tool
from ..today import Moment
from .calls import report

_PATIENCE: Final = 2.0  # s; the user is typing
SPARE: Final = 10  # requests that are left to the calls


class Lookups:
    """Looks records up through *send*. For the other parameters, see `Session`."""

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
        """Return the answer of *tool*, only from the cache if budget is scarce, or None."""
        if self._refusal is not None:
            return None
        patience = _PATIENCE if self._budget()["budgetRemaining"] > SPARE else 0.0
        try:
            reply = await self._send(replace(tool.request(arguments), deadline=self._clock() + patience))
        except Failure:
            return None
        except Exception as error:  # noqa: BLE001 - a failed lookup only means fewer suggestions
            report(tool, error)
            return None
        return as_object(reply.data)

    async def moment(self) -> Moment:
        """Return the current time, in the account's zone if that is known or soon available."""
        return Moment.at(self._wall(), await self._zone.get() if self._zone else None)


def wall() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)
