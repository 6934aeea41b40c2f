"""Writes from a shell: their answers in words, and no write twice in two processes."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from linktime.pipeline.system import STATE
from linktime.sandbox import Sandbox
from tests.support.shell_user import run, settings_of

CONTACT = ("create_contact", "name=Ada Lovelace", "email=ada@example.com")
BOOKING = ("create_booking", "eventTypeSlug=30min", "inviteeName=Ada Lovelace", "inviteeEmail=ada@example.com")
WEBHOOK = ("create_webhook", "url=https://example.com/hook", "events=booking.created", "--yes")


def writes(sandbox: Sandbox) -> list[str]:
    return [entry.path for entry in sandbox.requests if entry.method != "GET"]


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the files of the program for one test."""
    monkeypatch.setenv(STATE, str(tmp_path))
    return tmp_path


def memory(state: Path) -> Path:
    """Return the file with the digests of the last writes."""
    [file] = state.rglob("writes-*")
    return file


def rows(out: str) -> dict[str, str]:
    """Return the fields of a printed object by their names."""
    return {name: " ".join(words) for name, *words in map(str.split, out.splitlines()) if words}


async def test_repeated_write_of_two_processes_is_sent_once(sandbox: Sandbox) -> None:
    first = await run("call", *CONTACT, **settings_of(sandbox))
    again = await run("call", CONTACT[0], *CONTACT[:0:-1], **settings_of(sandbox))

    assert (first.status, again.status) == (0, 0)
    assert "alreadyDone" not in rows(first.out)
    assert "alreadyDone" in rows(again.out)
    assert len(writes(sandbox)) == 1


async def test_repeated_webhook_is_refused_without_its_secret(sandbox: Sandbox) -> None:
    first, again = [await run("call", *WEBHOOK, **settings_of(sandbox)) for _ in range(2)]

    assert first.status == 0, first.err
    assert (again.status, again.err.partition(":")[0]) == (1, "conflict")
    assert len(writes(sandbox)) == 1


async def test_another_write_ends_the_memory(sandbox: Sandbox) -> None:
    other = (*CONTACT[:2], "email=other@example.com")
    for words in (CONTACT, other, CONTACT):
        ended = await run("call", *words, **settings_of(sandbox))

    assert "alreadyDone" not in ended.out
    assert len(writes(sandbox)) == 3


async def test_refused_write_is_sent_again(sandbox: Sandbox) -> None:
    for _ in range(2):
        ended = await run(
            "call", *BOOKING, "startTime=2020-01-06T15:00Z", "inviteeTimezone=London", **settings_of(sandbox)
        )

    assert ended.status == 1
    assert "alreadyDone" not in ended.out
    assert len(writes(sandbox)) == 2


@pytest.mark.parametrize("content", ["[]", '{"x": 1}'])
async def test_damaged_memory_is_no_memory(sandbox: Sandbox, state: Path, content: str) -> None:
    await run("call", *CONTACT, **settings_of(sandbox))
    memory(state).write_text(content)

    ended = await run("call", *CONTACT, **settings_of(sandbox))

    assert ended.status in {0, 1}, "LinkTime may refuse a second contact with this e-mail"
    assert len(writes(sandbox)) == 2


async def test_memory_has_no_text_of_the_request_and_no_key(sandbox: Sandbox, state: Path) -> None:
    await run("call", *CONTACT, **settings_of(sandbox))

    file = memory(state)
    text = file.name + file.read_text()
    assert not [word for word in ("Ada", "ada@", "example", "contact", sandbox.key) if word in text]
    if sys.platform != "win32":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_answer_that_is_a_flag_names_the_object(sandbox: Sandbox) -> None:
    listed = await run("call", "list_bookings", "from=today", "limit=1", **settings_of(sandbox))
    ident = next(line.split()[0] for line in listed.out.splitlines() if line.startswith("clx"))

    ended = await run("call", "cancel_booking", f"bookingId={ident}", "--yes", **settings_of(sandbox))

    assert (ended.status, ended.err) == (0, "")
    assert rows(ended.out) == {"done": "Cancel booking", "bookingId": ident}


async def test_missing_key_has_advice_for_a_shell(sandbox: Sandbox) -> None:
    for command in (("call", "get_me"), ("budget",)):
        ended = await run(*command, **settings_of(sandbox, LINKTIME_API_KEY=""))

        assert "LINKTIME_API_KEY=lt_live_" in ended.err or '$env:LINKTIME_API_KEY = "lt_live_' in ended.err
        assert "linktime-mcp sandbox" in ended.err
        assert "client" not in ended.err
    assert list(sandbox.requests) == []
