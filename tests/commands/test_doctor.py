"""The doctor's report, and its checks of settings and versions."""

from __future__ import annotations

import asyncio
import json
import os
import platform
import re
import sys
from asyncio.subprocess import PIPE
from importlib.metadata import version
from pathlib import Path

import pytest

from linktime import __version__
from linktime.commands.doctor import api_key
from linktime.commands.doctor.settings import FIX, NEW_KEY, SET_KEY, UNSET
from linktime.commands.doctor.versions import system
from linktime.pipeline.system import account_home
from linktime.sandbox import Sandbox
from tests.support.doctor_user import budget, doctor, examined, over, states
from tests.support.process import environ
from tests.support.sandbox_client import paths


async def test_report_of_a_healthy_setup(sandbox: Sandbox, tmp_path: Path) -> None:
    settings = over(sandbox, LINKTIME_READ_ONLY="1")
    (tmp_path / ".cursor").mkdir()
    (tmp_path / ".cursor" / "mcp.json").write_text(
        json.dumps({"mcpServers": {"linktime": {"command": sys.executable, "env": settings}}})
    )

    status, out = await doctor(tmp_path, **settings)

    areas = report(out)
    place = Path(budget(settings).shared.ledger.place).name
    assert list(areas) == ["clients", "settings", "service", "budget", "versions"]
    assert {state for lines in areas.values() for _, (state, _) in lines} == {"ok"}
    assert [name for lines in areas.values() for name, _ in lines] == [
        *("Cursor", "LINKTIME_API_KEY", "LINKTIME_BASE_URL", "LINKTIME_TIMEOUT", "LINKTIME_READ_ONLY", "all others"),
        *("connection", "clock", "key", "place", "left", "servers"),
        *("linktime-mcp", "Python", "mcp", "aiohttp", "extra redis", "extra grpc", "time zones"),
    ]
    texts = {name: text for lines in areas.values() for name, (_, text) in lines}
    assert sys.executable.removeprefix(account_home(sys.platform)) in texts["Cursor"]  # "~" replaces the home folder
    assert str(Path("~/.cursor/mcp.json")) in texts["Cursor"]
    assert texts["place"] == str(Path("~/state/linktime-mcp", place))
    assert texts["linktime-mcp"] == __version__
    assert texts["Python"] == f"{platform.python_version()} on {system()}"
    assert [texts["mcp"], texts["aiohttp"]] == [version("mcp"), version("aiohttp")]
    for name, part in {
        "LINKTIME_BASE_URL": sandbox.url,
        "connection": sandbox.url,
        "key": "PRO",
        "left": "60 of 60",
    }.items():
        assert part in texts[name]
    assert out.endswith("\nno faults, no warnings\n")
    assert status == 0
    assert paths(sandbox) == ["GET /me"]
    assert not (tmp_path / "state").exists()


def report(out: str) -> dict[str, list[tuple[str, tuple[str, str]]]]:
    """Return for each area of the text its subjects, and for each subject its state and text."""
    areas: dict[str, list[tuple[str, tuple[str, str]]]] = {}
    for line in out.splitlines()[:-1]:
        if match := re.fullmatch(r"  (ok|warning|fault) +(\S+(?: \S+)*?)(?:  +| (?=~))(\S.*)", line):
            areas[list(areas)[-1]].append((match[2], (match[1], match[3])))
        elif line and not line.startswith(" "):
            areas[line] = []
    return areas


async def test_fault_has_status_1_and_a_cure_below_it(tmp_path: Path) -> None:
    status, out = await doctor(tmp_path, LINKTIME_BASE_URL="https://user:sesame@linktime.io", LC_ALL="C")

    lines = out.splitlines()
    assert [subject for area in report(out).values() for subject, (state, _) in area if state == "fault"] == [
        "LINKTIME_API_KEY",
        "LINKTIME_BASE_URL",
    ]
    for number, line in enumerate(lines):
        assert not line.startswith(("  fault", "  warning")) or lines[number + 1].startswith(" " * 11), line
    assert out.endswith("\n2 faults, 2 warnings\n")
    assert status == 1


async def test_json_is_one_object(sandbox: Sandbox, tmp_path: Path) -> None:
    status, out = await doctor(tmp_path, "--json", **over(sandbox, LINKTIME_API_KEY="lt_live_wrong0key"))

    areas = json.loads(out)
    assert list(areas) == ["healthy", "clients", "settings", "service", "budget", "versions"]
    assert areas["healthy"] is False
    key = areas["service"][-1]
    assert list(key) == ["subject", "state", "seen", "cure", "code"]
    assert (key["subject"], key["state"], key["code"], key["cure"]) == ("key", "fault", "rejected", api_key.LOCAL_KEY)
    assert "401" in key["seen"]
    assert status == 1


async def test_closed_pipe_is_no_traceback(tmp_path: Path) -> None:
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


@pytest.mark.slow
@pytest.mark.measured
@pytest.mark.parametrize(
    ("redirected", "reason"),
    [
        (">&-", ""),
        (">/dev/full", "No space left on device"),
        (">/dev/full 2>&-", ""),
    ],
)
async def test_unwritable_report_has_status_1_and_no_traceback(
    tmp_path: Path, sandbox: Sandbox, redirected: str, reason: str
) -> None:
    command = f'"{sys.executable}" -m linktime doctor {redirected}'
    settings = environ(HOME=str(tmp_path), **over(sandbox, LINKTIME_BUDGET="process"))
    process = await asyncio.create_subprocess_shell(command, stderr=PIPE, env=settings)
    async with asyncio.timeout(30):
        _, err = await process.communicate()

    assert process.returncode == 1
    assert err.count(b"\n") == bool(reason)
    assert reason in err.decode()


@pytest.mark.posix  # Windows deletes no folder in use
async def test_deleted_directory_has_no_project(sandbox: Sandbox, tmp_path: Path) -> None:
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


async def test_missing_packages(tmp_path: Path) -> None:
    absent = ("redis", "opentelemetry.exporter.otlp.proto.grpc", "tzdata")
    hide = f"import sys; sys.modules.update(dict.fromkeys({absent}))"
    program = f"{hide}\nfrom linktime.cli import main\nmain(['doctor', '--json'])"
    settings = environ(HOME=str(tmp_path), LINKTIME_BASE_URL="nowhere", PYTHONTZPATH="")
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=PIPE, env=settings)
    async with asyncio.timeout(30):
        out, _ = await process.communicate()

    versions = json.loads(out)["versions"]
    assert [(each["subject"], each["state"], each["code"]) for each in versions[-3:]] == [
        ("extra redis", "good", "not_installed"),
        ("extra grpc", "good", "not_installed"),
        ("time zones", "fault", "no_time_zones"),
    ]
    assert "pip install tzdata" in versions[-1]["cure"]


async def test_malformed_settings_do_not_stop_other_checks(sandbox: Sandbox, tmp_path: Path) -> None:
    wrong = {"LINKTIME_WORKERS": "many", "LINKTIME_BUDGET": "shared", "OTEL_TRACES_EXPORTER": "jaeger"}

    findings = await examined(tmp_path, **over(sandbox, **wrong))

    bad = [finding for finding in findings["settings"] if finding.state != "good"]
    assert states(bad) == [
        ("LINKTIME_BUDGET", "fault", "invalid"),
        ("LINKTIME_WORKERS", "fault", "invalid"),
        ("OTEL_TRACES_EXPORTER", "warning", "ignored"),
    ]
    assert [finding.cure for finding in bad] == [FIX, FIX, UNSET]
    assert states(findings["service"])[-1] == ("key", "good", "accepted")
    assert states(findings["budget"]) == [("place", "warning", "skipped")]


@pytest.mark.parametrize(
    ("name", "cure"),
    [("LINKTIME_WOKERS", "Did you mean LINKTIME_WORKERS?"), ("LINKTIME_XYZZY", "Remove it.")],
)
async def test_unknown_setting_has_a_suggestion(tmp_path: Path, name: str, cure: str) -> None:
    findings = await examined(tmp_path, LINKTIME_BASE_URL="nowhere", **{name: "4"})

    [finding] = [each for each in findings["settings"] if each.subject == name]
    assert (finding.state, finding.code, finding.cure) == ("warning", "unknown", cure)


async def test_switch_for_debugging_is_no_unknown_setting(tmp_path: Path) -> None:
    findings = await examined(tmp_path, LINKTIME_BASE_URL="nowhere", LINKTIME_PLAIN_IMPORTS="1")

    assert "LINKTIME_PLAIN_IMPORTS" not in [finding.subject for finding in findings["settings"]]


@pytest.mark.parametrize(
    ("key", "state", "code", "cure"),
    [
        (" ", "fault", "missing", SET_KEY),
        ("lt_live_...", "fault", "placeholder", NEW_KEY),
        ("${LINKTIME_API_KEY}", "fault", "placeholder", NEW_KEY),
        ("${input:linktime-key}", "fault", "placeholder", NEW_KEY),
        ("%LINKTIME_API_KEY%", "fault", "placeholder", NEW_KEY),
        ('"lt_live_51f0c3d9"', "fault", "placeholder", NEW_KEY),
        ("<your key>", "fault", "placeholder", NEW_KEY),
        ("lt live", "fault", "invalid", FIX),
        ("sesame-51f0", "warning", "unusual", NEW_KEY),
    ],
)
async def test_malformed_key(tmp_path: Path, key: str, state: str, code: str, cure: str) -> None:
    findings = await examined(tmp_path, LINKTIME_BASE_URL="nowhere", LINKTIME_API_KEY=key)

    [finding] = [each for each in findings["settings"] if each.subject == "LINKTIME_API_KEY"]
    assert (finding.state, finding.code) == (state, code)
    assert finding.cure.startswith(cure)


async def test_placeholder_is_not_sent_as_a_key(sandbox: Sandbox, tmp_path: Path) -> None:
    status, out = await doctor(tmp_path, "--json", **over(sandbox, LINKTIME_API_KEY="${LINKTIME_API_KEY}"))

    assert json.loads(out)["service"][-1]["code"] == "skipped"
    assert paths(sandbox) == []
    assert status == 1


async def test_without_a_key_only_the_connection_is_checked(sandbox: Sandbox, tmp_path: Path) -> None:
    findings = await examined(tmp_path, LINKTIME_BASE_URL=sandbox.url)

    assert [(each.subject, each.state) for each in findings["service"]] == [
        ("connection", "good"),
        ("clock", "good"),
        ("key", "warning"),
    ]
    assert paths(sandbox) == []
