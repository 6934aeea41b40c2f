from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from linktime import __version__
from linktime.commands.install.launch import Installation, Launch, TemporaryInstallation

ROOT = Path(__file__).parents[2]

VENV = Installation(
    prefix="/home/ada/venv",
    python="/home/ada/venv/bin/python",
    script="/home/ada/venv/bin/linktime-mcp",
    version="1.2.3",
    origin=None,
    source="/home/ada/venv/lib/python3.11/site-packages",
    uv="/usr/bin/uv",
    pipx="/usr/bin/pipx",
)
UVX = VENV._replace(prefix="/home/ada/.cache/uv/archive-v0/ACrx-5OMv00v6TMx", script="/home/ada/.cache/uv/x")
PIPX_RUN = VENV._replace(prefix="/home/ada/.cache/pipx/3d073f16cd02b5b")
FOLDER = {"url": "file:///home/ada/linktime-mcp", "dir_info": {}}
COMMIT = {
    "url": "https://x.example/l.git",
    "vcs_info": {"vcs": "git", "requested_revision": "main", "commit_id": "c0ffee"},
}


def uvx(requirement: str) -> Launch:
    return Launch("/usr/bin/uv", ("tool", "run", "--from", requirement, "linktime-mcp"))


@pytest.mark.parametrize(
    ("installation", "launch"),
    [
        pytest.param(VENV, Launch("/home/ada/venv/bin/linktime-mcp"), id="pip in a venv"),
        pytest.param(
            VENV._replace(prefix="/usr", python="/usr/bin/python3", script="/home/ada/.local/bin/linktime-mcp"),
            Launch("/home/ada/.local/bin/linktime-mcp"),
            id="pip --user",
        ),
        pytest.param(
            VENV._replace(origin={"url": "file:///home/ada/l", "dir_info": {"editable": True}}, source="/home/ada/l"),
            Launch("/home/ada/venv/bin/linktime-mcp"),
            id="editable",
        ),
        pytest.param(
            VENV._replace(prefix="/home/ada/.local/share/pipx/venvs/linktime-mcp", script="/p/bin/linktime-mcp"),
            Launch("/p/bin/linktime-mcp"),
            id="pipx",
        ),
        pytest.param(
            VENV._replace(
                prefix=r"C:\Users\ada\AppData\Roaming\uv\tools\linktime-mcp", script=r"C:\t\linktime-mcp.exe"
            ),
            Launch(r"C:\t\linktime-mcp.exe"),
            id="uv tool install",
        ),
        pytest.param(
            VENV._replace(script=None),
            Launch("/home/ada/venv/bin/python", ("-m", "linktime")),
            id="installed, and the script is gone",
        ),
        pytest.param(
            VENV._replace(script=None, version=None, source="/home/ada/l"),
            Launch("/home/ada/venv/bin/python", ("-m", "linktime"), {"PYTHONPATH": "/home/ada/l"}),
            id="not installed, run in its folder",
        ),
        pytest.param(UVX, uvx("linktime-mcp==1.2.3"), id="uvx from an index"),
        pytest.param(
            UVX._replace(prefix=r"C:\Users\ada\AppData\Local\uv\cache\archive-v0\ACrx-5OMv00v6TMx"),
            uvx("linktime-mcp==1.2.3"),
            id="uvx on Windows",
        ),
        pytest.param(
            UVX._replace(origin=FOLDER), uvx("linktime-mcp @ file:///home/ada/linktime-mcp"), id="uvx from a folder"
        ),
        pytest.param(
            UVX._replace(origin=COMMIT),
            uvx("linktime-mcp @ git+https://x.example/l.git@c0ffee"),
            id="uvx from a repository",
        ),
        pytest.param(
            UVX._replace(origin=COMMIT | {"subdirectory": "tools/linktime"}),
            uvx("linktime-mcp @ git+https://x.example/l.git@c0ffee#subdirectory=tools/linktime"),
            id="uvx from a folder of a repository",
        ),
        pytest.param(
            UVX._replace(prefix="/home/ada/.cache/uv/builds-v0/.tmphgz5AE"),
            uvx("linktime-mcp==1.2.3"),
            id="uv run --with",
        ),
        pytest.param(
            UVX._replace(prefix="/home/ada/.cache/uv/environments-v2/linktime-0123456789abcdef"),
            uvx("linktime-mcp==1.2.3"),
            id="uv run of a script",
        ),
        *(
            pytest.param(VENV._replace(prefix=prefix), Launch("/home/ada/venv/bin/linktime-mcp"), id=prefix)
            for prefix in (
                "/home/ada/builds-v2/venv",
                "/home/ada/archive-v1/linktime",
                "/srv/environments-v2/linktime-1",
            )
        ),
        pytest.param(
            PIPX_RUN,
            Launch("/usr/bin/pipx", ("run", "--spec", "linktime-mcp==1.2.3", "linktime-mcp")),
            id="pipx run",
        ),
        pytest.param(
            PIPX_RUN._replace(prefix="/home/ada/.local/pipx/.cache/3d073f16cd02b5b", origin=FOLDER),
            Launch("/usr/bin/pipx", ("run", "--spec", "linktime-mcp @ file:///home/ada/linktime-mcp", "linktime-mcp")),
            id="pipx run of a folder",
        ),
    ],
)
def test_command_fits_the_installation(installation: Installation, launch: Launch) -> None:
    assert installation.launch() == launch


@pytest.mark.parametrize(
    ("url", "written"),
    [
        ("https://ada:pa@ss@x.example/@l.git", "https://x.example/@l.git"),
        ("https://ghp_token@x.example/l.git", "https://x.example/l.git"),
        ("http://ghp_token@x.example/l.git", "http://x.example/l.git"),
        ("ssh://ada:pass@x.example/l.git", "ssh://x.example/l.git"),
        ("ssh://git@x.example/l.git", "ssh://git@x.example/l.git"),
    ],
)
def test_requirement_has_no_credentials_but_the_ssh_user(url: str, written: str) -> None:
    assert UVX._replace(origin={"url": url}).launch() == uvx(f"linktime-mcp @ {written}")
    assert UVX._replace(origin=COMMIT | {"url": url}).launch() == uvx(f"linktime-mcp @ git+{written}@c0ffee")


@pytest.mark.parametrize(
    ("installation", "command"),
    [(UVX._replace(uv=None), "uv tool install"), (PIPX_RUN._replace(pipx=None), "pipx install")],
)
def test_temporary_installation_without_its_tool_is_refused(installation: Installation, command: str) -> None:
    with pytest.raises(TemporaryInstallation) as error:
        installation.launch()

    assert error.value.command == command
    assert f"`{command}`" in str(error.value)


def test_current_installation() -> None:
    installation = Installation.current({"PATH": "/nowhere", "UV": "/opt/uv"})

    assert installation._replace(script=None, origin=None) == Installation(
        sys.prefix, sys.executable, None, __version__, None, str(ROOT), "/opt/uv", None
    )
    assert installation.script
    assert subprocess.run([installation.script, "--version"], capture_output=True, check=True).stdout
    assert installation.launch() == Launch(installation.script)


@pytest.mark.posix  # a symbolic link
def test_folder_without_installation_is_in_the_command(tmp_path: Path) -> None:
    for package in Path(sysconfig.get_path("purelib")).iterdir():
        if "linktime" not in package.name:
            (tmp_path / package.name).symlink_to(package)

    process = subprocess.run(
        [
            sys.executable,
            "-S",
            "-c",
            "from linktime.commands.install import Installation; print(Installation.current({}).launch())",
        ],
        capture_output=True,
        env={"PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"},
        text=True,
        check=True,
    )

    assert process.stdout == f"{Launch(sys.executable, ('-m', 'linktime'), {'PYTHONPATH': str(ROOT)})}\n"
