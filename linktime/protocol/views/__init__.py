"""The views: pages that a host of MCP Apps shows beside the answers of some tools.

The extension of the protocol is SEP-1865. A page has no data. Its host sends it the arguments and the result of a call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal

from .page import page

__all__ = ["EXTENSION", "HTML", "VIEWS", "View", "view_of"]

EXTENSION: Final = "io.modelcontextprotocol/ui"
HTML: Final = "text/html;profile=mcp-app"
"""The MIME type of every view. Hosts compare it letter by letter."""


@dataclass(frozen=True, slots=True)
class View:
    """A page, and the tool whose answers it shows."""

    name: Literal["calendar", "slots"]
    tool: str

    @property
    def uri(self) -> str:
        """Return the URI of the page."""
        return f"ui://linktime/{self.name}.html"

    @property
    def tool_meta(self) -> dict[str, Any]:
        """Return the `_meta` of the tool in `tools/list`. Some hosts read only the deprecated flat key."""
        return {"ui": {"resourceUri": self.uri}, "ui/resourceUri": self.uri}

    @property
    def page_meta(self) -> dict[str, Any]:
        """Return the `_meta` of the page. It loads nothing, so the extension's default policy of contents is enough."""
        return {"ui": {"prefersBorder": True}}

    @property
    def text(self) -> str:
        """Return the page, an HTML document."""
        return page(self.name)


VIEWS: Final[Mapping[str, View]] = MappingProxyType(
    {view.uri: view for view in (View("calendar", "list_bookings"), View("slots", "check_availability"))}
)
"""All views by URI."""

_BY_TOOL: Final = {view.tool: view for view in VIEWS.values()}


def view_of(tool: str) -> View | None:
    """Return the view of a tool, or None if it has none."""
    return _BY_TOOL.get(tool)
