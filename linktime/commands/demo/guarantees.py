"""The guarantees of the server, shown with real requests: no 429 in a burst, and no double booking.

They use a second sandbox with a small rate limit. With the usual limit, a burst would take minutes.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from time import perf_counter
from typing import Final

from .assistant import Assistant, explain_failures
from .schedule import DAY, WEEK, Schedule, utc
from .server_process import Service
from .transcript import Transcript

LIMIT: Final = 10  # requests in a period
PERIOD: Final = 1.0  # s

_BURST: Final = 3 * LIMIT  # calls
_BURST_TITLE: Final = "A burst of calls, without a 429"
_LOST_TITLE: Final = "A lost response, without a double booking"


async def show(assistant: Assistant, service: Service, transcript: Transcript) -> None:
    """Show both guarantees. *service* allows `LIMIT` requests in a `PERIOD`.

    Raises:
        StepFailed: A guarantee does not hold.
    """
    for title, guarantee in ((_BURST_TITLE, _burst), (_LOST_TITLE, _lost_response)):
        transcript.title(title)
        with explain_failures(title, assistant):
            await guarantee(assistant, service, transcript)


async def _burst(assistant: Assistant, service: Service, transcript: Transcript) -> None:
    transcript.step(
        f"A second sandbox allows {LIMIT} requests in {PERIOD:g} s. Call list_bookings {_BURST} times at once, each "
        "time for another day."
    )
    started, today = perf_counter(), assistant.now().date()
    days = [str(today + number * DAY) for number in range(_BURST)]
    await asyncio.gather(*(assistant.request("list_bookings", {"from": day, "to": day}) for day in days))
    seconds = perf_counter() - started
    # A refused request would be in the log with status 429.
    statuses = Counter(entry["status"] for entry in await service.requests())
    transcript.checked(f"all {_BURST} calls were answered within {seconds:.1f} s")
    assistant.check(
        statuses.total() >= _BURST and set(statuses) == {200},
        f"LinkTime received {statuses.total()} requests and refused none of them",
    )


async def _lost_response(assistant: Assistant, service: Service, transcript: Transcript) -> None:
    schedule = await Schedule.open(assistant)
    event_type = (await assistant.call("list_event_types"))["data"][0]
    start = (await schedule.slots(event_type["slug"], schedule.today + DAY, schedule.today + WEEK))[0]
    transcript.step("The sandbox will carry out the next booking, then reset the connection instead of responding.")
    await service.fail(method="POST", path="/bookings", when="after", reset=True)
    booked = await assistant.call(
        "create_booking",
        eventTypeSlug=event_type["slug"],
        startTime=utc(start),
        inviteeName="Robin Hale",
        inviteeEmail="robin@hale.example",
        inviteeTimezone=schedule.zone.key,
    )
    # The server must find the lost booking with a read, not repeat the request.
    requests = await service.requests()
    sent = [entry["path"] for entry in requests if entry["method"] == "POST"]
    meetings = [meeting.id for meeting in await schedule.meetings(start.date(), start.date()) if meeting.start == start]
    assistant.check(meetings == [booked["bookingId"]], "the booking exists once, and the call returned its id")
    assistant.check(sent == ["/bookings"], "LinkTime received the booking once, and no second attempt")
