"""A replacement for the SDK's `Server`, whose import of the HTTP half would slow down the start.

Measured as in `commands/startup.py`: an import of that `Server` costs 1.08 times the CPU time, and 5 MB.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, NamedTuple, Protocol, cast

import mcp_types as types
from mcp.server.caching import CacheHint
from mcp.server.context import CallNext, HandlerResult, ServerMiddleware, ServerRequestContext
from mcp.server.models import InitializationOptions
from mcp.server.runner import serve_dual_era_loop, serve_loop
from mcp.shared.message import SessionMessage
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import BaseModel

from ..stdio.draining import Incoming
from .middleware import one_era
from .opening import Opening

Context = ServerRequestContext[Any]
Handler = Callable[[Context, Any], Awaitable[Any]]

_PARAMS: Final[Mapping[str, type[BaseModel]]] = {
    "ping": types.RequestParams,
    "server/discover": types.RequestParams,
    "tools/list": types.PaginatedRequestParams,
    "tools/call": types.CallToolRequestParams,
    "prompts/list": types.PaginatedRequestParams,
    "prompts/get": types.GetPromptRequestParams,
    "resources/list": types.PaginatedRequestParams,
    "resources/templates/list": types.PaginatedRequestParams,
    "resources/read": types.ReadResourceRequestParams,
    "completion/complete": types.CompleteRequestParams,
    "skills/list": types.PaginatedRequestParams,
    "skills/get": types.ReadResourceRequestParams,
}
STATIC: Final = CacheHint(ttl_ms=3_600_000)
"""An hour. Nothing changes these results while the server runs. The user's settings do, so they are private."""
_STATIC_METHODS: Final = (
    "server/discover",
    "tools/list",
    "prompts/list",
    "resources/list",
    "resources/templates/list",
    "skills/list",
    "skills/get",
)
_STAMPED: Final = frozenset({"name", "title", "version"})  # enough for every result


class Entry(NamedTuple):
    """A method's handler and the model of its params."""

    params_type: type[BaseModel]
    handler: Handler


class RunnerServer(Protocol):
    """The names that the SDK's runner asks of its server. A test compares them with the runner's source."""

    @property
    def middleware(self) -> Sequence[ServerMiddleware[Any]]:
        """Handle every message, the first outermost."""

    @property
    def cache_hints(self) -> Mapping[str, Any]:
        """How long clients may keep the results of a method."""

    @property
    def server_info_stamp(self) -> dict[str, Any]:
        """The server information that every result carries since 2026-07-28."""

    def get_request_handler(self, method: str, /) -> Entry | None:
        """Return the entry of a method, or None if there is none."""

    def get_notification_handler(self, method: str, /) -> Entry | None:
        """Return the entry of a notification, or None if there is none."""

    def create_initialization_options(self) -> InitializationOptions:
        """Return the contents of the answer to `initialize`."""


class _Serve(Protocol):
    """The signature of the SDK's loop, with the part of the SDK's `Server` that it uses."""

    async def __call__(self, server: RunnerServer, reader: Any, writer: Any, /, *, lifespan_state: object) -> None: ...


# The SDK annotates its own class `Server`, but uses only the names in RunnerServer.
_serve_handshake: Final = cast("_Serve", serve_loop)
_serve_any_era: Final = cast("_Serve", serve_dual_era_loop)


class Server:
    """A `RunnerServer` with this server's identity.

    Its *handlers* by method and the names of its *extensions* determine the capabilities.
    """

    def __init__(
        self,
        info: types.Implementation,
        instructions: str,
        handlers: Mapping[str, Handler],
        middleware: Sequence[ServerMiddleware[Any]] = (),
        extensions: Iterable[str] = (),
    ) -> None:
        self.middleware = [one_era, *middleware, self._declare]
        # The identity of the server
        self._info = info
        self._instructions = instructions
        self._extensions: dict[str, dict[str, Any]] = {name: {} for name in extensions}
        # The handlers, each with the model that the runner validates the params with
        served = {"ping": _ping, "server/discover": self._discover, **handlers}
        self._entries = {method: Entry(_PARAMS[method], handler) for method, handler in served.items()}
        self.cache_hints: Mapping[str, Any] = {method: STATIC for method in _STATIC_METHODS if method in served}

    async def run(self, reader: Incoming, writer: Any) -> None:
        """Serve one client over the SDK's pair of streams until *reader* ends, in the era that the client begins."""
        # The loop for any era relays each message through a task of its own, which takes a third of the SDK's time.
        opening = Opening(reader)
        match await opening.peek():
            case SessionMessage(message=types.JSONRPCRequest(method="initialize")):
                await _serve_handshake(self, opening, writer, lifespan_state={})
            case _:
                await _serve_any_era(self, opening, writer, lifespan_state={})

    def get_request_handler(self, method: str) -> Entry | None:
        """Return the entry of a method, or None if there is none."""
        return self._entries.get(method)

    def get_notification_handler(self, _: str) -> Entry | None:
        """Return None: the runner handles notifications by itself."""
        return None

    def create_initialization_options(self) -> InitializationOptions:
        """Return the contents of the answer to `initialize`."""
        return InitializationOptions(
            server_name=self._info.name,
            server_version=self._info.version,
            title=self._info.title,
            description=self._info.description,
            website_url=self._info.website_url,
            icons=self._info.icons,
            capabilities=self._capabilities,
            instructions=self._instructions,
        )

    @property
    def server_info_stamp(self) -> dict[str, Any]:
        """Return the server information that every result carries since 2026-07-28. Only `server/discover` has all."""
        return {**self._stamp}

    @cached_property
    def _stamp(self) -> dict[str, Any]:
        return self._info.model_dump(by_alias=True, mode="json", exclude_none=True, include={*_STAMPED})

    @property
    def _capabilities(self) -> types.ServerCapabilities:
        # A capability is declared if a method of it is served. No list changes while the server runs.
        offered = {method.partition("/")[0] for method in self._entries}
        return types.ServerCapabilities(
            tools=types.ToolsCapability(list_changed=False) if "tools" in offered else None,
            prompts=types.PromptsCapability(list_changed=False) if "prompts" in offered else None,
            resources=types.ResourcesCapability(subscribe=False, list_changed=False)
            if "resources" in offered
            else None,
            completions=types.CompletionsCapability() if "completion" in offered else None,
            extensions=self._extensions or None,
        )

    async def _declare(self, ctx: Context, call_next: CallNext) -> HandlerResult:
        """Handle a message. Add the extensions to the answer to `initialize`, since the SDK removes them there."""
        result = await call_next(ctx)
        if ctx.method == "initialize" and isinstance(result, dict) and self._extensions:
            return {**result, "capabilities": {**result["capabilities"], "extensions": self._extensions}}
        return result

    async def _discover(self, _: Context, __: object) -> types.DiscoverResult:
        return types.DiscoverResult(
            supported_versions=list(MODERN_PROTOCOL_VERSIONS),
            capabilities=self._capabilities,
            instructions=self._instructions,
            _meta={types.SERVER_INFO_META_KEY: self._info.model_dump(by_alias=True, mode="json", exclude_none=True)},
        )


async def _ping(_: Context, __: object) -> types.EmptyResult:
    return types.EmptyResult()
