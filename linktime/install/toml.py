"""Edits TOML text; comments, order, layout and line ends outside an edit stay byte for byte."""

from __future__ import annotations

import re
import tomllib
from typing import Any, Final

import tomlkit

from .spot import Path, Unreadable, nested

_FAULT: Final = re.compile(r"(.*?)(?: \(at line (\d+), column (\d+)\)| \(at end of document\))?", re.DOTALL)


def read(text: str) -> dict[str, Any]:
    """Read the whole."""
    plain = text.removeprefix("\ufeff")
    try:
        return tomllib.loads(plain)
    except tomllib.TOMLDecodeError as error:
        found = _FAULT.fullmatch(str(error))
        what, line, column = found.groups() if found else (str(error), None, None)
        raise Unreadable(what, int(line or plain.count("\n") + 1), int(column or 1)) from None


def put(text: str, path: Path, value: Any) -> str:
    """Set the value at *path*; a table that is not there yet is written at the end, where nothing else is disturbed."""
    bom, plain = ("\ufeff", text[1:]) if text.startswith("\ufeff") else ("", text)
    block = tomlkit.dumps(nested(path, value))
    appended = f"{plain}{'' if plain.endswith(chr(10)) or not plain else chr(10)}{chr(10) if plain else ''}{block}"
    return bom + _ends(plain, appended if isinstance(value, dict) and _is_toml(appended) else _put(plain, path, value))


def drop(text: str, path: Path) -> str:
    """Remove what is at *path*, which is there."""
    bom, plain = ("\ufeff", text[1:]) if text.startswith("\ufeff") else ("", text)
    document = tomlkit.parse(plain)
    del _leading(document, plain, path)[path[-1]]
    return bom + _ends(plain, document.as_string())


def _put(text: str, path: Path, value: Any) -> str:
    document = tomlkit.parse(text)
    _leading(document, text, path)[path[-1]] = value
    return document.as_string()


def _leading(document: Any, text: str, path: Path) -> Any:
    """Find the table that has the last name of *path*."""
    for name in path[:-1]:
        document = document[name]
        if not isinstance(document, dict):
            found = re.search(rf"^[ \t]*(\"?){re.escape(str(name))}\1[ \t]*=", text, re.MULTILINE)
            raise Unreadable.at(found.end() if found else 0, text, "a table is expected")
    return document


def _is_toml(text: str) -> bool:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _ends(before: str, after: str) -> str:
    """End the new lines as all the old ones do."""
    crlf = "\r\n" in before and not re.search(r"(?<!\r)\n", before)
    return re.sub(r"(?<!\r)\n", "\r\n", after) if crlf else after
