"""Where the installer writes: the file that the client reads, with permissions that protect the key."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from linktime.commands.clients import CLIENTS
from linktime.commands.locations import System
from tests.support.installer_user import KEY, User, entry, mode
from tests.support.process import PATIENCE, environ

DESKTOP = [name for name, client in CLIENTS.items() if client.is_desktop]


@pytest.mark.parametrize("name", CLIENTS)
@pytest.mark.posix
def test_desktop_client_is_refused_inside_wsl(tmp_path: Path, name: str) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY, WSL_DISTRO_NAME="Ubuntu")

    status = user.install(name, yes=True)

    if name not in DESKTOP:
        assert (status, user.state) == (0, "installed")
        return
    assert (status, user.reason) == (1, "runs_on_windows")
    assert f"linktime-mcp install {name}" in str(user.refusal)
    assert ("--project" in str(user.refusal)) == (CLIENTS[name].project is not None)
    assert list(tmp_path.iterdir()) == [user.project]


def test_desktop_client_inside_wsl_gets_its_file(tmp_path: Path) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY, WSL_DISTRO_NAME="Ubuntu")
    (tmp_path / ".cursor").mkdir()

    assert (user.install("cursor", yes=True), user.state) == (0, "installed")
    assert user.install("vscode", project=True, yes=True) == 0


@pytest.mark.parametrize("wsl", ["", "Ubuntu"])
@pytest.mark.parametrize(
    ("folder", "file"),
    [
        (".vscode-server", ".vscode-server/data/User/mcp.json"),
        (".config/Code - Insiders", ".config/Code - Insiders/User/mcp.json"),
        (".vscode-server-insiders", ".vscode-server-insiders/data/User/mcp.json"),
        (".config/Code", ".config/Code/User/mcp.json"),
    ],
)
@pytest.mark.posix
def test_vscode_file_is_where_it_runs(tmp_path: Path, folder: str, file: str, wsl: str) -> None:
    user = User(tmp_path, WSL_DISTRO_NAME=wsl)
    (tmp_path / folder).mkdir(parents=True)

    assert user.install("vscode", yes=True) == 0

    assert user.result
    assert user.result.file == tmp_path / file
    assert user.notes == {"client_asks"}
    assert f" {tmp_path / file}. " in user.out
    assert entry(CLIENTS["vscode"], tmp_path / file)["command"]


def test_missing_client_is_noted(tmp_path: Path) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY)

    assert user.install("cursor", yes=True) == 0
    assert user.notes == {"no_sign_of_client"}
    assert user.install("cursor", yes=True) == 0
    assert user.notes == set()


@pytest.mark.parametrize("name", [name for name, client in CLIENTS.items() if client.project])
def test_project_is_the_folder_with_git(tmp_path: Path, name: str) -> None:
    user = User(tmp_path)
    repository = user.project
    (repository / ".git").mkdir()
    user.project = repository / "src" / "deep"
    user.project.mkdir(parents=True)

    assert user.install(name, project=True, yes=True) == 0

    file = repository / (CLIENTS[name].project or "")
    assert user.result
    assert (user.result.file, str(file) in user.out) == (file, True)
    assert list(user.project.rglob("*")) == []
    user.project = repository
    assert user.install(name, project=True, yes=True) == 0
    assert user.state == "unchanged"


def test_project_is_the_nearest_folder_with_the_file(tmp_path: Path) -> None:
    user = User(tmp_path)
    (user.project / ".git").mkdir()
    file = user.has("cursor", "{}", project=True)
    nested = user.project / "package"
    (nested / "src").mkdir(parents=True)
    user.project = nested / "src"

    assert user.install("cursor", project=True, yes=True) == 0

    assert user.result
    assert user.result.file == file


@pytest.mark.parametrize("link", [False, True])
@pytest.mark.posix  # a symbolic link
def test_home_folder_is_not_a_project(tmp_path: Path, *, link: bool) -> None:
    user = User(tmp_path / "home")
    (user.home / ".git").mkdir()
    user.has("cursor", "{}")
    if link:
        (tmp_path / "link").symlink_to(user.home)
        user.environ["HOME"] = str(tmp_path / "link")

    assert user.install("cursor", project=True, yes=True) == 0

    assert user.result
    assert user.result.file == user.project / ".cursor" / "mcp.json"


def test_worktree_with_a_git_file_is_a_project(tmp_path: Path) -> None:
    user = User(tmp_path)
    root = user.project
    (root / ".git").write_text("gitdir: elsewhere")
    user.project = root / "src"
    user.project.mkdir()

    assert user.install("zed", project=True, yes=True) == 0

    assert user.result
    assert user.result.file == root / ".zed" / "settings.json"


@pytest.mark.parametrize(
    ("name", "strict"), [("claude-desktop", True), ("claude-code", True), ("cursor", False), ("codex", False)]
)
def test_byte_order_mark_goes_where_the_client_refuses_it(tmp_path: Path, name: str, *, strict: bool) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY)
    content = "a = 1\n" if name == "codex" else '{"a": 1}'
    file = user.has(name, f"\ufeff{content}")

    assert user.install(name, yes=True) == 0

    assert ("bom_removed" in user.notes) == strict
    assert file.read_text(encoding="utf-8").startswith("\ufeff") == (not strict)
    assert user.install(name, uninstall=True, yes=True) == 0
    assert file.read_text(encoding="utf-8") == (content if strict else f"\ufeff{content}")


def test_byte_order_mark_alone_is_a_reason_to_write(tmp_path: Path) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY)
    user.install("claude-desktop", yes=True)
    file = user.file("claude-desktop")
    text = file.read_text(encoding="utf-8")
    file.write_text(f"\ufeff{text}", encoding="utf-8")

    assert (user.install("claude-desktop", yes=True), user.state) == (0, "installed")
    assert file.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("project", [False, True])
@pytest.mark.posix
def test_backup_is_not_written_through_a_link(tmp_path: Path, *, project: bool) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY)
    user.has("cursor", '{"secret": 1}', project=project)
    backup, elsewhere = user.copy("cursor", project=project), tmp_path / "elsewhere"
    backup.parent.mkdir(parents=True, exist_ok=True)
    elsewhere.write_text("mine")
    backup.symlink_to(elsewhere)

    assert user.install("cursor", project=project, yes=True) == 0

    assert elsewhere.read_text() == "mine"
    assert (backup.is_symlink(), backup.read_text(), mode(backup)) == (False, '{"secret": 1}', 0o600)


@pytest.mark.posix  # a symbolic link
def test_linked_backup_is_not_restored(tmp_path: Path) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY)
    file, elsewhere = user.has("cursor", '{"a": 1}'), tmp_path / "elsewhere"
    user.install("cursor", yes=True)
    user.copy("cursor").unlink()
    elsewhere.write_text('{"mcpServers": {"evil": {"command": "x"}}}')
    user.copy("cursor").symlink_to(elsewhere)

    assert user.install("cursor", uninstall=True, yes=True) == 0

    assert "evil" not in file.read_text()
    assert not user.copy("cursor").is_symlink()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cursor", "vscode", "codex"])
def test_umask_of_zero_gives_others_no_write_access(tmp_path: Path, name: str) -> None:
    command = [sys.executable, "-m", "linktime", "install", name]
    for options in (["--yes"], ["--project", "--yes"]):
        settings = environ(HOME=str(tmp_path / "home"), XDG_STATE_HOME="", XDG_CONFIG_HOME="", LINKTIME_API_KEY=KEY)
        folder = tmp_path / "project"
        folder.mkdir(exist_ok=True)
        subprocess.run([*command, *options], check=True, cwd=folder, env=settings, timeout=PATIENCE, umask=0)

    created = [path for path in tmp_path.rglob("*") if path != tmp_path / "project"]
    assert len(created) >= 4
    assert [path for path in created if mode(path) & 0o022] == []


@pytest.mark.posix
def test_folder_that_windows_redirects_is_refused(tmp_path: Path) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY)
    private = tmp_path / "Packages" / "Claude_x" / "LocalCache" / "Roaming"
    private.mkdir(parents=True)
    (tmp_path / ".cursor").symlink_to(private)

    assert (user.install("cursor", yes=True), user.reason) == (1, "system")

    assert str(user.refusal).startswith(f"{user.file('cursor')}: ")
    assert list(private.iterdir()) == []


@pytest.mark.posix
def test_protected_folder_of_macos_is_noted(tmp_path: Path) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY)
    user.system = System.MACOS
    user.installation = user.installation._replace(script=str(tmp_path / "Desktop" / "venv" / "bin" / "linktime-mcp"))

    assert user.install("cursor", yes=True) == 0
    assert "path_protected" in user.notes
    user.installation = user.installation._replace(script=str(tmp_path / "tools" / "linktime-mcp"))
    assert user.install("cursor", yes=True) == 0
    assert "path_protected" not in user.notes
