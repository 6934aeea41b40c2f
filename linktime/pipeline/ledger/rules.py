"""The rules of a shared request budget: a value and its steps, without a clock and without I/O."""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isinf
from typing import Final

from .state import Member, State
from .values import Breaker, Status, Terms

POLL: Final = 0.25  # s; a server polls while only others can free a permit
YIELD: Final = 0.02  # s; in which a server with fewer permits can take a free one first
NEAR: Final = 0.5  # s; around the moment that a waiting server named, a free permit may be its own
RESERVED: Final = 4  # at most limit // RESERVED permits are reserved for servers that hold none
SHARERS: Final = 3  # servers that are assumed to exist while a budget is in doubt


@dataclass(slots=True)
class Budget(State):
    """The state of a budget, and the steps that servers take on it.

    A permit is leased while its request is in flight and then cools down for a period. A lease ends by itself, so a
    killed server loses its permits for no longer than that. A young budget may be the successor of a lost one: until
    it is a period old, each server keeps to its share. The successor of a budget that was surely lost is not used
    until the requests of before no longer count.
    """

    def enroll(self, terms: Terms, known: Budget, *, returning: bool = False) -> Member:
        """Count this server as present. Return its entry.

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

    def take(self, terms: Terms, ident: str, spare: int, soon: float) -> float:
        """Lease the permit *ident* if *spare* others are free, or will be within *soon* seconds.

        A server that holds none need not spare any. Returns 0, or the seconds after which to ask again.
        """
        me = self.members[terms.server]
        left = min(spare + self._reserved(terms), self.limit(terms) - 1) if me.held else 0
        # 1. No permit now: put down when this server asks again, so that others can leave it one then.
        # 2. A permit. If the breaker is half-open, its request is the trial.
        wait = self._wait(terms, left, soon)
        if wait > 0:
            me.again, me.spare = self.now + (POLL if isinf(wait) else wait), left
            return wait
        me.again = None
        if self.opened is not None:
            self.trial, self.trial_ends = ident, self.now + terms.patience
        self.grants += 1
        me.leases[ident] = self.now + self._lease(terms)
        return 0.0

    def release(self, terms: Terms, ident: str, after: float, *, closes: bool) -> None:
        """Free a permit *after* so many seconds. A trial request that was admitted *closes* the breaker.

        A permit whose lease ended is used all the same: its request may just have been sent.
        """
        me = self.members[terms.server]
        me.leases.pop(ident, None)
        if after > 0:
            insort(me.cooling, self.now + after + self.period() - terms.period)
        if ident == self.trial:
            self.trial = None
            self.opened = None if closes else self.opened

    def open_breaker(self, seconds: float) -> None:
        """Open the breaker for at least so long. A trial request in flight no longer closes it."""
        self.opened, self.trial = max(self.opened or 0.0, self.now + seconds), None

    def leave(self, terms: Terms) -> None:
        """Count this server as absent. Its permits become free as they would have."""
        if terms.server in self.members:
            self.members[terms.server].here = False

    def status(self, terms: Terms, *, passed: float = 0.0) -> Status:
        """Return the budget as a server sees it *passed* seconds from now."""
        now, me = self.now + passed, self.members.get(terms.server)
        cooling = tuple([due - now for due in self.cooling() if due > now])
        leased = tuple([due - now for due in self.leased() if due > now])
        blocked = max(0.0, (self.opened or 0.0) - now)
        return Status(
            limit=self.limit(terms),
            period=max(self.period(), terms.period),
            free=self.free(terms, passed=passed),
            cooling=cooling,
            leased=leased,
            breaker=Breaker.CLOSED if self.opened is None else Breaker.OPEN if blocked else Breaker.HALF_OPEN,
            blocked=blocked,
            grants=self.grants,
            servers=self.present(),
            reserved=self._reserved(terms),
            first=not (me and me.held_at(now)),
            mixed=self.mixed,
        )

    def free(self, terms: Terms, *, passed: float = 0.0) -> int:
        """Return how many permits a server may take *passed* seconds from now."""
        now, me = self.now + passed, self.members.get(terms.server)
        used = sum([member.held_at(now) for member in self.members.values()])
        mine = me.held_at(now) if me else 0
        return max(0, min(self.limit(terms) - used, self.share(terms, passed) - mine))

    def share(self, terms: Terms, passed: float = 0.0) -> int:
        """Return the most permits that this server may hold *passed* seconds from now.

        1. In doubt, others may hold permits that are not known: it has a part of those that nobody is known to hold,
           and one at least if nobody holds any.
        2. After a budget was lost, it has none. In a young budget, it has a part of all.
        3. Else all.
        """
        now = self.now + passed
        limit, me = self.limit(terms), self.members.get(terms.server)
        if me and now < me.doubt:
            others = sum([other.held_at(now) for other in self.others(terms)])
            sharers = max(SHARERS, self.present())
            return max(0 if others else 1, (limit - others) // sharers)
        if now < self._settled(terms):
            return 0 if self.idle is not None else max(1, limit // SHARERS)
        return limit

    # Parts of the steps

    def _settled(self, terms: Terms) -> float:
        """Return when requests that a predecessor permitted no longer count."""
        if self.idle is not None:
            return self._lease(terms) - self.idle
        return max(self.period(), terms.period) if self.young else 0.0

    def _lease(self, terms: Terms) -> float:
        return terms.patience + max(self.period(), terms.period)

    def _wait(self, terms: Terms, left: int, soon: float) -> float:
        """Return the seconds until a permit beside *left* free ones may be taken. 0 or less means now.

        1. The breaker is open, or a trial request is in flight.
        2. Too few permits are free. If only requests in flight can free one, the time is unknown: other servers are
           polled, and this server's own requests end by its own doing.
        3. The server has its share, and the budget is in doubt.
        4. Servers with fewer permits are about to ask for all that are free.
        """
        # Infinity beats any time: if one of the rules waits for an event, the server polls for it.
        cooling, free = self.cooling(), self.limit(terms) - self.used()
        first, enough = _due(cooling, free, 0) - self.now, _due(cooling, free, left) - soon - self.now
        wait = max(self._blocked, first, enough, self._doubtful(terms, cooling))
        if isinf(wait) and wait > 0:
            return POLL if any(member.leases for member in self.others(terms)) else inf
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
        # An idle server gets its first permit at once, although the others use the budget up.
        idle = sum(member.here and not member.held and member.seen > since for member in self.others(terms))
        return min(idle, self.limit(terms) // RESERVED)

    def _rivals(self, terms: Terms, free: int) -> int:
        """Count the servers that hold fewer permits, will ask about now, and can use one of the *free* ones."""
        mine = self.members[terms.server].held
        return sum(
            member.again is not None
            and abs(member.again - self.now) < NEAR
            and member.spare < free
            and member.held < mine
            for member in self.others(terms)
        )

    def _doubtful(self, terms: Terms, cooling: Sequence[float]) -> float:
        """Return the seconds until this server's share may allow one more permit."""
        me = self.members[terms.server]
        if me.held < self.share(terms):
            return 0.0
        # The share grows when the doubt ends, and has room again when a permit of this server cools down.
        ends = (me.doubt if self.now < me.doubt else self._settled(terms), *cooling[:1])
        return min([end for end in ends if end > self.now], default=inf) - self.now

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
        longer = terms.period - self.period()
        for member in self.members.values() if longer > 0 else ():
            member.cooling = [due + longer for due in member.cooling]
            member.leases = {ident: due + longer for ident, due in member.leases.items()}


def _due(cooling: Sequence[float], free: int, spare: int) -> float:
    """Return when a permit beside *spare* others is free. It is infinite if that depends on requests in flight."""
    if spare < free:
        return -inf
    later = spare - free
    return cooling[later] if later < len(cooling) else inf
