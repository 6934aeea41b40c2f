"""The account's meetings and free times, in its own time zone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Self
from zoneinfo import ZoneInfo

from .spoken import clock, short, when
from .stage import Stage

DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class Meeting:
    """A booking; *kind* is the name of its event type, *slug* that in its address."""

    id: str
    start: datetime
    kind: str
    slug: str
    guest: str

    def __str__(self) -> str:
        return f"{self.kind} with {self.guest}"

    @property
    def dated(self) -> str:
        """Name it by its day: Product Demo (Nov 18)."""
        return f"{self.kind} ({short(self.start.date())})"


class Diary:
    """What *stage* tells of an account whose clocks are those of *zone*; *now* is when it was opened."""

    def __init__(self, stage: Stage, zone: ZoneInfo) -> None:
        self.zone = zone
        self.now = stage.now().astimezone(zone)
        self.today = self.now.date()
        self.monday = self.today - self.today.weekday() * DAY
        self._stage = stage

    @classmethod
    async def open(cls, stage: Stage) -> Self:
        """Ask for the account's zone first."""
        settings = await stage.call("get_settings")
        return cls(stage, ZoneInfo(settings["timezone"]))

    async def meetings(self, first: date, last: date) -> list[Meeting]:
        """Ask for the confirmed meetings of the days *first* to *last*, and put the soonest first."""
        answer = await self._stage.call("list_bookings", status="CONFIRMED", from_=str(first), to=str(last), limit=100)
        return self.read(answer["data"])

    async def slots(self, slug: str, first: date, last: date) -> list[datetime]:
        """Ask for the free starts of the days *first* to *last*."""
        answer = await self._stage.call("check_availability", eventTypeSlug=slug, from_=str(first), to=str(last))
        return [self.local(slot["startTime"]) for slot in answer["slots"]]

    def read(self, bookings: Sequence[Mapping[str, Any]]) -> list[Meeting]:
        """Read bookings as the API writes them, and put the soonest first."""
        return sorted(map(self._meeting, bookings), key=lambda meeting: meeting.start)

    def local(self, instant: str) -> datetime:
        """Read a time as the API writes it."""
        return datetime.fromisoformat(instant).astimezone(self.zone)

    def told(self, start: datetime) -> str:
        """Tell a day and a time: tomorrow at 2pm EST."""
        return f"{when(start.date(), self.today)} at {clock(start)} {start:%Z}"

    def _meeting(self, booking: Mapping[str, Any]) -> Meeting:
        kind = booking["eventType"]
        return Meeting(
            booking["id"], self.local(booking["startTime"]), kind["name"], kind["slug"], booking["inviteeName"]
        )


def utc(moment: datetime) -> str:
    """Write a time as the API does."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
