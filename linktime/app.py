"""Builds the server from its parts: read this first.

    stdin ─▶ stdio ─▶ session ─▶ tool ─▶ Repeats ─▶ LocalTimes ─▶ Receipts ─▶ DrainedReads ─▶ Cache ─▶ Outcome ─▶ Retry
                                                              LinkTime ◀─ LazyRest ◀─ Departure ◀─ permit ◀─ Mailbox ◀┘

Every layer is a `Send` that takes the next one. A read that the cache can't answer becomes a message in the mailbox. A
worker takes it as soon as the limiter has a permit. A retry and the read-back of a write are messages too, so they wait
and pay like any other.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from .config import Settings
from .errors import Rejected
from .hosts import host_of, is_loopback
from .message import Notes
from .pipeline.cache import Cache
from .pipeline.clock import now, utc_now
from .pipeline.departure import Departure
from .pipeline.ledger import Presence, Status
from .pipeline.limiter import Limiter, sharing
from .pipeline.local import AccountZone, LocalTimes
from .pipeline.mailbox import Mailbox
from .pipeline.outcome import Outcome
from .pipeline.receipts import Receipts
from .pipeline.repeats import Repeats
from .pipeline.rest.lazy import SOON, LazyRest
from .pipeline.retry import Retry
from .pipeline.shutdown import DrainedReads
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
    """A session over the whole chain, and the layers that end it."""

    session: Session
    drained: DrainedReads
    outcome: Outcome
    mailbox: Mailbox

    async def serve(self) -> None:
        """Serve this process's stdin and stdout until the client or a signal ends it."""
        async with streams(self.leave) as (reader, writer):
            await self.session.server.run(reader, writer)

    def leave(self, *, finish: bool) -> None:
        """Shut down. With *finish*, calls that can start at once still do. Reads in flight have _PATIENCE to end.

        A later call can only withdraw *finish*.
        """
        self.mailbox.close(finish=finish)
        self.outcome.hurry()
        self.drained.hurry(_PATIENCE)
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
) -> AsyncIterator[App]:
    """Build the chain from *settings*, and take it down in the reverse order.

    Args:
        settings: The user's settings.
        telemetry: Records all messages and requests.
        clock: Counts seconds.
        wall: Returns the time of day in UTC.
        lazy: Import the REST client in a thread after the start, and not before it.
        log: Writes a line for each tool call.
    """
    async with AsyncExitStack() as stack:
        telemetry = await stack.enter_async_context(telemetry or Telemetry())
        store, changes = await stack.enter_async_context(sharing(settings, clock, presence := Presence()))
        chain = Repeats(
            LocalTimes(
                Receipts(
                    drained := DrainedReads(
                        cache := Cache(
                            outcome := Outcome(
                                Retry(
                                    mailbox := Mailbox(
                                        Departure(
                                            rest := LazyRest(
                                                settings.base_url,
                                                settings.api_key.get_secret_value() if settings.api_key else "",
                                                timeout=settings.timeout,
                                                connections=settings.workers,
                                                longest_wait=_PERIODS * settings.rate_period,
                                                after=SOON if lazy else None,
                                            )
                                        ),
                                        limiter := Limiter(store, settings.rate_period, clock=clock),
                                        capacity=settings.queue,
                                        workers=settings.workers,
                                        clock=clock,
                                    ),
                                    clock=clock,
                                ),
                                clock=clock,
                                wall=wall,
                            ),
                            ttl=settings.cache_ttl,
                            settle=settings.timeout,
                            clock=clock,
                            changes=changes,
                        )
                    ),
                    kept=cache.kept,
                ),
                zone := _zone(settings, cache, limiter, clock),
            ),
            clock=clock,
            poll=cache.poll,
            epoch=cache.epoch,
        )
        for layer in (rest, limiter, mailbox):
            await stack.enter_async_context(layer)
        stack.callback(mailbox.give_up_reads)  # when the session has ended, every call has its answer
        stack.push_async_callback(cache.aclose)
        upstream = Upstream(
            send=chain,
            direct=drained,
            clock=clock,
            deadline=settings.deadline,
            wall=wall,
            eta=mailbox.eta,
            budget=lambda: _budget(limiter.status),
            cache_ttl=settings.cache_ttl,
            zone=zone,
            refusal=_no_key(settings.missing_key) if settings.missing_key else None,
        )
        off = switched_off(settings.toolsets, read_only=settings.read_only)
        confirm = _elicitation(upstream, settings) if settings.confirm or settings.guard else None
        session = Session(
            upstream, _offered(settings, off), off, confirm=confirm, telemetry=telemetry, presence=presence, log=log
        )
        presence.waiting = lambda: mailbox.waiting
        _observe(telemetry, mailbox, limiter)
        yield App(session, drained, outcome, mailbox)


def _budget(status: Status) -> Notes:
    return Notes(budget_remaining=status.free, budget_servers=status.servers)


def _zone(settings: Settings, cache: Cache, limiter: Limiter, clock: Callable[[], float]) -> AccountZone:
    question = TOOLS["get_settings"].request({})
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


def _elicitation(upstream: Upstream, settings: Settings) -> Confirms:
    return Elicitation(upstream, memory=Memory() if settings.guard else None, always=settings.confirm)


def _observe(telemetry: Telemetry, mailbox: Mailbox, limiter: Limiter) -> None:
    telemetry.observe(DEPTH, lambda: [(mailbox.waiting, {})])
    telemetry.observe(SLOTS, lambda: _permits(limiter))
    telemetry.observe(SERVERS, lambda: [(limiter.status.servers, {})])


def _permits(limiter: Limiter) -> list[tuple[float, dict[str, str]]]:
    """Return how many permits are free and used, with the attribute of each."""
    free = limiter.free
    state = "linktime.limiter.state"
    return [(free, {state: "free"}), (limiter.limit - free, {state: "used"})]


def _no_key(reason: str) -> Rejected:
    advice = "Set it in the env section of your MCP client's configuration for linktime, and restart the client."
    return Rejected("unauthorized", f"{reason}. {advice}", status=401)
