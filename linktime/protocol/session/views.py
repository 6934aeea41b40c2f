"""Decides which clients see the views, and reads their pages."""

from __future__ import annotations

import mcp_types

from ..views import EXTENSION, HTML, VIEWS
from .sdk_server import STATIC, Context


def can_show(context: Context) -> bool:
    """Return whether the client may be able to show views.

    1. The client declares no extensions: it may be older than their declaration.
    2. It declares the extension of views with their MIME type.
    3. It declares other extensions only, or none of those that there are.
    """
    declared = context.session.client_capabilities
    if declared is None or declared.extensions is None:
        return True
    types = declared.extensions.get(EXTENSION, {}).get("mimeTypes")
    return isinstance(types, list) and HTML in types


def read(uri: str) -> mcp_types.ReadResourceResult | None:
    """Return the page of a view for every client, None if *uri* belongs to no view."""
    # A page is static and has no data, so it can be read even if its tool is switched off.
    if uri not in VIEWS:
        return None
    view = VIEWS[uri]
    content = mcp_types.TextResourceContents(uri=uri, mime_type=HTML, text=view.text, _meta=view.page_meta)
    return mcp_types.ReadResourceResult(contents=[content], ttl_ms=STATIC.ttl_ms)
