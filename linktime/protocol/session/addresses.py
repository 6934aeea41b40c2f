"""Finds the addresses in a text: hosts, e-mail addresses and phone numbers, each in one canonical form.

A guest chooses the text, so every pattern takes linear time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Final

from ...tools.targets import address_of
from .spellings import decoded, readings

_BREAKS: Final = (  # other scripts may touch an address
    re.compile(r"[^\w.@%+'\u2600-\u27bf\U0001f300-\U0001faff-]+"),
    re.compile(r"[^a-z0-9.@%+'_-]+"),
)
_NUMERIC: Final = (
    re.compile(r"(?<=://)(?:\[[0-9a-f:.]{2,45}|[\w.-]{1,64})"),
    re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\.?\w)"),
    re.compile(r"(?<![\w:.])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?:(?:\.\d{1,3}){3})?(?![\w:])"),
)
_DIGITS: Final = re.compile(r"\d[\d .,()\[\]/_~\u2010-\u2015-]*")
_BETWEEN_PHONES: Final = re.compile("[,/]")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d(?:[t ]\d\d:\d\d)?")
_TOP_LEVEL: Final = re.compile(r"xn--[a-z0-9-]{1,59}|[^\W\d_]{2,63}")
_PUNYCODE: Final = "xn--"
_LONGEST_HOST: Final = 253  # characters; RFC 1035
_COMPARED_DIGITS: Final = 7  # the last digits of a phone number, since country and area codes may be left out


def addresses(text: str) -> set[str]:
    """Return the addresses in *text*, each as `host:…`, `mailhost:…`, `email:…` or `phone:…`.

    A mail host is the host of an e-mail address. Only the usual spelling of an address is read.
    """
    usual = decoded(text)
    return _in_reading(usual, _last_digits) if usual else set()


def spelled_addresses(text: str) -> set[str]:
    """Return the addresses in *text* in every spelling that is known here, `addresses(text)` included."""
    usual = decoded(text)
    return {address for reading in readings(usual) for address in _in_reading(reading, _all_digits)}


def equivalents(address: str) -> Iterator[str]:
    """Yield the addresses in a guest's text that make the target *address* suspicious: itself and its parent domains.

    The e-mail address of a guest makes no other address at its mail host suspicious, since colleagues share that host.
    """
    kind, _, host = address.partition(":")
    if kind in {"email", "phone"}:
        yield address
        return
    labels = host.split(".")
    for start in range(max(1, len(labels) - 1)):
        parent = ".".join(labels[start:])
        yield f"host:{parent}"
        if kind == "host":
            yield f"mailhost:{parent}"


def strings(value: Any) -> Iterator[str]:
    """Yield every string in a JSON value, names of fields included."""
    match value:
        case str():
            yield value
        case list():
            for item in value:
                yield from strings(item)
        case dict():
            for name, item in value.items():
                yield name
                yield from strings(item)


def _in_reading(text: str, phones: Callable[[str], Iterator[str]]) -> set[str]:
    tokens = {token.strip(".-_'%+") for pattern in _BREAKS for token in pattern.split(text)}
    numeric = {host.strip("[.") for pattern in _NUMERIC for host in pattern.findall(text)}
    return {
        *(address for token in tokens if "." in token for address in _in_token(token)),
        *(f"host:{address}" for host in numeric if (address := address_of(host))),
        *(f"phone:{digits}" for run in _DIGITS.findall(_DATE.sub(" ", text)) for digits in phones(run)),
    }


def _last_digits(run: str) -> Iterator[str]:
    """Yield the last digits of each phone number in a *run* of digits and signs."""
    for number in _BETWEEN_PHONES.split(run):
        if len(digits := _digits(number)) >= _COMPARED_DIGITS:
            yield digits[-_COMPARED_DIGITS:]


def _all_digits(run: str) -> Iterator[str]:
    """Yield all digits of a *run* that may be the last of a phone number, since other numbers may stand beside it."""
    digits = _digits(run)
    for start in range(len(digits) - _COMPARED_DIGITS + 1):
        yield digits[start : start + _COMPARED_DIGITS]


def _digits(text: str) -> str:
    return "".join(filter(str.isdecimal, text))


def _in_token(token: str) -> Iterator[str]:
    local, at, host = token.rpartition("@")
    if not _is_name(host):
        return
    person = local.rpartition("@")[2].partition("+")[0].replace(".", "")
    for each in _canonical(host):
        if at:
            yield f"email:{person}@{each}"
            yield f"mailhost:{each}"
        else:
            yield f"host:{each}"


def _is_name(host: str) -> bool:
    first, dot, last = host.rpartition(".")
    return bool(first and dot and _TOP_LEVEL.fullmatch(last)) and len(host) <= _LONGEST_HOST


def _canonical(host: str) -> set[str]:
    """Return *host* in Unicode, as each version of IDNA reads it. An address is in its usual form."""
    if address := address_of(host):
        return {str(address)}
    name = ".".join(map(_in_unicode, host.removeprefix("www.").split(".")))
    return {name, name.replace("\u00df", "ss").replace("\u03c2", "\u03c3").replace("\u200c", "").replace("\u200d", "")}


def _in_unicode(label: str) -> str:
    if label.startswith(_PUNYCODE):
        with suppress(ValueError):
            return label[len(_PUNYCODE) :].encode("ascii").decode("punycode").lower()
    return label
