"""The entry of a tool in `tools/list`."""

from __future__ import annotations

import mcp_types

from ...tools import Tool


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
