"""The MCP prompts: the eight conversations of LinkTime's product page, for a user to start."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from . import account, meetings
from ._prompt import Argument, Prompt, Step

PROMPTS: Final[Mapping[str, Prompt]] = MappingProxyType(
    {
        prompt.name: prompt
        for prompt in (
            meetings.BOOK_MEETING,
            meetings.MY_WEEK,
            meetings.RESCHEDULE_MEETING,
            account.BLOCK_VACATION,
            account.NEW_EVENT_TYPE,
            account.NEW_WEBHOOK,
            meetings.ABOUT_PERSON,
            meetings.CALLS_THIS_WEEK,
        )
    }
)
"""All prompts by name. This is the only registry."""

__all__ = ["PROMPTS", "Argument", "Prompt", "Step"]
