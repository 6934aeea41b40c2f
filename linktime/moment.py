"""Which day it is, and which week: a model can't know that by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, Self
from zoneinfo import ZoneInfo

_WEEK: Final = timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class Moment:
    """A time in the account's zone, or in UTC where that is not known."""

    time: datetime
    zone_known: bool = False

    @classmethod
    def at(cls, instant: datetime, zone: ZoneInfo | None) -> Self:
        """Read an instant on the clocks of *zone*."""
        return cls(instant.astimezone(zone or UTC), zone_known=zone is not None)

    @property
    def week(self) -> tuple[date, date]:
        """The Monday and the Sunday around it."""
        monday = self.time.date() - timedelta(days=self.time.weekday())
        return monday, monday + timedelta(days=6)

    def __str__(self) -> str:
        monday, sunday = self.week
        told = "the account's time zone" if self.zone_known else "since the account's time zone is not known here"
        return (
            f"It is {self.time:%A}, {self.time:%Y-%m-%d}, {self.time:%H:%M} in {self.time.tzinfo}, {told}. "
            f"This week goes from Monday, {monday}, to Sunday, {sunday}; "
            f"next week from Monday, {monday + _WEEK}, to Sunday, {sunday + _WEEK}."
        )
