"""Spans and metrics of every call, named by OpenTelemetry's conventions. Only this package knows OpenTelemetry.

A span is a value (`span`) that is made where something happens (`messages`, `seams`) and put into a bounded queue
(`outlet`). A thread takes it from there: it writes a line to stderr (`line`), or plays it through the SDK (`sdk`),
which that thread imports when there is something to send. So a call pays for the value alone.
"""

from __future__ import annotations

from .instruments import DEPTH, SERVERS, SLOTS
from .messages import Messages, Names
from .record import Telemetry
from .seams import answered, confirmation, exchange_span, failed, granted, joined, place, waited
from .setup import set_up
from .variables import Variables

__all__ = [
    "DEPTH",
    "SERVERS",
    "SLOTS",
    "Messages",
    "Names",
    "Telemetry",
    "Variables",
    "answered",
    "confirmation",
    "exchange_span",
    "failed",
    "granted",
    "joined",
    "place",
    "set_up",
    "waited",
]
