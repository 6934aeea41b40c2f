"""The programs that start us: where each keeps its list of servers, and what one server's entry looks like there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePath, PurePosixPath, PureWindowsPath
from types import MappingProxyType
from typing import Any, Final, NamedTuple

SERVER: Final = "linktime"  # our name in every list of servers
KEY: Final = "LINKTIME_API_KEY"


class System(StrEnum):
    """An operating system, by where it keeps users' files."""

    LINUX = "linux"
    MACOS = "macos"
    WINDOWS = "windows"

    @classmethod
    def called(cls, platform: str) -> System:
        """Know it by its name in `sys.platform`."""
        return {"darwin": cls.MACOS, "win32": cls.WINDOWS}.get(platform, cls.LINUX)


class Format(StrEnum):
    """How a client reads its file."""

    JSON = "json"
    JSONC = "jsonc"  # comments and trailing commas are allowed
    TOML = "toml"


class Place(NamedTuple):
    """What paths depend on: the system, the user's environment, and the directory worked in."""

    system: System
    environ: Mapping[str, str]
    directory: PurePath

    def path(self, template: str) -> PurePath:
        """Fill in *template*: `{home}`, `{config}`, `{local}`, or `{NAME:…}`, the variable or what stands behind it."""
        head, _, rest = template.partition("}")
        name, _, otherwise = head.removeprefix("{").partition(":")
        return self._root(name, otherwise) / rest.removeprefix("/")

    def _root(self, name: str, otherwise: str) -> PurePath:
        windows = self.system is System.WINDOWS
        match name:
            case "home":
                return self._home("USERPROFILE" if windows else "HOME")
            case "config" if windows:
                return self._given("APPDATA", "AppData/Roaming")
            case "config" if self.system is System.MACOS:
                return self.path("{home}/Library/Application Support")
            case "config":
                return self._given("XDG_CONFIG_HOME", ".config")
            case "local":
                return self._given("LOCALAPPDATA", "AppData/Local")
            case _:
                return self._given(name, otherwise)

    def _home(self, variable: str) -> PurePath:
        home = self._flavour(self.environ.get(variable, ""))
        if not home.is_absolute():
            raise KeyError(variable)
        return home

    def _given(self, variable: str, otherwise: str) -> PurePath:
        """Read a folder from *variable*; one that is not absolute counts as not set, as XDG has it."""
        folder = self._flavour(self.environ.get(variable, ""))
        return folder if folder.is_absolute() else self.path("{home}") / otherwise

    def _flavour(self, path: str) -> PurePath:
        return PureWindowsPath(path) if self.system is System.WINDOWS else PurePosixPath(path)


Files = Mapping[System, tuple[str, ...]]


@dataclass(frozen=True)
class Client:
    """A client: *user* and *project* are its files, *servers* the key under which they list the servers.

    *reference* is how an entry names a variable whose value the client knows, with NAME for its name; *forward* is the
    field that lists such variables instead. *inputs* are what the client asks its user for. *fixed* is in every entry.
    Where *inherits* holds, a server sees the client's whole environment.
    """

    name: str
    title: str
    format: Format
    servers: str
    user: Files
    project: str | None = None
    reference: str | None = None
    forward: str | None = None
    inherits: bool = False
    inputs: tuple[Mapping[str, Any], ...] = ()
    fixed: Mapping[str, str] = field(default_factory=dict)

    def files(self, place: Place, *, project: bool = False) -> tuple[PurePath, ...]:
        """Name the files that the client reads, those it prefers first; none where it has none for a project.

        Raises KeyError with the variable's name where the user's home is not known.
        """
        if not project:
            return tuple(place.path(template) for template in self.user[place.system])
        return (place.directory / self.project,) if self.project else ()

    def entry(self, command: str, args: tuple[str, ...], env: Mapping[str, str]) -> dict[str, Any]:
        """Write the entry of a server that is started by *command*."""
        given = {"command": command, "args": list(args), "env": dict(env)}
        return dict(self.fixed) | {name: value for name, value in given.items() if value}


def _everywhere(template: str) -> Files:
    return MappingProxyType(dict.fromkeys(System, (template,)))


_KEY_INPUT: Final = MappingProxyType(
    {"type": "promptString", "id": "linktime-key", "description": "LinkTime API key", "password": True}
)

_ALL: Final = (
    # modelcontextprotocol.io, "Connect to local MCP servers"; the first place of Windows is where the MSIX package, the
    # default since February 2026, reads it: anthropics/claude-code#26073, akitaonrails/ai-memory#250
    Client(
        "claude-desktop",
        "Claude Desktop",
        Format.JSON,
        "mcpServers",
        MappingProxyType(
            {
                System.LINUX: ("{config}/Claude/claude_desktop_config.json",),
                System.MACOS: ("{config}/Claude/claude_desktop_config.json",),
                System.WINDOWS: (
                    "{local}/Packages/Claude_pzs8sxrjxfjjc/LocalCache/Roaming/Claude/claude_desktop_config.json",
                    "{config}/Claude/claude_desktop_config.json",
                ),
            }
        ),
    ),
    # code.claude.com/docs/en/mcp, "MCP installation scopes" and "Environment variable expansion in .mcp.json"; the
    # user's file and CLAUDE_CONFIG_DIR: anthropics/claude-code#4193, #48448
    Client(
        "claude-code",
        "Claude Code",
        Format.JSON,
        "mcpServers",
        _everywhere("{CLAUDE_CONFIG_DIR:}/.claude.json"),
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
        _everywhere("{home}/.cursor/mcp.json"),
        project=".cursor/mcp.json",
        reference="${env:NAME}",
    ),
    # docs.windsurf.com/windsurf/cascade/mcp: one file for the user, none for a project
    Client(
        "windsurf",
        "Windsurf",
        Format.JSONC,
        "mcpServers",
        _everywhere("{home}/.codeium/windsurf/mcp_config.json"),
        reference="${env:NAME}",
    ),
    # code.visualstudio.com/docs/copilot/reference/mcp-configuration; the user's file is that of the default profile
    Client(
        "vscode",
        "VS Code",
        Format.JSONC,
        "servers",
        _everywhere("{config}/Code/User/mcp.json"),
        project=".vscode/mcp.json",
        inputs=(_KEY_INPUT,),
        fixed=MappingProxyType({"type": "stdio"}),
    ),
    # developers.openai.com/codex/mcp; `env_vars` in openai/codex, codex-rs/config/src/mcp_types.rs
    Client(
        "codex",
        "Codex",
        Format.TOML,
        "mcp_servers",
        _everywhere("{CODEX_HOME:.codex}/config.toml"),
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
        _everywhere("{GEMINI_CLI_HOME:}/.gemini/settings.json"),
        project=".gemini/settings.json",
        reference="${NAME}",
    ),
    # zed.dev/docs/ai/mcp; zed-industries/zed, crates/paths/src/paths.rs for the places, m_2025_11_25 of crates/migrator
    # for an entry without `source`, #60459 for variables that are not expanded
    Client(
        "zed",
        "Zed",
        Format.JSONC,
        "context_servers",
        MappingProxyType(
            {
                System.LINUX: ("{config}/zed/settings.json",),
                System.MACOS: ("{home}/.config/zed/settings.json",),
                System.WINDOWS: ("{config}/Zed/settings.json",),
            }
        ),
        project=".zed/settings.json",
        inherits=True,
    ),
)

CLIENTS: Final[Mapping[str, Client]] = MappingProxyType({client.name: client for client in _ALL})
