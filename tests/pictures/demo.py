"""The picture of the demo: one conversation and the last scene, on a fixed day."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from mcp import Client
from rich.console import Console
from rich.text import Text

from linktime.app import app
from linktime.commands.demo import converse, show
from linktime.commands.demo.scenes import ALL_CONVERSATIONS, LAST
from linktime.commands.demo.transcript import Transcript
from linktime.commands.in_process import served
from linktime.config import Settings
from linktime.sandbox import Sandbox
from linktime.sandbox.store import cuid

from .svg import page

WIDTH: Final = 96  # columns
DAY: Final = datetime(2026, 12, 1, 14, tzinfo=UTC)  # a Tuesday, at 9 in New York
CONVERSATION: Final = 1

_IDENT: Final = re.compile(r"clx[0-9a-z]{22}")


def draw() -> Console:
    """Play the scenes, and return their page."""
    console = page(WIDTH)
    transcript = Transcript(console)
    _prompt(console, f"linktime-mcp demo {CONVERSATION}")
    asyncio.run(_converse(transcript))
    console.print()
    _prompt(console, f"linktime-mcp demo {LAST}")
    show(Sandbox, transcript, DAY)
    console.print()
    return console


def _prompt(console: Console, command: str) -> None:
    console.print(Text.assemble(("$ ", "dim"), command))


async def _converse(transcript: Transcript) -> None:
    async with Sandbox(now=lambda: DAY) as sandbox:
        environ = {"LINKTIME_API_KEY": sandbox.key, "LINKTIME_BASE_URL": sandbox.url, "LINKTIME_BUDGET": "process"}
        settings = Settings.from_environ(environ)
        async with app(settings, wall=lambda: DAY, lazy=False) as application, Client(served(application)) as client:
            await converse(client, transcript, lambda: DAY, {CONVERSATION: ALL_CONVERSATIONS[CONVERSATION]})


def with_fixed_ids(text: str) -> str:
    """Replace the ids, which the sandbox draws at random."""
    idents: dict[str, str] = {}

    def fixed(match: re.Match[str]) -> str:
        return idents.setdefault(match[0], cuid(sha256(str(len(idents)).encode()).digest()[:16]))

    return _IDENT.sub(fixed, text)
