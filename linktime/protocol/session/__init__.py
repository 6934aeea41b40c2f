"""The MCP side: one client's view of LinkTime."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

import mcp_types
from mcp.server.context import ServerMiddleware
from mcp.shared.exceptions import MCPError
from mcp_types.methods import SPEC_CLIENT_METHODS, SPEC_CLIENT_NOTIFICATION_METHODS
from pydantic import ValidationError

from ... import __version__
from ...pipeline.ledger import Presence
from ...telemetry import Middleware, Telemetry
from ...tools import Tool
from ..prompts import PROMPTS
from ..resources import find
from ..skills import EXTENSION as SKILLS_EXTENSION, SKILLS
from ..views import EXTENSION as VIEWS_EXTENSION, VIEWS
from .completions import Completions
from .lookups import Lookups
from .middleware import Introduction, name_fields
from .prompts import Prompts
from .refusals import on_one_page
from .resources import Resources
from .sdk_server import Handler, Server
from .skills import Skills
from .summary import Summaries
from .tools import Confirms, Tools
from .upstream import SPARE, Upstream

__all__ = ["SPARE", "Confirms", "Session", "Upstream"]

_NONE_OFF: Final[Mapping[str, str]] = MappingProxyType({})
_METHODS: Final = SPEC_CLIENT_METHODS | SPEC_CLIENT_NOTIFICATION_METHODS | {"skills/list", "skills/get"}


class Session:
    """One client's view of LinkTime.

    Args:
        upstream: The way to LinkTime.
        tools: The tools that the client may use, by name.
        off: The setting that hides each of the other tools.
        confirm: Asks the user before an irreversible call, or one to an address that a guest wrote.
        telemetry: Records every message.
        presence: Takes the client's name.
        log: Writes a line for each call.
    """

    def __init__(
        self,
        upstream: Upstream,
        tools: Mapping[str, Tool],
        off: Mapping[str, str] = _NONE_OFF,
        *,
        confirm: Confirms | None = None,
        telemetry: Telemetry | None = None,
        presence: Presence | None = None,
        log: Callable[[str], None] | None = None,
    ) -> None:
        self._confirm = confirm
        # The summary is the outermost layer of a call, so it also sees refusals and cancelled calls.
        handlers = _handlers(Tools(upstream, tools, off, confirm), tools, upstream, confirm)
        if log:
            handlers["tools/call"] = Summaries(log, upstream.clock, tools).around(handlers["tools/call"])
        self.server = Server(
            _identity(),
            files(__package__).joinpath("instructions.txt").read_text(encoding="utf-8"),
            handlers,
            [*_middleware(telemetry, tools), *([Introduction(presence)] if presence else [])],
            (SKILLS_EXTENSION, VIEWS_EXTENSION),
        )

    def leave(self) -> None:
        """End the questions to the user, since no answer can come any more."""
        if self._confirm:
            self._confirm.leave()


def _identity() -> mcp_types.Implementation:
    icon = files(__package__).joinpath("icon.png").read_bytes()
    return mcp_types.Implementation(
        name="linktime",
        title="LinkTime",
        version=__version__,
        description="Scheduling with a LinkTime account: meetings, free times, contacts, calls, webhooks and settings.",
        website_url="https://linktime.io",
        icons=[
            mcp_types.Icon(
                src=f"data:image/png;base64,{b64encode(icon).decode()}", mime_type="image/png", sizes=["48x48"]
            )
        ],
    )


def _handlers(
    handler: Tools, tools: Mapping[str, Tool], upstream: Upstream, confirm: Confirms | None
) -> dict[str, Handler]:
    """Return the handler of each method."""
    lookups = Lookups(upstream, confirm.remember if confirm else None)
    prompts = Prompts(tools, lookups)
    skills = Skills(tools)
    resources = Resources(tools, handler, lookups, skills, cache_ttl=upstream.cache_ttl)
    return {
        "tools/list": on_one_page(handler.list),
        "tools/call": handler.call,
        "prompts/list": on_one_page(prompts.list),
        "prompts/get": prompts.get,
        "resources/list": on_one_page(resources.list),
        "resources/templates/list": on_one_page(resources.templates),
        "resources/read": resources.read,
        "skills/list": on_one_page(skills.list),
        "skills/get": skills.get,
        "completion/complete": Completions(tools, prompts, resources, lookups),
    }


def _middleware(telemetry: Telemetry | None, tools: Mapping[str, Tool]) -> list[ServerMiddleware[Any]]:
    # The span is outside, so that it has the error which names the fields.
    if not (telemetry and telemetry.on):
        return [name_fields]
    arguments = {name: frozenset(tool.input_schema["properties"]) for name, tool in tools.items()}
    return [Middleware(telemetry, _code, _METHODS, arguments, PROMPTS, _resource), name_fields]


def _resource(uri: str) -> tuple[str, str] | None:
    """Return the URI or template of the resource that *uri* belongs to, and the id in it."""
    if uri in SKILLS or uri in VIEWS:
        return uri, ""
    match = find(uri)
    return (match[0].uri, match[1]) if match else None


def _code(error: BaseException) -> int | None:
    """Return the JSON-RPC error code that *error* has on the wire, if the handler determines it."""
    match error:
        case MCPError():
            return error.error.code
        case ValidationError():
            return mcp_types.INVALID_PARAMS
        case _:
            return None
