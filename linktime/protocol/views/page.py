"""Pages of the views: one self-contained HTML document each, from the sources in `page/`."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Final, Literal

from ... import __version__

_SOURCES: Final = files(__package__) / "page"
_MODULES: Final = (
    "host.js",
    "chat.js",
    "times.js",
    "dates.js",
    "layout.js",
    "dom.js",
    "answer.js",
    "ics.js",
    "status.js",
    "loader.js",
    "book.js",
    "details.js",
    "calendar.js",
    "slots.js",
    "theme.js",
    "main.js",
)
"""The modules in the order of their imports: each imports only from modules before it."""

_IMPORT: Final = re.compile(r"^import [^;]*;\n", re.MULTILINE)
_EXPORT: Final = re.compile(r"^export ", re.MULTILINE)


@cache
def page(view: Literal["calendar", "slots"]) -> str:
    """Return the page of *view*. It needs no network and has no data of a user."""
    document = _source("index.html").replace("{view}", view)
    script = _script().replace("{version}", __version__)
    return document.replace("/* style */", _source("style.css")).replace("/* script */", script)


def _script() -> str:
    """Return the modules as one: they share a scope, so their imports and exports are left out."""
    return "\n".join(_EXPORT.sub("", _IMPORT.sub("", _source(name))) for name in _MODULES)


def _source(name: str) -> str:
    return (_SOURCES / name).read_text(encoding="utf-8")
