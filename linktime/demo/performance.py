"""All conversations in their order."""

from __future__ import annotations

from mcp import Client

from .conversations import CONVERSATIONS
from .stage import Clock, Stage, StepFailed
from .tally import Call
from .transcript import Transcript


async def perform(client: Client, transcript: Transcript, now: Clock) -> list[Call]:
    """Hold every conversation, with *client* as the assistant's hands, and return the calls that it made.

    Raises StepFailed where one does not come out right.
    """
    known = await client.list_tools()
    reads = {tool.name for tool in known.tools if tool.annotations and tool.annotations.read_only_hint}
    stage = Stage(client, transcript, reads, now)
    for number, (name, conversation) in enumerate(CONVERSATIONS, 1):
        transcript.title(number, name)
        try:
            await conversation(stage)
        except StepFailed as failure:
            raise StepFailed(f"conversation {number} ({name}): {failure}") from failure
        except (AttributeError, LookupError, TypeError, ValueError) as fault:
            read = f"the answer to {stage.calls[-1].tool} can't be read"
            raise StepFailed(f"conversation {number} ({name}): {read} ({type(fault).__name__}: {fault})") from fault
    return stage.calls
