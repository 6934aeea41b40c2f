"""Middleware of the SDK's server: it handles every message, before and after the handler."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import mcp_types
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from ...pipeline.ledger import Presence
from ...sanitize import plain

_ANONYMOUS: Final = "Invalid request parameters"  # the SDK's whole message
_MOST_FAULTS: Final = 10
_TOO_EARLY: Final = f"{_ANONYMOUS}: the session has not begun. Send initialize first."
_OTHER_ERA: Final = "This connection began with a handshake, so it takes no request with the envelope of 2026-07-28."
_LONGEST: Final = 40  # characters of a client's name


@dataclass(frozen=True, slots=True)
class Introduction:
    """Keeps the name of the client in *presence*, for `linktime-mcp budget`."""

    presence: Presence

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Handle a message. The name is known after the handshake, or with the first request of 2026-07-28."""
        # A name is free text of the client, and ends up in a terminal.
        if not self.presence.client and (params := ctx.session.client_params):
            self.presence.client = plain(params.client_info.name, _LONGEST)
        return await call_next(ctx)


async def name_fields(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
    """Handle a message. A refusal of its parameters names every field that is wrong."""
    try:
        return await call_next(ctx)
    # 1. The handler's params are invalid: name each field.
    # 2. The SDK's own refusal without a reason, which it also sends before `initialize`.
    except ValidationError as error:
        message = f"{_ANONYMOUS}: {_faults(error)}"
    except MCPError as error:
        if error.error.message != _ANONYMOUS:
            raise
        message = _TOO_EARLY
    raise MCPError(mcp_types.INVALID_PARAMS, message)


async def one_era(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
    """Handle a message. Refuse a request of 2026-07-28 after a handshake, as the loop for any era does."""
    has_envelope = ctx.request_id is not None and mcp_types.PROTOCOL_VERSION_META_KEY in (ctx.meta or ())
    if has_envelope and ctx.method != "initialize" and ctx.protocol_version not in MODERN_PROTOCOL_VERSIONS:
        raise MCPError(mcp_types.INVALID_REQUEST, _OTHER_ERA)
    return await call_next(ctx)


def _faults(error: ValidationError) -> str:
    faults = error.errors(include_url=False, include_input=False)
    words = [f"{'.'.join(map(str, fault['loc']))}: {_plain(fault['msg'])}" for fault in faults[:_MOST_FAULTS]]
    return "; ".join(words) + (f"; and {more} more" if (more := len(faults) - _MOST_FAULTS) > 0 else "")


def _plain(message: str) -> str:
    return message.replace("Input should", "should").partition(" or instance of ")[0].replace("dictionary", "object")
