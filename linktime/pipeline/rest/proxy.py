"""The proxy that the environment names, chosen as curl and httpx choose it."""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit
from urllib.request import getproxies, getproxies_environment, proxy_bypass

from ...hosts import is_loopback


def proxy_of(base_url: str) -> str | None:
    """Return the URL of the proxy for *base_url*, or None for a direct connection.

    The sources are `https_proxy` or `http_proxy`, then `all_proxy`, then the system's settings. `no_proxy` lists host
    names, `*.host`, addresses and networks. This machine is never reached through a proxy. ~/.netrc is not read.
    """
    base = urlsplit(base_url)
    host = (base.hostname or "").lower()
    port = base.port or (443 if base.scheme == "https" else 80)
    proxies = getproxies()
    named = proxies.get(base.scheme) or proxies.get("all")
    if not named or is_loopback(host) or _is_exempt(host, port) or proxy_bypass(host):
        return None
    return named if "://" in named else f"http://{named}"


def _is_exempt(host: str, port: int) -> bool:
    entries = re.split(r"[,\s]+", getproxies_environment().get("no", "").lower())
    return any(_matches(entry, host, port) for entry in entries if entry)


def _matches(entry: str, host: str, port: int) -> bool:
    try:
        return ip_address(host) in ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        pass
    name, _, number = entry.partition(":")
    name = name.removeprefix("*").removeprefix(".")
    return (not number or number == str(port)) and (not name or host == name or host.endswith(f".{name}"))
