"""A bare server of the official Python SDK: 32 tools that do nothing."""

from __future__ import annotations

from mcp.server import MCPServer

TOOLS = 32


async def empty() -> dict[str, bool]:
    """Do nothing."""
    return {"done": True}


def main() -> None:
    """Serve stdin and stdout."""
    server = MCPServer("bare", version="1")
    for number in range(TOOLS):
        server.add_tool(empty, name=f"tool_{number}")
    server.run("stdio")


if __name__ == "__main__":
    main()
