"""The MCP clients: where each keeps its configuration file, and the form of a server's entry in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePath
from types import MappingProxyType
from typing import Any, Final

from .locations import Environment, Location, System

SERVER: Final = "linktime"  # the name of this server in every list of servers
KEY: Final = "LINKTIME_API_KEY"
KEY_PREFIX: Final = "lt_live_"  # of every key of LinkTime

BASE_URL: Final = "LINKTIME_BASE_URL"

SANDBOX_KEY: Final = "lt_live_b7ad567477c83756aab9a542b2be04f77dbae251"
"""The key of `linktime-mcp sandbox`. It is public, and no secret."""

SANDBOX_PORT: Final = 8787
_SANDBOX_ADDRESS: Final = "http://127.0.0.1:"


def sandbox_settings(port: int = SANDBOX_PORT) -> dict[str, str]:
    """Return the settings for `linktime-mcp sandbox` on *port*."""
    return {KEY: SANDBOX_KEY, BASE_URL: f"{_SANDBOX_ADDRESS}{port}"}


def is_of_sandbox(name: str, value: object) -> bool:
    """Return whether a setting has a value of `sandbox_settings`."""
    return value == SANDBOX_KEY if name == KEY else name == BASE_URL and str(value).startswith(_SANDBOX_ADDRESS)


class Format(StrEnum):
    """The format of a client's file."""

    JSON = "json"  # strict: no comments, no byte order mark
    JSONC = "jsonc"  # comments and trailing commas are allowed
    TOML = "toml"


Locations = Mapping[System, tuple[Location, ...]]


@dataclass(frozen=True)
class Client:
    """An MCP client."""

    name: str  # on the command line
    title: str
    format: Format
    servers: str  # the key of the list of servers in the file
    user: Locations  # of the user's file; the preferred first. The last is for a client that is in none of them
    project: str | None = None  # the project's file, relative to the project's folder
    reference: str | None = None  # a reference to an environment variable, with NAME for its name
    forward: str | None = None  # the field that lists the variables which the client passes on
    inherits: bool = False  # whether a server gets the client's whole environment
    inputs: tuple[Mapping[str, Any], ...] = ()  # values that the client asks the user for
    fixed: Mapping[str, str] = field(default_factory=dict)  # fields that are in every entry
    is_desktop: bool = False  # whether it runs on the Windows side of WSL

    def files(self, environment: Environment, *, project: bool = False) -> tuple[PurePath, ...]:
        """Return the files that the client reads, the preferred first. A project can have none.

        Raises KeyError as `Environment.path` does.
        """
        if not project:
            return tuple(dict.fromkeys(file for _, file in self.locations(environment)))
        return (environment.directory / self.project,) if self.project else ()

    def locations(self, environment: Environment) -> tuple[tuple[PurePath, PurePath], ...]:
        """Return the folder and the file of each location of the user's file. Raises KeyError likewise."""
        return tuple(location.paths(environment) for location in self.user[environment.system])

    def resolves(self, value: str) -> bool:
        """Return whether *value* has a reference that the client replaces before it starts a server."""
        prefix = (self.reference or "").partition("NAME")[0]
        return bool(prefix and prefix in value) or bool(self.inputs and "${input:" in value)

    def entry(self, command: str, args: tuple[str, ...], env: Mapping[str, str]) -> dict[str, Any]:
        """Return the entry of a server that *command* starts, without empty fields."""
        fields = {"command": command, "args": list(args), "env": dict(env)}
        return dict(self.fixed) | {name: value for name, value in fields.items() if value}


def _everywhere(*locations: Location) -> Locations:
    return MappingProxyType(dict.fromkeys(System, locations))


_KEY_INPUT: Final = MappingProxyType(
    {"type": "promptString", "id": "linktime-key", "description": "LinkTime API key", "password": True}
)

_CLAUDE_DESKTOP: Final = Location("{config}/Claude", "claude_desktop_config.json")
_VSCODE: Final = Location("{config}/Code", "User/mcp.json")

_ALL: Final = (
    # modelcontextprotocol.io, "Connect to local MCP servers". On Windows the MSIX package, the default since February
    # 2026, reads the first location: anthropics/claude-code#26073, akitaonrails/ai-memory#250
    Client(
        "claude-desktop",
        "Claude Desktop",
        Format.JSON,
        "mcpServers",
        MappingProxyType(
            {
                System.LINUX: (_CLAUDE_DESKTOP,),
                System.MACOS: (_CLAUDE_DESKTOP,),
                System.WINDOWS: (
                    Location(
                        "{local}/Packages/Claude_pzs8sxrjxfjjc",
                        "LocalCache/Roaming/Claude/claude_desktop_config.json",
                    ),
                    _CLAUDE_DESKTOP,
                ),
            }
        ),
        is_desktop=True,
    ),
    # code.claude.com/docs/en/mcp, "MCP installation scopes" and "Environment variable expansion in .mcp.json". The
    # user's file and CLAUDE_CONFIG_DIR: anthropics/claude-code#4193, #48448
    Client(
        "claude-code",
        "Claude Code",
        Format.JSON,
        "mcpServers",
        _everywhere(Location("{CLAUDE_CONFIG_DIR:}", ".claude.json")),
        project=".mcp.json",
        reference="${NAME}",
        fixed=MappingProxyType({"type": "stdio"}),
    ),
    # cursor.com/docs/mcp, "Configuration locations" and "Config interpolation"
    Client(
        "cursor",
        "Cursor",
        Format.JSONC,
        "mcpServers",
        _everywhere(Location("{home}/.cursor", "mcp.json")),
        project=".cursor/mcp.json",
        reference="${env:NAME}",
        is_desktop=True,
    ),
    # docs.windsurf.com/windsurf/cascade/mcp: a file for the user, none for a project
    Client(
        "windsurf",
        "Windsurf",
        Format.JSONC,
        "mcpServers",
        _everywhere(Location("{home}/.codeium/windsurf", "mcp_config.json")),
        reference="${env:NAME}",
        is_desktop=True,
    ),
    # code.visualstudio.com/docs/copilot/reference/mcp-configuration. The user's file is the one of the default profile.
    # In a remote window (SSH, WSL, container) the server's own file counts: microsoft/vscode,
    # src/vs/server/node/serverEnvironmentService.ts
    Client(
        "vscode",
        "VS Code",
        Format.JSONC,
        "servers",
        _everywhere(
            _VSCODE,
            Location("{home}/.vscode-server", "data/User/mcp.json"),
            Location("{config}/Code - Insiders", "User/mcp.json"),
            Location("{home}/.vscode-server-insiders", "data/User/mcp.json"),
            _VSCODE,
        ),
        project=".vscode/mcp.json",
        reference="${env:NAME}",
        is_desktop=True,
        inputs=(_KEY_INPUT,),
        fixed=MappingProxyType({"type": "stdio"}),
    ),
    # developers.openai.com/codex/mcp; `env_vars` in openai/codex, codex-rs/config/src/mcp_types.rs
    Client(
        "codex",
        "Codex",
        Format.TOML,
        "mcp_servers",
        _everywhere(Location("{CODEX_HOME:.codex}", "config.toml")),
        project=".codex/config.toml",
        forward="env_vars",
    ),
    # geminicli.com/docs/cli/configuration; google-gemini/gemini-cli, packages/cli/src/utils/envVarResolver.ts, and
    # packages/core/src/utils/paths.ts for GEMINI_CLI_HOME
    Client(
        "gemini-cli",
        "Gemini CLI",
        Format.JSONC,
        "mcpServers",
        _everywhere(Location("{GEMINI_CLI_HOME:}/.gemini", "settings.json")),
        project=".gemini/settings.json",
        reference="${NAME}",
    ),
    # zed.dev/docs/ai/mcp; zed-industries/zed, crates/paths/src/paths.rs for the locations, m_2025_11_25 of
    # crates/migrator for an entry without `source`, #60459 for variables that are not expanded
    Client(
        "zed",
        "Zed",
        Format.JSONC,
        "context_servers",
        MappingProxyType(
            {
                System.LINUX: (Location("{config}/zed", "settings.json"),),
                System.MACOS: (Location("{home}/.config/zed", "settings.json"),),
                System.WINDOWS: (Location("{config}/Zed", "settings.json"),),
            }
        ),
        project=".zed/settings.json",
        inherits=True,
        is_desktop=True,
    ),
)

CLIENTS: Final[Mapping[str, Client]] = MappingProxyType({client.name: client for client in _ALL})
