"""Pages of the views: one self-contained HTML document each, from the sources in `page/`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Final, Literal

from ... import __version__

View = Literal["calendar", "slots"]

_SOURCES: Final = files(__package__) / "page"
_SHARED: Final = ("host", "chat", "times", "dates", "dom", "answer", "status", "loader", "theme", "display", "view")
_OWN: Final[dict[View, tuple[str, ...]]] = {
    "calendar": ("layout", "ics", "book", "details", "axis", "block", "calendar"),
    "slots": ("slots",),
}
"""The modules of all views, and those of each view. A module is after the modules that it imports."""

_LINKS: Final = re.compile(r"^import [^;]*;\n|^export ", re.MULTILINE)
_PADDING: Final = re.compile(
    r"^\s*/\*(?s:.*?)\*/\n|^\s*// .*\n|(?<=[;,{]) // .*$|^\s+", re.MULTILINE
)  # comments, blank lines and indentation
_GAPS: Final = re.compile(r"([:;,{]) | (?=[{}])")  # blanks that separate nothing in a style


@cache
def page(view: View) -> str:
    """Return the page of *view*. It needs no network and has no data of a user."""
    script = _script((*_SHARED, *_OWN[view])).replace("{version}", __version__)
    parts = {"{view}": view, "/* style */": _style(), "/* script */": script}
    document = _source("index.html")
    for mark, part in parts.items():
        document = document.replace(mark, part)
    return document


def _style() -> str:
    return _GAPS.sub(r"\1", _PADDING.sub("", _source("style.css")))


def _script(modules: Iterable[str]) -> str:
    """Return modules as one. They share its scope, so they need no imports and exports, and their names differ."""
    return "".join(_PADDING.sub("", _LINKS.sub("", _source(f"{name}.js"))) for name in modules)


def _source(name: str) -> str:
    return (_SOURCES / name).read_text(encoding="utf-8")
