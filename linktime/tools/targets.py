"""Which addresses may receive guests' data: public https hosts, in every spelling of an address.

The check reads the URL only. It resolves no name, because the answer of a resolver can change before the service calls
the address. So a public name that a resolver turns into a private address passes, unless the address stands in the
name.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, Final
from unicodedata import normalize
from urllib.parse import SplitResult, unquote, urlsplit

_LOCAL_NAMES: Final = frozenset(
    {"localhost", "localdomain", "local", "internal", "intranet", "private", "lan", "home", "corp", "onion"}
)
"""Top-level names that no public resolver has."""

_LOCAL_SUFFIXES: Final = (".home.arpa", ".cluster.local", ".in-addr.arpa", ".ip6.arpa")
_LOOPBACK_SUFFIXES: Final = (".localtest.me", ".lvh.me", ".vcap.me", ".localhost.direct", ".localho.st")
"""Public names whose address is this machine."""

_ADDRESS_IN_NAME: Final = (".nip.io", ".sslip.io", ".xip.io", ".traefik.me")
"""Services whose names spell their address in further ways: hexadecimal, and IPv6 with dashes."""

_METADATA: Final = (ip_network("168.63.129.16/32"), ip_network("192.0.0.0/24"))  # Azure, Oracle
_GLOBAL_UNICAST: Final = ip_network("2000::/3")  # RFC 4291; all other IPv6 addresses have a special use
_NAT64: Final = ip_network("64:ff9b::/96")  # RFC 6052
_LONGEST_HOST: Final = 253  # characters; RFC 1035
_NAME: Final = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")
_NUMERIC: Final = re.compile(r"\d+|0x[0-9a-f]*")
_QUAD: Final = re.compile(r"(?<![^.-])(?=(\d{1,3})([.-])(\d{1,3})\2(\d{1,3})\2(\d{1,3})(?![^.-]))")

_URL_FIELD: Final = re.compile(r"(ur[il]|webhook|endpoint|href|callback)s?$", re.IGNORECASE)
_TEXT_FIELDS: Final = frozenset({"body", "html", "message", "prompt", "subject", "text"})
_EMAIL: Final = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+")
_PHONE: Final = re.compile(r"\+?[\d(][\d\s().-]{5,24}")
_URL: Final = re.compile(r"([a-z][a-z0-9+.-]{0,20}:)?[/\\]{2}\S*|[a-z][a-z0-9+.-]{0,20}:[/\\]\S*", re.IGNORECASE)
_DROPPED: Final = re.compile(r"[\t\r\n]|^[\x00-\x20]+|[\x00-\x20]+$")  # as clients read a URL

Address = IPv4Address | IPv6Address


def refusal(url: str, *, allow_local: bool = False) -> str:
    """Return why guests' data must not go to *url*, or "" if it may. With *allow_local*, loopback and http may."""
    try:
        parts = urlsplit(url)
        host = canonical_host(url)
        port = parts.port
    except ValueError:
        return "is not a URL with a host that all clients read alike"
    if parts.username is not None or parts.password is not None:
        return "must have no user name or password"
    if not host or port == 0:
        return "is not a URL with a host"
    address = address_of(host)
    if allow_local and parts.scheme in {"http", "https"} and _is_loopback(host, address):
        return ""
    return _refused_host(host, address) or _refused_scheme(parts, allow_local=allow_local)


def canonical_host(url: str) -> str:
    """Return the host of *url* as a client calls it: lower case, punycode, no trailing dot, and a dotted IPv4 address.

    Raises ValueError if the URL has a host that clients read in different ways, or that is none.
    """
    parts = urlsplit(url)
    written = normalize("NFKC", unquote(parts.hostname or "")).lower()
    host = _in_ascii(written.replace("\u3002", ".").removesuffix("."))
    address = address_of(host)
    in_brackets = ":" in host  # IPv6, and a zone means nothing to another machine
    is_host = (address and "%" not in host) if in_brackets else (address or _is_name(host))
    if host and not (is_host and in_brackets == ("[" in parts.netloc)):
        raise ValueError("the host is neither a name nor an address")
    return str(address) if isinstance(address, IPv4Address) and not in_brackets else host


def _is_name(host: str) -> bool:
    return bool(_NAME.fullmatch(host)) and not _NUMERIC.fullmatch(host.rpartition(".")[2])


def _in_ascii(host: str) -> str:
    """Return *host* in ASCII. Raise ValueError if the two versions of IDNA disagree, as they do about `ß`."""
    if len(host) > _LONGEST_HOST:
        raise ValueError("the host is too long")
    if host.isascii():
        return host
    labels = (each if each.isascii() else f"xn--{each.encode('punycode').decode()}" for each in host.split("."))
    if (ascii_host := host.encode("idna").decode()) != ".".join(labels):
        raise ValueError("clients disagree about the host")
    return ascii_host


def _refused_host(host: str, address: Address | None) -> str:
    if address is not None:
        return "" if _is_public(address) else f"must be a public address, and {address} is not one"
    labels = host.split(".")
    if len(labels) == 1 or labels[-1] in _LOCAL_NAMES or f".{host}".endswith((*_LOCAL_SUFFIXES, *_LOOPBACK_SUFFIXES)):
        return f"must be a public host, and {host} is a name of a private network"
    if private := next((each for each in _addresses_in(host) if not _is_public(each)), None):
        return f"must be a public host, and {host} stands for the address {private}"
    return ""


def _addresses_in(name: str) -> Iterator[Address]:
    """Yield the addresses that stand in a host's *name*, such as `10-0-0-1.nip.io`."""
    for first, _, *others in _QUAD.findall(name):
        with suppress(ValueError):
            yield ip_address(".".join(str(int(part)) for part in (first, *others)))
    for label in name.split(".") if name.endswith(_ADDRESS_IN_NAME) else ():
        with suppress(ValueError):
            yield IPv4Address(bytes.fromhex(label[-8:]))
        with suppress(ValueError):
            yield IPv6Address(label.replace("-", ":"))


def _refused_scheme(parts: SplitResult, *, allow_local: bool) -> str:
    if parts.scheme == "https" or (allow_local and parts.scheme == "http"):
        return ""
    return "must be https, or guests' data travels unencrypted"


def address_of(host: str) -> Address | None:
    """Return the address that *host* spells, also in decimal, hexadecimal, octal or short form, None if it is a name.

    An IPv6 address that stands for an IPv4 address becomes that.
    """
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        try:
            return IPv4Address(socket.inet_aton(host))
        except (OSError, ValueError):
            return None
    return _embedded(address) or address


def _embedded(address: Address) -> IPv4Address | None:
    """Return the IPv4 address that an IPv6 address stands for."""
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address):
        return address.is_global and address in _GLOBAL_UNICAST
    special = address.is_multicast or address.is_reserved or any(address in network for network in _METADATA)
    return address.is_global and not special


def _is_loopback(host: str, address: Address | None) -> bool:
    return address.is_loopback if address is not None else host == "localhost" or host.endswith(".localhost")


def config_refusals(config: Mapping[str, Any], *, allow_local: bool = False) -> Iterator[str]:
    """Yield why guests' data must not go to the URLs in the *config* of a workflow's action, each with its field."""
    for name, text in _fields("config", config):
        url = _DROPPED.sub("", text)
        if _is_url(name, url) and (why := refusal(url, allow_local=allow_local)):
            yield f"{name} {why}"


def config_targets(config: Mapping[str, Any]) -> list[str]:
    """Return the URLs, e-mail addresses and phone numbers that the *config* of a workflow's action sends data to."""
    texts = ((name, _DROPPED.sub("", text)) for name, text in _fields("config", config))
    return [target for name, text in texts for target in _targets(name, text)]


def config_urls(config: Mapping[str, Any]) -> list[str]:
    """Return the URLs in the *config* of a workflow's action."""
    return [text for name, text in _fields("config", config) if _is_url(name, text)]


def _targets(name: str, text: str) -> list[str]:
    if _is_url(name, text) or (name not in _TEXT_FIELDS and _PHONE.fullmatch(text)):
        return [text]
    return [] if name in _TEXT_FIELDS else _EMAIL.findall(text)


def _fields(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield the texts in *value* at any depth, each with the name of its field."""
    match value:
        case str():
            yield name, value
        case list():
            for each in value:
                yield from _fields(name, each)
        case dict():
            for inner, each in value.items():
                yield from _fields(inner, each)


def _is_url(name: str, text: str) -> bool:
    """Return whether a field holds a URL that the service calls, and not a text with a link."""
    return _URL_FIELD.search(name) is not None or (name not in _TEXT_FIELDS and _URL.fullmatch(text) is not None)
