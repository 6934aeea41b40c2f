"""A ledger in a file, and what can become of files."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from linktime.ledger import Away, Change, Forgotten
from linktime.ledger.sqlite import SqliteLedger
from tests.child import environ
from tests.sharing import terms

CHANGE = Change(frozenset({"contacts"}), 0.0)
NOBODY = 65534


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "budget-4f.sqlite3"


def opened(path: Path, server: str = "one", **more: Callable[[], float]) -> SqliteLedger:
    return SqliteLedger(path, server=server, **terms(6), **more)


def joined(path: Path, server: str = "one", **more: Callable[[], float]) -> SqliteLedger:
    ledger = opened(path, server, **more)
    ledger.join({})
    return ledger


def away(step: Callable[[], object]) -> str:
    with pytest.raises(Away) as caught:
        step()
    return str(caught.value)


def remove(path: Path) -> None:
    for file in path.parent.iterdir():
        file.unlink()


@pytest.fixture
def folder() -> Iterator[Path]:
    """Make a folder that everybody may look into."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@contextmanager
def unprivileged() -> Iterator[None]:
    """Be somebody whom the rights of files stop."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def run(program: str) -> list[str]:
    """Run a program of Python; return what it prints."""
    ended = subprocess.run(
        [sys.executable, "-c", program], check=True, stdout=subprocess.PIPE, text=True, timeout=30, env=environ()
    )
    return ended.stdout.splitlines()


def test_nothing_is_written_before_the_first_step_and_then_nobody_else_may_read_it(path: Path) -> None:
    one = opened(path)
    assert one.look().servers == 0
    assert one.news() is None
    assert not path.parent.exists()

    one.join({})

    assert path.parent.stat().st_mode & 0o777 == 0o700
    files = list(path.parent.iterdir())
    assert len(files) == 3
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


@pytest.mark.parametrize("spoil", [b"this was never a database\n" * 400, b"\0" * 4096])
def test_a_file_that_cannot_be_read_is_set_aside_and_made_new(
    path: Path, spoil: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path.parent.mkdir()
    path.write_bytes(spoil)

    with closing(joined(path)) as one:
        assert one.take("a", 0, 0.0).wait == 0

    assert path.with_suffix(".unreadable").read_bytes() == spoil
    assert len(caplog.messages) == 1
    assert "could not be read" in caplog.text


def test_a_file_that_is_spoilt_while_servers_have_it_open_is_made_new_once(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one, other = joined(path, "one"), joined(path, "other")
    one.news()
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.write(b"spoilt" * 4000)

    for ledger in (one, other):
        with pytest.raises(Forgotten):
            ledger.take("a", 0, 0.0)
        ledger.join({"mine" + str(id(ledger)): 30.0})

    assert len(one.look().cooling) == 2
    assert one.news() is None
    assert len(caplog.messages) == 1


@pytest.mark.parametrize("replaced", [False, True], ids=["deleted", "replaced"])
def test_a_file_that_goes_while_servers_have_it_open_is_begun_anew(path: Path, *, replaced: bool) -> None:
    one, other = joined(path, "one"), joined(path, "other")
    one.tell(CHANGE)
    other.news()
    remove(path)
    if replaced:
        joined(path.with_name("new"), "third").close()
        path.with_name("new").replace(path)

    for ledger in (one, other):
        with pytest.raises(Forgotten):
            ledger.take("a", 0, 0.0)
        ledger.join({})

    assert one.look().servers == 2
    assert other.news() is None
    one.tell(CHANGE)
    assert other.news() == [CHANGE]


def test_in_a_folder_that_cannot_be_made_the_ledger_is_away(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    one = opened(tmp_path / "file" / "budget")

    assert "File exists" in away(lambda: one.join({}))
    assert "Not a directory" in away(one.news)
    one.close()


def test_in_a_folder_that_is_for_reading_alone_the_ledger_is_away(folder: Path) -> None:
    one = opened(folder / "budget")
    folder.chmod(0o555)

    with unprivileged():
        assert "Permission denied" in away(lambda: one.join({}))
        assert one.news() is None


def test_a_file_that_another_server_has_only_begun_has_no_news_and_nothing_of_it_is_missed(path: Path) -> None:
    one = opened(path, "one")
    assert one.news() is None
    path.parent.mkdir()
    path.touch()
    assert one.news() == []

    other = joined(path, "other")
    assert one.news() == []
    other.tell(CHANGE)
    assert one.news() == [CHANGE]


def test_in_a_folder_that_may_not_be_searched_the_ledger_is_away(folder: Path) -> None:
    one = opened(folder / "budget")
    folder.chmod(0)

    with unprivileged():
        assert "Permission denied" in away(one.look)
        assert "Permission denied" in away(one.news)


def test_with_a_file_that_it_may_not_read_the_ledger_is_away_until_it_may(folder: Path) -> None:
    file = folder / "budget"
    one, other = opened(file, "one"), joined(file, "other")
    file.chmod(0)

    with unprivileged():
        assert "Permission denied" in away(lambda: one.join({}))
        assert "unable to open" in away(one.news)
        assert "unable to open" in away(one.news)

    file.chmod(0o600)
    assert one.news() is None
    other.tell(CHANGE)
    assert one.news() == [CHANGE]
    one.join({})


def test_on_a_full_disk_the_ledger_is_away_until_there_is_room(path: Path) -> None:
    program = f"""
import resource
from pathlib import Path
from linktime.ledger import Away, Change
from linktime.ledger.sqlite import SqliteLedger
ledger = SqliteLedger(Path({str(path)!r}), server="one", limit=6, period=60.0, patience=12.0)
ledger.join({{}})
resource.setrlimit(resource.RLIMIT_FSIZE, (65536, resource.RLIM_INFINITY))
change = Change(frozenset(map(str, range(500))), 0.0)
try:
    for _ in range(1000):
        ledger.tell(change)
except Away as away:
    print("away", away)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(ledger.take("a", 0, 0.0).wait)
"""
    ended = run(program)

    assert ended[0].startswith(f"away {path}: ")
    assert ended[1:] == ["0.0"]


def test_a_clock_that_began_anew_makes_all_slots_free(path: Path) -> None:
    time = [5000.0]
    one, other = joined(path, "one", clock=lambda: time[0]), joined(path, "other", clock=lambda: time[0])
    for ident in "abcde":
        assert one.take(ident, 0, 0.0).wait == 0
    one.shut(40.0)

    time[0] = 12.0

    with pytest.raises(Forgotten):
        other.take("g", 0, 0.0)
    other.join({})
    assert other.take("g", 0, 0.0).wait == 0
    assert (len(other.look().out), other.look().servers, other.look().ajar) == (1, 1, False)


def test_a_lock_that_is_held_too_long_makes_the_ledger_away_and_news_do_not_wait_for_it(path: Path) -> None:
    one, other = joined(path, "one"), joined(path, "other")
    other.news()
    one.tell(CHANGE)
    with closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")

        assert other.news() == [CHANGE]
        assert "locked" in away(lambda: other.take("a", 0, 0.0))
        assert other.news() == []

        holder.execute("ROLLBACK")
        assert other.take("a", 0, 0.0).wait == 0


def test_what_is_heard_of_a_file_that_is_only_begun_is_not_taken_for_all(path: Path) -> None:
    one, other = joined(path, "one"), joined(path, "other")
    for _ in range(3):
        one.tell(CHANGE)
    other.news()
    remove(path)
    path.touch(0o600)
    assert other.news() is None

    one.tell(CHANGE)

    assert other.news() == [CHANGE]
    one.tell(CHANGE)
    assert other.news() == [CHANGE]


def test_several_processes_may_begin_the_file_at_once(path: Path) -> None:
    program = f"""
import sys
from pathlib import Path
from linktime.ledger.sqlite import SqliteLedger
name = sys.argv[1]
ledger = SqliteLedger(Path({str(path)!r}), server=name, limit=6, period=60.0, patience=12.0)
print(flush=True)
sys.stdin.readline()
ledger.join({{}})
print(ledger.take(name, 0, 0.0).wait)
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
    assert (len(opened(path).look().out), opened(path).look().servers) == (6, 6)
