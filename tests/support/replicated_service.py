"""A LinkTime in memory whose reads come from a replica that is behind, under the chain that app.py builds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import orjson

from linktime.errors import Failure, OutcomeUnknown, Rejected
from linktime.message import Delivery, Reply, Request, Send
from linktime.pipeline.cache import Cache
from linktime.pipeline.departure import Departure
from linktime.pipeline.limiter import Limiter, MemoryStore
from linktime.pipeline.mailbox import Mailbox
from linktime.pipeline.outcome import Outcome
from linktime.pipeline.outcome.history import collection
from linktime.pipeline.retry import Retry
from linktime.tools import TOOLS
from linktime.wallclock import utc
from tests.support.virtual_time import clock

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
TIMEOUT = 2.0  # s
LOST = OutcomeUnknown("The connection broke.", answered=False)
ANSWERED = OutcomeUnknown("LinkTime answered 500.", answered=True)

Row = dict[str, Any]
Rows = dict[str, dict[str, Row]]


def wall() -> datetime:
    """Return the time of day on the virtual clock."""
    return START + timedelta(seconds=clock())


def keep(row: Row) -> Row:
    """Change nothing."""
    return row


@dataclass
class LinkTime:
    """Rows by collection, as they were at each moment; reads see them *lag* seconds late.

    The next writes meet *fates*: None is an honest answer, "before" and "after" are faults around the commit, "lost"
    and "late" are requests without an answer. A late one is committed when its caller has given it up. Reads meet
    *read_fates*.
    *normalize* is how it writes rows, *hidden* the fields that its lists leave out.
    """

    lag: float = 0.0
    fates: list[str | None] = field(default_factory=list)
    normalize: Callable[[Row], Row] = keep
    hidden: tuple[str, ...] = ()
    read_fates: list[Failure | None] = field(default_factory=list)
    sent: list[Request] = field(default_factory=list)
    committed: dict[int, Any] = field(default_factory=dict)  # what was answered, or not, by the call's delivery
    states: list[tuple[float, Rows]] = field(default_factory=lambda: [(-1e9, {})])
    _idents: Any = field(default_factory=lambda: count(1))

    async def __call__(self, request: Request) -> Reply:
        """Answer as LinkTime does."""
        self.sent.append(request)
        await asyncio.sleep(0.02)
        if request.is_read:
            if fault := self.read_fates.pop(0) if self.read_fates else None:
                raise fault
            return self._reply(200, self._read(request))
        fate = self.fates.pop(0) if self.fates else None
        if fate == "before":
            raise ANSWERED
        if fate in {"lost", "late"}:
            if fate == "late":
                asyncio.get_running_loop().call_later(TIMEOUT + 7.0, self._late, request)
            await asyncio.sleep(TIMEOUT)
            raise LOST
        answer = self.committed[id(request.delivery)] = self._write(request)
        if fate == "after":
            raise ANSWERED
        return self._reply(201 if request.method == "POST" else 200, answer)

    def _late(self, request: Request) -> None:
        with suppress(Rejected):
            self.committed[id(request.delivery)] = self._write(request)

    def rows(self, where: str) -> list[Row]:
        """Return the true rows of a collection."""
        return list(self.states[-1][1].get(where, {}).values())

    def put(self, where: str, **row: Any) -> str:
        """Write a row past the chain."""
        ident = row.setdefault("id", f"x{next(self._idents)}")
        rows = deepcopy(self.states[-1][1])
        rows.setdefault(where, {})[ident] = row
        self.states.append((clock(), rows))
        return str(ident)

    @property
    def writes(self) -> list[Request]:
        """The writes that were sent."""
        return [request for request in self.sent if not request.is_read]

    def _read(self, request: Request) -> Any:
        _, rows = next(state for state in reversed(self.states) if state[0] <= clock() - self.lag)
        visible = rows.get(collection(request), {})
        if not request.ident:
            return {"data": [{k: v for k, v in row.items() if k not in self.hidden} for row in visible.values()]}
        if request.ident not in visible:
            raise Rejected("not_found", "no such thing", status=404, proves_absence=True)
        return visible[request.ident]

    def _write(self, request: Request) -> Any:
        where, body = collection(request), orjson.loads(request.body or b"{}")
        if request.method == "DELETE":
            rows = deepcopy(self.states[-1][1])
            if not rows.get(where, {}).pop(request.ident, None):
                raise Rejected("not_found", "no such thing", status=404, proves_absence=True)
            self.states.append((clock(), rows))
            return {"success": True}
        old = self.states[-1][1].get(where, {}).get(request.ident, {})
        if request.ident and not old:
            raise Rejected("not_found", "no such thing", status=404, proves_absence=True)
        body = {"startTime": body["newStartTime"]} if "newStartTime" in body else body
        body |= {"status": "CANCELLED"} if request.template.endswith("/cancel") else {}
        made = {} if old else {"createdAt": utc(wall())} | ({"status": "CONFIRMED"} if where == "/bookings" else {})
        row = self.normalize({**old, **made, **body, "updatedAt": utc(wall())})
        self._refuse_taken(where, row)
        ident = self.put(where, **row)
        return {"bookingId": ident} if where == "/bookings" and not old else self.states[-1][1][where][ident]

    def _refuse_taken(self, where: str, row: Row) -> None:
        key = {"/bookings": "startTime", "/contacts": "email", "/event-types": "slug"}.get(where)
        if key and any(each[key] == row[key] and each["id"] != row.get("id") for each in self.rows(where)):
            raise Rejected("conflict", "taken", status=409)

    def _reply(self, status: int, data: Any) -> Reply:
        return Reply(status, data, date=wall().replace(microsecond=0))


@dataclass
class Server:
    """A server over a LinkTime: calls of its tools."""

    send: Send

    async def call(self, tool: str, **arguments: Any) -> Reply:
        """Call a tool."""
        return await self.make(TOOLS[tool].request(arguments), Delivery())

    async def make(self, request: Request, delivery: Delivery) -> Reply:
        """Make the request of a call."""
        key = "" if request.is_read else f"key-{id(delivery)}"
        return await self.send(
            replace(
                request, deadline=clock() + 50.0, idempotency_key=key, delivery=None if request.is_read else delivery
            )
        )

    async def word(self, tool: str, **arguments: Any) -> str:
        """Call a tool and return the word of its outcome."""
        try:
            reply = await self.call(tool, **arguments)
        except Failure as failure:
            return failure.word
        return str(reply.notes.outcome or "done")


@asynccontextmanager
async def serving(linktime: Send) -> AsyncIterator[Server]:
    """Build the chain over a LinkTime, in virtual time."""
    async with (
        Limiter(MemoryStore(60, clock=clock), 60.0, clock=clock) as limiter,
        Mailbox(Departure(linktime), limiter, clock=clock) as mailbox,
    ):
        cache = Cache(Outcome(Retry(mailbox, clock=clock), clock=clock, wall=wall), clock=clock)
        yield Server(cache)
        await cache.aclose()
