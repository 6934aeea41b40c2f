"""URLs of services: the host of a URL, and a comparison that ignores spelling."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

_PORTS: Final = {"http": 80, "https": 443}
_PREFIX: Final = "/api/v1"  # of every endpoint; a base URL may end with it


def is_loopback(host: str) -> bool:
    """Return whether *host* is this machine itself, by its name or address alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def host_of(url: str) -> str:
    """Return the host of *url* in lower case and ASCII, or an empty text if it has no valid host."""
    try:
        parts = urlsplit(url)
        # Port 0 can't be connected to, so its URL has no valid host.
        return (parts.hostname or "").encode("idna").decode() if parts.port != 0 else ""
    except ValueError:
        return ""


def identity(base_url: str) -> str:
    """Return the same text for every spelling of one service's base URL.

    >>> identity("HTTPS://LinkTime.io:443/api/v1/")
    'https://linktime.io:443'
    >>> identity("http://127.0.0.1:8080") == identity("http://localhost:8080/")
    True
    """
    parts = urlsplit(base_url)
    scheme, host = parts.scheme.lower(), host_of(base_url).rstrip(".").lower()
    port = parts.port or _PORTS.get(scheme, 0)
    # Servers with one key share a budget if they reach the same service. So its spellings must be equal.
    path = parts.path.rstrip("/").removesuffix(_PREFIX).rstrip("/")
    return f"{scheme}://{'localhost' if is_loopback(host) else host}:{port}{path}"
