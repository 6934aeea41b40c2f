"""A page of a terminal as SVG, in a light and a dark theme, without fonts from the network."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

from rich.console import Console
from rich.terminal_theme import TerminalTheme

FOLDER: Final = Path(__file__).parents[2] / "dashboards" / "pictures"
THEMES: Final = {
    # background, text, then black, red, green, yellow, blue, magenta, cyan and white
    "light": TerminalTheme(
        (255, 255, 255),
        (13, 17, 23),
        [
            (36, 41, 47),
            (164, 14, 38),
            (17, 99, 41),
            (125, 78, 0),
            (9, 105, 218),
            (130, 80, 223),
            (5, 80, 174),
            (110, 119, 129),
        ],
    ),
    "dark": TerminalTheme(
        (13, 17, 23),
        (230, 237, 243),
        [
            (72, 79, 88),
            (255, 123, 114),
            (86, 211, 100),
            (227, 179, 65),
            (88, 166, 255),
            (188, 140, 255),
            (121, 192, 255),
            (177, 186, 196),
        ],
    ),
}
_TEMPLATE: Final = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" role="img">
<title>LABEL</title>
<style>
.rich-terminal > rect {{ stroke: #8b949e66 }}
.{unique_id}-title {{ font: 600 17px system-ui, -apple-system, "Segoe UI", sans-serif }}
.{unique_id}-matrix {{
  font: {char_height}px/{line_height}px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace
}}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def page(width: int) -> Console:
    """Return a console that records its output for a picture."""
    return Console(
        record=True, width=width, file=StringIO(), force_terminal=True, color_system="standard", highlight=False
    )


def save(console: Console, name: str, title: str, label: str, *, clean: Callable[[str], str] = str) -> None:
    """Write the pictures of *console*. A screen reader reads the *label*. *clean* replaces accidental text."""
    FOLDER.mkdir(exist_ok=True)
    for theme, colours in THEMES.items():
        text = console.export_svg(
            title=title, theme=colours, clear=False, code_format=_TEMPLATE.replace("LABEL", label), unique_id=name
        )
        lines = (line.strip() for line in text.replace("</text><text", "</text>\n<text").splitlines())
        path(name, theme).write_text(clean("\n".join(filter(None, lines))) + "\n", encoding="utf-8")


def path(name: str, theme: str) -> Path:
    """Return the file of a picture."""
    return FOLDER / f"{name}-{theme}.svg"


def words(file: Path) -> list[str]:
    """Return the words on the page of a picture, in the order of reading."""
    root = ET.fromstring(file.read_text(encoding="utf-8"))
    matrix = [element for element in root.iter() if element.get("class", "").endswith("-matrix")]
    return re.findall(r"\S+", " ".join("".join(text.itertext()) for group in matrix for text in group))
