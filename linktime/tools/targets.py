"""Which addresses may receive guests' data: public https hosts, in every spelling of an address.

The check reads the URL only. It resolves no name, because the answer of a resolver can change before the service calls
the address.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, Final
from unicodedata import normalize
from urllib.parse import SplitResult, unquote, urlsplit

_LOCAL_NAMES: Final = frozenset({"localhost", "localdomain", "local", "internal", "intranet", "lan", "home", "corp"})
"""Top-level names that no public resolver has."""

_LOCAL_SUFFIXES: Final = (".home.arpa", ".cluster.local", ".in-addr.arpa", ".ip6.arpa")
_URL_FIELD: Final = re.compile(r"(ur[il]|webhook|endpoint)$", re.IGNORECASE)
_TEXT_FIELDS: Final = frozenset({"body", "html", "message", "prompt", "subject", "text"})
_RECIPIENT: Final = re.compile(r"[^\s@]+@[^\s@]+|\+?[\d(][\d\s().-]{5,24}")
_URL: Final = re.compile(r"[a-z][a-z0-9+.-]{0,20}://\S*", re.IGNORECASE)
_NAT64: Final = ip_network("64:ff9b::/96")  # RFC 6052


def refusal(url: str, *, allow_local: bool = False) -> str:
    """Return why guests' data must not go to *url*, or "" if it may. With *allow_local*, loopback and http may."""
    try:
        parts = urlsplit(url)
        host = canonical_host(url)
        port = parts.port
    except ValueError:
        return "is not a URL"
    if parts.username is not None or parts.password is not None:
        return "must have no user name or password"
    if not host or port == 0:
        return "is not a URL with a host"
    address = _address(host)
    if allow_local and parts.scheme in {"http", "https"} and _is_loopback(host, address):
        return ""
    return _refused_host(host, address) or _refused_scheme(parts, allow_local=allow_local)


def canonical_host(url: str) -> str:
    """Return the host of *url* as a client calls it: lower case, punycode, no trailing dot, and a dotted IPv4 address.

    Raises ValueError if the host cannot be written in ASCII.
    """
    host = normalize("NFKC", unquote(urlsplit(url).hostname or "")).rstrip(".\u3002\uff0e\uff61").lower()
    if ":" not in host and not host.isascii():
        host = host.encode("idna").decode().rstrip(".")
    address = _address(host)
    return str(address) if isinstance(address, IPv4Address) and ":" not in host else host


def _refused_host(host: str, address: IPv4Address | IPv6Address | None) -> str:
    if address is not None:
        return "" if _is_public(address) else f"must be a public address, and {address} is not one"
    labels = host.split(".")
    if len(labels) == 1 or labels[-1] in _LOCAL_NAMES or host.endswith(_LOCAL_SUFFIXES):
        return f"must be a public host, and {host} is a name of a private network"
    return ""


def _refused_scheme(parts: SplitResult, *, allow_local: bool) -> str:
    if parts.scheme == "https" or (allow_local and parts.scheme == "http"):
        return ""
    return "must be https, or guests' data travels unencrypted"


def _address(host: str) -> IPv4Address | IPv6Address | None:
    """Return the address that *host* spells, also in decimal, hexadecimal, octal or short form."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        try:
            return IPv4Address(socket.inet_aton(host))
        except (OSError, ValueError):
            return None
    return _embedded(address) or address


def _embedded(address: IPv4Address | IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that an IPv6 address stands for."""
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    return address.is_global and not address.is_multicast and not address.is_reserved


def _is_loopback(host: str, address: IPv4Address | IPv6Address | None) -> bool:
    return address.is_loopback if address is not None else host == "localhost" or host.endswith(".localhost")


def config_refusals(config: Mapping[str, Any], *, allow_local: bool = False) -> Iterator[str]:
    """Yield why guests' data must not go to the URLs in the *config* of a workflow's action, each with its field."""
    for name, text in _fields(config):
        if _is_url(name, text) and (why := refusal(text, allow_local=allow_local)):
            yield f"{name} {why}"


def config_targets(config: Mapping[str, Any]) -> list[str]:
    """Return the URLs, e-mail addresses and phone numbers that the *config* of a workflow's action sends data to."""
    return [text for name, text in _fields(config) if _is_url(name, text) or _RECIPIENT.fullmatch(text)]


def config_urls(config: Mapping[str, Any]) -> list[str]:
    """Return the URLs in the *config* of a workflow's action."""
    return [text for name, text in _fields(config) if _is_url(name, text)]


def _fields(config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the texts in *config* at any depth, each with the name of its field."""
    for name, value in config.items():
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, Mapping):
                yield from _fields(part)
            elif isinstance(part, str):
                yield name, part


def _is_url(name: str, text: str) -> bool:
    """Return whether a field holds a URL that the service calls, and not a text with a link."""
    return _URL_FIELD.search(name) is not None or (name not in _TEXT_FIELDS and _URL.fullmatch(text) is not None)
