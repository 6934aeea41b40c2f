"""The destinations in the config of a workflow's action: its URLs, e-mail addresses and phone numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from .targets import refusal

_URL_FIELD: Final = re.compile(r"(ur[il]|webhook|endpoint|href|callback)s?$", re.IGNORECASE)
_TEXT_FIELDS: Final = frozenset({"body", "html", "message", "prompt", "subject", "text"})
_EMAIL: Final = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+")
_PHONE: Final = re.compile(r"\+?[\d(][\d\s().-]{5,24}")
_URL: Final = re.compile(r"([a-z][a-z0-9+.-]{0,20}:)?[/\\]{2}\S*|[a-z][a-z0-9+.-]{0,20}:[/\\]\S*", re.IGNORECASE)
_DROPPED: Final = re.compile(r"[\t\r\n]|^[\x00-\x20]+|[\x00-\x20]+$")  # as clients read a URL


def refusals(config: Mapping[str, Any], *, allow_local: bool = False) -> Iterator[str]:
    """Yield why guests' data must not go to the URLs in the *config* of a workflow's action, each with its field."""
    for name, text in _fields("config", config):
        url = _DROPPED.sub("", text)
        if _is_url(name, url) and (why := refusal(url, allow_local=allow_local)):
            yield f"{name} {why}"


def targets(config: Mapping[str, Any]) -> list[str]:
    """Return the URLs, e-mail addresses and phone numbers that the *config* of a workflow's action sends data to."""
    texts = ((name, _DROPPED.sub("", text)) for name, text in _fields("config", config))
    return [target for name, text in texts for target in _targets(name, text)]


def urls(config: Mapping[str, Any]) -> list[str]:
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
