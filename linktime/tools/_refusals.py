"""The refusal of one value, with the value itself. Only for values that are never a guest's text."""

from __future__ import annotations

from typing import Final

_LONGEST_ECHO: Final = 40  # characters of a refused value


def refused(text: str, why: str) -> ValueError:
    """Return the error for *text* with the reason."""
    return ValueError(f"{why} (got {text[:_LONGEST_ECHO]!r})")
