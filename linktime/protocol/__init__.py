"""The MCP side: the transport, the session, prompts and resources."""
