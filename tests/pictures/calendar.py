"""The calendar as pixels: a picture of the view in a browser."""

from __future__ import annotations

from typing import Final

from tests.support.view_browser import view_browser
from tests.support.view_samples import week

from .svg import FOLDER, THEMES

DAYS: Final = {"from": "2026-11-30", "to": "2026-12-06"}
FONT: Final = {"--font-sans": "Inter, system-ui, sans-serif"}


def save() -> None:
    """Write a picture in each theme, as a host in Berlin shows it."""
    with view_browser() as browser:
        for theme in THEMES:
            look = {"theme": theme, "timeZone": "Europe/Berlin", "styles": {"variables": FONT}}
            browser.open("calendar", week(), DAYS, context=look, locale="en-GB", deviceScaleFactor=1.5)
            browser.do("picture", str(FOLDER / f"calendar-{theme}.png"))
