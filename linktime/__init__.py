"""An MCP server for LinkTime: 32 scheduling tools over stdio, within one request budget."""

__version__ = "0.1.0"
