"""Refusals as errors of the protocol, which name the cause: a field of the parameters, or an unknown name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import mcp_types
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.shared.exceptions import MCPError
from pydantic import ValidationError

from ...tools.suggest import suggest

_ANONYMOUS: Final = "Invalid request parameters"  # the SDK's whole message
_MOST_FAULTS: Final = 10
_LONGEST_NAME: Final = 64  # characters of an unknown name that the error repeats
_TOO_EARLY: Final = f"{_ANONYMOUS}: the session has not begun. Send initialize first."


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


def unknown(kind: str, name: str, known: Iterable[str]) -> MCPError:
    """Return the error for an unknown *name* of a *kind* of thing. It names the nearest of the *known* names."""
    near = suggest(name, known)
    hint = f" Did you mean {near}?" if near else ""
    return MCPError(mcp_types.INVALID_PARAMS, f"Unknown {kind}: {name[:_LONGEST_NAME]!r}.{hint}")


def _faults(error: ValidationError) -> str:
    faults = error.errors(include_url=False, include_input=False)
    words = [f"{'.'.join(map(str, fault['loc']))}: {_plain(fault['msg'])}" for fault in faults[:_MOST_FAULTS]]
    return "; ".join(words) + (f"; and {more} more" if (more := len(faults) - _MOST_FAULTS) > 0 else "")


def _plain(message: str) -> str:
    return message.replace("Input should", "should").partition(" or instance of ")[0].replace("dictionary", "object")
