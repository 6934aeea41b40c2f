"""When a write began, on LinkTime's clock: times in LinkTime's answers are compared with that alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from .comparison import instant

LAG: Final = 10.0  # s; a replica that LinkTime answers reads from may be this far behind

_SKEW: Final = timedelta(seconds=0.25)  # between two clocks that are both kept right
_MARGIN: Final = timedelta(seconds=3)  # by which a time is certainly early: more than a skew that goes unnoticed
_SECOND: Final = timedelta(seconds=1)  # the precision of HTTP's Date


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment on two clocks of this machine: *clock* counts seconds, *wall* is the time of day in UTC."""

    clock: float
    wall: datetime


@dataclass(frozen=True, slots=True)
class Since:
    """The span of LinkTime's clock in which a write began, and the end of the answer that is compared with it.

    *earliest* is None if it is not known.
    """

    earliest: datetime | None
    latest: datetime
    answered: datetime

    def is_after(self, text: Any) -> bool | None:
        """Return whether a time that LinkTime shows is after the start of the write, None if it is not certain."""
        time = instant(text)
        if time is None:
            return None
        if time > self.answered:  # a time in the future is not of LinkTime's clock
            return None
        if time > self.latest:
            return True
        return False if self.earliest is not None and time < self.earliest else None


def since(start: Moment, sent: Moment, received: Moment, date: datetime | None) -> Since:
    """Return where *start* lies on LinkTime's clock, by a read *sent* and *received* with LinkTime's *date*.

    1. Without a date this machine's clock has to do. It proves no time to be early.
    2. If the two clocks agree, this machine's is exact enough.
    3. Otherwise the date counts, less the seconds that have passed.
    """
    began = start.wall.replace(microsecond=start.wall.microsecond // 1000 * 1000)  # LinkTime shows milliseconds
    if date is None:
        return Since(None, began, received.wall + _MARGIN)
    took = timedelta(seconds=received.clock - sent.clock)
    if -_SKEW <= received.wall - date <= _SECOND + took + _SKEW:
        return Since(began - _MARGIN, began, received.wall + _MARGIN)
    earliest = date - timedelta(seconds=received.clock - start.clock)
    return Since(earliest, date + _SECOND - timedelta(seconds=sent.clock - start.clock), date + _MARGIN)
