from __future__ import annotations

import asyncio
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from errno import EADDRINUSE
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from hypothesis import given, settings, strategies as st

from linktime.sandbox import Sandbox
from linktime.sandbox.server import KEY, greeting
from tests.support.sandbox_client import MONDAY, Visitor, visiting, visitor

ZONE: Final = ZoneInfo("America/New_York")
_RUN: Final = "import asyncio, sys; from linktime.sandbox import run; asyncio.run(run(sys.argv[2], 0, sys.argv[1]))"

_VALUE: Final = r"""(?:=| = ")([^\s"]+)"""  # in a POSIX shell and in PowerShell


@asynccontextmanager
async def running(db: str, host: str = "127.0.0.1") -> AsyncIterator[tuple[asyncio.subprocess.Process, str, str, str]]:
    """Run a sandbox in a process of its own. Yield the process, the URL, the key and the text up to the key."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", _RUN, db, host, stdout=pipe, stderr=pipe)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(20):
            words = (await process.stdout.readuntil(b"LINKTIME_API_KEY") + await process.stdout.readline()).decode()
        (url,) = re.findall(rf"LINKTIME_BASE_URL{_VALUE}", words)
        (key,) = re.findall(rf"LINKTIME_API_KEY{_VALUE}", words)
        yield process, url, key, words
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.mark.posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_prints_the_environment_and_stops_on_a_signal(number: signal.Signals) -> None:
    async with (
        asyncio.timeout(30),
        running(":memory:") as (process, url, key, words),
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as session,
    ):
        async with session.get(f"{url}/api/v1/me") as answer:
            assert answer.status == 200
        process.send_signal(number)
        out, err = await process.communicate()

    assert (process.returncode, key, err) == (0, KEY, b"")
    assert words + out.decode() == greeting(url, key)


async def test_sandbox_on_all_interfaces_has_a_random_key() -> None:
    async with asyncio.timeout(30), running(":memory:", "0.0.0.0") as (_, _, key, _):
        assert re.fullmatch(r"lt_live_\w{40}", key)
        assert key != KEY


_COMMAND: Final = (sys.executable, "-m", "linktime", "sandbox", "--port", "0")


async def ended(*command: str) -> tuple[int | None, bytes, list[str]]:
    """Run a command to its end. Return its status, its stdout and the lines of its stderr."""
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    async with asyncio.timeout(30):
        out, err = await process.communicate()
    return process.returncode, out, err.decode().splitlines()


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ("--db", "/nowhere/db"),
        ("--port", "99999"),
        ("--port", "-1"),
        ("--host", "192.0.2.1"),
        ("--host", "x" * 70),
    ],
)
async def test_failed_start_is_one_line_with_status_1(arguments: tuple[str, str]) -> None:
    status, out, lines = await ended(*_COMMAND, *arguments)

    assert (status, out, len(lines)) == (1, b"", 1)


@pytest.mark.posix
@pytest.mark.parametrize("redirection", [">&-", ">/dev/full"])
async def test_unusable_stdout_is_one_line_with_status_1(redirection: str) -> None:
    status, _, lines = await ended("sh", "-c", f'exec "$@" {redirection}', "sh", *_COMMAND)

    assert (status, len(lines)) == (1, 1)


@pytest.mark.posix  # Windows has no signal that ends a process with status 0
@pytest.mark.parametrize(("options", "expected"), [([], ["GET /contacts 200", "GET /nothing 404"]), (["--no-log"], [])])
async def test_log_has_a_line_for_each_response(options: list[str], expected: list[str]) -> None:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*_COMMAND, *options, stdout=pipe, stderr=pipe)
    assert process.stdout is not None
    async with asyncio.timeout(30):
        text = (await process.stdout.readuntil(b"LINKTIME_API_KEY") + await process.stdout.readline()).decode()
        (url,) = re.findall(rf"LINKTIME_BASE_URL{_VALUE}", text)
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {KEY}"}) as session:
            for path in ("contacts?search=sarah", "nothing"):
                async with session.get(f"{url}/api/v1/{path}"):
                    pass
        process.terminate()
        _, err = await process.communicate()

    lines = [line.split(" ", 1)[1] for line in err.decode().splitlines()]
    assert (process.returncode, lines) == (0, expected)


def test_greeting_uses_the_syntax_of_powershell_on_windows() -> None:
    text = greeting("http://127.0.0.1:8787", "lt_live_x", powershell=True)

    assert '\n$env:LINKTIME_BASE_URL = "http://127.0.0.1:8787"\n$env:LINKTIME_API_KEY = "lt_live_x"\n' in text
    assert "export" not in text


@pytest.mark.posix
async def test_ctrl_c_ends_it_on_a_loop_without_handlers(tmp_path: Path) -> None:
    """The loops of Windows have no handlers of signals."""
    program = (
        "import asyncio, sys\n"
        "from linktime.sandbox import run\n"
        "class Loop(asyncio.SelectorEventLoop):\n"
        "    def add_signal_handler(self, *_):\n"
        "        raise NotImplementedError\n"
        "with asyncio.Runner(loop_factory=Loop) as runner:\n"
        "    try:\n"
        "        runner.run(run('127.0.0.1', 0, sys.argv[1]))\n"
        "    except KeyboardInterrupt:\n"
        "        sys.exit(130)\n"
    )
    command = (sys.executable, "-c", program, str(tmp_path / "db"))
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    async with asyncio.timeout(30):
        await process.stdout.readuntil(b"LINKTIME_API_KEY")
        process.send_signal(signal.SIGINT)
        _, err = await process.communicate()

    assert (process.returncode, err) == (130, b"")


@pytest.mark.posix
async def test_acknowledged_writes_survive_a_kill(tmp_path: Path) -> None:
    db = str(tmp_path / "account.db")
    answered: dict[str, str] = {}
    async with asyncio.timeout(50), running(db) as (process, url, key, _):

        async def book(session: aiohttp.ClientSession, start: str) -> None:
            guest = {"inviteeName": "R", "inviteeEmail": f"{start[:13]}@x.example", "inviteeTimezone": "UTC"}
            body = {"eventTypeSlug": "30min", "startTime": start, **guest}
            async with session.post(f"{url}/api/v1/bookings", json=body) as answer:
                answered[(await answer.json())["bookingId"]] = start
            if len(answered) == 12:
                process.kill()

        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as session:
            day = (datetime.now(UTC) + timedelta(days=15)).date()
            query = {"eventTypeSlug": "30min", "from": str(day), "to": str(day + timedelta(days=6))}
            async with session.get(f"{url}/api/v1/availability", params=query) as answer:
                slots = [slot["startTime"] for slot in (await answer.json())["slots"]]
            await asyncio.gather(*(book(session, start) for start in slots[:40]), return_exceptions=True)
        assert await process.wait() == -signal.SIGKILL

    assert len(answered) >= 12
    async with Sandbox(db=db) as sandbox, visiting(sandbox) as maya:
        assert sandbox.key == key
        for ident, start in answered.items():
            booking = await maya.get(f"/bookings/{ident}")
            assert (booking["startTime"], booking["emailLogs"][0]["type"]) == (start, "CONFIRMATION")
        assert (await maya.get("/contacts"))["pagination"]["total"] >= 5


async def test_existing_file_keeps_its_account(tmp_path: Path) -> None:
    async with visitor(db=str(tmp_path / "db")) as maya:
        made = await maya.make("/contacts", name="Jo", email="jo@ng.example")
        key = maya.sandbox.key
    async with visitor(db=str(tmp_path / "db"), now=lambda: MONDAY + timedelta(days=400)) as maya:
        assert maya.sandbox.key == key
        assert (await maya.get("/contacts?search=jo@ng"))["data"] == [made]
        assert (await maya.get("/contacts"))["pagination"]["total"] == 6


async def test_failed_seed_leaves_no_rows(tmp_path: Path) -> None:
    async with visitor(db=str(tmp_path / "db")):
        pass
    with closing(sqlite3.connect(tmp_path / "db")) as other:
        tables = [name for (name,) in other.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            other.execute(f"DELETE FROM {table}")
        other.execute("INSERT INTO contacts VALUES ('x', 'x', 'sarah.chen@acme.example', '', '', '', '', '', '')")
        other.commit()

    with pytest.raises(sqlite3.IntegrityError):
        async with visitor(db=str(tmp_path / "db")):
            pass

    with closing(sqlite3.connect(tmp_path / "db")) as other:
        assert other.execute("SELECT count(*) FROM account").fetchone() == (0,)


async def test_port_in_use_raises_and_leaves_nothing_open() -> None:
    async with visitor() as maya:
        port = int(maya.sandbox.url.rpartition(":")[2])
        with pytest.raises(OSError, match=f"Errno {EADDRINUSE}"):
            async with Sandbox(address=("127.0.0.1", port)):
                pass


async def test_port_in_use_names_the_option_for_a_free_one() -> None:
    async with visitor() as maya:
        port = maya.sandbox.url.rpartition(":")[2]
        status, _, lines = await ended(*_COMMAND, "--port", port)

    assert (status, len(lines), "--port 0" in "".join(lines)) == (1, 1, True)


async def everything(maya: Visitor) -> list[Any]:
    reads = ("/bookings?limit=100", "/calls", "/conversations", "/contacts", "/event-types", "/webhooks", "/workflows")
    return [await maya.get(path) for path in reads]


async def test_equal_times_give_equal_accounts() -> None:
    async with visitor() as one, visitor() as other, visitor(now=lambda: MONDAY + timedelta(days=1)) as later:
        assert await everything(one) == await everything(other)
        assert await everything(one) != await everything(later)


async def test_sample_data_matches_the_product_page() -> None:
    async with visitor() as maya:
        sarah = (await maya.get("/contacts?search=Sarah Chen"))["data"][0]
        week = (await maya.get("/bookings?from=2026-03-02&to=2026-03-06&status=CONFIRMED"))["data"]
        types = {event_type["slug"]: event_type for event_type in (await maya.get("/event-types"))["data"]}
        workflows, webhooks = (await maya.get("/workflows"))["data"], (await maya.get("/webhooks"))["data"]

    assert (sarah["jobTitle"], sarah["company"]) == ("VP Engineering", "Acme Corp")
    assert sarah["notes"] == "Interested in enterprise plan. Budget review in Q1."
    assert [(meeting["startTime"], meeting["eventType"]["name"], meeting["inviteeName"]) for meeting in week] == [
        ("2026-03-02T15:00:00.000Z", "Product Demo", "Alex Rivera"),
        ("2026-03-03T19:00:00.000Z", "Quick Call", "Sarah Chen"),
        ("2026-03-04T16:00:00.000Z", "Strategy Session", "Jordan Lee"),
        ("2026-03-06T20:00:00.000Z", "Intro Call", "Sam Okafor"),
    ]
    assert types["30min"]["name"] == "30-Minute Call"
    assert {event_type["durationMinutes"] for event_type in types.values()} == {15, 30, 60}
    assert (len(workflows), len(webhooks), webhooks[0]["isActive"]) == (1, 1, False)


SATURDAY: Final = datetime(2026, 2, 28, 0, 5, tzinfo=UTC)
HOURS: Final = [SATURDAY + timedelta(hours=13 * number) for number in range(21)]  # over a clock change


@pytest.mark.slow
@pytest.mark.parametrize("now", HOURS, ids=str)
async def test_sample_data_is_consistent_at_any_hour(now: datetime) -> None:
    await check_account(now)


@pytest.mark.slow
@settings(max_examples=25)
@given(st.datetimes(datetime(2024, 1, 1), datetime(2031, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis
def test_sample_data_is_consistent_on_any_day(now: datetime) -> None:
    asyncio.run(check_account(now))


async def check_account(now: datetime) -> None:
    async with visitor(now=lambda: now) as maya:
        today = now.astimezone(ZONE).date()
        monday = today - timedelta(days=today.weekday())
        week = f"from={monday}&to={monday + timedelta(days=4)}"
        assert len((await maya.get(f"/bookings?{week}&status=CONFIRMED"))["data"]) == 4
        await check_calls(maya, now, f"/calls?from={monday}")
        await check_sarah(maya)
        working = [day for day in (today + timedelta(days=ahead) for ahead in range(1, 5)) if day.weekday() < 5]
        for slug in ("30min", "quick-call", "product-demo"):
            assert len(await maya.slots(str(working[0]), slug)) >= 4
        for booking in (await maya.get("/bookings?limit=100"))["data"]:
            assert booking["createdAt"] <= min(stamp(now), booking["startTime"])


def stamp(now: datetime) -> str:
    return now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03}Z"


async def check_calls(maya: Visitor, now: datetime, path: str) -> None:
    calls = (await maya.get(path))["data"]
    seconds = [call["durationSeconds"] for call in calls if call["status"] == "COMPLETED"]
    outcomes = [call["status"] for call in calls]
    led_to = [call["bookingId"] for call in calls if call["bookingId"]]
    assert (len(seconds), sum(seconds) / 5) == (5, 135)
    assert [outcomes.count(status) for status in ("COMPLETED", "NO_ANSWER", "FAILED")] == [5, 2, 1]
    assert [call["durationSeconds"] for call in calls if call["status"] == "FAILED"] == [5]
    assert {call["agentName"] for call in calls} == {"Sales Agent"}
    assert max(call["startedAt"] for call in calls) <= stamp(now)
    assert len(led_to) == 3
    for ident in led_to:
        assert (await maya.get(f"/bookings/{ident}"))["status"] == "CONFIRMED"


async def check_sarah(maya: Visitor) -> None:
    sarah = (await maya.get("/contacts?search=sarah"))["data"][0]
    profile = await maya.get(f"/contacts/{sarah['id']}")
    met = [meeting["eventType"]["name"] for meeting in profile["pastMeetings"]]
    assert (sarah["meetingCount"], len(met)) == (4, 4)
    assert met[1 - len(profile["upcomingMeetings"])] == "Product Demo"  # unless this week's call is over


async def test_answers_are_dated_by_the_accounts_clock() -> None:
    async with visitor(now=lambda: MONDAY) as maya:
        for answer in (await maya.ask("GET", "/me"), await maya.ask("GET", "/bookings/none")):
            assert answer.headers["Date"] == "Mon, 02 Mar 2026 13:00:00 GMT"
