from __future__ import annotations

from pathlib import PurePath, PurePosixPath, PureWindowsPath

import pytest

from linktime.commands.clients import CLIENTS
from linktime.commands.locations import Environment, System

LINUX = Environment(System.LINUX, {"HOME": "/home/ada"}, PurePosixPath("/work/shop"))
MACOS = Environment(System.MACOS, {"HOME": "/Users/ada"}, PurePosixPath("/work/shop"))
WINDOWS = Environment(System.WINDOWS, {"USERPROFILE": r"C:\Users\ada"}, PureWindowsPath(r"C:\work\shop"))

LIBRARY = "/Users/ada/Library/Application Support"
ROAMING = r"C:\Users\ada\AppData\Roaming"
PACKAGE = r"C:\Users\ada\AppData\Local\Packages\Claude_pzs8sxrjxfjjc\LocalCache\Roaming"


@pytest.mark.parametrize(
    ("name", "linux", "macos", "windows"),
    [
        (
            "claude-desktop",
            ["/home/ada/.config/Claude/claude_desktop_config.json"],
            [f"{LIBRARY}/Claude/claude_desktop_config.json"],
            [rf"{PACKAGE}\Claude\claude_desktop_config.json", rf"{ROAMING}\Claude\claude_desktop_config.json"],
        ),
        (
            "claude-code",
            ["/home/ada/.claude.json"],
            ["/Users/ada/.claude.json"],
            [r"C:\Users\ada\.claude.json"],
        ),
        (
            "cursor",
            ["/home/ada/.cursor/mcp.json"],
            ["/Users/ada/.cursor/mcp.json"],
            [r"C:\Users\ada\.cursor\mcp.json"],
        ),
        (
            "windsurf",
            ["/home/ada/.codeium/windsurf/mcp_config.json"],
            ["/Users/ada/.codeium/windsurf/mcp_config.json"],
            [r"C:\Users\ada\.codeium\windsurf\mcp_config.json"],
        ),
        (
            "vscode",
            [
                "/home/ada/.config/Code/User/mcp.json",
                "/home/ada/.vscode-server/data/User/mcp.json",
                "/home/ada/.config/Code - Insiders/User/mcp.json",
                "/home/ada/.vscode-server-insiders/data/User/mcp.json",
            ],
            [
                f"{LIBRARY}/Code/User/mcp.json",
                "/Users/ada/.vscode-server/data/User/mcp.json",
                f"{LIBRARY}/Code - Insiders/User/mcp.json",
                "/Users/ada/.vscode-server-insiders/data/User/mcp.json",
            ],
            [
                rf"{ROAMING}\Code\User\mcp.json",
                r"C:\Users\ada\.vscode-server\data\User\mcp.json",
                rf"{ROAMING}\Code - Insiders\User\mcp.json",
                r"C:\Users\ada\.vscode-server-insiders\data\User\mcp.json",
            ],
        ),
        (
            "codex",
            ["/home/ada/.codex/config.toml"],
            ["/Users/ada/.codex/config.toml"],
            [r"C:\Users\ada\.codex\config.toml"],
        ),
        (
            "gemini-cli",
            ["/home/ada/.gemini/settings.json"],
            ["/Users/ada/.gemini/settings.json"],
            [r"C:\Users\ada\.gemini\settings.json"],
        ),
        (
            "zed",
            ["/home/ada/.config/zed/settings.json"],
            ["/Users/ada/.config/zed/settings.json"],
            [rf"{ROAMING}\Zed\settings.json"],
        ),
    ],
)
def test_files_of_each_client_on_each_system(name: str, linux: list[str], macos: list[str], windows: list[str]) -> None:
    client = CLIENTS[name]

    files = [[str(file) for file in client.files(environment)] for environment in (LINUX, MACOS, WINDOWS)]

    assert files == [linux, macos, windows]


@pytest.mark.parametrize(
    ("name", "variable", "folder", "file"),
    [
        ("claude-desktop", "XDG_CONFIG_HOME", "/etc/ada", "/etc/ada/Claude/claude_desktop_config.json"),
        ("vscode", "XDG_CONFIG_HOME", "/etc/ada", "/etc/ada/Code/User/mcp.json"),
        ("zed", "XDG_CONFIG_HOME", "/etc/ada", "/etc/ada/zed/settings.json"),
        ("zed", "XDG_CONFIG_HOME", "not/absolute", "/home/ada/.config/zed/settings.json"),
        ("claude-code", "CLAUDE_CONFIG_DIR", "/srv/claude", "/srv/claude/.claude.json"),
        ("codex", "CODEX_HOME", "/srv/codex", "/srv/codex/config.toml"),
        ("gemini-cli", "GEMINI_CLI_HOME", "/srv/gemini", "/srv/gemini/.gemini/settings.json"),
    ],
)
def test_variable_moves_the_file_of_its_client(name: str, variable: str, folder: str, file: str) -> None:
    environment = LINUX._replace(variables={**LINUX.variables, variable: folder})

    assert CLIENTS[name].files(environment)[0] == PurePosixPath(file)


def test_application_data_of_windows_can_be_elsewhere() -> None:
    environment = WINDOWS._replace(
        variables={**WINDOWS.variables, "APPDATA": r"D:\Roaming", "LOCALAPPDATA": r"D:\Local"}
    )

    assert [str(file) for file in CLIENTS["claude-desktop"].files(environment)] == [
        r"D:\Local\Packages\Claude_pzs8sxrjxfjjc\LocalCache\Roaming\Claude\claude_desktop_config.json",
        r"D:\Roaming\Claude\claude_desktop_config.json",
    ]


def test_project_file_is_in_the_working_directory() -> None:
    files: dict[str, tuple[PurePath, ...]] = {
        name: client.files(LINUX, project=True) for name, client in CLIENTS.items()
    }

    assert files == {
        "claude-desktop": (),
        "claude-code": (PurePosixPath("/work/shop/.mcp.json"),),
        "cursor": (PurePosixPath("/work/shop/.cursor/mcp.json"),),
        "windsurf": (),
        "vscode": (PurePosixPath("/work/shop/.vscode/mcp.json"),),
        "codex": (PurePosixPath("/work/shop/.codex/config.toml"),),
        "gemini-cli": (PurePosixPath("/work/shop/.gemini/settings.json"),),
        "zed": (PurePosixPath("/work/shop/.zed/settings.json"),),
    }
