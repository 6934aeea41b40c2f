"""Pictures of the calendar for the README.

`python -m tests.pictures` writes them, and needs Chromium, playwright-core and the font Inter.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from tests.support.view_browser import view_browser
from tests.support.view_samples import week

PLACE: Final = Path(__file__).parent.parent / "dashboards" / "pictures"
DAYS: Final = {"from": "2026-11-30", "to": "2026-12-06"}
FONT: Final = {"--font-sans": "Inter, system-ui, sans-serif"}


def main() -> None:
    """Write a light and a dark picture, and print their paths."""
    PLACE.mkdir(parents=True, exist_ok=True)
    with view_browser() as browser:
        for theme in ("light", "dark"):
            look = {"theme": theme, "timeZone": "Europe/Berlin", "styles": {"variables": FONT}}
            browser.open("calendar", week(), DAYS, context=look, locale="en-GB", deviceScaleFactor=1.5)
            path = PLACE / f"calendar-{theme}.png"
            browser.do("picture", str(path))
            sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main()
