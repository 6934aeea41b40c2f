"""The product page's eight conversations, played by a real client and the real server against a sandbox."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from io import TextIOWrapper
from tempfile import TemporaryFile
from time import perf_counter
from typing import Final, TextIO

from rich.console import Console

from .backstage import server, upstream_requests
from .conversations import CONVERSATIONS
from .stage import Clock, Stage, StepFailed
from .tally import Tally
from .transcript import Transcript

_WIDEST: Final = 100  # columns; longer lines are hard to read


def _now() -> datetime:
    return datetime.now(UTC)


async def play(url: str, key: str, *, now: Clock = _now) -> int:
    """Play every conversation against the sandbox at *url*, whose clock is *now*.

    Returns 0 if each step came out right, and 1 after saying which did not.
    """
    transcript = Transcript(_console())
    with TemporaryFile("w+", encoding="utf-8", errors="replace") as stderr:
        try:
            await _perform(url, key, now, stderr, transcript)
        except Exception as fault:  # noqa: BLE001 - whatever it is, the user is told in words
            stderr.seek(0)
            transcript.failed(_reason(fault), stderr.read())
            return 1
    return 0


async def _perform(url: str, key: str, now: Clock, stderr: TextIO, transcript: Transcript) -> None:
    started = perf_counter()
    async with server(url, key, stderr) as client:
        listed = await client.list_tools()
        reads = {tool.name for tool in listed.tools if tool.annotations and tool.annotations.read_only_hint}
        stage = Stage(client, transcript, reads, now)
        for number, (name, conversation) in enumerate(CONVERSATIONS, 1):
            transcript.title(number, name)
            try:
                await conversation(stage)
            except Exception as fault:
                raise StepFailed(f"conversation {number}, {name!r}: {_reason(fault)}") from fault
        upstream = await upstream_requests(url)
    transcript.summary(len(CONVERSATIONS), Tally.of(stage.calls, upstream, seconds=perf_counter() - started))


def _reason(fault: Exception) -> str:
    """Tell a fault in words; the SDK's task groups wrap what passes through them."""
    while isinstance(fault, ExceptionGroup):
        fault = fault.exceptions[0]
    return str(fault) if isinstance(fault, StepFailed) else f"unexpected {type(fault).__name__}: {fault}"


def _console() -> Console:
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a dash must not end the demo where the locale has none
    console = Console(highlight=False)
    console.width = min(console.width, _WIDEST)
    return console
