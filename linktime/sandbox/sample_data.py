"""The sample data: people, meetings, calls and threads of the examples on LinkTime's product page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from .store import Row

ZONE: Final = ZoneInfo("America/New_York")


@dataclass(frozen=True, slots=True)
class Person:
    """A contact of the account. All names and addresses are invented."""

    name: str
    email: str
    phone: str
    company: str
    title: str
    notes: str | None = None


SARAH: Final = Person(
    "Sarah Chen",
    "sarah.chen@acme.example",
    "+12125550142",
    "Acme Corp",
    "VP Engineering",
    "Interested in enterprise plan. Budget review in Q1.",
)
ALEX: Final = Person("Alex Rivera", "alex@northwind.example", "+13125550187", "Northwind", "Head of Operations")
JORDAN: Final = Person(
    "Jordan Lee", "jordan.lee@globex.example", "+14155550119", "Globex", "Founder", "Prefers mornings."
)
SAM: Final = Person("Sam Okafor", "sam.okafor@initech.example", "+442079460958", "Initech", "Product Manager")
PRIYA: Final = Person("Priya Nair", "priya@umbrella.example", "+16465550173", "Umbrella Labs", "Chief of Staff")
PEOPLE: Final = (SARAH, ALEX, JORDAN, SAM, PRIYA)

# slugs of event types
QUICK: Final = "quick-call"
DEMO: Final = "product-demo"
STRATEGY: Final = "strategy-session"
INTRO: Final = "intro-call"
# name, slug, minutes, location, price, is active, other columns
EVENT_TYPES: Final[tuple[tuple[str, str, int, str, int, bool, Row], ...]] = (
    ("30-Minute Call", "30min", 30, "ZOOM", 0, True, {"description": "A call about anything."}),
    ("Quick Call", QUICK, 15, "PHONE", 0, True, {}),
    ("Product Demo", DEMO, 60, "ZOOM", 0, True, {"bufferAfter": 15, "minimumNotice": 120}),
    ("Intro Call", INTRO, 30, "GOOGLE_MEET", 0, True, {"maxBookingsPerDay": 4}),
    ("Strategy Session", STRATEGY, 60, "ZOOM", 150, True, {"bufferBefore": 10, "bufferAfter": 10}),
    ("Office Hours", "office-hours", 45, "IN_PERSON", 0, False, {"description": "Paused until spring."}),
)

Meeting = tuple[int, int, float, str, Person, int | None]

# weeks from the current week, weekday (0 = Monday), hour, event type, guest, index of the call that led to it
MEETINGS: Final[tuple[Meeting, ...]] = (
    (-9, 1, 10, INTRO, SARAH, None),
    (-6, 3, 15, QUICK, SARAH, None),
    (-4, 0, 9, INTRO, JORDAN, None),
    (-3, 2, 11, STRATEGY, SARAH, None),
    (-2, 4, 14, QUICK, ALEX, None),
    (-1, 2, 10, DEMO, SARAH, None),
    (0, 0, 10, DEMO, ALEX, None),
    (0, 1, 14, QUICK, SARAH, None),
    (0, 2, 11, STRATEGY, JORDAN, None),
    (0, 4, 15, INTRO, SAM, None),
    (1, 1, 11, STRATEGY, ALEX, 0),
    (1, 2, 14, QUICK, PRIYA, 2),
    (1, 3, 10, DEMO, SAM, 5),
)

# weekday (0 = Monday), hour, direction, status, seconds, phone
CALLS: Final = (
    (0, 9.5, "INBOUND", "COMPLETED", 150, ALEX.phone),
    (0, 13.2, "OUTBOUND", "NO_ANSWER", 0, JORDAN.phone),
    (1, 10.1, "INBOUND", "COMPLETED", 175, PRIYA.phone),
    (1, 16.4, "OUTBOUND", "COMPLETED", 95, SARAH.phone),
    (2, 9.8, "INBOUND", "FAILED", 5, "+17185550131"),
    (2, 14.7, "INBOUND", "COMPLETED", 135, SAM.phone),
    (3, 11.3, "OUTBOUND", "NO_ANSWER", 0, "+19175550164"),
    (4, 10.6, "INBOUND", "COMPLETED", 120, "+13475550108"),
)
# by status
SUMMARIES: Final = {
    "COMPLETED": "Answered questions about plans and availability.",
    "NO_ANSWER": None,
    "FAILED": "The caller hung up.",
}

# channel, contact, days ago, messages: direction (">" inbound, "<" outbound), minutes after the first, text
CONVERSATIONS: Final = (
    (
        "SMS",
        SARAH,
        2,
        (("<", 0, "Hi Sarah, see you Tuesday at 2."), (">", 7, "Perfect, I'll bring the budget figures.")),
    ),
    (
        "WHATSAPP",
        JORDAN,
        3,
        ((">", 0, "Can we keep it to 45 minutes?"), ("<", 12, "Of course."), (">", 13, "Thank you!")),
    ),
    (
        "SMS",
        ALEX,
        6,
        (("<", 0, "Your demo is confirmed."), (">", 3, "Great. Can my colleague join?"), ("<", 9, "Yes!")),
    ),
    ("WHATSAPP", PRIYA, 9, ((">", 0, "Do you have time next week?"), ("<", 25, "I do: linktime.io/maya/quick-call"))),
)
# provider, category, is connected
INTEGRATIONS: Final = (
    ("Google Calendar", "calendar", True),
    ("Outlook", "calendar", False),
    ("Zoom", "video", True),
    ("Google Meet", "video", True),
    ("HubSpot", "crm", True),
    ("Salesforce", "crm", False),
    ("Stripe", "payments", True),
)
OWNER: Final = {"name": "Maya Brooks", "email": "maya@brooks.example", "username": "maya", "plan": "PRO"}


SETTINGS: Final = {
    "timezone": ZONE.key,
    "timeFormat": "12h",
    "dateFormat": "MMM D, YYYY",
    "bufferBefore": 0,
    "bufferAfter": 0,
    "maxMeetingsPerDay": None,
    "minGapMinutes": 0,
    "focusTimeEnabled": False,
    "focusTimeBlocks": [{"dayOfWeek": 3, "startTime": "13:00", "endTime": "15:00"}],
}
