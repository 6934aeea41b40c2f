"""Somebody who goes to the doctor: a user with a home of their own, and settings that may be wrong."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

from linktime.clients import Place, System
from linktime.config import Settings
from linktime.doctor import examine
from linktime.doctor.finding import Finding
from linktime.ledger import open_shared
from linktime.ledger.factory import STATE
from linktime.sandbox import Sandbox
from tests.child import environ
from tests.privacy import slipped
from tests.sharing import Server

KEY = "lt_live_51f0c3d9"

Findings = Mapping[str, Sequence[Finding]]


async def doctor(home: Path, *arguments: str, **settings: str) -> tuple[int | None, str]:
    """Run the real command for this user; nothing but its answer is written, and nothing secret."""
    given = {
        "HOME": str(home),
        "XDG_STATE_HOME": str(home / "state"),
        STATE: str(home / "state"),
        "XDG_CONFIG_HOME": "",
    } | settings
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "linktime", "doctor", *arguments),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        env=environ(**given),
        cwd=home,
    )
    async with asyncio.timeout(30):
        out, err = await process.communicate(b"")
    assert err == b""
    _let_nothing_slip(out.decode(), settings.get("LINKTIME_API_KEY", ""))
    return process.returncode, out.decode()


async def examined(home: Path, **settings: str) -> Findings:
    """Examine as this user, here."""
    async with asyncio.timeout(30):
        findings = await examine(Place(System.LINUX, {"HOME": str(home), **settings}, home / "project"))
    _let_nothing_slip(repr(findings), settings.get("LINKTIME_API_KEY", ""))
    return findings


def over(sandbox: Sandbox, **settings: str) -> dict[str, str]:
    """Set what a server over the sandbox needs."""
    return {"LINKTIME_BASE_URL": sandbox.url, "LINKTIME_API_KEY": sandbox.key, "LINKTIME_TIMEOUT": "2"} | settings


def budget(settings: Mapping[str, str]) -> Server:
    """Open the budget that the doctor looks at."""
    shared = open_shared(Settings.from_environ(settings))
    assert shared is not None
    return Server(shared)


def date(seconds: float = 0) -> str:
    """Write the time as a service whose clock is so far ahead."""
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


def _let_nothing_slip(told: str, key: str) -> None:
    assert slipped(told) == []
    assert not key.strip() or key not in told
