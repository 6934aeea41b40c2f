"""The eight conversations of LinkTime's product page, each told from what the tools really answer."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import time
from statistics import fmean
from typing import Any, Final

from .diary import DAY, WEEK, Diary, Meeting, utc
from .openings import free_afternoon, free_thursday, nearest
from .spoken import clock, count, days, duration, listed, when
from .stage import Stage

Conversation = Callable[[Stage], Awaitable[None]]
Record = dict[str, Any]


async def book_a_meeting(stage: Stage) -> None:
    """Book a free afternoon slot, on the next day that has one."""
    stage.ask("Book a 30-minute call with Sarah Chen tomorrow afternoon")
    diary = await Diary.open(stage)
    kind = stage.find(await _event_types(stage), lambda each: each["durationMinutes"] == 30, "30-minute event type")
    guest = await _contact(stage, "Sarah Chen")
    start = nearest(await free_afternoon(stage, diary, kind["slug"]), time(14))
    booked = await stage.call(
        "create_booking",
        eventTypeSlug=kind["slug"],
        startTime=utc(start),
        inviteeName=guest["name"],
        inviteeEmail=guest["email"],
        inviteeTimezone=diary.zone.key,
    )
    meetings = await diary.meetings(start.date(), start.date())
    meeting = stage.find(meetings, lambda each: each.id == booked["bookingId"], "new booking in the list")
    stage.check(meeting.start == start, "the new booking is in the list, at the time asked for")
    stage.say(
        f"Done! Booked a {meeting} {diary.told(meeting.start)}.\n"
        f"{_first_name(meeting)} will receive a confirmation email with the meeting link."
    )


async def tell_the_schedule(stage: Stage) -> None:
    """List the meetings from Monday to Sunday."""
    stage.ask("What meetings do I have this week?")
    diary = await Diary.open(stage)
    monday, sunday = diary.monday, diary.monday + 6 * DAY
    meetings = await diary.meetings(monday, sunday)
    stage.check(
        all(monday <= each.start.date() <= sunday for each in meetings), "every meeting in the list is of this week"
    )
    stage.say(
        f"You have {count(len(meetings), 'meeting')} this week."
        + "".join(f"\n- {each.start:%a} {clock(each.start)}: {each}" for each in meetings)
    )


async def reschedule_a_meeting(stage: Stage) -> None:
    """Move a meeting to a Thursday, at the time that the user chooses of those offered."""
    stage.ask("Push my meeting with Alex to Thursday")
    diary = await Diary.open(stage)
    meetings = await diary.meetings(diary.today, diary.today + 2 * WEEK)
    alex = [each for each in meetings if _first_name(each) == "Alex" and each.start > diary.now]
    meeting = stage.find(alex, lambda _: True, "coming meeting with Alex")
    free = await free_thursday(stage, diary, meeting)
    day = when(free[0].date(), diary.today).removeprefix("on ").capitalize()
    stage.say(f"{day} slots: {', '.join(map(clock, free))}. Which?")
    start = nearest(free, time(10, 30))
    stage.ask(clock(start))
    await stage.call("reschedule_booking", bookingId=meeting.id, newStartTime=utc(start))
    moved = diary.read([await stage.call("get_booking", bookingId=meeting.id)])
    stage.check(moved[0].start == start, "the booking has its new time")
    stage.say(f"Done! {_first_name(meeting)} will get an email with the updated time, {diary.told(moved[0].start)}.")


async def block_a_vacation(stage: Stage) -> None:
    """Block five days, in five calls at once."""
    stage.ask("I'm on vacation next week, block my calendar")
    diary = await Diary.open(stage)
    monday, friday = diary.monday + WEEK, diary.monday + WEEK + 4 * DAY
    week = [str(monday + number * DAY) for number in range(5)]
    await asyncio.gather(*(stage.call("create_availability_override", date=day, reason="Vacation") for day in week))
    overrides = await stage.call("list_availability_overrides", from_=str(monday), to=str(friday))
    blocked = {each["date"] for each in overrides["data"] if each["isBlocked"]}
    stage.check(blocked == set(week), "all five days are blocked")
    free = await diary.slots((await _event_types(stage))[0]["slug"], monday, friday)
    stage.check(not free, "no slot is offered on these days")
    kept = await diary.meetings(monday, friday)
    stage.say(
        f"Done! Your calendar is blocked {days(monday, friday)}.\nNo one can book meetings with you that week.\n"
        + (f"Booked before, and still standing: {listed(list(map(str, kept)))}.\n" if kept else "")
        + "I can remove these blocks anytime with delete_availability_override."
    )


async def create_an_event_type(stage: Stage) -> None:
    """Make an event type that can be booked at once."""
    stage.ask('Create a 15-minute "Quick Chat" event with Zoom')
    made = await stage.call(
        "create_event_type", name="Quick Chat", slug="quick-chat", durationMinutes=15, locationType="ZOOM"
    )
    live = stage.find(await _event_types(stage), lambda each: each["id"] == made["id"], "new event type in the list")
    stage.check((live["durationMinutes"], live["locationType"]) == (15, "ZOOM"), "the list has it, as it was asked for")
    me = await stage.call("get_me")
    stage.say(
        f'Created! Your new "{live["name"]}" event is live at\nlinktime.io/{me["username"]}/{live["slug"]} — '
        f"{count(live['durationMinutes'], 'minute')} on {live['locationType'].capitalize()}."
    )


async def set_up_a_webhook(stage: Stage) -> None:
    """Subscribe an endpoint, whose secret is told this once."""
    stage.ask("Send a webhook to my server when someone books a meeting")
    made = await stage.call(
        "create_webhook", url="https://api.example.com/bookings", events=["booking.created", "booking.cancelled"]
    )
    secret = made["secret"]
    stage.check(secret.startswith("whsec_"), "the answer has a signing secret")
    known = (await stage.call("list_webhooks"))["data"]
    webhook = stage.find(known, lambda each: each["id"] == made["id"], "new webhook in the list")
    stage.check(secret not in str(known), "the secret is not told a second time")
    stage.say(
        f"Webhook created! Your signing secret is {secret[:10]}… (cut short in this demo)\n"
        "Save it now — it won't be shown again.\n"
        f"You'll receive POST requests for {listed(webhook['events'])} at {webhook['url']}."
    )


async def tell_about_a_person(stage: Stage) -> None:
    """Look a contact up, with all meetings."""
    stage.ask("What do I know about Sarah Chen?")
    diary = await Diary.open(stage)
    found = await _contact(stage, "Sarah Chen")
    person = await stage.call("get_contact", contactId=found["id"])
    past, coming = diary.read(person["pastMeetings"]), diary.read(person["upcomingMeetings"])
    stage.check(bool(coming), "the profile knows the meeting that was booked a moment ago")
    work = " at ".join(filter(None, (person.get("jobTitle"), person.get("company"))))
    stage.say(
        " — ".join(filter(None, (person["name"], work)))
        + f"\nYou've met {count(len(past), 'time')}."
        + "".join(f" Last meeting: {each.dated}." for each in past[-1:])
        + "".join(f" Next: {each.dated}." for each in coming[:1])
        + (f'\nNotes: "{person["notes"]}"' if person.get("notes") else "")
    )


async def tell_how_calls_went(stage: Stage) -> None:
    """Count the voice agent's calls by their outcome."""
    stage.ask("How did my voice agent calls go this week?")
    diary = await Diary.open(stage)
    answer = await stage.call("list_call_history", from_=str(diary.monday), status="all", limit=100)
    calls = answer["data"]
    stage.check(answer["pagination"]["total"] == len(calls), "no call is left out")
    stage.check(
        all(diary.local(each["startedAt"]).date() >= diary.monday for each in calls), "every call is of this week"
    )
    outcomes = Counter(each["status"] for each in calls).most_common()
    agents = Counter(each["agentName"] for each in calls).most_common()
    stage.say(
        f"{count(len(calls), 'call')} this week."
        + "".join(f"\n- {_outcome(status, calls)}" for status, _ in outcomes)
        + "".join(f'\nYour "{name}" handled {"all" if n == len(calls) else n} of them.' for name, n in agents)
    )


CONVERSATIONS: Final[tuple[tuple[str, Conversation], ...]] = (
    ("Book a meeting with Sarah", book_a_meeting),
    ("What's my schedule this week?", tell_the_schedule),
    ("Reschedule a meeting", reschedule_a_meeting),
    ("Block off next week for vacation", block_a_vacation),
    ("Create a new event type", create_an_event_type),
    ("Set up a webhook for new bookings", set_up_a_webhook),
    ("Tell me about this person", tell_about_a_person),
    ("How did my calls go this week?", tell_how_calls_went),
)


async def _event_types(stage: Stage) -> list[Record]:
    found: list[Record] = (await stage.call("list_event_types"))["data"]
    return found


async def _contact(stage: Stage, name: str) -> Record:
    found: list[Record] = (await stage.call("list_contacts", search=name))["data"]
    return stage.find(found, lambda each: each["name"] == name, f"contact called {name}")


def _first_name(meeting: Meeting) -> str:
    return meeting.guest.split()[0]


def _outcome(status: str, calls: Sequence[Record]) -> str:
    these = [each for each in calls if each["status"] == status]
    lengths = [each["durationSeconds"] for each in these if each["durationSeconds"]]
    booked = sum(each["bookingId"] is not None for each in these)
    told = f"{len(these)} {status.lower().replace('_', ' ')}"
    told += f" ({'avg ' * (len(lengths) > 1)}{duration(fmean(lengths))})" if lengths else ""
    return told + (f" — {booked} resulted in {'a booking' if booked == 1 else 'bookings'}" if booked else "")
