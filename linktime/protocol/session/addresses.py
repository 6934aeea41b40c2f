"""Finds the addresses in a text: hosts, e-mail addresses and phone numbers, each in one canonical form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from html import unescape
from ipaddress import ip_address
from typing import Any, Final
from unicodedata import normalize
from urllib.parse import unquote

from ...tools.targets import canonical_host

# Every pattern takes linear time, because a guest chooses the text.
_DOT: Final = re.compile(r" ?[\[({] ?(?:\.|dot) ?[\])}] ?| (?:\.|dot) |[\u3002\uff0e\uff61]")
_AT: Final = re.compile(r" ?[\[({] ?(?:@|at) ?[\])}] ?")
_BREAKS: Final = (re.compile(r"[^\w.@%+'-]+"), re.compile(r"[^a-z0-9.@%+'_-]+"))  # other scripts may touch an address
_AFTER_SCHEME: Final = re.compile(r"(?<=://)(?:\[[0-9a-f:.]{2,45}|[\w.]{1,64})")
_PHONE: Final = re.compile(r"\+?\(?\d[\d .()/\u2010-\u2015-]{5,22}\d")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d(?:[t ]\d\d:\d\d)?")
_TOP_LEVEL: Final = re.compile(r"xn--[a-z0-9-]{1,59}|[^\W\d_]{2,63}")
_ADDRESS: Final = re.compile(r"[.@:\d\u3002\uff0e\uff61]|dot", re.IGNORECASE)  # every address has one of these
_FEWEST_DIGITS: Final = 7
_COMPARED_DIGITS: Final = 9  # the last digits of a phone number, since a country code may be left out


def addresses(text: str) -> set[str]:
    """Return the addresses in *text*, each as `host:…`, `mailhost:…`, `email:…` or `phone:…`.

    A mail host is the host of an e-mail address. Spellings such as `evil[.]example` are read.
    """
    if not _ADDRESS.search(text):
        return set()
    # 1. Undo the encodings that a reader, or a model, would undo: escapes, entities, width and case.
    # 2. Undo the spellings that hide an address from filters: `evil[.]example`, `name (at) host`.
    # 3. Split at everything that can't be in an address.
    # 4. Look for numeric hosts and phone numbers, which are no tokens.
    plain = " ".join(unescape(unquote(normalize("NFKC", text))).lower().split())
    plain = _AT.sub("@", _DOT.sub(".", plain))
    tokens = {token.strip(".-_'%+") for pattern in _BREAKS for token in pattern.split(plain)}
    numeric = {host.strip("[.") for host in _AFTER_SCHEME.findall(plain)}
    phones = ("".join(filter(str.isdigit, number)) for number in _PHONE.findall(_DATE.sub(" ", plain)))
    return {
        *(address for token in tokens for address in _in_token(token)),
        *(f"host:{_canonical(host)}" for host in numeric if not _is_name(host)),
        *(f"phone:{digits[-_COMPARED_DIGITS:]}" for digits in phones if len(digits) >= _FEWEST_DIGITS),
    }


def equivalents(address: str) -> Iterator[str]:
    """Yield the addresses in a guest's text that make the target *address* suspicious: itself and its parent domains.

    The e-mail address of a guest makes no other address at its mail host suspicious, since colleagues share that host.
    """
    kind, _, host = address.partition(":")
    if kind in {"email", "phone"}:
        yield address
        return
    # A guest who wrote `evil.example` makes `a.evil.example` suspicious: the owner of a domain makes its subdomains.
    labels = host.split(".")
    for start in range(max(1, len(labels) - 1)):
        parent = ".".join(labels[start:])
        yield f"host:{parent}"
        if kind == "host":
            yield f"mailhost:{parent}"


def strings(value: Any) -> Iterator[str]:
    """Yield every string in a JSON value."""
    match value:
        case str():
            yield value
        case list():
            for item in value:
                yield from strings(item)
        case dict():
            for item in value.values():
                yield from strings(item)


def _in_token(token: str) -> Iterator[str]:
    local, at, host = token.rpartition("@")
    if _is_name(host) and at:
        yield f"email:{local.rpartition('@')[2].partition('+')[0]}@{_canonical(host)}"
        yield f"mailhost:{_canonical(host)}"
    elif _is_name(host) or (host.count(".") == 3 and host.replace(".", "").isdigit()):
        yield f"host:{_canonical(host)}"


def _is_name(host: str) -> bool:
    first, dot, last = host.rpartition(".")
    return bool(first and dot and _TOP_LEVEL.fullmatch(last))


def _canonical(host: str) -> str:
    with suppress(ValueError):
        return str(ip_address(host))
    with suppress(ValueError):
        return canonical_host(f"//{host}") or host
    return host
