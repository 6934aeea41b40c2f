"""A client's file as text: read, and changed."""

from __future__ import annotations

import json
from types import ModuleType
from typing import Any, Final

from ..clients import Client, Format
from . import jsonc, toml
from .entry import GONE, Change, changed
from .spot import Unreadable

_EDITORS: Final[dict[Format, ModuleType]] = {Format.JSON: jsonc, Format.JSONC: jsonc, Format.TOML: toml}


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
