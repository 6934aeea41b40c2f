"""The calendar as pixels: a picture of the view in a browser.

Two browsers draw different pixels, so a record beside the pictures has digests of everything that they show.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any, Final

from linktime import __version__
from linktime.protocol.views.page import page
from tests.support.view_browser import NOW, view_browser
from tests.support.view_samples import week

from .svg import FOLDER, THEMES

RECORD: Final = FOLDER / "calendar.json"
PICTURES: Final = {theme: FOLDER / f"calendar-{theme}.png" for theme in THEMES}
DAYS: Final = {"from": "2026-11-30", "to": "2026-12-06"}
HOST: Final[dict[str, Any]] = {
    "timeZone": "Europe/Berlin",
    "styles": {"variables": {"--font-sans": "Inter, system-ui, sans-serif"}},
}
BROWSER: Final[dict[str, Any]] = {"locale": "en-GB", "deviceScaleFactor": 1.5}


def save() -> None:
    """Write a picture in each theme, as a host in Berlin shows it, and their record."""
    with view_browser() as browser:
        for theme, picture in PICTURES.items():
            browser.open("calendar", week(), DAYS, context={"theme": theme, **HOST}, **BROWSER)
            browser.do("picture", str(picture))
    RECORD.write_text(json.dumps(digests(), indent=2) + "\n", encoding="utf-8")


def digests() -> dict[str, str]:
    """Return the digests of the page, of the host and its answer, and of each picture, by name."""
    host = json.dumps([week(), DAYS, HOST, BROWSER, NOW], sort_keys=True)
    parts = {"page": page("calendar").replace(__version__, "").encode(), "host": host.encode()}
    parts |= {picture.name: picture.read_bytes() for picture in PICTURES.values()}
    return {name: sha256(data).hexdigest() for name, data in parts.items()}
