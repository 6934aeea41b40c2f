"""The writes whose outcome is not certain, so that an equal one is known for a repetition."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from math import inf
from typing import Final

from ...message import Reply, Request
from .history import History, collection
from .timeline import Moment

_LIFE: Final = 600.0  # s; after which an equal write is taken for a new wish
_SIZE: Final = 256
_LOST: Final = 60.0  # s; for which an unanswered request may still arrive


@dataclass(slots=True, eq=False)
class Doubt:
    """Equal writes that are one wish: they share an Idempotency-Key. Times are seconds on the app's clock.

    | state     | in_flight | open  | reply | ends with                                                  |
    | sending   | > 0       | False | None  | the end of these writes                                    |
    | doubtful  | >= 0      | True  | None  | a success, *until*, or another write to the row            |
    | succeeded | >= 0      | False | set   | is not found any more; the writes in flight may answer it  |
    """

    request: Request
    key: str
    started: Moment  # of the first of these writes
    in_flight: int = 0
    open: bool = False
    until: float = inf
    lost: float = -inf  # when the last of them ended without an answer
    reply: Reply | None = None
    overtaken: bool = False


class Doubts:
    """A bounded memory of doubts, each found by an equal request."""

    def __init__(self, life: float = _LIFE, size: int = _SIZE) -> None:
        self._doubts: OrderedDict[Request, Doubt] = OrderedDict()
        self._life = life
        self._size = size

    def begin(self, request: Request, now: Moment) -> Doubt:
        """Return the doubt that *request* repeats, or a new one."""
        doubt = self._doubts.get(request)
        if doubt is None or doubt.until < now.clock or doubt.overtaken:
            doubt = self._doubts[request] = Doubt(request, request.idempotency_key, now)
        doubt.in_flight += 1
        return doubt

    def end(self, doubt: Doubt) -> None:
        """Note that one of its writes has ended. A doubt that was never open is forgotten with the last of them."""
        doubt.in_flight -= 1
        if not doubt.in_flight and not doubt.open:
            self._forget(doubt)

    def doubtful(self, doubt: Doubt, now: float, *, answered: bool) -> None:
        """Keep a doubt for an equal write to come. *answered* is False if the request may still arrive."""
        doubt.open, doubt.until = True, now + self._life
        if not answered:
            doubt.lost = now
        self._doubts.setdefault(doubt.request, doubt)
        self._doubts.move_to_end(doubt.request)
        if len(self._doubts) > self._size:
            self._doubts.popitem(last=False)

    def succeeded(self, doubt: Doubt, reply: Reply) -> None:
        """Settle a doubt. The next equal write is a new wish."""
        doubt.open, doubt.reply = False, reply
        self._forget(doubt)

    def overtaken(self, request: Request, history: History) -> None:
        """Close the doubts that *request* may undo to repetitions: an equal write after it is a new wish.

        These are other writes to its row, and writes that may have made that row.
        """
        if not request.ident:
            return
        known = history.find(request)
        for doubt in list(self._doubts.values()):
            if collection(doubt.request) != collection(request) or doubt.request == request:
                continue
            older = known is not None and known.first < doubt.started.clock
            if doubt.request.ident == request.ident or not (doubt.request.ident or older):
                doubt.overtaken = True

    def others(self, request: Request, now: float) -> list[Request]:
        """Return the other writes in doubt or in flight with the method and template of *request*."""
        kind = request.method, request.template
        live = [each for each, doubt in self._doubts.items() if now <= doubt.until]
        return [each for each in live if (each.method, each.template) == kind and each != request]

    def _forget(self, doubt: Doubt) -> None:
        if self._doubts.get(doubt.request) is doubt:
            del self._doubts[doubt.request]


def may_arrive(doubt: Doubt, now: float) -> bool:
    """Return whether another of its writes may still take effect."""
    return doubt.in_flight > 1 or now - doubt.lost < _LOST
