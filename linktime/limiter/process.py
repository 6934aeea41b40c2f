"""The slots of a server that shares its key with nobody: in this process' memory."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from math import inf
from uuid import uuid4

from ..clock import now
from .store import Slot, State


@dataclass(slots=True)
class _Gate:
    """Open; or shut until a moment, and then ajar for one *probe* at a time until one of them was let in."""

    is_open: bool = True
    until: float = -inf
    probe: Slot | None = None

    def wait(self, moment: float) -> float:
        if self.is_open:
            return 0.0
        return inf if self.probe else max(0.0, self.until - moment)

    def taken(self, slot: Slot) -> None:
        if not self.is_open:
            self.probe = slot

    def released(self, slot: Slot, *, opens: bool) -> None:
        if slot is self.probe:
            self.is_open, self.probe = opens, None

    def shut(self, until: float) -> None:
        self.is_open, self.until, self.probe = False, max(self.until, until), None


class ProcessStore:
    """A Store of *limit* slots in memory, which may become more or fewer; every step is over before the next begins."""

    def __init__(self, limit: int, *, clock: Callable[[], float] = now) -> None:
        self.limit = limit
        self._clock = clock
        self._out: set[str] = set()
        self._cooling: list[tuple[float, str]] = []  # when each will be free, the first first
        self._turns = 0
        self._gate = _Gate()

    async def take(self, spare: int, soon: float) -> Slot | float:
        """Take a free slot, or tell how long to wait."""
        if (wait := self.wait(spare, soon)) > 0:
            return wait
        slot = Slot(uuid4().hex, self._free(self._clock()) - 1, self._turns)
        self.hold(slot)
        return slot

    def wait(self, spare: int, soon: float) -> float:
        """Tell how long to wait for a slot; not at all where this is not above 0."""
        moment = self._clock()
        free = self._free(moment)
        return max(self._gate.wait(moment), self._due(0, free) - moment, self._due(spare, free) - soon - moment)

    def hold(self, slot: Slot) -> None:
        """Count a slot as taken, wherever it comes from."""
        self._turns += 1
        self._out.add(slot.ident)
        self._gate.taken(slot)

    async def release(self, slot: Slot, after: float, *, opens: bool) -> None:
        """Make the slot free after so many seconds."""
        moment = self._clock()
        self._thaw(moment)  # under a shared budget nobody else does
        self._out.remove(slot.ident)
        if after > 0:
            insort(self._cooling, (moment + after, slot.ident))
        self._gate.released(slot, opens=opens)

    async def shut(self, seconds: float) -> None:
        """Shut the gate for at least so long."""
        self._gate.shut(self._clock() + seconds)

    def state(self, ahead: int = 0) -> State:
        """Tell what is known at this moment."""
        moment = self._clock()
        free = self._free(moment)
        return State(
            free=max(0, free),
            out=len(self._out),
            cooling=tuple(due - moment for due, _ in islice(self._cooling, ahead)),
            shut=0.0 if self._gate.is_open else max(0.0, self._gate.until - moment),
            ajar=not self._gate.is_open,
            turns=self._turns,
        )

    @property
    def is_empty(self) -> bool:
        """Whether no slot is in use."""
        self._thaw(self._clock())
        return not (self._out or self._cooling)

    def live(self) -> dict[str, float]:
        """Tell the seconds until each slot that was taken is free; infinite for those that are out."""
        moment = self._clock()
        self._thaw(moment)
        return dict.fromkeys(self._out, inf) | {ident: due - moment for due, ident in self._cooling}

    def _thaw(self, moment: float) -> None:
        del self._cooling[: bisect_right(self._cooling, moment, key=_due)]

    def _free(self, moment: float) -> int:
        self._thaw(moment)
        return self.limit - len(self._out) - len(self._cooling)

    def _due(self, spare: int, free: int) -> float:
        """When there will be a free slot beside *spare* others; nobody knows of those that are out."""
        if spare < free:
            return -inf
        later = spare - free
        return self._cooling[later][0] if later < len(self._cooling) else inf


def _due(cooling: tuple[float, str]) -> float:
    return cooling[0]
