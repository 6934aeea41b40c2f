"""Draws the pictures of the README: `python -m tests.pictures`. They need Jaeger and Chromium on PATH."""

from __future__ import annotations

import shutil
import sys

from tests.support.programs import BROWSERS

from . import calendar, demo, trace
from .svg import save

save(
    demo.draw(),
    "demo",
    "linktime-mcp demo",
    "Two scenes of the demo: a booking, and 80 calls at 60 requests a minute",
    clean=demo.with_fixed_ids,
)
if shutil.which("jaeger"):
    save(
        trace.draw(),
        "trace",
        "A trace in Jaeger: tools/call create_booking",
        "A trace in Jaeger: a booking waits for budget, loses its answer and is read back",
    )
else:
    sys.stderr.write("Jaeger is not on PATH, so the pictures of the trace stay as they are.\n")
if any(map(shutil.which, BROWSERS)):
    calendar.save()
else:
    sys.stderr.write("Chromium is not on PATH, so the pictures of the calendar stay as they are.\n")
