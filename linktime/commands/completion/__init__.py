"""`linktime-mcp completion`: scripts that complete commands, tools, arguments and clients in a shell.

A script has all names in it, so that a completion starts no program. In a template, a line with `@NAME@` is repeated
for each name: with `@SECOND@` for the commands that take one of a few words, with `@LATER@` for the tools.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from importlib.resources import files
from typing import Final

from ...tools import TOOLS
from ..clients import CLIENTS

SHELLS: Final = ("bash", "zsh", "fish")


def script(shell: str, commands: Collection[str]) -> str:
    """Return the script for *shell*. *commands* are the names of the commands."""
    template = files(__package__).joinpath(f"{shell}.txt").read_text(encoding="utf-8")
    return "".join(_filled(template.replace("@COMMANDS@", " ".join(commands))))


def _filled(template: str) -> Iterator[str]:
    second = {"call": TOOLS, "tools": TOOLS, "install": CLIENTS, "completion": SHELLS}
    later = {tool.name: [f"{name}=" for name in tool.input_schema["properties"]] for tool in TOOLS.values()}
    for line in template.splitlines(keepends=True):
        if "@SECOND@" in line:
            yield from _repeated(line, "@SECOND@", second)
        elif "@LATER@" in line:
            yield from _repeated(line, "@LATER@", later)
        else:
            yield line


def _repeated(line: str, mark: str, words: Mapping[str, Collection[str]]) -> Iterator[str]:
    for name, choices in words.items():
        if choices:
            yield line.replace("@NAME@", name).replace(mark, " ".join(choices))
