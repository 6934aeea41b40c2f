"""Handles `prompts/list` and `prompts/get`."""

from __future__ import annotations

from collections.abc import Mapping

import mcp_types
from mcp.shared.exceptions import MCPError

from ...errors import InvalidArguments
from ...tools import Tool
from ..prompts import PROMPTS, Prompt
from .lookups import Lookups
from .refusals import unknown
from .sdk_server import Context


class Prompts:
    """The prompts whose tools are all among *tools*."""

    def __init__(self, tools: Mapping[str, Tool], lookups: Lookups) -> None:
        self.offered = {name: prompt for name, prompt in PROMPTS.items() if prompt.tools <= tools.keys()}
        self._lookups = lookups

    async def list(self, _: Context, __: object) -> mcp_types.ListPromptsResult:
        """Return all prompts, on one page."""
        return mcp_types.ListPromptsResult(prompts=[_listed(prompt) for prompt in self.offered.values()])

    async def get(self, _: Context, params: mcp_types.GetPromptRequestParams) -> mcp_types.GetPromptResult:
        """Return the text of a prompt.

        Raises:
            MCPError: There is no such prompt, or its arguments are invalid.
        """
        prompt = self.find(params.name)
        try:
            text = prompt.text(params.arguments or {}, await self._lookups.moment())
        except InvalidArguments as fault:
            raise MCPError(mcp_types.INVALID_PARAMS, str(fault)) from None
        message = mcp_types.PromptMessage(role="user", content=mcp_types.TextContent(type="text", text=text))
        return mcp_types.GetPromptResult(description=prompt.description, messages=[message])

    def find(self, name: str) -> Prompt:
        """Return a prompt by its name.

        Raises:
            MCPError: There is no such prompt here.
        """
        if name in self.offered:
            return self.offered[name]
        if name in PROMPTS:
            raise MCPError(mcp_types.INVALID_PARAMS, f"{name} needs tools that are switched off here.")
        raise unknown("prompt", name, self.offered)


def _listed(prompt: Prompt) -> mcp_types.Prompt:
    return mcp_types.Prompt(
        name=prompt.name,
        title=prompt.title,
        description=prompt.description,
        arguments=[
            mcp_types.PromptArgument(name=each.name, description=each.description, required=each.required)
            for each in prompt.arguments
        ],
    )
