"""Spans and metrics of every call, recorded with OpenTelemetry's SDK. Only this package knows OpenTelemetry.

`middleware` records a span for each message, and other packages call `hooks`. `recorder` imports the SDK behind the
start. `sdk` and `metrics` build its providers from the variables of `environment`, and `console` formats lines.
"""

from __future__ import annotations

from .environment import Variables
from .hooks import answered, confirmation, exchange_span, failed, granted, joined, waited
from .instruments import DEPTH, SERVERS, SLOTS
from .middleware import Middleware
from .recorder import Telemetry, current
from .setup import set_up

__all__ = [
    "DEPTH",
    "SERVERS",
    "SLOTS",
    "Middleware",
    "Telemetry",
    "Variables",
    "answered",
    "confirmation",
    "current",
    "exchange_span",
    "failed",
    "granted",
    "joined",
    "set_up",
    "waited",
]
