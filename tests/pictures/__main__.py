"""Draws the pictures of the README: `python -m tests.pictures`."""

from __future__ import annotations

from . import demo
from .svg import save

save(
    demo.draw(),
    "demo",
    "linktime-mcp demo",
    "Two scenes of the demo: a booking, and 80 calls at 60 requests a minute",
    clean=demo.with_fixed_ids,
)
