"""The last scene: the guarantees of the server, shown with real requests. No 429, and no double booking.

A burst over the rate limit takes more than a minute. So the server and the sandbox run in this process, in fast motion.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final
from zoneinfo import ZoneInfo

from mcp import Client

from ...app import app
from ...config import Settings
from ..in_process import served
from .assistant import Assistant, explain_failures
from .formatting import count, minutes
from .schedule import DAY, WEEK, Schedule, utc
from .server_process import OpenSandbox, Service
from .transcript import SILENT, Transcript

TITLE: Final = "80 calls at once, and a booking without an answer"

_LIMIT: Final = 60  # requests in a period, as at LinkTime
_PERIOD: Final = 60.0  # s
_CALLS: Final = 80
_DEADLINE: Final = 120  # s; a call of the burst waits for the second minute
_MEANWHILE: Final = 5.0  # s from the burst to the booking
_BAR: Final = 20  # s of requests in one bar of the chart

Log = Sequence[dict[str, Any]]


async def show(open_sandbox: OpenSandbox, transcript: Transcript, start: datetime) -> None:
    """Play the scene on a clock that begins at *start* and follows the running loop.

    Raises:
        StepFailed: A guarantee does not hold.
    """
    clock = asyncio.get_running_loop().time

    def wall() -> datetime:
        return start + timedelta(seconds=clock())

    async with open_sandbox(limit=_LIMIT, period=_PERIOD, clock=clock, now=wall) as sandbox:
        service = Service(sandbox.url, sandbox.key)
        async with _client(service, clock, wall) as client:
            assistant = Assistant(client, transcript, (), wall)
            with explain_failures(f"the last scene ({TITLE})", assistant):
                zone, slug, slots = await _prepared(Assistant(client, SILENT, (), wall))
                transcript.note(
                    "demo",
                    f"LinkTime allows {_LIMIT} requests a minute. A call may wait {_DEADLINE} s (LINKTIME_DEADLINE). "
                    "While calls wait, the clock of the sandbox runs in fast motion.",
                )
                scene = _Scene(assistant, service, transcript, Schedule(assistant, zone), slug)
                await scene.burst(slots[0])
                await scene.lost_answer(slots[1])


async def _prepared(assistant: Assistant) -> tuple[ZoneInfo, str, list[datetime]]:
    """Return the account's zone, an event type's slug and its free slots. Wait until the whole budget is free again."""
    schedule = await Schedule.open(assistant)
    slug = (await assistant.call("list_event_types"))["data"][0]["slug"]
    slots = await schedule.slots(slug, schedule.today + DAY, schedule.today + WEEK)
    await asyncio.sleep(_PERIOD + 1)
    return schedule.zone, slug, slots


class _Scene:
    """The two parts of the scene, with times on a stopwatch that starts now. Bookings have the event type *slug*."""

    def __init__(
        self, assistant: Assistant, service: Service, transcript: Transcript, schedule: Schedule, slug: str
    ) -> None:
        self._assistant = assistant
        self._service = service
        self._transcript = transcript
        self._schedule = schedule
        self._slug = slug
        # of the burst
        self._clock = asyncio.get_running_loop().time
        self._began = self._clock()
        self._waiting = _CALLS

    async def burst(self, slot: datetime) -> None:
        """Read many days at once. Book *slot* while some of the reads wait."""
        free, _ = await asyncio.gather(self._free_days(), self._book_meanwhile(slot))
        log = await self._log()
        bars = Counter(int(each["at"] - self._began) // _BAR for each in log)
        rows = {minutes(bar * _BAR): bars[bar] for bar in range(max(bars) + 1)}
        self._transcript.chart(f"Requests that LinkTime received in each {_BAR} s:", rows)
        refused = sum(each["status"] == HTTPStatus.TOO_MANY_REQUESTS for each in log)
        self._assistant.check(
            refused == 0 and len(log) >= _CALLS and _peak(log) <= _LIMIT,
            f"LinkTime received {len(log)} requests, at most {_peak(log)} in one minute. It answered "
            f"{refused or 'none'} of them with 429.",
        )
        kinds = Counter(f"{each['method']} {each['path']}" for each in log)
        self._transcript.detail(f"They are {', '.join(f'{number} {kind}' for kind, number in kinds.most_common())}.")
        self._assistant.say(f"You have no meeting on {free} of these days.")

    async def lost_answer(self, slot: datetime) -> None:
        """Book *slot*, and lose the answer on the way."""
        await self._service.fail(method="POST", path="/bookings", when="after", reset=True)
        before = len(await self._log())
        self._assistant.prompt(f"Then book one with Dana Fox {self._schedule.describe(slot)}")
        self._note("LinkTime will book, but the connection will break before the answer.")
        booked = await self._book(slot, "Dana Fox")
        log = (await self._log())[before:]
        for each in [each for each in log if each["path"] == "/bookings"]:
            answer = f"answered {each['status']}" if each["status"] else "its answer was lost"
            self._note(f"LinkTime received {each['method']} {each['path']}, and {answer}.", each["at"])
        posts = [each["status"] for each in log if each["method"] == "POST"]
        self._assistant.check(posts == [None], "the booking was sent once, although its answer was lost")
        meetings = await self._schedule.meetings(slot.date(), slot.date())
        same = [each.id for each in meetings if each.start == slot]
        self._assistant.check(
            same == [booked], f"{count(len(same), 'booking')} at this time, with the id that the call returned"
        )
        self._assistant.say(f"Done! Booked a call with Dana Fox {self._schedule.describe(slot)}.")

    async def _free_days(self) -> int:
        """Read each day with a call of its own. Return the number of days without a meeting."""
        self._assistant.prompt(f"Which of my next {_CALLS} days have no meeting?")
        self._note(f"{_CALLS} calls of list_bookings start, one for each day.")
        days = [str(self._schedule.today + number * DAY) for number in range(1, _CALLS + 1)]
        answers = await asyncio.gather(*map(self._read, days))
        self._note(f"All {len(answers)} calls are answered.")
        return answers.count([])

    async def _read(self, day: str) -> list[Any]:
        call = await self._assistant.request("list_bookings", {"from": day, "to": day})
        self._waiting -= 1
        return list(call.answer["data"])

    async def _book_meanwhile(self, slot: datetime) -> None:
        await asyncio.sleep(_MEANWHILE)
        self._assistant.prompt(f"Book a call with Robin Hale {self._schedule.describe(slot)}")
        self._note(f"{_CALLS - self._waiting} calls are answered, and {self._waiting} wait.")
        began = self._clock()
        await self._book(slot, "Robin Hale")
        seconds = self._clock() - began
        self._assistant.check(
            self._waiting > 0, f"the booking was answered after {seconds:.1f} s, while {self._waiting} calls wait"
        )

    async def _book(self, slot: datetime, guest: str) -> str:
        booked = await self._assistant.call(
            "create_booking",
            eventTypeSlug=self._slug,
            startTime=utc(slot),
            inviteeName=guest,
            inviteeEmail=f"{guest.partition(' ')[0].lower()}@example.com",
            inviteeTimezone=self._schedule.zone.key,
        )
        return str(booked["bookingId"])

    async def _log(self) -> Log:
        """Return the requests since the start of the stopwatch."""
        return [each for each in await self._service.requests() if each["at"] >= self._began]

    def _note(self, text: str, at: float | None = None) -> None:
        self._transcript.note(minutes((self._clock() if at is None else at) - self._began), text)


def _peak(log: Log) -> int:
    """Return the largest number of requests in any period."""
    times: list[float] = [each["at"] for each in log]
    return max(sum(at <= other < at + _PERIOD for other in times) for at in times)


@asynccontextmanager
async def _client(service: Service, clock: Callable[[], float], wall: Callable[[], datetime]) -> AsyncIterator[Client]:
    settings = Settings.from_environ({**service.settings, "LINKTIME_DEADLINE": str(_DEADLINE)})
    async with (
        app(settings, clock=clock, wall=wall, lazy=False) as application,
        Client(served(application)) as client,
    ):
        yield client
