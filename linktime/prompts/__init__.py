"""The eight conversations of the product page, for a user to begin: what is wanted, and which tools bring it about."""

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
"""Every prompt by its name; this is the one registry."""

__all__ = ["PROMPTS", "Argument", "Prompt", "Step"]
