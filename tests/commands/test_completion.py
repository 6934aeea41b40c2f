"""The completion scripts, in the shells that they are made for."""

from __future__ import annotations

import pytest

from linktime.commands.clients import CLIENTS
from linktime.tools import TOOLS
from tests.support import programs
from tests.support.process import environ
from tests.support.shell_user import run

pytestmark = pytest.mark.posix  # runs shells

_BASH = (
    "COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _linktime_mcp; printf '%s\\n' \"${{COMPREPLY[@]}}\""
)
_ZSH = """words=({words}); CURRENT=$#words; _linktime_mcp"""
_ZSH_SETUP = """
compdef() { }
compadd() { [[ $1 == -S ]] && shift 2; shift; for word; [[ $word == ${words[CURRENT]}* ]] && print -- $word; true }
"""


async def completed(shell: str, *words: str) -> list[str]:
    """Return the choices of *shell* for the last of *words*."""
    script = (await run("completion", shell)).out
    line = " ".join(f"'{word}'" for word in ("linktime-mcp", *words))
    match shell:
        case "bash":
            code = script + _BASH.format(words=line)
        case "zsh":
            code = _ZSH_SETUP + script + _ZSH.format(words=line)
        case _:
            code = f"{script}\ncomplete -C 'linktime-mcp {' '.join(words)}'"
    status, out = await programs.run(programs.program(shell), "-c", code, env=environ())
    assert status == 0, out
    return [choice.split("\t")[0] for choice in out.split("\n") if choice]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
async def test_shell_completes_commands_tools_arguments_and_clients(shell: str) -> None:
    assert await completed(shell, "ca") == ["call"]
    assert sorted(await completed(shell, "call", "")) == sorted(TOOLS)
    assert await completed(shell, "call", "get_b") == ["get_booking"]
    assert sorted(await completed(shell, "call", "create_contact", "")) == sorted(
        f"{name}=" for name in TOOLS["create_contact"].input_schema["properties"]
    )
    assert await completed(shell, "call", "get_booking", "b") == ["bookingId="]
    assert await completed(shell, "tools", "get_s") == ["get_settings"]
    assert sorted(await completed(shell, "install", "")) == sorted(CLIENTS)


async def test_unknown_shell_has_status_2() -> None:
    assert (await run("completion", "ksh")).status == 2
