// A bare server of the official TypeScript SDK: 32 tools that do nothing.
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { z } from "zod";

const TOOLS = 32;
const server = new McpServer({ name: "bare", version: "1" });
for (let number = 0; number < TOOLS; number++) {
  server.registerTool(
    `tool_${number}`,
    { description: "Do nothing.", inputSchema: {}, outputSchema: { done: z.boolean() } },
    async () => ({ content: [{ type: "text", text: '{"done":true}' }], structuredContent: { done: true } }),
  );
}
await server.connect(new StdioServerTransport());
