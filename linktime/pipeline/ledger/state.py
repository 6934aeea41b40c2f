"""The state of a budget: its servers, their permits, the circuit breaker, and the time that passes for them."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field, replace
from math import inf
from typing import Final
from uuid import uuid4

from .values import Presence, Terms

QUIET: Final = 300.0  # s; a server that is silent for so long no longer counts
_CLOCKS: Final = 4  # machines whose clocks are remembered


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
    # For `linktime-mcp budget` alone
    client: str = ""
    process: int = 0
    waiting: int = 0  # calls, at its last step

    @property
    def held(self) -> int:
        """Return the number of permits in use."""
        return len(self.leases) + len(self.cooling)

    def held_at(self, moment: float) -> int:
        """Return the number of permits still in use at *moment*, which is now or later."""
        leased = sum([due > moment for due in self.leases.values()])
        return leased + len(self.cooling) - bisect_right(self.cooling, moment)

    def pass_to(self, now: float) -> None:
        """End leases and free permits that are due."""
        if self.cooling and self.cooling[0] <= now:
            del self.cooling[: bisect_right(self.cooling, now)]
        if self.leases and min(self.leases.values()) <= now:
            self.leases = {ident: due for ident, due in self.leases.items() if due > now}

    def is_over(self, now: float) -> bool:
        """Return whether nothing of the server counts any more."""
        silence = now - self.seen
        return silence >= self.lease and not self.held and (silence >= QUIET or not self.here)

    def introduce(self, presence: Presence) -> None:
        """Put down the server's present state for its user."""
        self.client, self.process, self.waiting = presence.client, presence.process, presence.waiting()

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
class State:
    """The permits of one key and its circuit breaker. All times are seconds since the budget began."""

    # What it is
    ident: str = field(default_factory=lambda: uuid4().hex)  # of this budget and no other
    young: bool = True  # whether it may have had a predecessor …
    idle: float | None = None  # s; … and if it surely had one, between the last use of that one and this one's begin
    # Time
    now: float = 0.0
    clocks: dict[str, float] = field(default_factory=dict)  # what each machine's clock is behind; the latest is last
    mixed: bool = False  # whether a clock was read again after another one
    # The circuit breaker
    opened: float | None = None  # the breaker is open until then, and then half-open; None: it is closed
    trial: str | None = None  # the permit of the request that tries a half-open breaker …
    trial_ends: float = 0.0  # … which has ended by then
    # Permits
    grants: int = 0  # permits ever granted
    members: dict[str, Member] = field(default_factory=dict)

    def read(self, clock: str, reading: float, *, latest: float = inf) -> None:
        """Move on to the *reading* of a *clock*, but not beyond *latest*.

        Time never goes back. An unknown clock starts where the budget is: it may be that of a machine that was
        restarted, or of another one. A clock that jumped goes on from where it was.
        """
        # 1. The clock of the last step: time goes on by its difference.
        # 2. A clock that was read before: it is behind by as much as it was then. Several machines share the file.
        # 3. An unknown clock: time stands still for this step.
        newest = next(reversed(self.clocks), clock)
        behind = self.clocks.get(clock, self.now - reading)
        if clock != newest:
            self.mixed = self.mixed or self.clocks.pop(clock, None) is not None
        self.pass_to(min(reading + behind, latest))
        self.clocks[clock] = self.now - reading
        if len(self.clocks) > _CLOCKS:
            del self.clocks[next(iter(self.clocks))]

    def pass_to(self, moment: float) -> None:
        """Move on to *moment*: end leases, free permits, and forget silent servers."""
        self.now = now = max(self.now, moment)
        over = []
        for name, member in self.members.items():
            member.pass_to(now)
            if member.is_over(now):
                over.append(name)
        for name in over:
            del self.members[name]

    def period(self) -> float:
        """Return the longest period of all servers, in seconds."""
        return max([member.period for member in self.members.values()], default=0.0)

    def limit(self, terms: Terms) -> int:
        """Return the smallest limit of all servers, or that of *terms* if there are none."""
        return min([member.limit for member in self.members.values()], default=terms.limit)

    def cooling(self) -> list[float]:
        """Return when each used permit is free, ascending."""
        return sorted([due for member in self.members.values() for due in member.cooling])

    def leased(self) -> list[float]:
        """Return when each lease ends, ascending."""
        return sorted([due for member in self.members.values() for due in member.leases.values()])

    def used(self) -> int:
        """Return the number of permits in use."""
        return sum([member.held for member in self.members.values()])

    def present(self) -> int:
        """Return the number of servers that have not left."""
        return sum([member.here for member in self.members.values()])

    def others(self, terms: Terms) -> list[Member]:
        """Return all servers but this one."""
        return [member for name, member in self.members.items() if name != terms.server]
