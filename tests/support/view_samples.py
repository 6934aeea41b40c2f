"""Answers of the tools that open views, in the shape of the server's own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from linktime.wallclock import formatted

ACCOUNT: Final = "America/New_York"

Json = dict[str, Any]


def result(data: Json, zone: str | None = ACCOUNT) -> Json:
    """Return the result of a tool call."""
    meta = {"linktime/timezone": zone} if zone else {}
    return {"content": [{"type": "text", "text": "{}"}], "structuredContent": data, "_meta": meta}


def failure(text: str) -> Json:
    """Return the result of a call that failed."""
    return {"content": [{"type": "text", "text": text}], "isError": True}


def meeting(local: str, minutes: int = 30, guest: str = "Sam Okafor", kind: str = "Intro Call", **fields: Any) -> Json:
    """Return a meeting that begins at a *local* time of the account."""
    start = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(ACCOUNT)).astimezone(UTC)
    end = start + timedelta(minutes=minutes)
    return {
        "id": f"clx{start:%m%d%H%M}{guest[0].lower()}",
        "startTime": utc(start),
        "startTimeLocal": formatted(start, ZoneInfo(ACCOUNT)),
        "endTime": utc(end),
        "endTimeLocal": formatted(end, ZoneInfo(ACCOUNT)),
        "status": "CONFIRMED",
        "inviteeName": guest,
        "inviteeEmail": f"{guest.split(maxsplit=1)[0].lower()}@globex.example",
        "inviteeTimezone": ACCOUNT,
        "meetingLink": "https://meet.example/abc",
        "eventType": {"name": kind, "durationMinutes": minutes, "locationType": "GOOGLE_MEET"},
        **fields,
    }


def meetings(*rows: Json, **pagination: int) -> Json:
    """Return an answer of list_bookings."""
    page = {"page": 1, "limit": 20, "total": len(rows), "totalPages": 1}
    return result({"data": [*rows], "pagination": {**page, **pagination}})


def week() -> Json:
    """Return a busy week."""
    return meetings(
        meeting("2026-11-30T09:30", 30, "Alex Rivera", "Quick Call"),
        meeting("2026-11-30T13:00", 60, "Priya Nair", "Strategy Session", inviteeTimezone="Asia/Kolkata"),
        meeting("2026-12-01T09:00", 60, "Jordan Lee", "Product Demo"),
        meeting("2026-12-01T11:00", 60, "Sarah Chen", "Strategy Session", notes="Agenda:\n1. Prices\n2. Dates"),
        meeting("2026-12-01T11:30", 60, "Tomás Silva", "Product Demo", inviteeTimezone="Europe/Lisbon"),
        meeting("2026-12-01T14:00", 15, "Mina Park", "Quick Call", inviteeTimezone="Asia/Seoul"),
        meeting("2026-12-02T10:00", 45, "Sam Okafor", "Intro Call"),
        meeting("2026-12-02T15:00", 60, "Lena Vogt", "Product Demo", status="CANCELLED"),
        meeting("2026-12-03T08:30", 60, "Ada Brandt", "Strategy Session", inviteeTimezone="Europe/Berlin"),
        meeting("2026-12-03T13:30", 30, "Noor Haddad", "Intro Call"),
        meeting("2026-12-04T11:00", 90, "Kenji Mori", "Workshop", inviteeTimezone="Asia/Tokyo"),
        meeting("2026-12-04T15:30", 30, "Eva Lind", "Quick Call"),
    )


def slots(starts: Iterable[str] = (), zone: str = ACCOUNT, **fields: Any) -> Json:
    """Return an answer of check_availability with *starts* as local times of the account, or those of a usual week."""
    rows = [_slot(datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(ACCOUNT))) for start in starts or _usual()]
    return result({"eventTypeSlug": "intro-call", "timezone": zone, "slots": rows, **fields})


def utc(instant: datetime) -> str:
    """Return an instant in the spelling of LinkTime."""
    return f"{instant:%Y-%m-%dT%H:%M:%S}.000Z"


def _slot(start: datetime) -> Json:
    instant = start.astimezone(UTC)
    return {"startTime": utc(instant), "startTimeLocal": formatted(instant, ZoneInfo(ACCOUNT))}


def _usual() -> list[str]:
    hours = {"2026-12-01": (11, 14, 15, 16), "2026-12-02": (9, 10, 13, 14), "2026-12-04": (10, 12, 16, 18)}
    return [f"{day}T{hour:02}:{minute}" for day, each in hours.items() for hour in each for minute in ("00", "30")]
