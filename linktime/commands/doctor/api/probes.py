"""The requests of the comparison: one for each read, and one for a row that cannot exist."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson

from ....config import Settings
from ....contract import Contract, Operation
from ....errors import Failure
from ....message import Reply, Request, Send, get
from ....pipeline import routes
from ....pipeline.clock import now
from ....pipeline.limiter import Limiter, sharing
from ....pipeline.mailbox import Mailbox
from ....pipeline.rest.client import Rest
from ....pipeline.rest.failures import Route
from ....pipeline.rest.wire import on_the_wire

_DAYS: Final = 6  # of the availability that is read
_MISSING: Final = "linktime-mcp-doctor-0"  # an id that no service makes
_FEW: Final = {"page": 1, "limit": 5}
_LISTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "list_bookings": {**_FEW, "status": "all"},
    "list_contacts": _FEW,
    "list_conversations": _FEW,
    "list_call_history": {**_FEW, "status": "all"},
}
_PARENTS: Final = {
    "get_booking": "list_bookings",
    "get_contact": "list_contacts",
    "get_event_type": "list_event_types",
    "check_availability": "list_event_types",
}
"""The operations that need a row, and the list that has it."""

_PATIENCE: Final = 30.0  # s; for a permit, beyond a whole period
_DEEPEST: Final = 4  # levels at which a list of rows is searched

Progress = Callable[[int, str], None]


@dataclass(frozen=True, slots=True)
class Answered:
    """One probe: its *operation*, the query by our names, and the answer as it came.

    *status* is None if there was no answer. Then *data* is None, and *problem* is an error word or the missing row.
    """

    operation: Operation
    query: Mapping[str, str]
    status: int | None = None
    data: Any = None
    limits: tuple[str, ...] = ()  # names of headers about the rate limit
    problem: str = ""
    missing_row: bool = False  # the request was for a row that cannot exist


COUNT: Final = 1 + sum(method == "GET" for method, _ in Contract.shipped().operations)
"""The largest number of requests."""


async def examine(settings: Settings, contract: Contract, progress: Progress) -> list[Answered]:
    """Send the probes one by one, each with a permit of the budget. Reads with a parent come after it."""
    reads = [each for each in contract.operations.values() if each.method == "GET"]
    answers: dict[str, Answered] = {}
    async with _service(settings) as send:
        # One by one: a user's servers share this budget.
        for done, operation in enumerate(sorted(reads, key=lambda each: each.name in _PARENTS)):
            progress(done, f"GET {operation.template}")
            parent = answers.get(_PARENTS.get(operation.name, ""))
            answers[operation.name] = await _probe(send, operation, _row(parent.data) if parent else {})
        missing = contract.find("GET", routes.BOOKING)
        progress(len(reads), f"GET {missing.template}")
        last = replace(await _probe(send, missing, {"id": _MISSING}), missing_row=True)
    progress(COUNT, "")
    return [*answers.values(), last]


@asynccontextmanager
async def _service(settings: Settings) -> AsyncIterator[Send]:
    """Open the layers of the server down to the limit, with raw answers."""
    key = settings.api_key.get_secret_value() if settings.api_key else ""
    rest = Rest(settings.base_url, key, timeout=settings.timeout, connections=1)
    route = Route(settings.base_url, key)

    # The comparison needs answers as they came, so the layers that interpret an answer are left out. A 429 is raised,
    # because the limiter learns from it.
    async def raw(request: Request) -> Reply:
        response = await rest.exchange(request)
        if response.status == 429:
            response.reply(request, Contract.shipped().find("GET", request.template), route, settings.rate_period)
        return Reply(response.status, (response.headers, _json(response.body)))

    try:
        async with (
            sharing(settings) as (store, _),
            Limiter(store, settings.rate_period) as limiter,
            Mailbox(raw, limiter, workers=1) as mailbox,
        ):

            async def send(request: Request) -> Reply:
                return await mailbox(replace(request, deadline=now() + settings.rate_period + _PATIENCE))

            yield send
    finally:
        await rest.aclose()


async def _probe(send: Send, operation: Operation, row: Mapping[str, Any]) -> Answered:
    query = {**_LISTS.get(operation.name, {}), **_window(operation, row)}
    query = {name: str(value) for name, value in query.items()}
    if operation.name in _PARENTS and not row:
        return Answered(operation, query, problem="no row to ask for")
    request = get(operation.template, str(row.get("id", "")) if "{id}" in operation.template else "")
    request = replace(request, query=tuple(query.items()))
    try:
        reply = await send(on_the_wire(request, operation))
    except Failure as failure:
        return Answered(operation, query, problem=failure.word)
    headers, data = reply.data
    limits = tuple(sorted(name for name in headers if "ratelimit" in name.lower().replace("-", "")))
    return Answered(operation, query, reply.status, data, limits)


def _window(operation: Operation, row: Mapping[str, Any]) -> dict[str, str]:
    if operation.name != "check_availability":
        return {}
    first = datetime.now(UTC).date() + timedelta(1)
    last = first + timedelta(_DAYS)
    return {"eventTypeSlug": str(row.get("slug", "")), "from": str(first), "to": str(last), "timezone": "UTC"}


def _row(data: Any) -> Mapping[str, Any]:
    """Return the first row of any list of rows in an answer, whatever its envelope. It is empty if there is none."""
    rows = next(_rows(data, _DEEPEST), [])
    return rows[0] if rows and isinstance(rows[0], dict) and rows[0].get("id") else {}


def _rows(data: Any, depth: int) -> Iterator[list[Any]]:
    match data:
        case list():
            yield data
        case dict() if depth:
            for value in data.values():
                yield from _rows(value, depth - 1)


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
