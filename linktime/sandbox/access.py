"""Protection from web pages: a browser lets any page send requests to a port of this machine.

With DNS rebinding, a page also reads the responses, because its own host name leads here.
A form or a `fetch` posts text/plain without a preflight request.
The middleware in this module refuses both.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from .responses import Refusal

HOST: Final = web.AppKey("host", str)
"""The host name that the sandbox listens on, as the user wrote it."""

CONTROL: Final = "/sandbox/"  # routes that need no key
_JSON: Final = "application/json"
_WITH_BODY: Final = ("POST", "PUT", "PATCH")


@web.middleware
async def protect(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse a foreign host name everywhere, and a body that is not JSON on the control routes."""
    if not _is_own(request.headers.get("Host", ""), request.app[HOST]):
        raise Refusal(403, "forbidden", "This host name is not the sandbox's. Use its IP address or localhost.")
    # A browser sends a preflight request before a JSON body or a DELETE, and gets no permission here.
    if request.path.startswith(CONTROL) and request.method in _WITH_BODY and request.content_type != _JSON:
        raise Refusal(415, "validation_error", f"Content-Type must be {_JSON}.")
    return await handler(request)


def _is_own(header: str, host: str) -> bool:
    """Return whether a Host header is safe: an IP address, localhost or *host*. DNS rebinding needs another name."""
    try:
        name = urlsplit(f"//{header}").hostname or ""
        return name in {"localhost", host.lower()} or bool(ip_address(name))
    except ValueError:
        return False
