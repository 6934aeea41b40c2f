"""The user's browser."""

from __future__ import annotations

import os
import sys
import webbrowser
from collections.abc import Mapping
from threading import Thread
from typing import Final

from ....pipeline.system import MACOS, WINDOWS

_CHOICES: Final = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")


def open_in_browser(url: str) -> None:
    """Open *url* in the user's browser, if there is a display."""
    # A thread, since some browsers end only when the user closes them. It must not delay the end of the program.
    if has_display(os.environ, sys.platform):
        Thread(target=webbrowser.open, args=(url,), daemon=True).start()


def has_display(environ: Mapping[str, str], platform: str) -> bool:
    """Return whether a browser can open a window. Without a display, `webbrowser` would fill the terminal."""
    return platform in (WINDOWS, MACOS) or any(environ.get(name) for name in _CHOICES)
