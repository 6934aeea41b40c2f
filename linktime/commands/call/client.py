"""The client of `call`: an MCP client of the real server in this process, over the whole chain."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from time import time
from typing import Any, Final, NamedTuple

import mcp_types
from mcp import Client
from mcp.client.session import ClientRequestContext

from ... import __version__
from ...app import app
from ...config import Settings
from ...pipeline.write_log import WriteLog
from ...telemetry import Telemetry
from ..in_process import served

NAME: Final = "linktime-mcp call"
"""The name of this client, also in the list of the servers that share the budget."""

Confirm = Callable[[str], Awaitable[bool]]


class Result(NamedTuple):
    """The result of a call: the *answer*, or the text of the *error*."""

    answer: Mapping[str, Any]
    error: str = ""


async def request(
    settings: Settings,
    telemetry: Telemetry,
    tool: str,
    arguments: Mapping[str, Any],
    *,
    confirm: Confirm,
    show: Callable[[str], None],
) -> Result:
    """Call *tool*. *confirm* asks the user a question of the server. *show* shows the wait."""

    async def elicited(context: ClientRequestContext, params: mcp_types.ElicitRequestParams) -> mcp_types.ElicitResult:  # noqa: ARG001 - likewise
        if not await confirm(params.message):
            return mcp_types.ElicitResult(action="decline")
        return mcp_types.ElicitResult(action="accept", content={"answer": "yes"})

    async def progressed(progress: float, total: float | None, message: str | None) -> None:  # noqa: ARG001 - the SDK's names
        show(message or "")

    info = mcp_types.Implementation(name=NAME, version=__version__)
    async with (
        app(settings, telemetry, lazy=False, writes=WriteLog.of(settings, time)) as application,
        Client(served(application), elicitation_callback=elicited, client_info=info) as client,
    ):
        result = await client.call_tool(tool, dict(arguments), progress_callback=progressed)
    if result.is_error:
        return Result({}, " ".join(getattr(part, "text", "") for part in result.content))
    return Result(result.structured_content or {})
