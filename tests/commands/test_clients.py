"""The program under external clients. .ci/run installs them and sets the variable of their folder."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp_types import ElicitResult, PromptReference

from linktime.protocol.prompts import PROMPTS
from linktime.protocol.resources import RESOURCES
from linktime.sandbox import Sandbox
from linktime.tools import TOOLS
from tests.support.process import environ
from tests.support.programs import program, run
from tests.support.sandbox_client import paths, visiting

# They start many processes and run clients of Node.js.
pytestmark = [pytest.mark.slow, pytest.mark.posix]

SERVER = [sys.executable, "-m", "linktime"]


@pytest.mark.parametrize("mode", ["legacy", "auto", "2026-07-28"])
async def test_official_client_books_a_meeting(sandbox: Sandbox, mode: str) -> None:
    settings = {"LINKTIME_BASE_URL": sandbox.url, "LINKTIME_API_KEY": sandbox.key}
    parameters = StdioServerParameters(command=SERVER[0], args=SERVER[1:], env=environ(**settings))
    today = datetime.now(UTC).date()

    async with asyncio.timeout(60), Client(parameters, mode=mode) as client:
        tools = await client.list_tools()
        types: Any = (await client.call_tool("list_event_types", {})).structured_content
        slug = types["data"][0]["slug"]
        week = {"from": str(today + timedelta(1)), "to": str(today + timedelta(8))}
        free: Any = (await client.call_tool("check_availability", {"eventTypeSlug": slug, **week})).structured_content
        booked = await client.call_tool(
            "create_booking",
            {
                "eventTypeSlug": slug,
                "startTime": free["slots"][0]["startTime"],
                "inviteeName": "Ada Lovelace",
                "inviteeEmail": "ada@example.com",
                "inviteeTimezone": "Europe/London",
            },
        )

    assert [tool.name for tool in tools.tools] == list(TOOLS)
    assert not booked.is_error, booked.content
    assert booked.structured_content["bookingId"]


@pytest.mark.parametrize("mode", ["legacy", "auto", "2026-07-28"])
async def test_official_client_shows_the_question_to_its_user(sandbox: Sandbox, mode: str) -> None:
    settings = {"LINKTIME_BASE_URL": sandbox.url, "LINKTIME_API_KEY": sandbox.key, "LINKTIME_CONFIRM": "1"}
    parameters = StdioServerParameters(command=SERVER[0], args=SERVER[1:], env=environ(**settings))
    answers = [ElicitResult(action="decline"), ElicitResult(action="accept", content={"answer": "yes"})]

    async def user(context: Any, params: Any) -> ElicitResult:
        assert "“Alex Rivera” (“alex@northwind.example”)" in params.message
        return answers.pop(0)

    async with asyncio.timeout(60), Client(parameters, mode=mode, elicitation_callback=user) as client:
        people: Any = (await client.call_tool("list_contacts", {"search": "Alex"})).structured_content
        contact = {"contactId": people["data"][0]["id"]}
        declined = await client.call_tool("delete_contact", contact)
        done = await client.call_tool("delete_contact", contact)

    assert declined.content[0].text.startswith("not_confirmed: ")  # type: ignore[union-attr]
    assert done.structured_content["success"] is True
    assert paths(sandbox).count(f"DELETE /contacts/{contact['contactId']}") == 1


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
async def test_official_client_uses_prompts_and_resources(sandbox: Sandbox, mode: str) -> None:
    settings = {"LINKTIME_BASE_URL": sandbox.url, "LINKTIME_API_KEY": sandbox.key}
    parameters = StdioServerParameters(command=SERVER[0], args=SERVER[1:], env=environ(**settings))

    async with asyncio.timeout(60), Client(parameters, mode=mode) as client:
        prompts = (await client.list_prompts()).prompts
        resources = (await client.list_resources()).resources
        templates = (await client.list_resource_templates()).resource_templates
        typed = {"name": "guest", "value": "sarah"}
        guests = (await client.complete(PromptReference(name="book_meeting"), typed)).completion.values
        [message] = (await client.get_prompt("book_meeting", {"guest": guests[0], "when": "tomorrow"})).messages
        [account] = (await client.read_resource("linktime://account")).contents

    assert [prompt.name for prompt in prompts] == list(PROMPTS)
    assert [each.uri for each in resources] + [each.uri_template for each in templates] == [
        each.uri for each in RESOURCES
    ]
    assert '- guest: "Sarah Chen"' in message.content.text  # type: ignore[union-attr]
    assert json.loads(account.text)["username"]  # type: ignore[union-attr]


def inspector(sandbox: Sandbox, *arguments: str) -> list[str]:
    settings = ["-e", f"LINKTIME_BASE_URL={sandbox.url}", "-e", f"LINKTIME_API_KEY={sandbox.key}"]
    return [program("mcp-inspector"), "--cli", *SERVER, *settings, *arguments, "--format", "json", "-q"]


def result(out: str) -> Any:
    return json.loads(next(line for line in out.splitlines() if line.startswith('{"result"')))["result"]


@pytest.mark.parametrize("era", ["legacy", "modern"])
async def test_inspector_lists_the_tools_without_schema_errors(sandbox: Sandbox, era: str) -> None:
    command = inspector(sandbox, "--protocol-era", era, "--method", "tools/list", "--strict")

    status, out = await run(*command, env=environ())

    assert status == 0, out
    assert [tool["name"] for tool in result(out)["tools"]] == list(TOOLS)
    assert "0 errors" in out


@pytest.mark.parametrize("era", ["legacy", "modern"])
@pytest.mark.parametrize(
    ("method", "names"),
    [
        ("prompts/list", list(PROMPTS)),
        ("resources/list", [each.name for each in RESOURCES if not each.is_template]),
        ("resources/templates/list", [each.name for each in RESOURCES if each.is_template]),
    ],
)
async def test_inspector_lists_prompts_and_resources(sandbox: Sandbox, era: str, method: str, names: list[str]) -> None:
    status, out = await run(*inspector(sandbox, "--protocol-era", era, "--method", method), env=environ())

    assert status == 0, out
    [listed] = [value for value in result(out).values() if isinstance(value, list)]
    assert [each["name"] for each in listed] == names


async def test_inspector_calls_a_tool(sandbox: Sandbox) -> None:
    command = inspector(sandbox, "--method", "tools/call", "--tool-name", "list_bookings", "--tool-arg", "limit=2")

    status, out = await run(*command, env=environ())

    assert status == 0, out
    assert len(result(out)["structuredContent"]["data"]) == 2


async def test_probe_accepts_every_tool(sandbox: Sandbox, tmp_path: Path) -> None:
    settings = environ(LINKTIME_BASE_URL=sandbox.url, LINKTIME_API_KEY=sandbox.key)
    probe = program("amagi-mcp-probe")

    status, out = await run(probe, "--allow-destructive", "--", *SERVER, env=settings, cwd=tmp_path)

    assert status == 0, out


@pytest.mark.parametrize("era", ["legacy", "modern"])
async def test_inspector_shows_the_question_to_its_user(sandbox: Sandbox, tmp_path: Path, era: str) -> None:
    mcpdo, env = [program("mcpdo"), "--format", "json", "--connection", "linktime"], environ(HOME=str(tmp_path))
    async with visiting(sandbox) as somebody:
        [hook] = (await somebody.get("/webhooks"))["data"]
    _, exports = await run(*mcpdo, "private", env=env)
    env |= dict(re.findall(r"(MCP_\w+)='([^']*)'", exports))
    settings = {"LINKTIME_BASE_URL": sandbox.url, "LINKTIME_API_KEY": sandbox.key, "LINKTIME_CONFIRM": "1"}
    options = [part for name, value in settings.items() for part in ("-e", f"{name}={value}")]
    try:
        await run(*mcpdo, "connect", "--era", era, "--elicit", "form", *options, "--", *SERVER, env=env)
        _, pending = await run(*mcpdo, "tools/call", "delete_webhook", f'webhookId:="{hook["id"]}"', env=env)
        before = [path for path in paths(sandbox) if not path.startswith("GET ")]
        ident = re.findall(r'"elicitationId": "([\w-]+)"', pending)
        status, out = await run(*mcpdo, "elicitation/respond", *ident, "answer:=yes", env=env)
    finally:
        await run(*mcpdo, "daemon", "stop", env=env)

    assert "“CRM sync” to “hooks.brooks.example”" in pending
    assert status == 0, out
    assert before == []
    assert paths(sandbox).count(f"DELETE /webhooks/{hook['id']}") == 1


def quiet(home: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "DISABLE_TELEMETRY": "1",
        "DISABLE_AUTOUPDATER": "1",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    }


async def test_claude_code_connects(sandbox: Sandbox, tmp_path: Path) -> None:
    claude, env = program("claude"), quiet(tmp_path)
    settings = ["--env", f"LINKTIME_BASE_URL={sandbox.url}", "--env", f"LINKTIME_API_KEY={sandbox.key}"]

    await run(claude, "mcp", "add", "linktime", *settings, "--", *SERVER, env=env, cwd=tmp_path)
    _, out = await run(claude, "mcp", "list", env=env, cwd=tmp_path)

    assert "✔ Connected" in out, out


async def test_claude_code_follows_install_and_uninstall(tmp_path: Path) -> None:
    claude, env = program("claude"), quiet(tmp_path)
    key = {"LINKTIME_API_KEY": "lt_live_x"}

    await run(*SERVER, "install", "claude-code", "--yes", env=env | key, cwd=tmp_path)
    _, connected = await run(claude, "mcp", "list", env=env, cwd=tmp_path)
    await run(*SERVER, "install", "claude-code", "--uninstall", "--yes", env=env, cwd=tmp_path)
    _, forgotten = await run(claude, "mcp", "list", env=env, cwd=tmp_path)

    assert "✔ Connected" in connected, connected
    assert "linktime" not in forgotten
