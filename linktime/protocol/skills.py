"""The skills: the same conversations as the prompts, written for a model that decides by itself to hold one.

The format is that of https://agentskills.io. The extension of the protocol is SEP-2640.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from types import MappingProxyType
from typing import Any, Final

from .prompts import PROMPTS, Prompt

EXTENSION: Final = "io.modelcontextprotocol/skills"
MARKDOWN: Final = "text/markdown"
_ALL_DETAILS: Final = "Take these from the user's words. Ask for a required one that is missing."
_ORDER: Final = "Use these LinkTime tools, in this order. Ids, slugs and times come from their answers."


@dataclass(frozen=True)
class Skill:
    """A skill of one file, `SKILL.md`, which is made from a *prompt*."""

    prompt: Prompt

    @property
    def name(self) -> str:
        """Return the name, in the spelling of skills: lower case and hyphens."""
        return self.prompt.name.replace("_", "-")

    @property
    def uri(self) -> str:
        """Return the URI of the file."""
        return f"skill://{self.name}/SKILL.md"

    @property
    def frontmatter(self) -> dict[str, str]:
        """Return the fields at the head of the file."""
        return {"name": self.name, "description": f"{self.prompt.description} {self.prompt.occasion}"}

    @cached_property
    def text(self) -> str:
        """Return the file. A JSON string is also a YAML string."""
        head = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in self.frontmatter.items()]
        details = [
            f"- {each.name}{' (required)' * each.required}: {each.description}" for each in self.prompt.arguments
        ]
        parts = [
            "\n".join(["---", *head, "---"]),
            f"# {self.prompt.title}",
            self.prompt.occasion,
            "\n".join(["## Details", "", _ALL_DETAILS, "", *details]),
            f"## Steps\n\n{_ORDER}\n\n{self.prompt.numbered}",
            f"## Never\n\n{self.prompt.prohibitions}",
            f"## End\n\n{self.prompt.ending}",
        ]
        return "\n\n".join(parts) + "\n"

    @cached_property
    def entry(self) -> dict[str, Any]:
        """Return the entry of `skills/list`: the fields, and each file with its digest and its size in bytes."""
        content = self.text.encode()
        file = {"uri": self.uri, "digest": f"sha256:{sha256(content).hexdigest()}", "size": len(content)}
        return {"uri": self.uri, "frontmatter": self.frontmatter, "resources": [file]}


SKILLS: Final[Mapping[str, Skill]] = MappingProxyType({skill.uri: skill for skill in map(Skill, PROMPTS.values())})
"""All skills by URI, in the order of the prompts."""
