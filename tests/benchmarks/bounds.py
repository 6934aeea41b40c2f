"""How fast a session could have been, and how few requests it could have taken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf

from linktime.message import Request

from .agents import Trace
from .services import LIMIT, ONE_WAY, PERIOD, SETTINGS


@dataclass(frozen=True, slots=True)
class Call:
    """One call: when it was *begun*, when it was *over*, and whether it was *answered*."""

    request: Request
    begun: float
    over: float
    answered: bool


def shortest(requests: int) -> float:
    """Tell the seconds that so many requests take at the least, LIMIT in any period."""
    return PERIOD * ((requests - 1) // LIMIT) + 2 * ONE_WAY


def critical_path(trace: Trace) -> float:
    """Tell the seconds that the slowest agent takes if it never waits for budget."""
    return max(sum(turn.thinking + 2 * ONE_WAY for turn in turns) for turns in trace)


def fewest(calls: Sequence[Call]) -> int:
    """Count the requests that answer these calls if one who knew all of them chose when to ask.

    An answer serves all equal reads that end after it came and were asked at most the cache's time later, but none
    that was asked after the end of a write that outdates it.
    """
    answered = [call for call in calls if call.answered]
    writes = [call for call in answered if not call.request.is_read]
    reads: dict[Request, list[Call]] = defaultdict(list)
    for call in answered:
        if call.request.is_read:
            reads[call.request].append(call)
    return len(writes) + sum(_fetches(question, equal, writes) for question, equal in reads.items())


def _fetches(question: Request, calls: Sequence[Call], writes: Sequence[Call]) -> int:
    """Count the moments at which the answer has to be fetched, the latest that serve the call that is over first."""
    changes = [write.over for write in writes if write.request.tags & question.tags]
    count, fetched = 0, -inf
    for earliest, latest in sorted(_spans(calls, changes), key=lambda span: span[1]):
        if fetched < earliest:
            count, fetched = count + 1, latest
    return count


def _spans(calls: Sequence[Call], changes: Sequence[float]) -> Iterator[tuple[float, float]]:
    """Tell for each call from when to when an answer may come that serves it."""
    for call in calls:
        life = 0.0 if call.request.volatile else SETTINGS.cache_ttl
        changed = max((change for change in changes if change <= call.begun), default=-inf)
        yield max(call.begun - life, changed), call.over
