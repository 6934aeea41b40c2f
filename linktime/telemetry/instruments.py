"""Every instrument, in one table: what is measured, in which unit and by which attributes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import product
from typing import Final, NamedTuple

from .span import Place, Value

_MCP_SECONDS: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300)
_HTTP_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
_WAIT_SECONDS: Final = (0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 45, 60)


class Kind(Enum):
    """What the numbers of an instrument are; its value is the word of the documentation."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True, eq=False)
class Instrument:
    """One row: *attributes* are the names it is told apart by, with all their values where they are few.

    *boundaries* are a histogram's. A counter with few values begins at zero for each, so that a short-lived process
    is counted by what reads it: an increase is seen only by who saw the number before.
    """

    name: str
    kind: Kind
    unit: str
    description: str
    attributes: Mapping[str, tuple[str, ...]]
    boundaries: tuple[float, ...] = ()

    def chosen(self, attributes: Mapping[str, Value]) -> dict[str, Value]:
        """Take the attributes that this instrument knows."""
        return {name: attributes[name] for name in self.attributes if name in attributes}

    @property
    def zeros(self) -> list[dict[str, Value]]:
        """Tell which attributes a counter begins with; none if their values are not known before."""
        if self.kind is not Kind.COUNTER or not all(self.attributes.values()):
            return []
        return [dict(zip(self.attributes, values, strict=True)) for values in product(*self.attributes.values())]


class Measurement(NamedTuple):
    """One number for an instrument, and the *place* of the span that it belongs to."""

    instrument: Instrument
    value: float
    attributes: Mapping[str, Value]
    place: Place | None


def _open(*names: str) -> dict[str, tuple[str, ...]]:
    return dict.fromkeys(names, ())


OPERATION: Final = Instrument(
    "mcp.server.operation.duration",
    Kind.HISTOGRAM,
    "s",
    "How long one message of the client took, waiting included.",
    _open(
        "mcp.method.name",
        "gen_ai.operation.name",
        "gen_ai.tool.name",
        "error.type",
        "rpc.response.status_code",
        "mcp.protocol.version",
        "network.transport",
    ),
    _MCP_SECONDS,
)
SESSION: Final = Instrument(
    "mcp.server.session.duration",
    Kind.HISTOGRAM,
    "s",
    "How long the session lasted, told at its end.",
    _open("mcp.protocol.version", "network.transport"),
    _MCP_SECONDS,
)
EXCHANGE: Final = Instrument(
    "http.client.request.duration",
    Kind.HISTOGRAM,
    "s",
    "How long one request to LinkTime took, from its sending to the last byte of its answer.",
    _open(
        "http.request.method",
        "url.template",
        "server.address",
        "server.port",
        "http.response.status_code",
        "error.type",
    ),
    _HTTP_SECONDS,
)
CACHE: Final = Instrument(
    "linktime.cache.requests",
    Kind.COUNTER,
    "{request}",
    "Reads that were answered, by where the answer came from.",
    {"linktime.cache.result": ("hit", "miss", "coalesced", "off")},
)
DEPTH: Final = Instrument(
    "linktime.queue.depth", Kind.GAUGE, "{request}", "Requests that wait in the mailbox for budget.", {}
)
QUEUE_WAIT: Final = Instrument(
    "linktime.queue.wait.duration",
    Kind.HISTOGRAM,
    "s",
    "How long a request waited in the mailbox before it was sent.",
    _open("http.request.method"),
    _WAIT_SECONDS,
)
LIMITER_WAIT: Final = Instrument(
    "linktime.limiter.wait.duration",
    Kind.HISTOGRAM,
    "s",
    "How long the first in line waited at the gate until the limiter gave its permit.",
    _open("http.request.method"),
    _WAIT_SECONDS,
)
SLOTS: Final = Instrument(
    "linktime.limiter.slots",
    Kind.GAUGE,
    "{slot}",
    "Places in the request budget of one period.",
    {"linktime.limiter.state": ("free", "used")},
)
SERVERS: Final = Instrument(
    "linktime.limiter.servers", Kind.GAUGE, "{server}", "Servers that share the request budget, this one included.", {}
)
RETRIES: Final = Instrument(
    "linktime.retries",
    Kind.COUNTER,
    "{request}",
    "Requests that were sent again, by kind.",
    {"http.request.method": ("GET", "POST", "PUT", "PATCH", "DELETE")},
)
REFUSALS: Final = Instrument(
    "linktime.refusals",
    Kind.COUNTER,
    "{call}",
    "Tool calls and reads of resources that this server refused by itself; nothing was sent.",
    {"linktime.outcome": ("rate_limited", "overloaded", "shutting_down", "invalid_arguments")},
)
OUTCOMES: Final = Instrument(
    "linktime.outcomes",
    Kind.COUNTER,
    "{call}",
    "Changes whose answer was lost or a fault, by what reading back found.",
    {"linktime.outcome": ("verified", "not_committed", "outcome_unknown")},
)

INSTRUMENTS: Final = (
    OPERATION,
    SESSION,
    EXCHANGE,
    CACHE,
    DEPTH,
    QUEUE_WAIT,
    LIMITER_WAIT,
    SLOTS,
    SERVERS,
    RETRIES,
    REFUSALS,
    OUTCOMES,
)


def zeros() -> Iterable[Measurement]:
    """Begin every counter whose attributes are known at zero."""
    return (Measurement(row, 0, attributes, None) for row in INSTRUMENTS for attributes in row.zeros)
