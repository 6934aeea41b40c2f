"""The current day and week in the account's zone, because a model does not know them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, Self
from zoneinfo import ZoneInfo

_WEEK: Final = timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class Moment:
    """A time in the account's zone, or in UTC if that zone is unknown. `str()` is a sentence for a model."""

    time: datetime
    zone_known: bool = False

    @classmethod
    def at(cls, instant: datetime, zone: ZoneInfo | None) -> Self:
        """Return *instant* in *zone*."""
        return cls(instant.astimezone(zone or UTC), zone_known=zone is not None)

    @property
    def week(self) -> tuple[date, date]:
        """Return the Monday and the Sunday of the current week."""
        monday = self.time.date() - timedelta(days=self.time.weekday())
        return monday, monday + timedelta(days=6)

    def __str__(self) -> str:
        monday, sunday = self.week
        zone = "the account's time zone" if self.zone_known else "because the account's time zone is unknown"
        return (
            f"It is {self.time:%A}, {self.time:%Y-%m-%d}, {self.time:%H:%M} in {self.time.tzinfo}, {zone}. "
            f"This week goes from Monday, {monday}, to Sunday, {sunday}; "
            f"next week from Monday, {monday + _WEEK}, to Sunday, {sunday + _WEEK}."
        )
