"""One scene of the demo, and the scene of the guarantees."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from linktime.cli import main
from linktime.commands.demo import SCENES, show
from linktime.commands.demo.assistant import StepFailed
from linktime.commands.demo.transcript import Transcript
from linktime.sandbox import Entry, Sandbox
from tests.support.process import PATIENCE, environ
from tests.support.sandbox_client import misbehave

MONDAY = datetime(2026, 11, 23, 13, tzinfo=UTC)
LIMIT, PERIOD = 60, 60.0  # requests, s
CALLS = 80
ROWS = {"data": [], "pagination": {"page": 1, "limit": 100, "total": 0, "totalPages": 0}}
LAST = max(SCENES)


def program(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "linktime", "demo", *arguments]
    env = environ(COLUMNS="200", FORCE_COLOR="")
    return subprocess.run(command, capture_output=True, encoding="utf-8", env=env, timeout=3 * PATIENCE, check=False)


@dataclass
class Scene:
    """The last scene, played: its text, the reason of a failure, and the state of the sandbox at the end."""

    text: str = ""
    failure: str = ""
    peak: int = 0
    requests: list[Entry] = field(default_factory=list)
    bookings: Counter[str] = field(default_factory=Counter)  # by guest

    @property
    def checks(self) -> int:
        """Return the number of facts that the demo checked."""
        return self.text.count("\n  checked ")


def in_fast_motion(**fault: Any) -> Scene:
    """Play the last scene with a *fault* of the sandbox."""
    scene, written = Scene(), StringIO()

    @asynccontextmanager
    async def opened(**options: Any) -> AsyncIterator[Sandbox]:
        async with Sandbox(**options) as sandbox:
            if fault:
                await misbehave(sandbox, **fault)
            yield sandbox
            scene.requests, scene.peak = list(sandbox.requests), sandbox.peak()
            scene.bookings.update(row["inviteeName"] for row in sandbox.store.rows("SELECT * FROM bookings"))

    try:
        show(opened, Transcript(Console(file=written, width=1000)), MONDAY)
    except* StepFailed as group:
        scene.failure = str(innermost(group))
    scene.text = written.getvalue()
    return scene


def innermost(fault: BaseException) -> BaseException:
    while isinstance(fault, BaseExceptionGroup):
        fault = fault.exceptions[0]
    return fault


@pytest.mark.slow
@pytest.mark.measured
def test_one_scene_is_played_by_its_number() -> None:
    ended = program("9")

    assert (ended.returncode, ended.stderr) == (0, "")
    assert re.findall(r"^(\d)\. (.+)$", ended.stdout, re.MULTILINE) == [("9", SCENES[9])]
    assert ended.stdout.count("\n  checked ") == 4
    assert "\nNext steps\n" in ended.stdout


@pytest.mark.slow
@pytest.mark.measured
@pytest.mark.parametrize("number", [7])
def test_a_conversation_needs_no_other_one(number: int) -> None:
    ended = program(str(number))

    assert (ended.returncode, ended.stderr) == (0, "")
    assert titles(ended.stdout) == [SCENES[number]]
    assert "\nUpstream " in ended.stdout


def titles(text: str) -> list[str]:
    return re.findall(r"^\d\. (.+)$", text, re.MULTILINE)


@pytest.mark.slow
@pytest.mark.measured
def test_unknown_scene_ends_the_program() -> None:
    ended = program("12")

    assert (ended.returncode, ended.stdout, titles(ended.stderr)) == (2, "", list(SCENES.values()))


@pytest.mark.parametrize("scene", ["12", "0", "-1.5", "nine", ""])
def test_unknown_scene_is_refused_with_all_scenes(scene: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["demo", "--", scene])

    out, err = capsys.readouterr()
    assert (ended.value.code, out, titles(err)) == (2, "", list(SCENES.values()))
    assert scene in err.splitlines()[0]


def test_scenes_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["demo", "--list"])

    assert (ended.value.code, titles(capsys.readouterr().out)) == (0, list(SCENES.values()))


@pytest.mark.slow
@pytest.mark.measured
def test_guarantees_hold_on_the_simulated_clock() -> None:
    scene = in_fast_motion()

    assert (scene.failure, scene.checks, scene.peak <= LIMIT) == ("", 4, True)
    assert {each.status for each in scene.requests} == {200, 201, None}
    # The burst takes a minute of the sandbox's clock, and the text shows the true time.
    burst = [each.at for each in scene.requests if re.fullmatch(r"from=(\S+)&to=\1", each.query)]
    assert (len(burst), burst[-1] - burst[0] > PERIOD - 5) == (CALLS, True)
    (minutes, seconds) = re.findall(r"^  (\d):(\d\d) +All 80 ", scene.text, re.MULTILINE)[0]
    assert 0 <= int(minutes) * 60 + int(seconds) - int(burst[-1] - burst[0]) <= 1
    # The rows of the chart add up to the requests of the burst and of its booking.
    bars = re.findall(r"^  \d:\d\d +[█ ]*(\d+)$", scene.text, re.MULTILINE)
    (received,) = re.findall(r"LinkTime received (\d+) requests", scene.text)
    assert sum(map(int, bars)) == int(received) > CALLS
    # Each guest is booked once, although an answer was lost.
    guests = [each.body["inviteeName"] for each in scene.requests if each.method == "POST"]
    assert [each.status for each in scene.requests if each.method == "POST"] == [201, None]
    assert [scene.bookings[guest] for guest in guests] == [1, 1]


@pytest.mark.slow
@pytest.mark.measured
@pytest.mark.parametrize(
    ("fault", "checks", "subject"),
    [
        ({"path": "/bookings", "skip": 70, "status": 429}, 1, "429"),
        ({"method": "POST", "path": "/bookings", "skip": 1, "status": 500, "times": None}, 2, "create_booking"),
        (
            {"path": "/bookings", "method": "GET", "skip": 81, "times": None, "status": 200, "body": ROWS},
            3,
            "0 bookings",
        ),
    ],
)
def test_broken_guarantee_fails_the_scene(fault: dict[str, Any], checks: int, subject: str) -> None:
    scene = in_fast_motion(**fault)

    assert (scene.checks, SCENES[LAST] in scene.failure, subject in scene.failure) == (checks, True, True)
