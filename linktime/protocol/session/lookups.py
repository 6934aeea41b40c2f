"""Best-effort reads for completions and prompts: cached answers, or a request if there is budget to spare."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ...answers import as_object
from ...errors import Failure
from ...tools import Tool
from ...tools.guest_text import guest_texts
from ..today import Moment
from .results import Remember
from .unexpected import report
from .upstream import Upstream

_PATIENCE: Final = 2.0  # s; the user is typing


class Lookups:
    """Reads through *upstream*, without local times. A lookup never fails: at worst it has no answer.

    *remember* takes the texts of guests in every answer, because the client may see them.
    """

    def __init__(self, upstream: Upstream, remember: Remember | None = None) -> None:
        self._upstream = upstream
        self._remember = remember

    async def answer(self, tool: Tool, arguments: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the answer of *tool*, or None. If the budget is scarce, only a cached answer counts."""
        if self._upstream.refusal is not None:
            return None
        patience = _PATIENCE if self._upstream.has_spare_budget else 0.0
        try:
            reply = await self._upstream.direct(self._upstream.within(tool.request(arguments), patience))
        except Failure:
            return None
        except Exception as error:  # noqa: BLE001 - a failed lookup only means fewer suggestions
            report(tool, error)
            return None
        if self._remember is not None:
            self._remember(guest_texts(tool.name, reply.data))
        return as_object(reply.data)

    async def moment(self) -> Moment:
        """Return the current time, in the account's zone if that is known or soon available."""
        return Moment.at(self._upstream.wall(), await self._upstream.account_zone())
