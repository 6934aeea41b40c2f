"""The demo: a real client and the real server hold the product page's conversations against a sandbox."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from io import TextIOWrapper
from tempfile import TemporaryFile
from time import perf_counter
from typing import Final, TextIO

from mcp import Client
from rich.console import Console

from . import guarantees
from .assistant import Assistant, Clock, StepFailed, explain_failures
from .calls import Call, Totals
from .conversations import CONVERSATIONS
from .guarantees import LIMIT, PERIOD
from .server_process import Service, server
from .transcript import Transcript

__all__ = ["LIMIT", "PERIOD", "Service", "converse", "play"]

_NARROWEST: Final = 40  # columns; text outside this range is hard to read
_WIDEST: Final = 100
_SMALL_LIMIT: Final = {"LINKTIME_RATE_LIMIT": str(LIMIT), "LINKTIME_RATE_PERIOD": str(PERIOD)}


async def play(service: Service, limited: Service) -> int:
    """Play the conversations against *service*, then show the guarantees with *limited*.

    *limited* allows `LIMIT` requests in a `PERIOD`. Return the exit status: 0 if every step has the right outcome,
    else 1 after a message that names the step.
    """
    transcript = Transcript(_console())
    with TemporaryFile("w+", encoding="utf-8", errors="replace") as stderr:
        try:
            await _play(service, limited, stderr, transcript)
        except Exception as fault:  # noqa: BLE001 - the user gets a message for any error
            stderr.seek(0)
            transcript.failed(_reason(fault), stderr.read())
            return 1
    return 0


async def converse(client: Client, transcript: Transcript, now: Clock) -> list[Call]:
    """Hold every conversation, with the tools of *client*. Return the calls.

    Raises:
        StepFailed: A step has a wrong outcome.
    """
    # Only reads have a cache result, and count as reads in the totals.
    tools = (await client.list_tools()).tools
    reads = {tool.name for tool in tools if tool.annotations and tool.annotations.read_only_hint}
    assistant = Assistant(client, transcript, reads, now)
    for number, (name, conversation) in enumerate(CONVERSATIONS, 1):
        transcript.title(f"{number}. {name}")
        with explain_failures(f"conversation {number} ({name})", assistant):
            await conversation(assistant)
    return assistant.calls


async def _play(service: Service, limited: Service, stderr: TextIO, transcript: Transcript) -> None:
    transcript.introduction()
    started = perf_counter()
    async with server(service, stderr, {}) as client:
        calls = await converse(client, transcript, _now)
        upstream = len(await service.requests())
    transcript.summary(len(CONVERSATIONS), Totals.of(calls, upstream, seconds=perf_counter() - started))
    # A second server, because a server has one rate limit.
    async with server(limited, stderr, _SMALL_LIMIT) as client:
        await guarantees.show(Assistant(client, transcript, (), _now), limited, transcript)
    transcript.next_steps()


def _now() -> datetime:
    return datetime.now(UTC)


def _reason(fault: Exception) -> str:
    """Return the reason of a failure. The SDK's task groups wrap the exceptions that pass through them."""
    while isinstance(fault, ExceptionGroup):
        fault = fault.exceptions[0]
    return str(fault) if isinstance(fault, StepFailed) else f"the demo cannot go on: {type(fault).__name__}: {fault}"


class _Console(Console):
    """A console that raises StepFailed if its reader leaves. rich would exit, and leave the server running."""

    def on_broken_pipe(self) -> None:
        try:
            super().on_broken_pipe()
        except SystemExit:
            raise StepFailed("the output was closed") from None


def _console() -> Console:
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a locale without a dash must not end the demo
    console = _Console(highlight=False)
    console.width = min(max(console.width, _NARROWEST), _WIDEST)
    return console
