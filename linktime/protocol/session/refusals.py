"""Refusals as errors of the protocol, which name the cause, such as an unknown name."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil
from typing import Any, Final

import mcp_types
from mcp.shared.exceptions import MCPError

from ...errors import BudgetSpent, Failure, RateLimited, Unavailable
from ...telemetry import hooks
from ...tools.suggest import suggest
from .sdk_server import Context, Handler

RATE_LIMITED: Final = -32010
"""The code for a resource that has to wait for the request budget. Codes down to -32019 are free for servers."""

_LONGEST_NAME: Final = 64  # characters of an unknown name that the error repeats


def unknown(kind: str, name: str, known: Iterable[str]) -> MCPError:
    """Return the error for an unknown *name* of a *kind* of thing. It names the nearest of the *known* names."""
    near = suggest(name, known)
    hint = f" Did you mean {near}?" if near else ""
    return MCPError(mcp_types.INVALID_PARAMS, f"Unknown {kind}: {name[:_LONGEST_NAME]!r}.{hint}")


def unknown_resource(uri: str, message: str) -> MCPError:
    """Return the error for a URI without content, in the form of SEP-2164."""
    return MCPError(mcp_types.INVALID_PARAMS, message, {"uri": uri})


def unavailable_resource(failure: Failure) -> MCPError:
    """Return the error for a resource without an answer. Its data has the error word and, if known, the wait in s."""
    hooks.failed(failure)
    code = RATE_LIMITED if failure.word == "rate_limited" else mcp_types.INTERNAL_ERROR
    data: dict[str, str | int] = {"error": failure.word}
    if isinstance(failure, BudgetSpent | RateLimited | Unavailable) and failure.retry_after is not None:
        data["retryAfter"] = max(1, ceil(failure.retry_after))
    return MCPError(code, str(failure), data)


def missing_forms(failure: Failure) -> MCPError:
    """Return the error of 2026-07-28 for a client that did not declare that it shows forms."""
    hooks.failed(failure)
    forms = mcp_types.ElicitationCapability(form=mcp_types.FormElicitationCapability())
    required = mcp_types.ClientCapabilities(elicitation=forms)
    data = mcp_types.MissingRequiredClientCapabilityErrorData(required_capabilities=required)
    dumped = data.model_dump(by_alias=True, mode="json", exclude_none=True)
    return MCPError(mcp_types.MISSING_REQUIRED_CLIENT_CAPABILITY, str(failure), dumped)


def unknown_state() -> MCPError:
    """Return the error for a request state that the server did not issue for this call, or that is used or expired."""
    return MCPError(
        mcp_types.INVALID_PARAMS,
        "requestState: it is unknown, used, expired or of another call. Nothing was sent. Call again without it, and "
        "the user is asked again.",
    )


def on_one_page(handler: Handler) -> Handler:
    """Return *handler* of a list, which refuses every cursor, because the list has one page."""

    async def handle(context: Context, params: mcp_types.PaginatedRequestParams) -> Any:
        if params.cursor:
            raise MCPError(mcp_types.INVALID_PARAMS, "cursor: it is unknown. The list has one page. Send no cursor.")
        return await handler(context, params)

    return handle
