"""A client's file as text: read, changed, and shown without what is secret in it."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from difflib import unified_diff
from types import ModuleType
from typing import Any, Final

from ..clients import Client, Format
from . import jsonc, toml
from .entry import GONE, Change, changed
from .spot import Unreadable

_EDITORS: Final[dict[Format, ModuleType]] = {Format.JSON: jsonc, Format.JSONC: jsonc, Format.TOML: toml}
_QUOTED: Final = re.compile(r"""\"(?:[^"\\\n]|\\.)*+\"|'[^'\n]*+'""")
_TELLING: Final = 6  # characters; what is shorter is hidden only where it stands in quotes
_PRIVATE: Final = re.compile(r"env|header|arg|url|token|key|secret|passw|auth", re.IGNORECASE)


def read(text: str, client: Client) -> dict[str, Any]:
    """Read the file's values, as strictly as the client does; raises Unreadable."""
    document: dict[str, Any] = _EDITORS[client.format].read(text)
    if client.format is Format.JSON and document:
        try:
            json.loads(text.removeprefix("\ufeff"))
        except json.JSONDecodeError as error:
            offset = error.pos + text.startswith("\ufeff")
            raise Unreadable.at(offset, text, f"{client.title} reads neither comments nor trailing commas") from None
    return document


def edited(text: str, client: Client, changes: list[Change]) -> str:
    """Make *changes*, and nothing else; raises Unreadable where that can't be done here."""
    editor = _EDITORS[client.format]
    after = text
    for path, value in changes:
        after = editor.drop(after, path) if value is GONE else editor.put(after, path, value)
    if not _says(editor, after, changed(editor.read(text), changes)):
        raise Unreadable("it is laid out in a way that can't be changed safely")
    return after


def _says(editor: ModuleType, text: str, document: dict[str, Any]) -> bool:
    """Whether *text* is a file that says what *document* does."""
    try:
        return _filled(editor.read(text)) == _filled(document)
    except Unreadable:
        return False


def _filled(document: dict[str, Any]) -> str:
    """Write it so that it can be compared: with nan, which equals nothing, but no empty table, which TOML may omit."""
    filled = {name: value for name, value in document.items() if value != {}}
    return json.dumps(filled, default=repr, sort_keys=True)


def difference(before: str, after: str, client: Client, name: str, public: Collection[str]) -> str:
    """Show what changes; texts that may be secrets are left out, but not those that are *public*."""
    secrets = {*_secrets(read(before, client)), *_secrets(read(after, client))} - set(public)
    old, new = (_masked(text, secrets).splitlines() for text in (before, after))
    return "\n".join(unified_diff(old, new, name, f"{name} (new)", lineterm="", n=1))


def _secrets(value: Any, *, private: bool = False) -> Iterator[str]:
    """Find every text under a name that may be a secret's; a reference to a variable is none."""
    match value:
        case dict():
            for name, each in value.items():
                yield from _secrets(each, private=private or bool(_PRIVATE.search(name)))
        case list():
            for each in value:
                yield from _secrets(each, private=private)
        case str() if private and value and not value.startswith("$"):
            yield value


def _masked(text: str, secrets: Collection[str]) -> str:
    def shown(found: re.Match[str]) -> str:
        value = _unquoted(found.group())
        return found.group() if value not in secrets else f'"{"lt_live_" * value.startswith("lt_live_")}…"'

    text = _QUOTED.sub(shown, text)
    for secret in sorted((each for each in secrets if len(each) >= _TELLING), key=len, reverse=True):
        text = text.replace(secret, "…")
    return text


def _unquoted(text: str) -> str:
    try:
        return str(json.loads(text))
    except json.JSONDecodeError:
        return text[1:-1]
