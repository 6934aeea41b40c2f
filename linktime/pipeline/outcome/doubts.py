"""The writes whose outcome is not certain, so that an equal one is known for a repetition."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from math import inf
from typing import Final

from ...message import Reply, Request
from .history import History, collection
from .timeline import Moment
from .verification import Verification

_LIFE: Final = 600.0  # s; after which an equal write is taken for a new wish
_SIZE: Final = 256
_LOST: Final = 60.0  # s; for which an unanswered request may still arrive


@dataclass(slots=True, eq=False)
class Doubt:
    """Equal writes that are one wish: they share an Idempotency-Key. Times are seconds on the app's clock.

    | state     | in_flight | open  | reply | ends with                                                  |
    | sending   | > 0       | False | None  | the end of these writes                                    |
    | doubtful  | >= 0      | True  | None  | a success, *until*, or an equal write after it is retired  |
    | succeeded | >= 0      | False | set   | is not found any more; the writes in flight may answer it  |

    A retired doubt is renewed by the next equal write. The new one has another key, and begins as doubtful: a refusal
    of its writes may be due to the writes before.
    """

    request: Request
    key: str
    started: Moment  # of the first of these writes
    first: Moment  # of the first equal write, of this doubt or of those that it renews
    in_flight: int = 0
    refused: int = 0  # of those in flight, which wait for the answers of the others
    changed: asyncio.Event = field(default_factory=asyncio.Event)  # set when one of them is answered
    open: bool = False
    until: float = inf
    lost: float = -inf  # when the last of them ended without an answer
    reply: Reply | None = None
    retired: bool = False  # another write has changed the row, or a row that may be the new one
    replayable: bool = False  # another write has changed a row of unknown age: a success may be an old answer

    def renewed(self, key: str, now: Moment, until: float) -> Doubt:
        """Return the doubt of a new wish, which remembers that the writes of this one may have been made."""
        first = self.first if makes(self.request) else now
        lost = now.clock if self.in_flight else self.lost
        return Doubt(self.request, key, now, first, open=True, until=until, lost=lost)


class Doubts:
    """A bounded memory of doubts, each found by an equal request."""

    def __init__(self, life: float = _LIFE, size: int = _SIZE) -> None:
        self._doubts: OrderedDict[Request, Doubt] = OrderedDict()
        self._life = life
        self._size = size

    def begin(self, request: Request, now: Moment) -> Doubt:
        """Return the doubt that *request* repeats, or a new one."""
        doubt = self._doubts.get(request)
        if doubt is None or doubt.until < now.clock:
            doubt = self._doubts[request] = Doubt(request, request.idempotency_key, now, now)
        elif doubt.retired:
            doubt = self._doubts[request] = doubt.renewed(request.idempotency_key, now, now.clock + self._life)
        doubt.in_flight += 1
        return doubt

    def end(self, doubt: Doubt) -> None:
        """Note that one of its writes has ended. A doubt that was never open is forgotten with the last of them."""
        doubt.in_flight -= 1
        doubt.changed.set()
        if not doubt.in_flight and not doubt.open:
            self._forget(doubt)

    def doubtful(self, doubt: Doubt, now: float, *, answered: bool) -> None:
        """Keep a doubt for an equal write to come. *answered* is False if the request may still arrive."""
        doubt.open, doubt.until = True, now + self._life
        doubt.changed.set()
        if not answered:
            doubt.lost = now
        self._doubts.setdefault(doubt.request, doubt)
        self._doubts.move_to_end(doubt.request)
        if len(self._doubts) > self._size:
            self._doubts.popitem(last=False)

    def succeeded(self, doubt: Doubt, reply: Reply) -> None:
        """Settle a doubt. The next equal write is a new wish."""
        doubt.open, doubt.reply = False, reply
        doubt.changed.set()
        self._forget(doubt)

    def overtaken(self, request: Request, history: History) -> None:
        """Note which doubts *request* may change: LinkTime could answer their repetition as if it were still so.

        1. Another write to the same row retires a doubt.
        2. So does a write to a row that was first read after the doubt began: it may be the new row.
        3. A row that no read has shown may be the new row, too. To retire the doubt could make a second one.
        """
        if makes(request):
            return
        known = history.find(request)
        for doubt in self._doubts.values():
            if collection(doubt.request) != collection(request) or doubt.request == request:
                continue
            if doubt.request.ident == request.ident:
                doubt.retired = True
            elif not (doubt.request.ident or (known and known.first < doubt.first.clock)):
                doubt.retired |= known is not None and known.read
                doubt.replayable = True

    def others(self, request: Request, now: float) -> list[Request]:
        """Return the other writes in doubt or in flight with the method and template of *request*."""
        kind = request.method, request.template
        live = [each for each, doubt in self._doubts.items() if now <= doubt.until]
        return [each for each in live if (each.method, each.template) == kind and each != request]

    def _forget(self, doubt: Doubt) -> None:
        if self._doubts.get(doubt.request) is doubt:
            del self._doubts[doubt.request]


def makes(request: Request) -> bool:
    """Return whether a write makes a row, and replaces none."""
    verification = Verification.of(request)
    return not (request.ident or (verification and verification.replaces))


def may_arrive(doubt: Doubt, now: float) -> bool:
    """Return whether another of its writes may still take effect."""
    return doubt.in_flight > 1 or now - doubt.lost < _LOST
