"""The account's schedule, in its own time zone: its meetings, its free slots, and the search for a suitable slot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, Self
from zoneinfo import ZoneInfo

from .assistant import Assistant, StepFailed
from .formatting import clock, short, when

DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(weeks=1)

_NOON: Final = time(12)
_EVENING: Final = time(18)


@dataclass(frozen=True, slots=True)
class Meeting:
    """A booking. *kind* and *slug* are the name and the slug of its event type."""

    id: str
    start: datetime
    kind: str
    slug: str
    guest: str

    def __str__(self) -> str:
        return f"{self.kind} with {self.guest}"

    @property
    def dated(self) -> str:
        """Return the kind and the day: Product Demo (Nov 18)."""
        return f"{self.kind} ({short(self.start.date())})"


class Schedule:
    """The meetings and free slots of an account in *zone*, read with tool calls. *now* is the time of opening."""

    def __init__(self, assistant: Assistant, zone: ZoneInfo) -> None:
        # the time of opening, in the account's zone
        self.zone = zone
        self.now = assistant.now().astimezone(zone)
        self.today = self.now.date()
        self.monday = self.today - self.today.weekday() * DAY
        # source of the data
        self._assistant = assistant

    @classmethod
    async def open(cls, assistant: Assistant) -> Self:
        """Read the account's zone, and return its schedule."""
        settings = await assistant.call("get_settings")
        return cls(assistant, ZoneInfo(settings["timezone"]))

    async def meetings(self, first: date, last: date) -> list[Meeting]:
        """Return the confirmed meetings on the days *first* to *last*, soonest first."""
        answer = await self._assistant.call(
            "list_bookings", status="CONFIRMED", from_=str(first), to=str(last), limit=100
        )
        return self.parse(answer["data"])

    async def slots(self, slug: str, first: date, last: date) -> list[datetime]:
        """Return the starts of the free slots on the days *first* to *last*."""
        answer = await self._assistant.call("check_availability", eventTypeSlug=slug, from_=str(first), to=str(last))
        return [self.local(slot["startTime"]) for slot in answer["slots"]]

    def parse(self, bookings: Sequence[Mapping[str, Any]]) -> list[Meeting]:
        """Return bookings of the API as meetings, soonest first."""
        return sorted(map(self._meeting, bookings), key=lambda meeting: meeting.start)

    def local(self, instant: str) -> datetime:
        """Return a time of the API in the account's zone."""
        return datetime.fromisoformat(instant).astimezone(self.zone)

    def describe(self, start: datetime) -> str:
        """Format a day and a time: tomorrow at 2pm EST."""
        return f"{when(start.date(), self.today)} at {clock(start)} {start:%Z}"

    def _meeting(self, booking: Mapping[str, Any]) -> Meeting:
        kind = booking["eventType"]
        return Meeting(
            booking["id"], self.local(booking["startTime"]), kind["name"], kind["slug"], booking["inviteeName"]
        )


async def free_afternoon(assistant: Assistant, schedule: Schedule, slug: str) -> Sequence[datetime]:
    """Return the free afternoon slots of tomorrow, or of the week after it if tomorrow has none."""
    tomorrow = schedule.today + DAY
    # 1. Tomorrow, as the user said.
    if free := _afternoon(await schedule.slots(slug, tomorrow, tomorrow)):
        return free
    # 2. The week after it.
    assistant.say(f"Tomorrow is {tomorrow:%A} and has no free afternoon slot, so I take the next day that has one.")
    if free := _afternoon(await schedule.slots(slug, tomorrow + DAY, tomorrow + WEEK)):
        return free
    raise StepFailed("there is no free afternoon in the coming week")


async def free_thursday(assistant: Assistant, schedule: Schedule, meeting: Meeting) -> Sequence[datetime]:
    """Return the free slots of the next Thursday that has any and is not the meeting's own day."""
    thursdays = [schedule.monday + 3 * DAY + number * WEEK for number in range(4)]
    for day in [day for day in thursdays if day > schedule.today and day != meeting.start.date()]:
        if free := await schedule.slots(meeting.slug, day, day):
            return free
        assistant.say(f"{day:%A, %B} {day.day} has no free slot, so I look a week further.")
    raise StepFailed("there is no Thursday with a free slot")


def nearest(slots: Sequence[datetime], target: time) -> datetime:
    """Return the slot nearest to the *target* time, on the first day of *slots*."""
    first = [slot for slot in slots if slot.date() == slots[0].date()]
    return min(first, key=lambda slot: abs(slot - datetime.combine(slot, target, slot.tzinfo)))


def utc(moment: datetime) -> str:
    """Format a time as the API does."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _afternoon(slots: Sequence[datetime]) -> list[datetime]:
    return [slot for slot in slots if _NOON <= slot.time() < _EVENING]
