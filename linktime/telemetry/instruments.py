"""The table of instruments, with the unit and the attributes of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Final, Literal

Value = str | int | float | bool
Attributes = Mapping[str, Value]

_MCP_SECONDS: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300)
_HTTP_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
_WAIT_SECONDS: Final = (0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 45, 60)


Kind = Literal["counter", "gauge", "histogram"]


@dataclass(frozen=True, slots=True, eq=False)
class Instrument:
    """One row. *attributes* maps each attribute to its values, or to () if they are open."""

    name: str
    kind: Kind
    unit: str
    description: str
    attributes: Mapping[str, tuple[str, ...]]
    boundaries: tuple[float, ...] = ()

    def chosen(self, attributes: Mapping[str, Value]) -> dict[str, Value]:
        """Return those of *attributes* that this instrument has."""
        return {name: attributes[name] for name in self.attributes if name in attributes}

    @property
    def zeros(self) -> list[dict[str, Value]]:
        """Return the attribute sets that a counter starts with at zero, if all their values are known.

        Prometheus' `increase()` ignores the first sample of a series, which has to be a zero in a short-lived process.
        """
        if self.kind != "counter" or not all(self.attributes.values()):
            return []
        return [dict(zip(self.attributes, values, strict=True)) for values in product(*self.attributes.values())]


def _seconds(name: str, description: str, boundaries: tuple[float, ...], attributes: str) -> Instrument:
    return Instrument(name, "histogram", "s", description, dict.fromkeys(attributes.split(), ()), boundaries)


# fmt: off
OPERATION: Final = _seconds(
    "mcp.server.operation.duration", "How long one message of the client took, waiting included.", _MCP_SECONDS,
    "mcp.method.name gen_ai.operation.name gen_ai.tool.name error.type rpc.response.status_code mcp.protocol.version "
    "network.transport")
SESSION: Final = _seconds(
    "mcp.server.session.duration", "How long the session lasted, told at its end.", _MCP_SECONDS,
    "mcp.protocol.version network.transport")
EXCHANGE: Final = _seconds(
    "http.client.request.duration",
    "How long one request to LinkTime took, from its sending to the last byte of its answer.", _HTTP_SECONDS,
    "http.request.method url.template server.address server.port http.response.status_code error.type")
CACHE: Final = Instrument(
    "linktime.cache.requests", "counter", "{request}", "Reads that were answered, by where the answer came from.",
    {"linktime.cache.result": ("hit", "miss", "coalesced", "off")})
DEPTH: Final = Instrument(
    "linktime.queue.depth", "gauge", "{request}", "Requests that wait in the mailbox for budget.", {})
QUEUE_WAIT: Final = _seconds(
    "linktime.queue.wait.duration", "How long a request waited in the mailbox before it was sent.", _WAIT_SECONDS,
    "http.request.method")
LIMITER_WAIT: Final = _seconds(
    "linktime.limiter.wait.duration",
    "How long the first in line waited at the gate until the limiter gave its permit.", _WAIT_SECONDS,
    "http.request.method")
SLOTS: Final = Instrument(
    "linktime.limiter.slots", "gauge", "{slot}", "Places in the request budget of one period.",
    {"linktime.limiter.state": ("free", "used")})
SERVERS: Final = Instrument(
    "linktime.limiter.servers", "gauge", "{server}", "Servers that share the request budget, this one included.", {})
RETRIES: Final = Instrument(
    "linktime.retries", "counter", "{request}", "Requests that were sent again, by kind.",
    {"http.request.method": ("GET", "POST", "PUT", "PATCH", "DELETE")})
REFUSALS: Final = Instrument(
    "linktime.refusals", "counter", "{call}",
    "Tool calls and reads of resources that this server refused by itself; nothing was sent.",
    {"linktime.outcome": ("rate_limited", "overloaded", "shutting_down", "invalid_arguments")})
OUTCOMES: Final = Instrument(
    "linktime.outcomes", "counter", "{call}",
    "Changes whose answer was lost or a fault, by what reading back found.",
    {"linktime.outcome": ("verified", "not_committed", "outcome_unknown")})

INSTRUMENTS: Final = (
    OPERATION, SESSION, EXCHANGE, CACHE, DEPTH, QUEUE_WAIT, LIMITER_WAIT, SLOTS, SERVERS, RETRIES, REFUSALS, OUTCOMES)
# fmt: on
