"""Handles `skills/list` and `skills/get`, and reads the files of skills."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import mcp_types

from ..skills import MARKDOWN, SKILLS
from .refusals import unknown_resource
from .sdk_server import STATIC, Context


class Skills:
    """The skills whose tools are all among *tools*."""

    def __init__(self, tools: Collection[str]) -> None:
        self._offered = {uri: skill for uri, skill in SKILLS.items() if skill.prompt.tools <= set(tools)}

    async def list(self, _: Context, __: object) -> dict[str, Any]:
        """Return all skills, on one page."""
        return {"skills": [skill.entry for skill in self._offered.values()]}

    async def get(self, _: Context, params: mcp_types.ReadResourceRequestParams) -> dict[str, Any]:
        """Return one skill.

        Raises:
            MCPError: There is no such skill here.
        """
        if params.uri not in self._offered:
            switched_off = params.uri in SKILLS
            fault = "This skill needs tools that are switched off here." if switched_off else "Unknown skill."
            raise unknown_resource(params.uri, fault)
        return {"skill": self._offered[params.uri].entry}

    def read(self, uri: str) -> mcp_types.ReadResourceResult | None:
        """Return the file of a skill, None if *uri* belongs to no skill here."""
        if uri not in self._offered:
            return None
        content = mcp_types.TextResourceContents(uri=uri, mime_type=MARKDOWN, text=self._offered[uri].text)
        return mcp_types.ReadResourceResult(contents=[content], ttl_ms=STATIC.ttl_ms)
