"""The installer as its users have it: the real command line, with and without a terminal."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from linktime.clients import CLIENTS
from tests.child import PATIENCE, environ
from tests.desk import KEY

OWNING = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""  # makes the terminal the program's own, so that Ctrl-C arrives

INSTALL = [sys.executable, "-m", "linktime", "install"]


def run(home: Path, *arguments: str, **settings: str) -> tuple[int, str, str]:
    """Run it where nobody can be asked."""
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
    """Run it on a terminal, and give each question its answer; returns the status and all that was shown."""
    ours, its = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", OWNING, *INSTALL, *arguments],
        stdin=its,
        stdout=its,
        stderr=its,
        cwd=home,
        env=environ(HOME=str(home), PYTHONIOENCODING="utf-8"),
    )
    os.close(its)
    shown = b""
    waiting = dict(answers)
    while piece := _read(ours):
        shown += piece
        for question in [question for question in waiting if question in shown]:
            os.write(ours, waiting.pop(question))
    os.close(ours)
    return process.wait(PATIENCE), shown.decode()


def _read(terminal: int) -> bytes:
    """Read what was shown; nothing after the end, of which Linux makes an error."""
    ready, _, _ = select.select([terminal], [], [], PATIENCE)
    assert ready, "nothing more is shown, and the program has not ended"
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""


def test_on_a_terminal_the_key_is_asked_for_without_echo_and_then_the_change(tmp_path: Path) -> None:
    status, shown = converse(tmp_path, "cursor", answers={b"LinkTime API key": f"{KEY}\n".encode(), b"[y/N]": b"y\n"})

    assert status == 0
    assert KEY not in shown
    assert "Cursor has linktime now." in shown
    server = json.loads((tmp_path / ".cursor" / "mcp.json").read_text())["mcpServers"]["linktime"]
    assert server["env"] == {"LINKTIME_API_KEY": KEY}


@pytest.mark.parametrize(("answer", "status"), [(b"n\n", 0), (b"\x04", 0), (b"\x03", 130)])
def test_on_a_terminal_anything_but_yes_changes_nothing(tmp_path: Path, answer: bytes, status: int) -> None:
    ended, shown = converse(tmp_path, "vscode", answers={b"[y/N]": answer})

    assert ended == status
    assert ("Nothing was changed." in shown) == (status == 0)
    assert "Traceback" not in shown
    assert list(tmp_path.iterdir()) == []


def test_without_a_terminal_nothing_is_changed_unless_the_user_said_yes(tmp_path: Path) -> None:
    status, out, err = run(tmp_path, "claude-code", LINKTIME_API_KEY=KEY)
    assert (status, err) == (
        1,
        "linktime-mcp: there is no terminal to ask on, so nothing was changed; --yes does it without asking\n",
    )
    assert KEY not in out
    assert list(tmp_path.iterdir()) == []

    assert run(tmp_path, "claude-code", "--yes", LINKTIME_API_KEY=KEY)[0] == 0
    assert KEY in (tmp_path / ".claude.json").read_text()
    assert run(tmp_path, "claude-code", "--uninstall", "--yes")[0] == 0
    assert list(tmp_path.iterdir()) == []


def test_the_file_of_a_project_is_in_the_directory_worked_in(tmp_path: Path) -> None:
    assert run(tmp_path, "codex", "--project", "--yes")[0] == 0

    assert [file.name for file in (tmp_path / ".codex").iterdir()] == ["config.toml"]


def test_only_the_snippet_is_printed_to_stdout(tmp_path: Path) -> None:
    status, out, err = run(tmp_path, "windsurf", "--print")

    assert (status, err) == (0, "Put your key in place of lt_live_...\n")
    assert json.loads(out)["mcpServers"]["linktime"]["env"] == {"LINKTIME_API_KEY": "lt_live_..."}
    assert list(tmp_path.iterdir()) == []


CLOSING = ["sh", "-c", 'exec "$@" >&-', "sh"]


@pytest.mark.parametrize("fault", ["can't be written: Broken pipe", "can't be written: No space left on device"])
def test_an_output_that_is_lost_ends_with_one_line_and_what_was_agreed_to_is_done(tmp_path: Path, fault: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe, Path("/dev/full").open("wb") as full:
        output = pipe if "pipe" in fault else full
        ends = [
            _lost(tmp_path, *arguments, stdout=output) for arguments in (("vscode", "--print"), ("cursor", "--yes"))
        ]

    assert ends == [(1, f"linktime-mcp: the output {fault}\n")] * 2
    assert [file.name for file in tmp_path.rglob("*.json")] == ["mcp.json"]


def test_where_the_output_is_closed_nothing_is_done(tmp_path: Path) -> None:
    assert _lost(tmp_path, "cursor", "--yes", before=CLOSING) == (1, "linktime-mcp: the output is closed\n")
    assert list(tmp_path.iterdir()) == []


def test_surroundings_that_cannot_be_used_end_with_one_line(tmp_path: Path) -> None:
    gone = ["sh", "-c", 'mkdir gone && cd gone && rmdir ../gone && exec "$@"', "sh"]
    long = f"{tmp_path}{'/' + 'x' * 300}"

    assert _lost(tmp_path, "cursor", "--yes", before=gone) == (
        1,
        "linktime-mcp: the directory you are in can't be used: No such file or directory; go to another one\n",
    )
    assert _lost(tmp_path, "cursor", "--yes", HOME=long) == (
        1,
        f"linktime-mcp: {long}/.cursor/mcp.json: File name too long; nothing was changed\n",
    )


def _lost(
    home: Path, *arguments: str, before: Sequence[str] = (), stdout: Any = None, **settings: str
) -> tuple[int, str]:
    """Run it where its output goes to *stdout*; returns the status and what it says of that."""
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


def test_print_and_uninstall_do_not_go_together(tmp_path: Path) -> None:
    status, out, err = run(tmp_path, "cursor", "--print", "--uninstall")

    assert (status, out) == (2, "")
    assert err.endswith("error: argument --uninstall: not allowed with argument --print\n")


def test_a_client_that_is_none_ends_with_status_2(tmp_path: Path) -> None:
    names = ", ".join(CLIENTS)

    assert run(tmp_path, "emacs") == (2, "", f"linktime-mcp: emacs is none of the clients: {names}\n")


def test_the_help_names_every_client(tmp_path: Path) -> None:
    _, out, _ = run(tmp_path, "--help")

    assert [name for name in CLIENTS if name not in out] == []
