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
from .performance import perform
from .stage import StepFailed
from .tally import Tally
from .transcript import Transcript

_NARROWEST: Final = 40  # columns; what is outside these is hard to read
_WIDEST: Final = 100


async def play(url: str, key: str) -> int:
    """Play every conversation against the sandbox at *url*.

    Returns 0 if each step came out right, and 1 after saying which did not.
    """
    transcript = Transcript(_console())
    with TemporaryFile("w+", encoding="utf-8", errors="replace") as stderr:
        try:
            await _play(url, key, stderr, transcript)
        except Exception as fault:  # noqa: BLE001 - whatever it is, the user is told in words
            stderr.seek(0)
            transcript.failed(_reason(fault), stderr.read())
            return 1
    return 0


async def _play(url: str, key: str, stderr: TextIO, transcript: Transcript) -> None:
    started = perf_counter()
    async with server(url, key, stderr) as client:
        calls = await perform(client, transcript, now=lambda: datetime.now(UTC))
        upstream = await upstream_requests(url)
    transcript.summary(len(CONVERSATIONS), Tally.of(calls, upstream, seconds=perf_counter() - started))


def _reason(fault: Exception) -> str:
    """Tell a fault in words; the SDK's task groups wrap what passes through them."""
    while isinstance(fault, ExceptionGroup):
        fault = fault.exceptions[0]
    return str(fault) if isinstance(fault, StepFailed) else f"the demo can't go on: {type(fault).__name__}: {fault}"


class _Console(Console):
    """A console whose reader may leave: rich ends the program then, but a server has to be ended before."""

    def on_broken_pipe(self) -> None:
        try:
            super().on_broken_pipe()
        except SystemExit:
            raise StepFailed("nobody reads on") from None


def _console() -> Console:
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a dash must not end the demo where the locale has none
    console = _Console(highlight=False)
    console.width = min(max(console.width, _NARROWEST), _WIDEST)
    return console
