"""Handles `resources/list`, `resources/templates/list` and `resources/read`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import mcp_types
from mcp.shared.exceptions import MCPError

from ...errors import Failure, InvalidArguments, Rejected
from ...tools import Tool
from ..resources import RESOURCES, Resource, find
from . import views
from .lookups import Lookups
from .refusals import unavailable_resource, unknown_resource
from .results import Result
from .sdk_server import Context
from .skills import Skills
from .tools import Tools

_JSON: Final = "application/json"
_LONGEST_URI: Final = 128  # characters of an unknown URI that the error repeats


class Resources:
    """The resources whose tool is among *tools*. Each is the answer of its tool, through the *handler* of calls.

    The cache keeps an answer for *cache_ttl* seconds, and so may the client. The files of *skills* and the pages of
    the views are read here, too.
    """

    def __init__(
        self, tools: Mapping[str, Tool], handler: Tools, lookups: Lookups, skills: Skills, *, cache_ttl: float
    ) -> None:
        self.offered = [resource for resource in RESOURCES if resource.tool in tools]
        self._tools = tools
        self._handler = handler
        self._lookups = lookups
        self._skills = skills
        self._cache_ttl = cache_ttl

    async def list(self, _: Context, __: object) -> mcp_types.ListResourcesResult:
        """Return the resources with a fixed URI, on one page."""
        # The views are left out, as the extension allows: clients offer this list to users as attachments, and a page
        # without data is of no use to a model. A host takes the URI of a view from the tool.
        return mcp_types.ListResourcesResult(
            resources=[
                mcp_types.Resource(
                    uri=each.uri, name=each.name, title=each.title, description=each.description, mime_type=_JSON
                )
                for each in self.offered
                if not each.is_template
            ]
        )

    async def templates(self, _: Context, __: object) -> mcp_types.ListResourceTemplatesResult:
        """Return the resources with a template, on one page."""
        return mcp_types.ListResourceTemplatesResult(
            resource_templates=[
                mcp_types.ResourceTemplate(
                    uri_template=each.uri,
                    name=each.name,
                    title=each.title,
                    description=each.description,
                    mime_type=_JSON,
                )
                for each in self.offered
                if each.is_template
            ]
        )

    async def read(self, context: Context, params: mcp_types.ReadResourceRequestParams) -> mcp_types.ReadResourceResult:
        """Return the contents of a resource.

        Raises:
            MCPError: There is no such resource, or no answer.
        """
        if file := self._skills.read(params.uri) or views.read(params.uri):
            return file
        match = find(params.uri, self.offered)
        if match is None:
            raise unknown_resource(params.uri, f"Unknown resource: {params.uri[:_LONGEST_URI]!r}.")
        resource, ident = match
        try:
            answer = await self._answer(context, resource, ident)
        except Failure as failure:
            raise _error(params.uri, failure) from None
        # The contents are the text of the tool's answer, with its marks of guest-written text.
        contents = [
            mcp_types.TextResourceContents(uri=params.uri, mime_type=_JSON, text=block["text"])
            for block in answer["content"]
        ]
        meta = answer["_meta"]
        return mcp_types.ReadResourceResult(contents=[*contents], _meta=meta, ttl_ms=self._lifetime(meta))

    def template(self, uri: str) -> Resource:
        """Return a resource by its template.

        Raises:
            MCPError: There is no such template.
        """
        for each in self.offered:
            if each.is_template and each.uri == uri:
                return each
        raise unknown_resource(uri, f"Unknown resource template: {uri[:_LONGEST_URI]!r}.")

    def _lifetime(self, notes: Mapping[str, Any]) -> int:
        """Return for how many ms the cache keeps the answer with these *notes*."""
        age: float = notes.get("linktime/ageSeconds", 0.0)
        return max(0, round((self._cache_ttl - age) * 1000))

    async def _answer(self, context: Context, resource: Resource, ident: str) -> Result:
        arguments = await self._arguments(resource, ident)
        return await self._handler.answer(context, self._tools[resource.tool], arguments)

    async def _arguments(self, resource: Resource, ident: str) -> Mapping[str, Any] | None:
        if resource.by_time:
            return resource.by_time(await self._lookups.moment())
        return resource.by_id(ident) if resource.by_id else None


def _error(uri: str, failure: Failure) -> MCPError:
    match failure:
        # 1. The URI names no item.
        # 2. The item may exist, but there is no answer.
        case InvalidArguments() | Rejected(status=404):
            return unknown_resource(uri, str(failure))
        case _:
            return unavailable_resource(failure)
