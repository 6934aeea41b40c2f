"""Which addresses may receive guests' data: public https hosts, in every spelling of an address.

The check reads the URL only. It resolves no name, because the answer of a resolver can change before the service calls
the address. So a public name that a resolver turns into a private address passes, unless the address stands in the
name.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final
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
    # A name without a dot, or with a local suffix, is resolved inside the service's own network.
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
    # Each of these forms reaches an IPv4 address, which may be a private one.
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
