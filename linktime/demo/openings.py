"""The first free time that suits, searched as an assistant would: the day that was named, then further."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time
from typing import Final

from .diary import DAY, WEEK, Diary, Meeting
from .stage import Stage, StepFailed

_NOON: Final = time(12)
_EVENING: Final = time(18)


async def free_afternoon(stage: Stage, diary: Diary, slug: str) -> Sequence[datetime]:
    """Ask for tomorrow, and for the week after it only if tomorrow has no afternoon slot."""
    tomorrow = diary.today + DAY
    if free := _afternoon(await diary.slots(slug, tomorrow, tomorrow)):
        return free
    stage.say(f"Tomorrow is {tomorrow:%A} and has no free afternoon slot, so I take the next day that has one.")
    if free := _afternoon(await diary.slots(slug, tomorrow + DAY, tomorrow + WEEK)):
        return free
    raise StepFailed("there is no free afternoon in the coming week")


def _afternoon(slots: Sequence[datetime]) -> list[datetime]:
    return [slot for slot in slots if _NOON <= slot.time() < _EVENING]


async def free_thursday(stage: Stage, diary: Diary, meeting: Meeting) -> Sequence[datetime]:
    """Ask for the next Thursday that is not the meeting's own, then for the one after it."""
    thursdays = [diary.monday + 3 * DAY + number * WEEK for number in range(4)]
    for day in [day for day in thursdays if day > diary.today and day != meeting.start.date()]:
        if free := await diary.slots(meeting.slug, day, day):
            return free
        stage.say(f"{day:%A, %B} {day.day} has no free slot, so I look a week further.")
    raise StepFailed("there is no Thursday with a free slot")


def nearest(slots: Sequence[datetime], wished: time) -> datetime:
    """Choose the slot nearest to the *wished* time on the first day that has any."""
    first = [slot for slot in slots if slot.date() == slots[0].date()]
    return min(first, key=lambda slot: abs(slot - datetime.combine(slot, wished, slot.tzinfo)))
