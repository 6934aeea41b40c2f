"""Joins everything: read this first.

    session ─▶ local ─▶ cache ─▶ outcome ─▶ retry ─▶ mailbox ─▶ departure ─▶ rest ─▶ LinkTime

Each of these is a `Send` that takes the next one. A call that the cache can't answer becomes a message; a worker
takes it when the limiter has a permit. A further attempt is a message like any other, so it pays like any other, and
so is the look that finds out what became of a write.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final

from pydantic import SecretStr

from .config import Settings
from .errors import Rejected
from .hosts import host_of, is_loopback
from .message import Send
from .pipeline.cache import Cache
from .pipeline.clock import now
from .pipeline.departure import Departure
from .pipeline.limiter import Limiter, sharing
from .pipeline.local import AccountZone
from .pipeline.mailbox import Mailbox
from .pipeline.outcome import Outcome
from .pipeline.rest.lazy import LazyRest
from .pipeline.retry import Retry
from .protocol.session import SPARE, Confirms, Session, wall
from .protocol.session.elicitation import Elicitation
from .protocol.session.memory import Memory
from .protocol.stdio import streams
from .telemetry import DEPTH, SERVERS, SLOTS, Telemetry
from .tools import TOOLS, Tool, switched_off

_PATIENCE: Final = 1.5  # s; clients kill a server 2 s after they closed its stdin
_PERIODS: Final = 2  # LinkTime's Retry-After counts for so many periods at most
_ZONE_LIFE: Final = 30.0  # s; where nothing else is kept


class App:
    """A session over the whole chain; *leave* lets it end."""

    def __init__(self, session: Session, mailbox: Mailbox, outcome: Outcome) -> None:
        self.session = session
        self._mailbox = mailbox
        self._outcome = outcome
        self._finish = True

    async def serve(self) -> None:
        """Serve this process's stdin and stdout until the client or a signal ends it."""
        async with streams(self.leave) as (reader, writer):
            await self.session.server.run(reader, writer)

    def leave(self, *, finish: bool) -> None:
        """Take no more than can start at once (*finish*), or nothing; reads under way have _PATIENCE to end."""
        self._finish = self._finish and finish
        self._mailbox.close(finish=self._finish)
        self._outcome.hurry()
        self.session.hurry(_PATIENCE)


@asynccontextmanager
async def app(
    settings: Settings,
    telemetry: Telemetry | None = None,
    *,
    clock: Callable[[], float] = now,
    wall: Callable[[], datetime] = wall,
) -> AsyncIterator[App]:
    """Build the chain from *settings*, and take it down in the reverse order; *telemetry* sees all of it.

    *clock* counts seconds, *wall* is the time of day in UTC.
    """
    async with AsyncExitStack() as stack:
        telemetry = await stack.enter_async_context(telemetry or Telemetry())
        key = settings.api_key or SecretStr("")
        rest = await stack.enter_async_context(
            LazyRest(
                settings.base_url,
                key.get_secret_value(),
                timeout=settings.timeout,
                connections=settings.workers,
                longest_wait=_PERIODS * settings.rate_period,
            )
        )
        store, changes = await stack.enter_async_context(sharing(settings, clock))
        limiter = await stack.enter_async_context(Limiter(store, settings.rate_period, clock=clock))
        mailbox = await stack.enter_async_context(
            Mailbox(Departure(rest), limiter, capacity=settings.queue, workers=settings.workers, clock=clock)
        )
        stack.callback(mailbox.give_up_reads)  # when the session ended, all have their answers
        outcome = Outcome(Retry(mailbox, clock=clock), clock=clock, wall=wall)
        cache = Cache(outcome, ttl=settings.cache_ttl, settle=settings.timeout, clock=clock, journal=changes)
        stack.push_async_callback(cache.aclose)
        off = switched_off(settings.toolsets, read_only=settings.read_only)
        zone = _zone(settings, cache, limiter, clock)
        session = Session(
            cache,
            _offered(settings, off),
            off,
            clock=clock,
            deadline=settings.deadline,
            eta=mailbox.eta,
            budget=lambda: {"budgetRemaining": limiter.free, "budgetServers": limiter.servers},
            refusal=_no_key(settings.missing_key) if settings.missing_key else None,
            telemetry=telemetry,
            zone=zone,
            confirm=_confirm(settings, clock),
            wall=wall,
        )
        telemetry.observe(DEPTH, lambda: [(mailbox.waiting, {})])
        telemetry.observe(SLOTS, lambda: _slots(limiter))
        telemetry.observe(SERVERS, lambda: [(limiter.servers, {})])
        yield App(session, mailbox, outcome)


def _zone(settings: Settings, cache: Cache, limiter: Limiter, clock: Callable[[], float]) -> AccountZone:
    question = TOOLS["get_settings"].build()
    return AccountZone(
        cache,
        question,
        clock=clock,
        epoch=lambda: cache.epoch(question),
        spare=lambda: limiter.free > SPARE,
        life=settings.cache_ttl or _ZONE_LIFE,
        settled=lambda: cache.settled(question),
    )


def _offered(settings: Settings, off: Collection[str]) -> dict[str, Tool]:
    """Return the tools that are not *off*. Only a local LinkTime may send guests' data to this machine."""
    local = is_loopback(host_of(settings.base_url))
    return {name: replace(tool, local_targets=local) for name, tool in TOOLS.items() if name not in off}


def _confirm(settings: Settings, clock: Callable[[], float]) -> Callable[[Send], Confirms] | None:
    if not (settings.confirm or settings.guard):
        return None
    memory = Memory() if settings.guard else None
    return partial(Elicitation, clock=clock, deadline=settings.deadline, memory=memory, always=settings.confirm)


def _slots(limiter: Limiter) -> list[tuple[float, dict[str, str]]]:
    free = limiter.free
    state = "linktime.limiter.state"
    return [(free, {state: "free"}), (limiter.limit - free, {state: "used"})]


def _no_key(reason: str) -> Rejected:
    where = "Set it in the env section of your MCP client's configuration for linktime, and restart the client."
    return Rejected("unauthorized", f"{reason}. {where}", status=401)
