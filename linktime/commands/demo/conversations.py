"""The eight conversations of LinkTime's product page. The assistant's answers depend on the results of its calls."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import time
from statistics import fmean
from typing import Any, Final

from .assistant import Assistant
from .formatting import clock, count, days, duration, listed, when
from .schedule import DAY, WEEK, Meeting, Schedule, free_afternoon, free_thursday, nearest, utc

# Each conversation goes: a message of the user, tool calls, checks, and an answer made from the results.
Conversation = Callable[[Assistant], Awaitable[None]]
Record = dict[str, Any]


async def book_a_meeting(assistant: Assistant) -> None:
    """Book a free afternoon slot on the next day that has one."""
    assistant.prompt("Book a 30-minute call with Sarah Chen tomorrow afternoon")
    schedule = await Schedule.open(assistant)
    kind = assistant.find(
        await _event_types(assistant), lambda each: each["durationMinutes"] == 30, "30-minute event type"
    )
    guest = await _contact(assistant, "Sarah Chen")
    start = nearest(await free_afternoon(assistant, schedule, kind["slug"]), time(14))
    booked = await assistant.call(
        "create_booking",
        eventTypeSlug=kind["slug"],
        startTime=utc(start),
        inviteeName=guest["name"],
        inviteeEmail=guest["email"],
        inviteeTimezone=schedule.zone.key,
    )
    meetings = await schedule.meetings(start.date(), start.date())
    meeting = assistant.find(meetings, lambda each: each.id == booked["bookingId"], "new booking in the list")
    assistant.check(meeting.start == start, "the new booking is in the list, at the requested time")
    assistant.say(
        f"Done! Booked a {meeting} {schedule.describe(meeting.start)}.\n"
        f"{_first_name(meeting)} will receive a confirmation email with the meeting link."
    )


async def list_the_week(assistant: Assistant) -> None:
    """List the meetings from Monday to Sunday."""
    assistant.prompt("What meetings do I have this week?")
    schedule = await Schedule.open(assistant)
    monday, sunday = schedule.monday, schedule.monday + 6 * DAY
    meetings = await schedule.meetings(monday, sunday)
    assistant.check(
        all(monday <= each.start.date() <= sunday for each in meetings), "every meeting in the list is in this week"
    )
    assistant.say(
        f"You have {count(len(meetings), 'meeting')} this week."
        + "".join(f"\n- {each.start:%a} {clock(each.start)}: {each}" for each in meetings)
    )


async def reschedule_a_meeting(assistant: Assistant) -> None:
    """Move a meeting to a Thursday, at a time that the user picks from the free slots."""
    assistant.prompt("Push my meeting with Alex to Thursday")
    schedule = await Schedule.open(assistant)
    meetings = await schedule.meetings(schedule.today, schedule.today + 2 * WEEK)
    alex = [each for each in meetings if _first_name(each) == "Alex" and each.start > schedule.now]
    meeting = assistant.find(alex, lambda _: True, "coming meeting with Alex")
    free = await free_thursday(assistant, schedule, meeting)
    day = when(free[0].date(), schedule.today).removeprefix("on ").capitalize()
    assistant.say(f"{day} slots: {', '.join(map(clock, free))}. Which?")
    start = nearest(free, time(10, 30))
    assistant.prompt(clock(start))
    await assistant.call("reschedule_booking", bookingId=meeting.id, newStartTime=utc(start))
    moved = schedule.parse([await assistant.call("get_booking", bookingId=meeting.id)])
    assistant.check(moved[0].start == start, "the booking has its new time")
    assistant.say(
        f"Done! {_first_name(meeting)} will get an email with the updated time, {schedule.describe(moved[0].start)}."
    )


async def block_a_vacation(assistant: Assistant) -> None:
    """Block five days with five concurrent calls."""
    assistant.prompt("I'm on vacation next week, block my calendar")
    schedule = await Schedule.open(assistant)
    monday, friday = schedule.monday + WEEK, schedule.monday + WEEK + 4 * DAY
    week = [str(monday + number * DAY) for number in range(5)]
    await asyncio.gather(*(assistant.call("create_availability_override", date=day, reason="Vacation") for day in week))
    overrides = await assistant.call("list_availability_overrides", from_=str(monday), to=str(friday))
    blocked = {each["date"] for each in overrides["data"] if each["isBlocked"]}
    assistant.check(blocked == set(week), "all five days are blocked")
    free = await schedule.slots((await _event_types(assistant))[0]["slug"], monday, friday)
    assistant.check(not free, "no slot is offered on these days")
    # A block does not cancel meetings.
    standing = await schedule.meetings(monday, friday)
    assistant.say(
        f"Done! Your calendar is blocked {days(monday, friday)}.\nNo one can book meetings with you that week.\n"
        + (f"Booked before, and still standing: {listed(list(map(str, standing)))}.\n" if standing else "")
        + "I can remove these blocks anytime with delete_availability_override."
    )


async def create_an_event_type(assistant: Assistant) -> None:
    """Create an event type, and find it in the list."""
    assistant.prompt('Create a 15-minute "Quick Chat" event with Zoom')
    made = await assistant.call(
        "create_event_type", name="Quick Chat", slug="quick-chat", durationMinutes=15, locationType="ZOOM"
    )
    live = assistant.find(
        await _event_types(assistant), lambda each: each["id"] == made["id"], "new event type in the list"
    )
    assistant.check(
        (live["durationMinutes"], live["locationType"]) == (15, "ZOOM"),
        "the list has it with the requested length and location",
    )
    me = await assistant.call("get_me")
    assistant.say(
        f'Created! Your new "{live["name"]}" event is live at\nlinktime.io/{me["username"]}/{live["slug"]} — '
        f"{count(live['durationMinutes'], 'minute')} on {live['locationType'].capitalize()}."
    )


async def set_up_a_webhook(assistant: Assistant) -> None:
    """Create a webhook. Only this response has its secret."""
    assistant.prompt("Send a webhook to my server when someone books a meeting")
    made = await assistant.call(
        "create_webhook", url="https://api.example.com/bookings", events=["booking.created", "booking.cancelled"]
    )
    secret = made["secret"]
    assistant.check(secret.startswith("whsec_"), "the answer has a signing secret")
    known = (await assistant.call("list_webhooks"))["data"]
    webhook = assistant.find(known, lambda each: each["id"] == made["id"], "new webhook in the list")
    assistant.check(secret not in str(known), "the list does not show the secret")
    assistant.say(
        f"Webhook created! Your signing secret is {secret[:10]}… (cut short in this demo)\n"
        "Save it now — it won't be shown again.\n"
        f"You'll receive POST requests for {listed(webhook['events'])} at {webhook['url']}."
    )


async def describe_a_person(assistant: Assistant) -> None:
    """Get a contact with all meetings."""
    assistant.prompt("What do I know about Sarah Chen?")
    schedule = await Schedule.open(assistant)
    contact = await _contact(assistant, "Sarah Chen")
    person = await assistant.call("get_contact", contactId=contact["id"])
    past, coming = schedule.parse(person["pastMeetings"]), schedule.parse(person["upcomingMeetings"])
    meetings = await schedule.meetings(schedule.today, schedule.today + 2 * WEEK)
    listed_ids = {each.id for each in meetings if each.guest == person["name"] and each.start > schedule.now}
    assistant.check(
        listed_ids <= {each.id for each in coming}, "the profile has every meeting of this person in the list"
    )
    work = " at ".join(filter(None, (person.get("jobTitle"), person.get("company"))))
    assistant.say(
        " — ".join(filter(None, (person["name"], work)))
        + f"\nYou've met {count(len(past), 'time')}."
        + "".join(f" Last meeting: {each.dated}." for each in past[-1:])
        + "".join(f" Next: {each.dated}." for each in coming[:1])
        + (f'\nNotes: "{person["notes"]}"' if person.get("notes") else "")
    )


async def summarize_calls(assistant: Assistant) -> None:
    """Count the voice agent's calls by outcome."""
    assistant.prompt("How did my voice agent calls go this week?")
    schedule = await Schedule.open(assistant)
    answer = await assistant.call("list_call_history", from_=str(schedule.monday), status="all", limit=100)
    calls = answer["data"]
    assistant.check(answer["pagination"]["total"] == len(calls), "the list has all calls")
    assistant.check(
        all(schedule.local(each["startedAt"]).date() >= schedule.monday for each in calls), "every call is in this week"
    )
    outcomes = Counter(each["status"] for each in calls).most_common()
    agents = Counter(each["agentName"] for each in calls).most_common()
    assistant.say(
        f"{count(len(calls), 'call')} this week."
        + "".join(f"\n- {_outcome(status, calls)}" for status, _ in outcomes)
        + "".join(f'\nYour "{name}" handled {"all" if n == len(calls) else n} of them.' for name, n in agents)
    )


# title on the product page, conversation
CONVERSATIONS: Final[tuple[tuple[str, Conversation], ...]] = (
    ("Book a meeting with Sarah", book_a_meeting),
    ("What's my schedule this week?", list_the_week),
    ("Reschedule a meeting", reschedule_a_meeting),
    ("Block off next week for vacation", block_a_vacation),
    ("Create a new event type", create_an_event_type),
    ("Set up a webhook for new bookings", set_up_a_webhook),
    ("Tell me about this person", describe_a_person),
    ("How did my calls go this week?", summarize_calls),
)


async def _event_types(assistant: Assistant) -> list[Record]:
    event_types: list[Record] = (await assistant.call("list_event_types"))["data"]
    return event_types


async def _contact(assistant: Assistant, name: str) -> Record:
    contacts: list[Record] = (await assistant.call("list_contacts", search=name))["data"]
    return assistant.find(contacts, lambda each: each["name"] == name, f"contact called {name}")


def _first_name(meeting: Meeting) -> str:
    return meeting.guest.split()[0]


def _outcome(status: str, calls: Sequence[Record]) -> str:
    these = [each for each in calls if each["status"] == status]
    lengths = [each["durationSeconds"] for each in these if each["durationSeconds"]]
    booked = sum(each.get("bookingId") is not None for each in these)
    text = f"{len(these)} {status.lower().replace('_', ' ')}"
    text += f" ({'avg ' * (len(lengths) > 1)}{duration(fmean(lengths))})" if lengths else ""
    return text + (f" — {booked} resulted in {'a booking' if booked == 1 else 'bookings'}" if booked else "")
