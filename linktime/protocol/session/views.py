"""Decides which clients see the views, reads their pages, and adds what only a view needs to an answer."""

from __future__ import annotations

from typing import Final

import mcp_types

from ..views import EXTENSION, HTML, VIEWS, view_of
from .sdk_server import STATIC, Context
from .upstream import Upstream

TIME_FORMAT: Final = "linktime/timeFormat"
"""The field of `_meta` with the account's way to write times: `12h` or `24h`."""


def can_show(context: Context) -> bool:
    """Return whether the client may be able to show views.

    1. The client declares no extensions: it may be older than their declaration.
    2. It declares the extension of views with their MIME type.
    3. It declares other extensions only, or none of those that there are.
    """
    declared = context.session.client_capabilities
    return declared is None or declared.extensions is None or _declares(context)


def awaits(context: Context, tool: str, upstream: Upstream) -> bool:
    """Return whether the client certainly shows a view beside the answers of *tool*. Start the lookup for its notes."""
    is_shown = view_of(tool) is not None and _declares(context)
    if is_shown and upstream.zone:
        upstream.zone.refresh()
    return is_shown


async def notes(upstream: Upstream) -> dict[str, str]:
    """Return the fields of `_meta` for a view. They wait for the settings as the local times do, for a second at most.

    So the view needs no call of its own, which could need the user's consent and would redraw the times.
    """
    await upstream.account_zone()
    time_format = upstream.zone and upstream.zone.time_format
    return {TIME_FORMAT: time_format} if time_format else {}


def _declares(context: Context) -> bool:
    declared = context.session.client_capabilities
    extensions = (declared and declared.extensions) or {}
    types = extensions.get(EXTENSION, {}).get("mimeTypes")
    return isinstance(types, list) and HTML in types


def read(uri: str) -> mcp_types.ReadResourceResult | None:
    """Return the page of a view for every client, None if *uri* belongs to no view."""
    # A page is static and has no data, so it can be read even if its tool is switched off.
    if uri not in VIEWS:
        return None
    view = VIEWS[uri]
    content = mcp_types.TextResourceContents(uri=uri, mime_type=HTML, text=view.text, _meta=view.page_meta)
    return mcp_types.ReadResourceResult(contents=[content], ttl_ms=STATIC.ttl_ms)
