"""Lower bounds for a session: its time, and its number of requests."""

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
    """One call, with the times of its begin and end in seconds, and whether it was *answered*."""

    request: Request
    begun: float
    over: float
    answered: bool


def shortest(requests: int) -> float:
    """Return the shortest time of so many requests in seconds, with at most LIMIT in any period."""
    return PERIOD * ((requests - 1) // LIMIT) + 2 * ONE_WAY


def critical_path(trace: Trace) -> float:
    """Return the seconds that the slowest agent takes if it never waits for budget."""
    return max(sum(turn.thinking + 2 * ONE_WAY for turn in turns) for turns in trace)


def fewest(calls: Sequence[Call]) -> int:
    """Return the fewest requests that answer these calls, if all calls are known in advance.

    An answer serves an equal read that ends after its arrival and begins before its time in the cache is over. It
    serves no read that begins after the end of a write that invalidates it.
    """
    answered = [call for call in calls if call.answered]
    writes = [call for call in answered if not call.request.is_read]
    reads: dict[Request, list[Call]] = defaultdict(list)
    for call in answered:
        if call.request.is_read:
            reads[call.request].append(call)
    return len(writes) + sum(_fetches(question, equal, writes) for question, equal in reads.items())


def _fetches(question: Request, calls: Sequence[Call], writes: Sequence[Call]) -> int:
    """Return the number of fetches. Each is as late as the earliest end of a call without an answer allows."""
    changes = [write.over for write in writes if write.request.tags & question.tags]
    count, fetched = 0, -inf
    for earliest, latest in sorted(_spans(calls, changes), key=lambda span: span[1]):
        if fetched < earliest:
            count, fetched = count + 1, latest
    return count


def _spans(calls: Sequence[Call], changes: Sequence[float]) -> Iterator[tuple[float, float]]:
    """Yield for each call the interval in which an answer that serves it can arrive."""
    for call in calls:
        life = 0.0 if call.request.volatile else SETTINGS.cache_ttl
        changed = max((change for change in changes if change <= call.begun), default=-inf)
        yield max(call.begun - life, changed), call.over
