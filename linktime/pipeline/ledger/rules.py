"""The rules of a shared request budget: a value and its steps, without a clock and without I/O."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from math import inf, isinf
from typing import Final, Literal
from uuid import uuid4

FORMAT: Final = 1  # of a stored budget; a server leaves a budget of another format alone
POLL: Final = 0.25  # s; a server polls while only others can free a permit
YIELD: Final = 0.02  # s; in which a server with fewer permits can take a free one first
NEAR: Final = 0.5  # s; around the moment that a waiting server named, a free permit may be its own
RESERVED: Final = 4  # at most limit // RESERVED permits are reserved for servers that hold none
SHARERS: Final = 3  # servers that are assumed to exist while a budget is in doubt
QUIET: Final = 300.0  # s; a server that is silent for so long no longer counts
_CLOCKS: Final = 4  # machines whose clocks are remembered


@dataclass(frozen=True, slots=True)
class Terms:
    """The settings of one *server*: *limit* requests in any *period*, each in flight for at most *patience* seconds."""

    server: str
    limit: int
    period: float
    patience: float

    @property
    def lease(self) -> float:
        """Return the seconds after which a permit that was never released is free."""
        return self.patience + self.period


class Breaker(Enum):
    """The circuit breaker of a key. After a 429 it is open, then half-open until one trial request succeeds."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


@dataclass(frozen=True, slots=True)
class Status:
    """A budget as one server sees it. All times are seconds from now."""

    limit: int  # permits in all, by the strictest settings of all servers
    period: float  # likewise
    free: int  # permits that this server may take now
    cooling: tuple[float, ...] = ()  # until each used permit is free, ascending
    leased: tuple[float, ...] = ()  # until the lease of each request in flight ends, ascending
    breaker: Breaker = Breaker.CLOSED
    blocked: float = 0.0  # until the breaker is half-open
    grants: int = 0  # permits ever granted
    servers: int = 1  # that share the budget
    reserved: int = 0  # permits reserved for servers that hold none
    first: bool = True  # whether this server holds none, so that nothing is reserved from it
    mixed: bool = False  # whether machines with different clocks use the budget
    wait: float = 0.0  # until the server should ask again; 0 if it got its permit


@dataclass(slots=True)
class Member:
    """One server: its settings, the permits that it holds, and when it will ask again."""

    limit: int
    period: float
    lease: float
    seen: float = 0.0
    here: bool = True  # False once it left; its permits and settings still count for a lease
    doubt: float = 0.0  # until then it keeps to its share
    again: float | None = None  # when it will ask for a permit …
    spare: int = 0  # … beside so many free ones
    leases: dict[str, float] = field(default_factory=dict)  # a permit of a request in flight, and its lease's end
    cooling: list[float] = field(default_factory=list)  # when each used permit is free, ascending

    @property
    def held(self) -> int:
        """Return the number of permits in use."""
        return len(self.leases) + len(self.cooling)

    @property
    def dues(self) -> list[float]:
        """Return when each permit in use is free."""
        return [*self.leases.values(), *self.cooling]

    def moved(self, seconds: float) -> Member:
        """Return a copy whose times are *seconds* later."""
        return replace(
            self,
            seen=self.seen + seconds,
            doubt=self.doubt + seconds,
            again=None if self.again is None else self.again + seconds,
            leases={ident: due + seconds for ident, due in self.leases.items()},
            cooling=[due + seconds for due in self.cooling],
        )


@dataclass(slots=True)
class Budget:
    """The permits of one key and its circuit breaker. All times are seconds since the budget began.

    A permit is leased while its request is in flight and then cools down for a period. A lease ends by itself, so a
    killed server loses its permits for no longer than that. A young budget may be the successor of a lost one: until
    it is a period old, each server keeps to its share.
    """

    format: Literal[1] = FORMAT
    ident: str = field(default_factory=lambda: uuid4().hex)  # of this budget and no other
    young: bool = True  # whether it may have had a predecessor
    now: float = 0.0
    grants: int = 0  # permits ever granted
    opened: float | None = None  # the breaker is open until then, and then half-open; None: it is closed
    trial: str | None = None  # the permit of the request that tries a half-open breaker …
    trial_ends: float = 0.0  # … which has ended by then
    clocks: dict[str, float] = field(default_factory=dict)  # what each machine's clock is behind; the latest is last
    mixed: bool = False  # whether a clock was read again after another one
    members: dict[str, Member] = field(default_factory=dict)

    # Time

    def read(self, clock: str, reading: float, *, latest: float = inf) -> None:
        """Move on to the *reading* of a *clock*, but not beyond *latest*.

        Time never goes back. An unknown clock starts where the budget is: it may be that of a machine that was
        restarted, or of another one. A clock that jumped goes on from where it was.
        """
        newest = next(reversed(self.clocks), clock)
        self.mixed = self.mixed or (clock in self.clocks and clock != newest)
        behind = self.clocks.pop(clock, self.now - reading)
        self.pass_to(min(reading + behind, latest))
        self.clocks[clock] = self.now - reading
        self.clocks = dict(list(self.clocks.items())[-_CLOCKS:])

    def pass_to(self, moment: float) -> None:
        """Move on to *moment*: end leases, free permits, and forget silent servers."""
        self.now = now = max(self.now, moment)
        for member in self.members.values():
            member.leases = {ident: due for ident, due in member.leases.items() if due > now}
            del member.cooling[: bisect_right(member.cooling, now)]
        self.members = {name: member for name, member in self.members.items() if not self._is_over(member)}

    # Steps

    def enroll(self, terms: Terms, known: Budget, *, returning: bool = False) -> Member:
        """Count this server as present; return its entry.

        *known* is the budget as the server saw it last, moved on to the present. It is read in three cases:
        1. This budget is another one, so the known one was lost: all that is known of it is put down here.
        2. The server is *returning*: it went on alone, so only its own copy has its permits.
        3. The server was silent for so long that it has no entry here.
        After 1 and 2 it keeps to its share for a lease: by then every other server has done the same.
        """
        lost, name = known.ident != self.ident, terms.server
        if lost:
            self._restore(known, beside=name)
        if lost or returning or name not in self.members:
            self._lengthen(terms)
            mine = known.members.get(name, Member(terms.limit, terms.period, terms.lease))
            self.members[name] = mine.moved(self.now - known.now if lost else 0.0)
        me = self.members[name]
        me.limit, me.period, me.lease, me.seen, me.here = terms.limit, terms.period, terms.lease, self.now, True
        if returning or (lost and known.grants):
            me.doubt = self.now + self._lease(terms)
        return me

    def take(self, terms: Terms, ident: str, spare: int, soon: float) -> Status:
        """Lease the permit *ident* if *spare* others are free, or will be within *soon* seconds.

        A server that holds none need not spare any. Returns the time to wait if there is no permit.
        """
        me = self.members[terms.server]
        left = min(spare + self._reserved(terms), self._limit(terms) - 1) if me.held else 0
        wait = self._wait(terms, left, soon)
        if wait > 0:
            me.again, me.spare = self.now + (POLL if isinf(wait) else wait), left
            return self.status(terms, wait)
        me.again = None
        if self.opened is not None:
            self.trial, self.trial_ends = ident, self.now + terms.patience
        self.grants += 1
        me.leases[ident] = self.now + self._lease(terms)
        return self.status(terms)

    def release(self, terms: Terms, ident: str, after: float, *, closes: bool) -> Status:
        """Free a permit *after* so many seconds. A trial request that was admitted *closes* the breaker.

        A permit whose lease ended is used all the same: its request may just have been sent.
        """
        me = self.members[terms.server]
        me.leases.pop(ident, None)
        if after > 0:
            insort(me.cooling, self.now + after + self._period - terms.period)
        if ident == self.trial:
            self.trial = None
            self.opened = None if closes else self.opened
        return self.status(terms)

    def open_breaker(self, terms: Terms, seconds: float) -> Status:
        """Open the breaker for at least so long. A trial request in flight no longer closes it."""
        self.opened, self.trial = max(self.opened or 0.0, self.now + seconds), None
        return self.status(terms)

    def leave(self, terms: Terms) -> None:
        """Count this server as absent; its permits become free as they would have."""
        if terms.server in self.members:
            self.members[terms.server].here = False

    def status(self, terms: Terms, wait: float = 0.0, *, passed: float = 0.0) -> Status:
        """Return the budget as a server sees it *passed* seconds from now."""
        now, limit, me = self.now + passed, self._limit(terms), self.members.get(terms.server)
        cooling = tuple([due - now for due in self._cooling if due > now])
        leased = tuple([due - now for due in self._leases if due > now])
        mine = sum(due > now for due in me.dues) if me else 0
        blocked = max(0.0, (self.opened or 0.0) - now)
        return Status(
            limit=limit,
            period=max(self._period, terms.period),
            free=max(0, min(limit - len(cooling) - len(leased), self.share(terms, passed) - mine)),
            cooling=cooling,
            leased=leased,
            breaker=Breaker.CLOSED if self.opened is None else Breaker.OPEN if blocked else Breaker.HALF_OPEN,
            blocked=blocked,
            grants=self.grants,
            servers=sum([member.here for member in self.members.values()]),
            reserved=self._reserved(terms),
            first=not mine,
            mixed=self.mixed,
            wait=wait,
        )

    def share(self, terms: Terms, passed: float = 0.0) -> int:
        """Return the most permits that this server may hold *passed* seconds from now.

        1. In doubt, others may hold permits that are not known: it has a part of those that nobody is known to hold,
           and one at least if nobody holds any.
        2. In a young budget, it has a part of all.
        3. Else all.
        """
        now = self.now + passed
        limit, me = self._limit(terms), self.members.get(terms.server)
        if me and now < me.doubt:
            others = sum(due > now for other in self._others(terms) for due in other.dues)
            sharers = max(SHARERS, sum(member.here for member in self.members.values()))
            return max(0 if others else 1, (limit - others) // sharers)
        return max(1, limit // SHARERS) if self.young and now < max(self._period, terms.period) else limit

    # What the steps are made of

    @property
    def _period(self) -> float:
        return max((member.period for member in self.members.values()), default=0.0)

    def _limit(self, terms: Terms) -> int:
        return min((member.limit for member in self.members.values()), default=terms.limit)

    def _lease(self, terms: Terms) -> float:
        return terms.patience + max(self._period, terms.period)

    @property
    def _cooling(self) -> list[float]:
        return sorted(due for member in self.members.values() for due in member.cooling)

    @property
    def _leases(self) -> list[float]:
        return sorted(due for member in self.members.values() for due in member.leases.values())

    @property
    def _used(self) -> int:
        return sum(member.held for member in self.members.values())

    def _others(self, terms: Terms) -> Iterator[Member]:
        return (member for name, member in self.members.items() if name != terms.server)

    def _is_over(self, member: Member) -> bool:
        silence = self.now - member.seen
        return not member.held and silence >= (max(QUIET, member.lease) if member.here else member.lease)

    def _wait(self, terms: Terms, left: int, soon: float) -> float:
        """Return the seconds until a permit beside *left* free ones may be taken; 0 or less: now.

        1. The breaker is open, or a trial request is in flight.
        2. Too few permits are free. If only requests in flight can free one, the time is unknown: other servers are
           polled, and this server's own requests end by its own doing.
        3. The server has its share, and the budget is in doubt.
        4. Servers with fewer permits are about to ask for all that are free.
        """
        cooling, free = self._cooling, self._limit(terms) - self._used
        first, enough = _due(cooling, free, 0) - self.now, _due(cooling, free, left) - soon - self.now
        wait = max(self._blocked, first, enough, self._doubtful(terms, cooling))
        if isinf(wait) and wait > 0:
            return POLL if any(member.leases for member in self._others(terms)) else inf
        return wait if wait > 0 else YIELD if self._rivals(terms, free) >= free else 0.0

    @property
    def _blocked(self) -> float:
        if self.opened is None:
            return 0.0
        return inf if self.trial is not None and self.trial_ends > self.now else self.opened - self.now

    def _reserved(self, terms: Terms) -> int:
        """Return the permits that are kept for present servers without any, from one that has some.

        A server that was silent for a lease is not waited for: it may be dead.
        """
        me, since = self.members.get(terms.server), self.now - terms.lease
        if me is None or not me.held:
            return 0
        idle = sum(member.here and not member.held and member.seen > since for member in self._others(terms))
        return min(idle, self._limit(terms) // RESERVED)

    def _rivals(self, terms: Terms, free: int) -> int:
        """Count the servers that hold fewer permits, will ask about now, and can use one of the *free* ones."""
        mine = self.members[terms.server].held
        return sum(
            member.again is not None
            and abs(member.again - self.now) < NEAR
            and member.spare < free
            and member.held < mine
            for member in self._others(terms)
        )

    def _doubtful(self, terms: Terms, cooling: Sequence[float]) -> float:
        """Return the seconds until this server's share may allow one more permit."""
        me = self.members[terms.server]
        if me.held < self.share(terms):
            return 0.0
        ends = me.doubt if self.now < me.doubt else self._period if self.young and self.now < self._period else inf
        return min([ends, *cooling[:1]]) - self.now

    def _restore(self, known: Budget, *, beside: str) -> None:
        """Put down what is *known* of the servers that are not here yet, and of the breaker."""
        later = self.now - known.now
        for name, member in known.members.items():
            if name != beside and name not in self.members:
                self.members[name] = member.moved(later)
        self.grants = max(self.grants, known.grants)
        if known.opened is not None:
            self.opened = max(self.opened or 0.0, known.opened + later)

    def _lengthen(self, terms: Terms) -> None:
        """Keep all permits for longer if this server's period is longer than all others'."""
        longer = terms.period - self._period
        for member in self.members.values() if longer > 0 else ():
            member.cooling = [due + longer for due in member.cooling]
            member.leases = {ident: due + longer for ident, due in member.leases.items()}


def _due(cooling: Sequence[float], free: int, spare: int) -> float:
    """Return when a permit beside *spare* others is free; infinite if that depends on requests in flight."""
    if spare < free:
        return -inf
    later = spare - free
    return cooling[later] if later < len(cooling) else inf
