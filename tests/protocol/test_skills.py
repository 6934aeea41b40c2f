"""The conversations as skills, read as a host reads them: list, verify each file, compare the head of the file."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Any, Final

import pytest
import yaml

from linktime.protocol.prompts import PROMPTS
from linktime.protocol.skills import SKILLS
from linktime.tools import TOOLS
from tests.support.process import Child, child

MODERN: Final = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
}
EXTENSION: Final = "io.modelcontextprotocol/skills"
NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST_DESCRIPTION: Final = 1024  # characters, by the format


async def modern(server: Child, method: str, **params: Any) -> dict[str, Any]:
    return await server.result(server.ask(method, _meta=MODERN, **params))


async def refusal(server: Child, **params: Any) -> dict[str, Any]:
    error: dict[str, Any] = (await server.answer(server.ask("skills/get", _meta=MODERN, **params)))["error"]
    return error


def head(text: str) -> dict[str, Any]:
    """Return the frontmatter of a file."""
    _, fields, _ = text.split("---\n", 2)
    parsed: dict[str, Any] = yaml.safe_load(fields)
    return parsed


async def test_a_host_can_verify_every_file() -> None:
    async with child() as server:
        discovered = await modern(server, "server/discover")
        listed = await modern(server, "skills/list")
        entries = [(await modern(server, "skills/get", uri=each["uri"]))["skill"] for each in listed["skills"]]
        reads = [await modern(server, "resources/read", uri=each["uri"]) for each in listed["skills"]]

    assert discovered["capabilities"]["extensions"][EXTENSION] == {}
    assert entries == listed["skills"]
    assert (listed["resultType"], listed["ttlMs"], listed["cacheScope"]) == ("complete", 3_600_000, "private")
    assert len(entries) == 8
    for entry, read in zip(entries, reads, strict=True):
        [file] = entry["resources"]
        [content] = read["contents"]
        data = content["text"].encode()
        assert (file["uri"], file["size"]) == (entry["uri"], len(data))
        assert file["digest"] == f"sha256:{sha256(data).hexdigest()}"
        assert head(content["text"]) == entry["frontmatter"]
        assert (content["uri"], content["mimeType"]) == (entry["uri"], "text/markdown")
        assert read["ttlMs"] == 3_600_000


@pytest.mark.parametrize("skill", SKILLS.values(), ids=lambda skill: skill.name)
def test_skill_keeps_the_format(skill: Any) -> None:
    assert NAME.fullmatch(skill.name)
    assert len(skill.name) <= 64
    assert skill.uri == f"skill://{skill.name}/SKILL.md"
    assert head(skill.text)["name"] == skill.name
    assert 40 < len(head(skill.text)["description"]) <= LONGEST_DESCRIPTION
    assert " if the user " in head(skill.text)["description"]


@pytest.mark.parametrize("skill", SKILLS.values(), ids=lambda skill: skill.name)
async def test_skill_and_prompt_give_the_same_instructions(skill: Any) -> None:
    prompt = skill.prompt
    arguments = {each.name: "x" for each in prompt.arguments}
    async with child() as server:
        await server.greet()
        shown = await server.result(server.ask("prompts/get", name=prompt.name, arguments=arguments))

    text = shown["messages"][0]["content"]["text"]
    assert [step.tool for step in prompt.steps] == re.findall(r"^\d+\. (\w+):", skill.text, re.MULTILINE)
    for instruction in (prompt.numbered, prompt.prohibitions, prompt.ending):
        assert instruction in text
        assert instruction in skill.text
    for argument in prompt.arguments:
        assert f"- {argument.name}{' (required)' if argument.required else ''}: " in skill.text
    assert prompt.tools <= TOOLS.keys()
    assert prompt.never


def test_no_skill_speaks_for_the_user() -> None:
    words = re.findall(r"\b(?:I|me|my|mine|we|our|your)\b", "".join(skill.text for skill in SKILLS.values()))

    assert set(words) <= {"my"}  # in "my-week"
    assert [skill.prompt.name for skill in SKILLS.values()] == list(PROMPTS)


async def test_unknown_skill_is_refused() -> None:
    async with child() as server:
        await modern(server, "server/discover")
        unknown = await refusal(server, uri="skill://no-such-skill/SKILL.md")
        folder = await refusal(server, uri="skill://my-week")
        missing = await refusal(server)
        cursor = await server.answer(server.ask("skills/list", _meta=MODERN, cursor="bogus"))
        read = await server.answer(server.ask("resources/read", _meta=MODERN, uri="skill://my-week/OTHER.md"))

    assert [each["code"] for each in (unknown, folder, missing, cursor["error"], read["error"])] == [-32602] * 5
    assert unknown["data"] == {"uri": "skill://no-such-skill/SKILL.md"}
    assert "uri" in missing["message"]


async def test_skill_is_offered_only_with_its_tools() -> None:
    async with child(LINKTIME_READ_ONLY="1") as server:
        listed = await modern(server, "skills/list")
        refused = await refusal(server, uri="skill://book-meeting/SKILL.md")

    reading = [uri for uri, skill in SKILLS.items() if all(TOOLS[name].reads for name in skill.prompt.tools)]
    assert [each["uri"] for each in listed["skills"]] == reading
    assert refused["code"] == -32602
    assert "switched off" in refused["message"]


async def test_handshake_client_gets_the_extension_and_its_methods() -> None:
    async with child() as server:
        greeting = await server.greet()
        listed = await server.result(server.ask("skills/list"))
        read = await server.result(server.ask("resources/read", uri="skill://my-week/SKILL.md"))

    assert greeting["capabilities"]["extensions"][EXTENSION] == {}
    assert len(listed["skills"]) == 8
    assert head(read["contents"][0]["text"])["name"] == "my-week"
