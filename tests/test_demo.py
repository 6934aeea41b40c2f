from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, redirect_stdout
from datetime import UTC, date, datetime, timedelta
from fcntl import F_SETPIPE_SZ, fcntl
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from mcp import Client
from rich.console import Console

from linktime.app import app
from linktime.config import Settings
from linktime.demo import play
from linktime.demo.digest import digest
from linktime.demo.performance import perform
from linktime.demo.spoken import clock, count, days, duration, listed, when
from linktime.demo.stage import StepFailed
from linktime.demo.tally import Call, Tally
from linktime.demo.transcript import Transcript
from linktime.sandbox import Sandbox
from tests.child import PATIENCE, environ
from tests.inprocess import connected

SENTENCES = [
    "Book a 30-minute call with Sarah Chen tomorrow afternoon",
    "What meetings do I have this week?",
    "Push my meeting with Alex to Thursday",
    "I'm on vacation next week, block my calendar",
    'Create a 15-minute "Quick Chat" event with Zoom',
    "Send a webhook to my server when someone books a meeting",
    "What do I know about Sarah Chen?",
    "How did my voice agent calls go this week?",
]
SMALLEST = 4096  # bytes; no pipe holds less
Played = tuple[str, subprocess.CompletedProcess[str]]
MONDAY = datetime(2026, 11, 23, 13, tzinfo=UTC)  # 8 in the morning in New York
WEEK = [MONDAY + timedelta(days=number) for number in range(7)]
ODD_TIMES = [
    datetime(2026, 11, 24, 4, 30, tzinfo=UTC),  # another day here than in New York
    datetime(2026, 11, 28, 4, 30, tzinfo=UTC),  # Friday, half past eleven in the evening
    datetime(2026, 11, 30, 5, 1, tzinfo=UTC),  # a minute into a Monday
    datetime(2026, 3, 6, 17, tzinfo=UTC),  # the clocks go forward in between
    datetime(2026, 10, 30, 17, tzinfo=UTC),  # the clocks go back in between
    datetime(2026, 12, 31, 20, tzinfo=UTC),
    datetime(2028, 2, 28, 20, tzinfo=UTC),
]


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(limit=0, now=lambda: MONDAY) as running:
        yield running


def tell(sandbox: Sandbox, **fault: Any) -> None:
    """Have the sandbox misbehave."""
    body = json.dumps({"times": None, **fault}).encode()
    asked = Request(f"{sandbox.url}/sandbox/faults", body, {"Content-Type": "application/json"})
    with urlopen(asked, timeout=PATIENCE) as answer:
        assert answer.status == 201


@asynccontextmanager
async def client_of(sandbox: Sandbox) -> AsyncIterator[Client]:
    """Yield a client of a server in this process."""
    settings = Settings.from_environ(
        {
            "LINKTIME_API_KEY": sandbox.key,
            "LINKTIME_BASE_URL": sandbox.url,
            "LINKTIME_RATE_LIMIT": "5000",
        }
    )
    async with asyncio.timeout(PATIENCE), app(settings) as application, connected(application.session.server) as client:
        yield client


def page() -> tuple[Transcript, StringIO]:
    """Make a transcript whose lines are never broken, and what is written on."""
    written = StringIO()
    return Transcript(Console(file=written, width=1000)), written


async def performed(sandbox: Sandbox, now: Callable[[], datetime]) -> str:
    """Hold all conversations, and return what was written."""
    transcript, written = page()
    async with client_of(sandbox) as client:
        await perform(client, transcript, now)
    return written.getvalue()


@asynccontextmanager
async def demo(stdout: int, **settings: str) -> AsyncIterator[Process]:
    """Start the program's demo; it is killed if the test leaves it running."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "linktime", "demo"),
        stdin=DEVNULL,
        stdout=stdout,
        stderr=PIPE,
        env=environ(**settings),
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def alive(mark: str) -> set[int]:
    """Return the processes that were started with this LOGNAME, which the SDK hands on to a server."""
    found = set()
    for place in Path("/proc").glob("[0-9]*/environ"):
        try:
            variables = place.read_bytes().split(b"\0")
        except OSError:  # it ended meanwhile
            continue
        if f"LOGNAME={mark}".encode() in variables:
            found.add(int(place.parent.name))
    return found


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Run the demo once, where settings of the user's would end the server, and return the mark of its processes."""
    mark = str(tmp_path_factory.mktemp("demo"))
    env = environ(LOGNAME=mark, COLUMNS="200", LINKTIME_CACHE_TTL="nonsense", FORCE_COLOR="")
    command = [sys.executable, "-m", "linktime", "demo"]
    return mark, subprocess.run(command, capture_output=True, encoding="utf-8", env=env, timeout=PATIENCE, check=False)


def test_the_demo_plays_all_conversations_in_plain_text(played: Played) -> None:
    _, ended = played

    assert (ended.returncode, ended.stderr) == (0, "")
    assert [
        sentence
        for sentence in SENTENCES
        if not re.search(rf"^User +{re.escape(sentence)}$", ended.stdout, re.MULTILINE)
    ] == []
    assert "All 8 conversations came out right." in ended.stdout
    assert [word for word in ("Traceback", "\x1b", "lt_live_", " \n") if word in ended.stdout] == []


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_the_demo_leaves_no_process_behind(played: Played) -> None:
    mark, _ = played

    assert alive(mark) == set()


def test_the_summary_is_that_of_the_run(played: Played) -> None:
    text = played[1].stdout

    def number(pattern: str) -> int:
        found = re.search(pattern, text)
        assert found is not None
        return int(found[1])

    calls, reads, hits = number(r"Tool calls +(\d+)"), number(r"(\d+) reads, "), number(r"Cache +(\d+) of")
    assert len(re.findall(r"^  tool ", text, re.MULTILINE)) == calls
    assert text.count("[hit]") == hits > 0
    assert text.count("[hit]") + text.count("[miss]") == reads
    assert number(r"Upstream +(\d+) requests") == calls - hits
    assert number(r"Budget +(\d+) requests left") == 60 - (calls - hits)


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
async def test_an_interrupted_demo_ends_quietly_with_its_server(tmp_path: Path) -> None:
    ours, its = os.pipe()
    fcntl(its, F_SETPIPE_SZ, SMALLEST)  # so that it can't have said all of its 8 kB before anybody listens
    async with demo(its, LOGNAME=str(tmp_path)) as process, asyncio.timeout(PATIENCE):
        os.close(its)
        said = b""
        while b"User " not in said:
            said += await asyncio.to_thread(os.read, ours, 64)
        running = alive(str(tmp_path))

        process.send_signal(signal.SIGINT)
        while said:
            said = await asyncio.to_thread(os.read, ours, SMALLEST)
        _, stderr = await process.communicate()
    os.close(ours)

    assert len(running) == 2
    assert (process.returncode, stderr) == (130, b"")
    assert alive(str(tmp_path)) == set()


def test_a_demo_whose_reader_leaves_ends_quietly() -> None:
    command = [sys.executable, "-m", "linktime", "demo"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environ()) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()

        assert (process.wait(PATIENCE), process.stderr.read()) == (1, b"")


async def test_a_refused_call_ends_the_demo_with_its_place_and_its_reason(
    sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    await asyncio.to_thread(tell, sandbox, method="POST", path="/bookings", status=409)

    async with asyncio.timeout(PATIENCE):
        status = await play(sandbox.url, sandbox.key)

    text = " ".join(capsys.readouterr().out.split())
    assert status == 1
    assert "Failed conversation 1 (Book a meeting with Sarah): create_booking answered conflict: LinkTime says" in text
    assert "stderr LinkTime MCP server running" in text
    assert "came out right" not in text


async def test_a_server_that_cannot_start_is_told_with_its_own_words() -> None:
    async with asyncio.timeout(PATIENCE):
        with redirect_stdout(StringIO()) as written:
            status = await play("not a url", "lt_live_x")

    text = " ".join(written.getvalue().split())
    assert status == 1
    assert text.startswith("Failed the demo can't go on: ")
    assert "stderr LINKTIME_BASE_URL: must be" in text
    assert "lt_live_x" not in text


@pytest.mark.parametrize("moment", [*WEEK, *ODD_TIMES], ids=str)
async def test_every_conversation_comes_out_right_on_any_day(moment: datetime) -> None:
    async with Sandbox(limit=0, now=lambda: moment) as sandbox:
        written = await performed(sandbox, lambda: moment)

    assert [sentence for sentence in SENTENCES if sentence not in written] == []
    assert written.count(" create_availability_override ") == 5


async def test_the_assistant_tells_what_the_tools_answered(sandbox: Sandbox) -> None:
    written = await performed(sandbox, lambda: MONDAY)

    said = [
        " ".join(text.split()) for text in re.findall(r"^Assistant +((?:.+\n(?: {12}.+\n)*))", written, re.MULTILINE)
    ]
    assert said == [
        (
            "Done! Booked a 30-Minute Call with Sarah Chen tomorrow at 1:30pm EST. "
            "Sarah will receive a confirmation email with the meeting link."
        ),
        (
            "You have 5 meetings this week. - Mon 10am: Product Demo with Alex Rivera "
            "- Tue 1:30pm: 30-Minute Call with Sarah Chen - Tue 2pm: Quick Call with Sarah Chen "
            "- Wed 11am: Strategy Session with Jordan Lee - Fri 3pm: Intro Call with Sam Okafor"
        ),
        "Thursday slots: 9am, 10am, 11am, 12pm, 1pm, 2pm, 3pm, 4pm. Which?",
        "Done! Alex will get an email with the updated time, on Thursday at 10am EST.",
        (
            "Done! Your calendar is blocked November 30 to December 4. No one can book meetings with you that week. "
            "Booked before, and still standing: Strategy Session with Alex Rivera, Quick Call with Priya Nair and "
            "Product Demo with Sam Okafor. I can remove these blocks anytime with delete_availability_override."
        ),
        'Created! Your new "Quick Chat" event is live at linktime.io/maya/quick-chat — 15 minutes on Zoom.',
        said[6],
        (
            "Sarah Chen — VP Engineering at Acme Corp You've met 4 times. Last meeting: Product Demo (Nov 18). "
            'Next: 30-Minute Call (Nov 24). Notes: "Interested in enterprise plan. Budget review in Q1."'
        ),
        (
            "8 calls this week. - 5 completed (avg 2m 15s) — 3 resulted in bookings - 2 no answer - 1 failed (5s) "
            'Your "Sales Agent" handled all of them.'
        ),
    ]
    assert re.fullmatch(
        r"Webhook created! Your signing secret is whsec_\w{4}… \(cut short in this demo\) Save it now — it won't be "
        r"shown again. You'll receive POST requests for booking.created and booking.cancelled at "
        r"https://api.example.com/bookings.",
        said[6],
    )


async def test_a_day_without_free_time_is_passed_over_and_the_user_is_told() -> None:
    friday, thanksgiving = WEEK[4], "Thursday, November 26"
    async with Sandbox(limit=0, now=lambda: friday) as sandbox:
        on_friday = await performed(sandbox, lambda: friday)
    async with Sandbox(limit=0, now=lambda: MONDAY) as sandbox:
        blocked = {"slots": [], "eventTypeSlug": "product-demo", "timezone": "America/New_York"}
        await asyncio.to_thread(tell, sandbox, path="/availability", skip=1, times=1, status=200, body=blocked)
        on_monday = await performed(sandbox, lambda: MONDAY)

    assert "Tomorrow is Saturday and has no free afternoon slot, so I take the next day that has one." in on_friday
    assert "Booked a 30-Minute Call with Sarah Chen on Monday at 2pm EST." in on_friday
    assert f"{thanksgiving} has no free slot, so I look a week further." in on_monday


def none_free(path: str = "/availability", skip: int = 0) -> dict[str, Any]:
    return {"path": path, "skip": skip, "status": 200, "body": {"slots": []}}


NOTHING: dict[str, Any] = {"status": 200, "body": {"data": []}}
LIES: list[tuple[dict[str, Any], str]] = [
    ({"path": "/event-types", **NOTHING}, "1 (Book a meeting with Sarah): there is no 30-minute event type"),
    ({"path": "/contacts", **NOTHING}, "1 (Book a meeting with Sarah): there is no contact called Sarah Chen"),
    ({"path": "/bookings", "method": "GET", **NOTHING}, "1 (Book a meeting with Sarah): there is no new booking"),
    (none_free(), "1 (Book a meeting with Sarah): there is no free afternoon"),
    (none_free(skip=1), "3 (Reschedule a meeting): there is no Thursday with a free slot"),
    (
        {"path": "/settings", "status": 200, "body": {"data": []}},
        "1 (Book a meeting with Sarah): the answer to get_settings can't be read (KeyError: 'timezone')",
    ),
    (
        {"path": "/availability", "status": 200, "body": {"slots": "none"}},
        "1 (Book a meeting with Sarah): check_availability had no usable answer: ",
    ),
    (
        {"path": "/bookings", "method": "GET", "skip": 2, **NOTHING},
        "3 (Reschedule a meeting): there is no coming meeting with Alex",
    ),
    (
        {"path": "/bookings/*/reschedule", "status": 200, "body": {"success": True}},
        "3 (Reschedule a meeting): not so: the booking has its new time",
    ),
    (
        {"path": "/availability/overrides", "method": "POST", "skip": 1, "times": 1, "status": 200, "body": {}},
        "4 (Block off next week for vacation): not so: all five days are blocked",
    ),
    (
        {"path": "/event-types", "method": "POST", "status": 200, "body": {"id": "clx"}},
        "5 (Create a new event type): there is no new event type in the list",
    ),
    (
        {"path": "/webhooks", "method": "POST", "status": 200, "body": {"id": "clx", "secret": "x"}},
        "6 (Set up a webhook for new bookings): not so: the answer has a signing secret",
    ),
    (
        {"path": "/calls", "status": 200, "body": {"data": [], "pagination": {"total": 1}}},
        "8 (How did my calls go this week?): not so: no call is left out",
    ),
]


@pytest.mark.parametrize(("fault", "words"), LIES, ids=[words for _, words in LIES])
async def test_a_service_that_lies_is_found_out(sandbox: Sandbox, fault: dict[str, Any], words: str) -> None:
    await asyncio.to_thread(tell, sandbox, **fault)

    async with client_of(sandbox) as client:
        with pytest.raises(StepFailed, match=re.escape(f"conversation {words}")):
            await perform(client, page()[0], lambda: MONDAY)


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        ({"slots": []}, "no slots"),
        ({"slots": [{"startTime": "a"}]}, "1 slot, a to a"),
        ({"slots": [{"startTime": "a"}, {"startTime": "b"}]}, "2 slots, a to b"),
        ({"slots": [{"startTime": "a", "startTimeLocal": "Mon 09:00"}]}, "1 slot, Mon 09:00 to Mon 09:00"),
        ({"data": []}, "0 found"),
        ({"data": [{"name": "x"}, {"status": "y"}, {}, "z"], "pagination": {"total": 9}}, "9 found: x, y, ?, z"),
        ({"id": "clx", "price": 0, "isActive": True, "notes": None, "events": []}, "price 0, isActive true"),
        ({"secret": "whsec_0123456789"}, "secret whsec_0123…"),
    ],
)
def test_an_answer_is_told_in_a_line(answer: dict[str, Any], line: str) -> None:
    assert digest(answer) == line


def test_times_and_numbers_are_told_as_people_do() -> None:
    today = date(2026, 11, 23)
    moments = [datetime(2026, 11, 23, hour, minute, tzinfo=UTC) for hour, minute in ((0, 5), (9, 0), (12, 0), (15, 30))]

    assert list(map(clock, moments)) == ["12:05am", "9am", "12pm", "3:30pm"]
    assert [when(today + timedelta(days=number), today) for number in (-1, 0, 1, 6, 7)] == [
        "on Sunday, November 22",
        "today",
        "tomorrow",
        "on Sunday",
        "on Monday, November 30",
    ]
    assert days(date(2026, 3, 9), date(2026, 3, 13)) == "March 9 to 13"
    assert days(date(2026, 3, 30), date(2026, 4, 3)) == "March 30 to April 3"
    assert [duration(5), duration(135.2)] == ["5s", "2m 15s"]
    assert [count(1, "call"), count(2, "call")] == ["1 call", "2 calls"]
    assert [listed([]), listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


def test_a_summary_tells_shared_answers_and_a_budget_that_nobody_told() -> None:
    transcript, written = page()
    calls = [Call("list_bookings", {}, {}, {"linktime/cache": how}, reads=True) for how in ("miss", "coalesced", "hit")]

    transcript.summary(8, Tally.of([*calls, Call("get_me", {}, {}, {}, reads=False)], 2, seconds=1.25))

    assert written.getvalue().splitlines()[1:] == [
        "All 8 conversations came out right.",
        "Tool calls  4: 3 reads, 1 write",
        "Cache       1 of 3 reads answered from it, 1 shared with a call under way",
        "Upstream    2 requests reached LinkTime",
        "Budget      not told",
        "Time        1.2 s",
    ]


def test_a_failure_is_told_also_where_the_server_said_nothing() -> None:
    transcript, written = page()

    transcript.failed("there is no Tuesday", "")

    assert written.getvalue() == "\nFailed      there is no Tuesday\n"


def test_a_terminal_gets_colour_on_the_labels_alone() -> None:
    written = StringIO()

    Transcript(Console(file=written, width=80, force_terminal=True, color_system="standard")).user("Hello")

    assert written.getvalue() == "\x1b[1;36mUser        \x1b[0mHello\n"
