"""Takes down the name by which the client introduces itself, for `linktime-mcp budget`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext

from ...pipeline.ledger import Presence
from ...sanitize import plain

_LONGEST: Final = 40  # characters


@dataclass(frozen=True, slots=True)
class Introduction:
    """A middleware that keeps the client's name in *presence*."""

    presence: Presence

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Handle a message. The name is known after the handshake, or with the first request of 2026-07-28."""
        # A name is free text of the client, and ends up in a terminal.
        if not self.presence.client and (params := ctx.session.client_params):
            self.presence.client = plain(params.client_info.name, _LONGEST)
        return await call_next(ctx)
