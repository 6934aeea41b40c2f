"""A user who runs `linktime-mcp doctor`, with a home folder of their own."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from linktime.commands.doctor import clients as client_checks, entries, examine
from linktime.commands.doctor.finding import Finding
from linktime.commands.doctor.redaction import without_keys
from linktime.commands.doctor.settings import read as read_settings
from linktime.commands.locations import Environment, System
from linktime.config import Settings
from linktime.pipeline.ledger import open_shared
from linktime.pipeline.system import STATE
from linktime.sandbox import Sandbox
from tests.support.ledger_homes import Server, closed_later
from tests.support.privacy import slipped
from tests.support.process import environ, home_variables, started

KEY = "lt_live_51f0c3d9"
ENTRY = {"command": sys.executable, "args": ["-m", "linktime"], "env": {"LINKTIME_API_KEY": KEY}}

Findings = Mapping[str, Sequence[Finding]]


async def doctor(home: Path, *arguments: str, **settings: str) -> tuple[int | None, str]:
    """Run the real command. Return its status and its output, which has no secret."""
    variables = {
        "HOME": str(home),
        "XDG_STATE_HOME": str(home / "state"),
        STATE: str(home / "state"),
        "XDG_CONFIG_HOME": "",
    } | settings
    process = await started("doctor", *arguments, env=environ(**variables), cwd=home)
    async with asyncio.timeout(30):
        out, err = await process.communicate(b"")
    assert err == b""
    _has_no_secret(out.decode(), settings.get("LINKTIME_API_KEY", ""))
    return process.returncode, out.decode()


async def examined(home: Path, **settings: str) -> Findings:
    """Run the checks in this process."""
    async with asyncio.timeout(30):
        findings = await examine(_environment(home, settings))
    _has_no_secret(repr(findings), settings.get("LINKTIME_API_KEY", ""))
    return findings


def over(sandbox: Sandbox, **settings: str) -> dict[str, str]:
    """Return the settings of a server over the sandbox."""
    return {"LINKTIME_BASE_URL": sandbox.url, "LINKTIME_API_KEY": sandbox.key, "LINKTIME_TIMEOUT": "2"} | settings


def budget(settings: Mapping[str, str]) -> Server:
    """Open the budget that the doctor reads."""
    shared = open_shared(Settings.from_environ(settings))
    assert shared is not None
    return Server(closed_later(shared))


def date(seconds: float = 0) -> str:
    """Return the Date header of a service whose clock is *seconds* ahead."""
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


def _has_no_secret(text: str, key: str) -> None:
    assert slipped(text) == []
    assert not key.strip() or key not in text


def states(findings: Sequence[Finding]) -> list[tuple[str, str, str]]:
    """Return the subject, the state and the code of each finding. What is not good has a cure."""
    assert [each for each in findings if bool(each.cure) == (each.state == "good")] == []
    return [(each.subject, each.state, each.code) for each in findings]


def write(home: Path, name: str, content: Any) -> Path:
    """Write a client's file: text and bytes as they are, anything else as JSON."""
    path = home / name
    path.parent.mkdir(parents=True, exist_ok=True)
    text = content if isinstance(content, (str, bytes)) else json.dumps(content)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


async def clients(home: Path, **settings: str) -> list[Finding]:
    """Run the checks of the clients alone, without a service."""
    environment = _environment(home, settings)
    files = entries.find(environment)
    usable, _ = read_settings(entries.server_environment(environment.variables, files.entries).variables)
    findings = {"clients": client_checks.check(files, usable.api_key, environment)}
    public = without_keys(findings, entries.keys(environment.variables, files.entries))
    _has_no_secret(repr(public), settings.get("LINKTIME_API_KEY", ""))
    return list(public["clients"])


def _environment(home: Path, settings: Mapping[str, str]) -> Environment:
    return Environment(System.called(sys.platform), {**home_variables(home), **settings}, home / "project")
