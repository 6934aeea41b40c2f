"""Builds the server from its parts: read this first.

    stdin ─▶ stdio ─▶ session ─▶ tool ─▶ Repeats ─▶ LocalTimes ─▶ Receipts ─▶ DrainedReads ─▶ Cache ─▶ Outcome ─▶ Retry
                                                              LinkTime ◀─ LazyRest ◀─ Departure ◀─ permit ◀─ Mailbox ◀┘

Every layer is a `Send` that takes the next one. A read that the cache can't answer becomes a message in the mailbox. A
worker takes it as soon as the limiter has a permit. A retry and the read-back of a write are messages too, so they wait
and pay like any other.

It is one file, so that the whole chain can be read in one place.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, NamedTuple

from .config import Settings
from .errors import Rejected
from .front import Front
from .hosts import host_of, is_loopback
from .message import Notes, Send
from .pipeline.cache import Cache
from .pipeline.clock import now, utc_now
from .pipeline.departure import Departure
from .pipeline.ledger import ChangeFeed, Presence
from .pipeline.limiter import Limiter, Store, sharing
from .pipeline.local import AccountZone, LocalTimes
from .pipeline.mailbox import Mailbox
from .pipeline.outcome import Outcome
from .pipeline.receipts import Receipts
from .pipeline.repeats import Repeats
from .pipeline.rest.lazy import SOON, LazyRest
from .pipeline.retry import Retry
from .pipeline.shutdown import DrainedReads
from .pipeline.write_log import WriteLog
from .protocol.session import SPARE, Confirms, Session, Upstream
from .protocol.session.elicitation import Elicitation
from .protocol.session.memory import Memory
from .protocol.stdio import streams
from .telemetry import DEPTH, SERVERS, SLOTS, Telemetry
from .tools import TOOLS, Tool, switched_off

_PATIENCE: Final = 1.5  # s; clients kill a server 2 s after they closed its stdin
_PERIODS: Final = 2  # LinkTime's Retry-After counts for so many periods at most
_ZONE_LIFE: Final = 30.0  # s; if the cache keeps nothing


@dataclass(frozen=True, slots=True)
class App:
    """A session over the whole chain."""

    session: Session
    chain: Chain

    async def serve(self, front: Front, platform: str = sys.platform) -> None:
        """Serve this process's stdin and stdout, after the *front*, until the client or a signal ends it."""
        async with streams(self.leave, front, platform) as (reader, writer):
            await self.session.server.run(reader, writer)

    def leave(self, *, finish: bool) -> None:
        """Shut down. With *finish*, calls that can start at once still do. Reads in flight have _PATIENCE to end.

        A later call can only withdraw *finish*.
        """
        self.chain.mailbox.close(finish=finish)
        self.chain.outcome.hurry()
        self.chain.drained.hurry(_PATIENCE)
        self.session.leave()


@asynccontextmanager
async def app(
    settings: Settings,
    telemetry: Telemetry | None = None,
    *,
    clock: Callable[[], float] = now,
    wall: Callable[[], datetime] = utc_now,
    lazy: bool = True,
    log: Callable[[str], None] | None = None,
    writes: WriteLog | None = None,
) -> AsyncIterator[App]:
    """Build the chain from *settings*, and take it down in the reverse order.

    Args:
        settings: The user's settings.
        telemetry: Records all messages and requests.
        clock: Counts seconds.
        wall: Returns the time of day in UTC.
        lazy: Import the REST client in a thread after the start, and not before it.
        log: Writes a line for each tool call.
        writes: The writes of the user's earlier processes, if the server ends after one call.
    """
    async with AsyncExitStack() as stack:
        telemetry = await stack.enter_async_context(telemetry or Telemetry())
        store, changes = await stack.enter_async_context(sharing(settings, clock, presence := Presence()))
        chain = _Layers(settings, clock, wall, lazy=lazy, writes=writes).chain(store, changes)
        for layer in (chain.rest, chain.limiter, chain.mailbox):
            await stack.enter_async_context(layer)
        # The session has ended by now, so every call has its answer: reads in flight are given up, and writes end.
        stack.callback(chain.mailbox.give_up_reads)
        stack.push_async_callback(chain.cache.aclose)
        presence.waiting = lambda: chain.mailbox.waiting
        _observe(telemetry, chain)
        session = _session(settings, chain, telemetry=telemetry, clock=clock, wall=wall, presence=presence, log=log)
        yield App(session, chain)


class Chain(NamedTuple):
    """The layers of which others need a part: to send, to forecast, to count, or to shut down."""

    top: Repeats
    drained: DrainedReads
    cache: Cache
    outcome: Outcome
    mailbox: Mailbox
    limiter: Limiter
    rest: LazyRest
    zone: AccountZone


@dataclass(frozen=True, slots=True)
class _Layers:
    """Builds each layer by the *settings*."""

    settings: Settings
    clock: Callable[[], float]
    wall: Callable[[], datetime]
    lazy: bool
    writes: WriteLog | None = None

    def chain(self, store: Store, changes: ChangeFeed | None) -> Chain:
        """Return the chain over the permits in *store*. *changes* are the writes of all servers with this key."""
        clock, wall = self.clock, self.wall
        limiter = Limiter(store, self.settings.rate_period, clock=clock)
        top = Repeats(
            LocalTimes(
                Receipts(
                    drained := DrainedReads(
                        cache := self._cache(
                            outcome := Outcome(
                                Retry(mailbox := self._mailbox(Departure(rest := self._rest()), limiter), clock=clock),
                                clock=clock,
                                wall=wall,
                            ),
                            changes,
                        )
                    ),
                    kept=cache.kept,
                ),
                zone := self._zone(cache, limiter),
            ),
            clock=clock,
            poll=cache.poll,
            epoch=cache.epoch,
            log=self.writes,
        )
        return Chain(top, drained, cache, outcome, mailbox, limiter, rest, zone)

    def _rest(self) -> LazyRest:
        settings = self.settings
        return LazyRest(
            settings.base_url,
            settings.api_key.get_secret_value() if settings.api_key else "",
            timeout=settings.timeout,
            connections=settings.workers,
            longest_wait=_PERIODS * settings.rate_period,
            after=SOON if self.lazy else None,
        )

    def _mailbox(self, send: Send, limiter: Limiter) -> Mailbox:
        settings = self.settings
        return Mailbox(send, limiter, capacity=settings.queue, workers=settings.workers, clock=self.clock)

    def _cache(self, send: Send, changes: ChangeFeed | None) -> Cache:
        settings = self.settings
        return Cache(send, ttl=settings.cache_ttl, settle=settings.timeout, clock=self.clock, changes=changes)

    def _zone(self, cache: Cache, limiter: Limiter) -> AccountZone:
        # A lookup goes through the cache, and leaves permits to the calls.
        question = TOOLS["get_settings"].request({})
        return AccountZone(
            cache,
            question,
            clock=self.clock,
            epoch=lambda: cache.epoch(question),
            spare=lambda: limiter.free > SPARE,
            life=self.settings.cache_ttl or _ZONE_LIFE,
            settled=lambda: cache.settled(question),
        )


def _session(
    settings: Settings,
    chain: Chain,
    *,
    telemetry: Telemetry,
    clock: Callable[[], float],
    wall: Callable[[], datetime],
    presence: Presence,
    log: Callable[[str], None] | None,
) -> Session:
    upstream = Upstream(
        send=chain.top,
        direct=chain.drained,
        clock=clock,
        deadline=settings.deadline,
        wall=wall,
        eta=chain.mailbox.eta,
        budget=lambda: _budget(chain.limiter),
        cache_ttl=settings.cache_ttl,
        zone=chain.zone,
        refusal=_no_key(settings.missing_key) if settings.missing_key else None,
    )
    off, confirm = switched_off(settings.toolsets, read_only=settings.read_only), _elicitation(upstream, settings)
    tools = _offered(settings, off)
    return Session(upstream, tools, off, confirm=confirm, telemetry=telemetry, presence=presence, log=log)


def _budget(limiter: Limiter) -> Notes:
    free, servers = limiter.counts
    return Notes(budget_remaining=free, budget_servers=servers)


def _offered(settings: Settings, off: Collection[str]) -> dict[str, Tool]:
    """Return the tools that are not *off*. Only a local LinkTime may send guests' data to this machine."""
    local = is_loopback(host_of(settings.base_url))
    return {name: replace(tool, local_targets=local) for name, tool in TOOLS.items() if name not in off}


def _elicitation(upstream: Upstream, settings: Settings) -> Confirms | None:
    if not (settings.confirm or settings.guard):
        return None
    return Elicitation(upstream, memory=Memory() if settings.guard else None, always=settings.confirm)


def _observe(telemetry: Telemetry, chain: Chain) -> None:
    telemetry.observe(DEPTH, lambda: [(chain.mailbox.waiting, {})])
    telemetry.observe(SLOTS, lambda: _permits(chain.limiter))
    telemetry.observe(SERVERS, lambda: [(chain.limiter.status.servers, {})])


def _permits(limiter: Limiter) -> list[tuple[float, dict[str, str]]]:
    """Return how many permits are free and used, with the attribute of each."""
    free = limiter.free
    state = "linktime.limiter.state"
    return [(free, {state: "free"}), (limiter.limit - free, {state: "used"})]


def _no_key(reason: str) -> Rejected:
    advice = "Set it in the env section of your MCP client's configuration for linktime, and restart the client."
    return Rejected("unauthorized", f"{reason}. {advice}", status=401)
