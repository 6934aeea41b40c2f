"""The entries of tools in `tools/list`."""

from __future__ import annotations

import mcp_types

from ...tools import Tool
from ..views import view_of


def with_view(entry: mcp_types.Tool) -> mcp_types.Tool:
    """Return *entry* with the view of its tool, if it has one."""
    view = view_of(entry.name)
    return entry.model_copy(update={"meta": view.tool_meta}) if view else entry


def listed(tool: Tool) -> mcp_types.Tool:
    """Return the name, the texts, the schemas and the hints of *tool*."""
    return mcp_types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=dict(tool.input_schema),
        output_schema=dict(tool.output_schema),
        annotations=mcp_types.ToolAnnotations(
            read_only_hint=tool.reads,
            destructive_hint=tool.destructive,
            idempotent_hint=tool.idempotent,
            open_world_hint=tool.open_world,
        ),
    )
