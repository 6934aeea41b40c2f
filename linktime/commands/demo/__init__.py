"""The demo: a real client and the real server play scenes against a sandbox."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from io import TextIOWrapper
from tempfile import TemporaryFile
from time import perf_counter
from typing import Final, TextIO

from mcp import Client
from rich.console import Console

from . import fast_motion, guarantees
from .assistant import Assistant, Clock, StepFailed, explain_failures
from .calls import Call, Totals
from .scenes import ALL_CONVERSATIONS, LAST, SCENES, Conversations, UnknownScene, scene_list, scene_number
from .server_process import OpenSandbox, Service, server
from .transcript import Transcript

__all__ = ["SCENES", "UnknownScene", "converse", "play", "scene_list", "scene_number", "show"]

_NARROWEST: Final = 40  # columns; text outside this range is hard to read
_WIDEST: Final = 100


def play(open_sandbox: OpenSandbox, number: int | None = None) -> int:
    """Play all scenes, or only the scene of this *number*.

    Return the exit status: 0 if every step has the right outcome, else 1 after a message that names the step.
    """
    transcript = Transcript(_console())
    with TemporaryFile("w+", encoding="utf-8", errors="replace") as stderr:
        try:
            transcript.introduction(whole=number is None)
            if number != LAST:
                chosen = {number: ALL_CONVERSATIONS[number]} if number else ALL_CONVERSATIONS
                asyncio.run(_hold(open_sandbox, chosen, stderr, transcript))
            if number in {None, LAST}:
                show(open_sandbox, transcript, _now())
            transcript.next_steps()
        except Exception as fault:  # noqa: BLE001 - the user gets a message for any error
            stderr.seek(0)
            transcript.failed(_reason(fault), stderr.read())
            return 1
    return 0


async def converse(
    client: Client, transcript: Transcript, now: Clock, conversations: Conversations = ALL_CONVERSATIONS
) -> list[Call]:
    """Hold the *conversations*, by default all, with the tools of *client*. Return the calls.

    Raises:
        StepFailed: A step has a wrong outcome.
    """
    # Only reads have a cache result, and count as reads in the totals.
    tools = (await client.list_tools()).tools
    reads = {tool.name for tool in tools if tool.annotations and tool.annotations.read_only_hint}
    assistant = Assistant(client, transcript, reads, now)
    for number, (name, conversation) in conversations.items():
        transcript.title(f"{number}. {name}")
        with explain_failures(f"conversation {number} ({name})", assistant):
            await conversation(assistant)
    return assistant.calls


def show(open_sandbox: OpenSandbox, transcript: Transcript, start: datetime) -> None:
    """Play the last scene, which begins at *start*, in fast motion.

    Raises:
        StepFailed: A guarantee does not hold.
    """
    transcript.title(f"{LAST}. {guarantees.TITLE}")
    fast_motion.run(guarantees.show(open_sandbox, transcript, start))


async def _hold(
    open_sandbox: OpenSandbox, conversations: Conversations, stderr: TextIO, transcript: Transcript
) -> None:
    started = perf_counter()
    async with open_sandbox() as sandbox:
        service = Service(sandbox.url, sandbox.key)
        async with server(service, stderr) as client:
            calls = await converse(client, transcript, _now, conversations)
            upstream = len(await service.requests())
    transcript.summary(len(conversations), Totals.of(calls, upstream, seconds=perf_counter() - started))


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
