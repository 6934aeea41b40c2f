"""A ledger in a file, and the faults of files."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest

from linktime.pipeline.clock import now
from linktime.pipeline.ledger import Change, LedgerUnavailable
from linktime.pipeline.ledger.interface import Busy
from tests.support.file_rights import NEEDS_ROOT, folder, unprivileged
from tests.support.ledger_homes import Server, delete, opened as opened_at
from tests.support.process import environ

__all__ = ["folder"]

CHANGE = Change(frozenset({"contacts"}), 0.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "budget-4f.db"


def opened(path: Path, server: str = "one") -> Server:
    return Server(opened_at(path, server, clock=now))


def joined(path: Path, server: str = "one") -> Server:
    opening = opened(path, server)
    opening.join()
    return opening


def publish(server: Server, change: Change = CHANGE) -> None:
    server.shared.changes.publish(change)


def poll(server: Server) -> list[Change] | None:
    changes = server.shared.changes.poll(patient=False)
    return None if changes is None else list(changes)


def close(server: Server) -> None:
    server.shared.ledger.close()


def unavailable(step: Callable[[], object]) -> str:
    with pytest.raises(LedgerUnavailable) as caught:
        step()
    return str(caught.value)


def remove(path: Path) -> None:
    for file in path.parent.iterdir():
        delete(file)


def run(program: str) -> list[str]:
    """Run a Python program. Return its output."""
    ended = subprocess.run(
        [sys.executable, "-c", program], check=True, stdout=subprocess.PIPE, text=True, timeout=30, env=environ()
    )
    return ended.stdout.splitlines()


@pytest.mark.posix
def test_first_step_writes_files_for_the_user_alone(path: Path) -> None:
    one = opened(path)
    assert one.status() is None
    assert poll(one) is None
    assert not path.parent.exists()

    one.join()

    assert path.parent.stat().st_mode & 0o777 == 0o700
    files = list(path.parent.iterdir())
    assert len(files) == 2
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


@pytest.mark.parametrize("spoil", [b"this was never a database\n" * 400, b"\0" * 4096])
def test_a_file_that_cannot_be_read_is_set_aside_and_made_new(
    path: Path, spoil: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path.parent.mkdir()
    path.write_bytes(spoil)

    assert joined(path).take("a") == 0

    assert path.with_suffix(".unreadable").read_bytes() == spoil
    assert len(caplog.messages) == 1
    assert "could not be read" in caplog.text


SPOILT: dict[str, Callable[[Path], object]] = {
    "noise": lambda path: path.write_bytes(b"spoilt" * 4000),
    "cut in half": lambda path: os.truncate(path, 4096),
    "no row": lambda path: altered(path, "UPDATE budget SET state = 'x'"),
    "another value": lambda path: altered(path, "UPDATE budget SET state = replace(state, '[', '[ ')"),
    "number": lambda path: altered(path, "UPDATE budget SET state = 7"),
    "no table": lambda path: altered(path, "DROP TABLE budget"),
    "foreign": lambda path: altered(path, "PRAGMA application_id = 7"),
    "pipe": lambda path: replaced(path, os.mkfifo),
    "folder": lambda path: replaced(path, Path.mkdir),
}


def replaced(path: Path, make: Callable[[Path], object]) -> None:
    delete(path)
    make(path)


def altered(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute(statement)


@pytest.mark.parametrize(
    "spoil",
    [pytest.param(spoil, id=name, marks=pytest.mark.posix if name == "pipe" else ()) for name, spoil in SPOILT.items()],
)
def test_file_spoilt_while_open_is_set_aside_once(
    path: Path, spoil: Callable[[Path], object], caplog: pytest.LogCaptureFixture
) -> None:
    one, other = joined(path, "one"), joined(path, "other")
    poll(one)
    spoil(path)

    for server in (one, other):
        with suppress(LedgerUnavailable):
            poll(server)
        assert server.take(server.shared.terms.server) == 0

    assert len(one.join().leased) == 2
    assert poll(one) in (None, [])
    assert len(caplog.messages) == 1


@pytest.mark.posix
@NEEDS_ROOT
def test_spoilt_file_that_cannot_be_renamed_is_emptied(folder: Path) -> None:
    """As on Windows, where a file that another server has open can be neither renamed nor deleted."""
    path, spoilt = folder / "budget.db", b"spoilt" * 4000
    folder.chmod(0o1777)  # only the owner of a file renames or deletes it
    one, other = opened(path, "one"), opened(path, "other")
    with unprivileged():
        one.join()
        other.join()
    path.write_bytes(spoilt)
    os.chown(path, 0, 0)
    path.chmod(0o666)

    with unprivileged():
        # The new file has as many changes as the old one had when one server saw it last.
        assert [other.join().servers, one.join().servers, other.join().servers] == [1, 2, 2]
        assert poll(other) is None
        publish(one)
        assert poll(other) == [CHANGE]
    assert path.with_suffix(".unreadable").read_bytes() == spoilt


@pytest.mark.parametrize("change", ["deleted", "replaced", "emptied"])
def test_file_that_goes_while_open_is_begun_anew(path: Path, change: str) -> None:
    one, other = joined(path, "one"), joined(path, "other")
    publish(one)
    poll(other)
    if change == "emptied":
        os.truncate(path, 0)
    else:
        remove(path)
    if change == "replaced":
        close(joined(path.with_name("new"), "third"))
        path.with_name("new").replace(path)

    for server in (one, other):
        server.join()

    assert one.join().servers == (3 if change == "replaced" else 2)
    assert poll(other) is None
    publish(one)
    assert poll(other) == [CHANGE]


def test_lost_journal_ends_nothing(path: Path) -> None:
    one = joined(path)
    for companion in path.parent.glob("*-*l"):
        os.truncate(companion, 0)

    assert one.take("a") == 0


def test_file_of_another_format_is_left_alone_while_it_is_used(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    one = joined(path)
    altered(path, "PRAGMA user_version = 99")

    assert "format 99" in unavailable(one.join)
    assert path.exists()

    os.utime(path, (0, 0))
    assert one.take("a") == 0
    assert len(caplog.messages) == 1


def test_files_that_were_not_used_for_a_month_are_removed(path: Path) -> None:
    old, recent, foreign = (path.with_name(name) for name in ("budget-a.db", "budget-b.db", "notes.txt"))
    path.parent.mkdir()
    for file, age in ((old, 31), (recent, 29), (foreign, 31)):
        file.touch()
        os.utime(file, (time.time() - age * 86_400,) * 2)

    joined(path)

    assert [old.exists(), recent.exists(), foreign.exists()] == [False, True, True]


@pytest.mark.posix  # Windows finds no file there, and so no fault
def test_ledger_in_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    one = opened(tmp_path / "file" / "budget")

    assert str(tmp_path) in unavailable(one.join)
    assert str(tmp_path) in unavailable(lambda: poll(one))
    close(one)


@pytest.mark.posix
def test_ledger_in_a_read_only_folder_is_unavailable(folder: Path) -> None:
    one = opened(folder / "budget")
    folder.chmod(0o555)

    with unprivileged():
        assert "Permission denied" in unavailable(one.join)
        assert poll(one) is None


def test_changes_in_a_file_that_was_only_begun_are_not_missed(path: Path) -> None:
    one = opened(path, "one")
    assert poll(one) is None
    path.parent.mkdir()
    path.touch()
    assert poll(one) == []

    other = joined(path, "other")
    assert poll(one) == []
    publish(other)
    assert poll(one) == [CHANGE]


@pytest.mark.posix
def test_ledger_in_a_folder_without_access_is_unavailable(folder: Path) -> None:
    one = opened(folder / "budget")
    folder.chmod(0)

    with unprivileged():
        assert "Permission denied" in unavailable(one.status)
        assert "Permission denied" in unavailable(lambda: poll(one))


@pytest.mark.posix
def test_ledger_is_unavailable_while_its_file_is_not_readable(folder: Path) -> None:
    file = folder / "budget"
    one, other = opened(file, "one"), joined(file, "other")
    file.chmod(0)

    with unprivileged():
        assert "unable to open" in unavailable(one.join)
        assert "unable to open" in unavailable(lambda: poll(one))
        assert "unable to open" in unavailable(lambda: poll(one))

    file.chmod(0o600)
    assert poll(one) is None
    publish(other)
    assert poll(one) == [CHANGE]
    one.join()


@pytest.mark.posix
def test_on_a_full_disk_the_ledger_is_away_until_there_is_room(path: Path) -> None:
    program = f"""
import resource
from pathlib import Path
from linktime.pipeline.clock import now
from linktime.pipeline.ledger import Change, LedgerUnavailable
from tests.support.file_rights import folder, unprivileged
from tests.support.ledger_homes import Server, opened
one = Server(opened(Path({str(path)!r}), clock=now))
one.join()
resource.setrlimit(resource.RLIMIT_FSIZE, (65536, resource.RLIM_INFINITY))
change = Change(frozenset(map(str, range(500))), 0.0)
try:
    for _ in range(1000):
        one.shared.changes.publish(change)
except LedgerUnavailable as fault:
    print("unavailable", fault)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(one.take("a"))
"""
    ended = run(program)

    assert ended[0].startswith(f"unavailable {path}: ")
    assert ended[1:] == ["0.0"]


@pytest.mark.slow
@pytest.mark.parametrize("lock", ["IMMEDIATE", "EXCLUSIVE"])
def test_lock_that_is_held_too_long_makes_the_ledger_unavailable(path: Path, lock: str) -> None:
    one, other = joined(path, "one"), joined(path, "other")
    poll(other)
    publish(one)
    with closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute(f"BEGIN {lock}")

        if lock == "IMMEDIATE":
            assert poll(other) == [CHANGE]
        else:
            with pytest.raises(Busy):
                poll(other)
            assert "locked" in unavailable(lambda: other.shared.changes.poll(patient=True))
        assert "locked" in unavailable(lambda: other.take("a"))

        holder.execute("ROLLBACK")
        assert other.take("a") == 0


def test_changes_before_an_emptied_file_are_reported_as_unknown(path: Path) -> None:
    one, other = joined(path, "one"), joined(path, "other")
    for _ in range(3):
        publish(one)
    poll(other)
    remove(path)
    path.touch(0o600)
    assert poll(other) is None

    publish(one)

    assert poll(other) == [CHANGE]
    publish(one)
    assert poll(other) == [CHANGE]


@pytest.mark.slow
def test_several_processes_may_begin_the_file_at_once(path: Path) -> None:
    program = f"""
import sys
from pathlib import Path
from linktime.pipeline.clock import now
from tests.support.file_rights import folder, unprivileged
from tests.support.ledger_homes import Server, opened
name = sys.argv[1]
one = Server(opened(Path({str(path)!r}), name, clock=now))
print(flush=True)
sys.stdin.readline()
one.join()
print(one.take(name))
"""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environ(),
        )
        for number in range(6)
    ]
    for process in started:
        assert process.stdout
        process.stdout.readline()
    for process in started:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    outputs = [process.communicate(timeout=30) for process in started]

    assert outputs == [("0.0\n", "")] * 6
    status = opened(path).status()
    assert status is not None
    assert (len(status.leased), status.servers) == (6, 6)
