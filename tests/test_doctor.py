"""What the doctor says where all is well, and where a setting is not."""

from __future__ import annotations

import asyncio
import json
import os
import platform
import sys
from asyncio.subprocess import PIPE
from importlib.metadata import version
from pathlib import Path

import pytest

from linktime import __version__
from linktime.doctor.finding import Finding
from linktime.sandbox import Sandbox
from tests.child import environ
from tests.patient import budget, doctor, examined, over
from tests.test_config import NOT_A_BASE, NOT_A_BUDGET
from tests.visitor import paths

CURE = "Correct it in the env section of your MCP client's configuration, or in this shell."
COPY = "Copy one from Settings → API Keys in LinkTime."


async def test_where_all_is_well_every_line_says_so(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / ".cursor").mkdir()
    (tmp_path / ".cursor" / "mcp.json").write_text(
        json.dumps({"mcpServers": {"linktime": {"command": sys.executable, "env": {"LINKTIME_API_KEY": sandbox.key}}}})
    )
    settings = over(sandbox, LINKTIME_READ_ONLY="1")

    status, out = await doctor(tmp_path, **settings)

    place = Path(budget(settings).shared.ledger.place).name
    assert out.splitlines() == [
        "settings",
        "  ok       LINKTIME_API_KEY    set, from the environment",
        f"  ok       LINKTIME_BASE_URL   {sandbox.url}, from the environment",
        "  ok       LINKTIME_TIMEOUT    2, from the environment",
        "  ok       LINKTIME_READ_ONLY  1, from the environment",
        "  ok       all others          have their defaults",
        "",
        "service",
        f"  ok       connection  {sandbox.url} can be reached",
        "  ok       clock       as the service's",
        "  ok       key         LinkTime takes it; the plan is PRO",
        "",
        "budget",
        f"  ok       place    ~/state/linktime-mcp/{place}",
        "  ok       left     60 of 60 requests can be sent now",
        "  ok       servers  no server shares it now",
        "",
        "clients",
        f"  ok       Cursor  ~/.cursor/mcp.json starts {sys.executable}",
        "",
        "versions",
        f"  ok       linktime-mcp  {__version__}",
        f"  ok       Python        {platform.python_version()} on {platform.platform()}",
        f"  ok       mcp           {version('mcp')}",
        f"  ok       aiohttp       {version('aiohttp')}",
        "  ok       extra redis   installed",
        "  ok       extra grpc    installed",
        "  ok       time zones    found",
        "",
        "no faults, no warnings",
    ]
    assert status == 0
    assert paths(sandbox) == ["GET /me"]
    assert not (tmp_path / "state").exists()


async def test_a_fault_ends_with_status_1_and_its_cure_stands_under_it(tmp_path: Path) -> None:
    status, out = await doctor(tmp_path, LINKTIME_BASE_URL="https://user:sesame@linktime.io", LC_ALL="C")

    assert out.partition("\nversions")[0].splitlines() == [
        "settings",
        "  fault    LINKTIME_API_KEY   LINKTIME_API_KEY environment variable is required",
        "           Set it in the env section of your MCP client's configuration, or in this shell.",
        f"  fault    LINKTIME_BASE_URL  {NOT_A_BASE}",
        "           Correct it in the env section of your MCP client's configuration, or in this shell.",
        "  ok       all others         have their defaults",
        "",
        "service",
        "  warning  connection  not looked at, since LINKTIME_BASE_URL can't be read",
        "           Cure that first.",
        "",
        "clients",
        "  warning  files  none of a client mentions us",
        "           Run: linktime-mcp install CLIENT",
    ]
    assert out.endswith("\n2 faults, 2 warnings\n")
    assert status == 1


async def test_a_program_gets_one_object(sandbox: Sandbox, tmp_path: Path) -> None:
    status, out = await doctor(tmp_path, "--json", **over(sandbox, LINKTIME_API_KEY="lt_live_wrong0key"))

    told = json.loads(out)
    assert list(told) == ["healthy", "settings", "service", "budget", "clients", "versions"]
    assert told["healthy"] is False
    assert told["service"][-1] == {
        "subject": "key",
        "state": "fault",
        "seen": "LinkTime answered 401",
        "cure": "Make a new key under Settings → API Keys in LinkTime, and put it in the place of this one.",
    }
    assert status == 1


async def test_a_reader_who_leaves_sees_no_traceback(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "linktime", "doctor"),
        stdout=writing,
        stderr=PIPE,
        env=environ(HOME=str(tmp_path), LINKTIME_BASE_URL="nowhere"),
    )
    os.close(writing)
    async with asyncio.timeout(30):
        _, err = await process.communicate()

    assert (process.returncode, err) == (1, b"")


@pytest.mark.parametrize(
    ("redirected", "said"),
    [
        (">&-", ""),
        (">/dev/full", "linktime-mcp: what was found can't be written: No space left on device\n"),
        (">/dev/full 2>&-", ""),
    ],
)
async def test_where_nothing_can_be_written_there_is_status_1_and_no_traceback(
    tmp_path: Path, sandbox: Sandbox, redirected: str, said: str
) -> None:
    command = f'"{sys.executable}" -m linktime doctor {redirected}'
    settings = environ(HOME=str(tmp_path), **over(sandbox, LINKTIME_BUDGET="process"))
    process = await asyncio.create_subprocess_shell(command, stderr=PIPE, env=settings)
    async with asyncio.timeout(30):
        _, err = await process.communicate()

    assert (process.returncode, err.decode()) == (1, said)


async def test_a_directory_that_is_gone_has_no_project(sandbox: Sandbox, tmp_path: Path) -> None:
    program = (
        "import os; from linktime.cli import main; os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone'); "
        "main(['doctor'])"
    )
    settings = environ(HOME=str(tmp_path), **over(sandbox, LINKTIME_BUDGET="process"))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program), stdout=PIPE, stderr=PIPE, env=settings, cwd=tmp_path
    )
    async with asyncio.timeout(30):
        out, err = await process.communicate()

    assert (process.returncode, err) == (0, b"")
    assert out.decode().endswith("\nno faults, 1 warning\n")


async def test_what_is_not_installed_is_told(tmp_path: Path) -> None:
    absent = ("redis", "opentelemetry.exporter.otlp.proto.grpc", "tzdata")
    program = (
        f"import sys\nsys.modules.update(dict.fromkeys({absent}))\nfrom linktime.cli import main\nmain(['doctor'])"
    )
    settings = environ(HOME=str(tmp_path), LINKTIME_BASE_URL="nowhere", PYTHONTZPATH="")
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=PIPE, env=settings)
    async with asyncio.timeout(30):
        out, _ = await process.communicate()

    assert out.decode().splitlines()[-6:-2] == [
        "  ok       extra redis   not installed",
        "  ok       extra grpc    not installed",
        "  fault    time zones    found neither in the system nor in tzdata",
        "           Run: pip install tzdata",
    ]


async def test_what_is_malformed_is_told_in_the_words_of_the_settings_and_the_rest_is_examined(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    wrong = {"LINKTIME_WORKERS": "many", "LINKTIME_BUDGET": "shared", "OTEL_TRACES_EXPORTER": "jaeger"}

    findings = await examined(tmp_path, **over(sandbox, **wrong))

    assert [finding for finding in findings["settings"] if finding.state != "good"] == [
        Finding("LINKTIME_BUDGET", "fault", NOT_A_BUDGET, CURE),
        Finding("LINKTIME_WORKERS", "fault", "must be a valid integer", CURE),
        Finding(
            "OTEL_TRACES_EXPORTER",
            "fault",
            "must be none, or console, otlp or both with a comma between them",
            CURE,
        ),
    ]
    assert findings["service"][-1] == Finding("key", "good", "LinkTime takes it; the plan is PRO")
    unseen = "not looked at, since that takes a key and a budget that can be read"
    assert findings["budget"] == [Finding("place", "warning", unseen, "Cure that first.")]


@pytest.mark.parametrize(
    ("name", "cure"),
    [("LINKTIME_WOKERS", "Did you mean LINKTIME_WORKERS?"), ("LINKTIME_XYZZY", "Take it away.")],
)
async def test_a_variable_that_is_no_setting_is_told_with_the_nearest_that_is_one(
    tmp_path: Path, name: str, cure: str
) -> None:
    findings = await examined(tmp_path, LINKTIME_BASE_URL="nowhere", **{name: "4"})

    assert Finding(name, "warning", "no such setting", cure) in findings["settings"]


@pytest.mark.parametrize(
    ("key", "finding"),
    [
        (" ", ("fault", "LINKTIME_API_KEY environment variable is required", "")),
        ("lt_live_...", ("fault", "still the placeholder, from the environment", COPY)),
        (
            "sesame-51f0",
            (
                "warning",
                "set, from the environment, but does not begin with lt_live_",
                f"{COPY} If LinkTime takes this one (see below), it is good.",
            ),
        ),
    ],
)
async def test_what_is_no_key_is_told(tmp_path: Path, key: str, finding: tuple[str, str, str]) -> None:
    findings = await examined(tmp_path, LINKTIME_BASE_URL="nowhere", LINKTIME_API_KEY=key)

    [told] = [each for each in findings["settings"] if each.subject == "LINKTIME_API_KEY"]
    state, seen, cure = finding
    assert told == Finding("LINKTIME_API_KEY", told.state, seen, cure or told.cure)
    assert told.state == state


async def test_without_a_key_nothing_is_asked_but_the_connection_is_examined(sandbox: Sandbox, tmp_path: Path) -> None:
    findings = await examined(tmp_path, LINKTIME_BASE_URL=sandbox.url)

    assert [(each.subject, each.state) for each in findings["service"]] == [
        ("connection", "good"),
        ("clock", "good"),
        ("key", "warning"),
    ]
    assert paths(sandbox) == []
