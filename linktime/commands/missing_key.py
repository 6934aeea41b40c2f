"""The advice for a command that needs the key and finds none: how to set it in a shell."""

from __future__ import annotations

import sys

from ..pipeline.system import WINDOWS
from .clients import KEY, KEY_PREFIX


def key_advice(reason: str, platform: str = sys.platform) -> str:
    """Return the *reason* why there is no key, and how to set one in the user's shell."""
    command = ('$env:{} = "{}"' if platform == WINDOWS else "export {}={}").format(KEY, f"{KEY_PREFIX}…")
    return f"{reason}. Run {command} in this shell, or start linktime-mcp sandbox and run the lines that it prints."
