"""Spans and metrics of every call, recorded with OpenTelemetry's SDK. Only this package knows OpenTelemetry."""

from __future__ import annotations

from .environment import Variables, set_up
from .instruments import DEPTH, SERVERS, SLOTS
from .middleware import Middleware
from .recorder import Telemetry

__all__ = ["DEPTH", "SERVERS", "SLOTS", "Middleware", "Telemetry", "Variables", "set_up"]
