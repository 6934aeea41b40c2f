"""Files for calendars, as RFC 5545 defines them, read by another parser."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from icalendar import Calendar

from tests.support.process import environ
from tests.support.programs import program, run
from tests.support.view_samples import meeting

pytestmark = pytest.mark.posix  # .ci/run installs Node.js

SCRIPT: Final = Path(__file__).with_name("ics_files.mjs")
START: Final = datetime(2026, 12, 1, 15, tzinfo=UTC)  # 10:00 in New York
SPECIAL: Final = (
    'a,b;c:d\\e\\n "q" \u2028\x85\x0b\t\x00\x7fÄ\U0001f600\u202e=?utf-8?q?x?= \r\nEND:VEVENT\rBEGIN:VALARM\n'
)
PLAIN: Final = 'a,b;c:d\\e\\n "q" \n\n    Ä\U0001f600\u202e=?utf-8?q?x?= \nEND:VEVENT\nBEGIN:VALARM\n'
LONG: Final = "Ä\U0001f600,;\\" * 80


async def files(*rows: dict[str, Any]) -> list[str]:
    """Return the file of each row."""
    async with asyncio.timeout(50):
        status, output = await run(program("node"), str(SCRIPT), json.dumps(rows), env=environ())
    assert status == 0, output
    texts: list[str] = json.loads(output)
    return texts


def event_of(text: str) -> dict[str, Any]:
    """Check the form of a file. Return the fields of its only event."""
    assert text.endswith("END:VCALENDAR\r\n")
    assert not re.search(r"\r(?!\n)|(?<!\r)\n|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]", text)
    lines = text.split("\r\n")
    assert max(len(line.encode()) for line in lines) <= 75
    assert all(re.match(r"[A-Z]+:| ", line) for line in lines[:-1])
    calendar: Any = Calendar.from_ical(text)
    assert (calendar["VERSION"], calendar.errors) == ("2.0", [])
    assert calendar["PRODID"]
    assert [component.name for component in calendar.walk()] == ["VCALENDAR", "VEVENT"]
    (event,) = calendar.walk("VEVENT")
    assert event.errors == []
    fields = dict(event.property_items())
    assert len(event.property_items()) == len(fields)  # none twice
    assert fields["DTSTAMP"].dt == datetime(2026, 12, 1, 12, tzinfo=UTC)
    return fields


async def test_file_has_the_meeting() -> None:
    row = meeting("2026-12-01T10:00", 45, "Sam Okafor", "Intro Call", notes="Line 1\nLine 2")
    (text,) = await files(row)
    event = event_of(text)
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (START, START + timedelta(minutes=45))
    assert event["UID"] == f"{row['id']}@linktime.io"
    assert (event["SUMMARY"], event["DESCRIPTION"]) == ("Intro Call \u2013 Sam Okafor", "Line 1\nLine 2")
    assert (event["LOCATION"], event["STATUS"]) == ("https://meet.example/abc", "CONFIRMED")


async def test_meeting_without_length_has_no_end() -> None:
    (text,) = await files(meeting("2026-12-01T10:00", 0))
    event = event_of(text)
    assert event["DTSTART"].dt == START
    assert "DTEND" not in event


@pytest.mark.parametrize(("written", "read"), [(SPECIAL, PLAIN), (LONG, LONG), ("\ud83d half", "\ufffd half")])
async def test_any_text_is_read_back(written: str, read: str) -> None:
    row = meeting("2026-12-01T10:00", 30, written, written, notes=written, location=written, meetingLink=None)
    (text,) = await files({**row, "id": "clx1" + "".join(filter(str.isprintable, written))})
    event = event_of(text)
    assert event["SUMMARY"] == f"{read} \u2013 {read}"
    assert event["DESCRIPTION"] == event["LOCATION"] == read
    assert event["UID"].endswith("@linktime.io")


async def test_meeting_without_an_id_has_a_uid_of_its_own() -> None:
    rows = [meeting(f"2026-12-01T{hour}:00", id=None, status="CANCELLED") for hour in (10, 11)]
    events = [event_of(text) for text in await files(*rows)]
    assert len({event["UID"] for event in events}) == 2
    assert {event["STATUS"] for event in events} == {"CANCELLED"}
