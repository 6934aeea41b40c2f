"""The installer as a program, with and without a terminal."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from linktime.commands.clients import CLIENTS
from linktime.commands.install.config_file import PLACEHOLDER
from tests.support.installer_user import KEY
from tests.support.process import PATIENCE, environ

OWNING = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""  # makes the terminal the program's own, so that Ctrl-C arrives

CTRL_C = b"\x03"
INSTALL = [sys.executable, "-m", "linktime", "install"]


def one_line(text: str, part: str) -> bool:
    """Return whether *text* is one line of the program with *part* in it."""
    return text.startswith("linktime-mcp: ") and text.count("\n") == 1 and text.endswith("\n") and part in text


def run(home: Path, *arguments: str, **settings: str) -> tuple[int, str, str]:
    """Run it without a terminal."""
    ended = subprocess.run(
        [*INSTALL, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        cwd=home,
        encoding="utf-8",
        env=environ(HOME=str(home), PYTHONIOENCODING="utf-8", **settings),
        timeout=PATIENCE,
    )
    return ended.returncode, ended.stdout, ended.stderr


def converse(home: Path, *arguments: str, answers: dict[bytes, bytes]) -> tuple[int, str]:
    """Run it on a terminal and answer each question. Return the status and the output."""
    ours, its = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", OWNING, *INSTALL, *arguments],
        stdin=its,
        stdout=its,
        stderr=its,
        cwd=home,
        env=environ(HOME=str(home), PYTHONIOENCODING="utf-8"),
    )
    os.close(its)
    screen = typed = b""
    waiting = dict(answers)
    while piece := _read(ours, again=CTRL_C if typed == CTRL_C else b""):
        screen += piece
        for question in [question for question in waiting if question in screen]:
            os.write(ours, typed := waiting.pop(question))
    os.close(ours)
    return process.wait(PATIENCE), screen.decode()


def _read(terminal: int, *, again: bytes) -> bytes:
    """Read the output; nothing after the end, which is an error on Linux. Type *again* each second until then.

    Python loses a Ctrl-C that arrives after it wrote the question and before it reads the answer.
    """
    for _ in range(int(PATIENCE)):
        ready, _, _ = select.select([terminal], [], [], 1.0)
        if ready:
            break
        os.write(terminal, again)
    assert ready, "nothing more is shown, and the program has not ended"
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""


def test_terminal_asks_for_the_key_without_echo(tmp_path: Path) -> None:
    status, screen = converse(tmp_path, "cursor", answers={b"LinkTime API key": f"{KEY}\n".encode(), b"[y/N]": b"y\n"})

    assert status == 0
    assert KEY not in screen
    server = json.loads((tmp_path / ".cursor" / "mcp.json").read_text())["mcpServers"]["linktime"]
    assert server["env"] == {"LINKTIME_API_KEY": KEY}


@pytest.mark.parametrize(("answer", "status"), [(b"n\n", 0), (b"\x04", 0), (CTRL_C, 130)])
def test_terminal_answer_other_than_yes_changes_nothing(tmp_path: Path, answer: bytes, status: int) -> None:
    ended, screen = converse(tmp_path, "vscode", answers={b"[y/N]": answer})

    assert ended == status
    assert "Traceback" not in screen
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_without_a_terminal_only_yes_changes_files(tmp_path: Path) -> None:
    status, out, err = run(tmp_path, "claude-code", LINKTIME_API_KEY=KEY)
    assert (status, one_line(err, "--yes")) == (1, True)
    assert KEY not in out
    assert list(tmp_path.iterdir()) == []

    assert run(tmp_path, "claude-code", "--yes", LINKTIME_API_KEY=KEY)[0] == 0
    assert KEY in (tmp_path / ".claude.json").read_text()
    assert run(tmp_path, "claude-code", "--uninstall", "--yes")[0] == 0
    assert list(tmp_path.iterdir()) == []


def test_project_file_is_in_the_working_directory(tmp_path: Path) -> None:
    assert run(tmp_path, "codex", "--project", "--yes")[0] == 0

    assert [file.name for file in (tmp_path / ".codex").iterdir()] == ["config.toml"]


def test_print_writes_only_the_snippet_to_stdout(tmp_path: Path) -> None:
    status, out, err = run(tmp_path, "windsurf", "--print")

    assert (status, len(err.splitlines())) == (0, 2)
    assert (str(tmp_path / ".codeium" / "windsurf" / "mcp_config.json") in err, PLACEHOLDER in err) == (True, True)
    assert json.loads(out)["mcpServers"]["linktime"]["env"] == {"LINKTIME_API_KEY": PLACEHOLDER}
    assert list(tmp_path.iterdir()) == []


CLOSING = ["sh", "-c", 'exec "$@" >&-', "sh"]


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["Broken pipe", "No space left on device"])
def test_lost_output_ends_it_and_the_change_is_made(tmp_path: Path, fault: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe, Path("/dev/full").open("wb") as full:
        output = pipe if "pipe" in fault else full
        ends = [
            _lost(tmp_path, *arguments, stdout=output) for arguments in (("vscode", "--print"), ("cursor", "--yes"))
        ]

    # A reader that leaves is no fault, so there is nothing to report.
    reports = [not err if "pipe" in fault else one_line(err, fault) for _, err in ends]
    assert ([status for status, _ in ends], reports) == ([1, 1], [True, True])
    assert [file.name for file in tmp_path.rglob("*.json")] == ["mcp.json"]


def test_closed_output_changes_nothing(tmp_path: Path) -> None:
    status, err = _lost(tmp_path, "cursor", "--yes", before=CLOSING)
    assert (status, one_line(err, "output")) == (1, True)
    assert list(tmp_path.iterdir()) == []


def test_unusable_environment_is_one_line(tmp_path: Path) -> None:
    gone = ["sh", "-c", 'mkdir gone && cd gone && rmdir ../gone && exec "$@"', "sh"]
    long = f"{tmp_path}{'/' + 'x' * 300}"

    status, err = _lost(tmp_path, "cursor", "--yes", before=gone)
    assert (status, one_line(err, "No such file or directory")) == (1, True)
    status, err = _lost(tmp_path, "cursor", "--yes", HOME=long)
    assert (status, one_line(err, f"{long}/.cursor/mcp.json: File name too long")) == (1, True)


def _lost(
    home: Path, *arguments: str, before: Sequence[str] = (), stdout: Any = None, **settings: str
) -> tuple[int, str]:
    """Run it with its output to *stdout*. Return the status and the error output."""
    ended = subprocess.run(
        [*before, *INSTALL, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=stdout or subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
        cwd=home,
        encoding="utf-8",
        env=environ(HOME=str(home), LINKTIME_API_KEY=KEY) | settings,
        timeout=PATIENCE,
    )
    return ended.returncode, ended.stderr


def test_print_and_uninstall_exclude_each_other(tmp_path: Path) -> None:
    status, out, err = run(tmp_path, "cursor", "--print", "--uninstall")

    assert (status, out) == (2, "")
    assert err.endswith("error: argument --uninstall: not allowed with argument --print\n")


def test_unknown_client_has_status_2(tmp_path: Path) -> None:
    status, out, err = run(tmp_path, "emacs")

    assert (status, out, one_line(err, "emacs")) == (2, "", True)


def test_help_names_every_client(tmp_path: Path) -> None:
    _, out, _ = run(tmp_path, "--help")

    assert [name for name in CLIENTS if name not in out] == []


def test_yes_never_waits_for_the_terminal(tmp_path: Path) -> None:
    status, screen = converse(tmp_path, "cursor", "--yes", answers={})

    assert status == 0
    assert "[y/N]" not in screen
    assert (tmp_path / ".cursor" / "mcp.json").exists()


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_print_to_a_file_is_utf8_in_every_locale(tmp_path: Path, encoding: str) -> None:
    settings = {"LINKTIME_BASE_URL": "https://日程.example", "PYTHONIOENCODING": encoding}
    with (tmp_path / "out.json").open("wb") as output:
        _lost(tmp_path, "cursor", "--print", stdout=output, **settings)

    server = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["mcpServers"]["linktime"]
    assert server["env"]["LINKTIME_BASE_URL"] == settings["LINKTIME_BASE_URL"]


def test_misspelt_client_has_a_suggestion(tmp_path: Path) -> None:
    status, out, err = run(tmp_path, "cursr")

    assert (status, out, one_line(err, " cursor?")) == (2, "", True)
