"""Handles `completion/complete`. Without a source of values the answer is empty and not an error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import mcp_types
from mcp.shared.exceptions import MCPError

from ...tools import Tool
from ..completion_sources import Choices, Listed, Source, goes_on, matching
from .lookups import Lookups
from .prompts import Prompts
from .resources import Resources
from .sdk_server import Context

_MOST: Final = 100  # values; the limit of the protocol
_WORTH_A_SEARCH: Final = 3  # characters; a shorter text matches nearly everything


class Completions:
    """Completes the arguments of *prompts* and the ids of *resources* from the answers of list *tools*."""

    def __init__(self, tools: Mapping[str, Tool], prompts: Prompts, resources: Resources, lookups: Lookups) -> None:
        self._tools = tools
        self._prompts = prompts
        self._resources = resources
        self._lookups = lookups

    async def __call__(self, _: Context, params: mcp_types.CompleteRequestParams) -> mcp_types.CompleteResult:
        """Return the completions of one argument."""
        match self._source(params):
            case Choices(values=known):
                return _completed(matching(known(), params.argument.value), more=False)
            case Listed() as listed if listed.tool in self._tools:
                return await self._matches(listed, params.argument.value)
            case _:
                return _completed([], more=False)

    def _source(self, params: mcp_types.CompleteRequestParams) -> Source | None:
        """Return the source of an argument's completions, or None if it has none.

        Raises:
            MCPError: There is no such prompt, template or argument.
        """
        if isinstance(params.ref, mcp_types.PromptReference):
            prompt = self._prompts.find(params.ref.name)
            sources = {argument.name: argument.source for argument in prompt.arguments}
        else:
            sources = {"id": self._resources.template(params.ref.uri).source}
        if params.argument.name not in sources:
            raise MCPError(mcp_types.INVALID_PARAMS, f"Unknown argument. Known: {', '.join(sources) or 'none'}.")
        return sources[params.argument.name]

    async def _matches(self, listed: Listed, typed: str) -> mcp_types.CompleteResult:
        """Return matches from the first page or, if it has none, from a search."""
        tool = self._tools[listed.tool]
        # 1. The first page, which the cache often has.
        # 2. A search, if the first page has no match and there are further pages.
        answer = await self._lookups.answer(tool, listed.arguments)
        more, matches = goes_on(answer), matching(listed.values(answer), typed)
        if more and not matches and listed.search and len(typed) >= _WORTH_A_SEARCH:
            answer = await self._lookups.answer(tool, {**listed.arguments, listed.search: typed})
            more, matches = goes_on(answer), matching(listed.values(answer), typed)
        return _completed(matches, more=more)


def _completed(values: list[str], *, more: bool) -> mcp_types.CompleteResult:
    total = None if more else len(values)
    return mcp_types.CompleteResult(
        completion=mcp_types.Completion(values=values[:_MOST], total=total, has_more=more or len(values) > _MOST)
    )
