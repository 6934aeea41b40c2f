"""The table of instruments, with the unit and the attributes of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Value = str | int | float | bool
Attributes = Mapping[str, Value]


@dataclass(frozen=True, slots=True, eq=False)
class Instrument:
    """One row. *attributes* maps each attribute to its values, or to () if they are open. A counter has one."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    unit: str
    description: str
    attributes: Mapping[str, tuple[str, ...]]
    boundaries: tuple[float, ...] = ()


def _seconds(name: str, boundaries: tuple[float, ...], attributes: str, description: str) -> Instrument:
    return Instrument(name, "histogram", "s", description, dict.fromkeys(attributes.split(), ()), boundaries)


# fmt: off
_MCP_SECONDS: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300)
_HTTP_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
_WAIT_SECONDS: Final = (0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 45, 60)
_OPERATION: Final = "mcp.method.name gen_ai.operation.name gen_ai.tool.name error.type rpc.response.status_code"
_EXCHANGE: Final = "http.request.method url.template server.address server.port http.response.status_code error.type"
_SESSION: Final = "mcp.protocol.version network.transport"

OPERATION: Final = _seconds("mcp.server.operation.duration", _MCP_SECONDS, f"{_OPERATION} {_SESSION}",
    "Duration of one message of the client, waits included.")
SESSION: Final = _seconds("mcp.server.session.duration", _MCP_SECONDS, _SESSION, "Duration of a session that ended.")
EXCHANGE: Final = _seconds("http.client.request.duration", _HTTP_SECONDS, _EXCHANGE, "Duration of one REST request.")
CACHE: Final = Instrument("linktime.cache.requests", "counter", "{request}", "Reads, by the source of the answer.",
    {"linktime.cache.result": ("hit", "miss", "coalesced", "off")})
DEPTH: Final = Instrument("linktime.queue.depth", "gauge", "{request}", "Requests that wait for budget.", {})
QUEUE_WAIT: Final = _seconds("linktime.queue.wait.duration", _WAIT_SECONDS, "http.request.method",
    "Wait of a request in the mailbox until it was sent.")
LIMITER_WAIT: Final = _seconds("linktime.limiter.wait.duration", _WAIT_SECONDS, "http.request.method",
    "Wait of the first request in the queue for a permit.")
SLOTS: Final = Instrument("linktime.limiter.slots", "gauge", "{slot}",
    "Permits of the request budget of one period.", {"linktime.limiter.state": ("free", "used")})
SERVERS: Final = Instrument("linktime.limiter.servers", "gauge", "{server}", "Servers that share the budget.", {})
RETRIES: Final = Instrument("linktime.retries", "counter", "{request}",
    "Requests that were sent again, by method.", {"http.request.method": ("GET", "POST", "PUT", "PATCH", "DELETE")})
REFUSALS: Final = Instrument("linktime.refusals", "counter", "{call}", "Calls that were refused without a request.",
    {"linktime.outcome": ("rate_limited", "overloaded", "shutting_down", "invalid_arguments")})
OUTCOMES: Final = Instrument("linktime.outcomes", "counter", "{call}", "Verifications of writes, by result.",
    {"linktime.outcome": ("verified", "not_committed", "outcome_unknown")})
MISMATCHES: Final = Instrument("linktime.contract.mismatches", "counter", "{answer}", "Answers unlike the contract.",
    {"http.request.method": (), "url.template": ()})

# fmt: on
INSTRUMENTS: Final = tuple(row for row in list(globals().values()) if isinstance(row, Instrument))
