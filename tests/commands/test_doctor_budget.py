"""The doctor's report on the budget. The doctor does not change the budget."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from linktime.commands.doctor.budget import LOCKED, NOT_WRITABLE
from linktime.commands.doctor.finding import Finding
from linktime.pipeline.system import STATE
from linktime.sandbox import Sandbox
from tests.support.doctor_user import budget, doctor, examined, over, states
from tests.support.file_rights import folder, unprivileged
from tests.support.process import child
from tests.support.redis_server import PASSWORD, RedisServer
from tests.support.sandbox_client import paths

__all__ = ["folder"]

UNASKED = ("key", "warning", "budget_spent")
ACCEPTED = ("key", "good", "accepted")


def spoilt(settings: Mapping[str, str]) -> Path:
    """Write a file of the budget that is not a database. Return its path."""
    place = Path(budget(settings).shared.ledger.place)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(b"this was never a database" * 400)
    return place


def locked(settings: Mapping[str, str], *, began: bool) -> Path:
    """Make the folder of the budget read-only, with or without a file. Return the path of the file."""
    place = Path(budget(settings).shared.ledger.place)
    place.parent.mkdir(exist_ok=True)
    if began:
        budget(settings).join()
        place.chmod(0o444)
    place.parent.chmod(0o555)
    return place


@pytest.mark.slow
async def test_budget_left_counts_the_server_and_the_doctor(sandbox: Sandbox, tmp_path: Path) -> None:
    settings = over(sandbox, **{STATE: str(tmp_path / "state")})
    async with child(**settings) as server:
        await server.greet()
        await server.result(server.call("get_me"))
        _, first = await doctor(tmp_path, **settings)
        _, second = await doctor(tmp_path, **settings)

    for text, left in ((first, 59), (second, 58)):
        assert re.search(rf"^  ok       left     {left} of 60 .*\n  ok       servers  1 ", text, re.MULTILINE)


async def test_spent_budget_is_reported_and_nothing_is_sent(sandbox: Sandbox, tmp_path: Path) -> None:
    settings = over(sandbox, LINKTIME_RATE_LIMIT="1")
    other = budget(settings)
    other.take("theirs")
    other.release("theirs", 40.0)
    findings = await examined(tmp_path, **settings)

    assert states(findings["service"])[-1] == UNASKED
    left, servers = findings["budget"][1:]
    assert (left.subject, left.state, left.message[:7]) == ("left", "warning", "0 of 1 ")
    assert re.search(r"\b[34]\d s\b", left.cure)
    assert (servers.subject, servers.state, servers.message[:2]) == ("servers", "good", "1 ")
    assert paths(sandbox) == []


async def test_open_breaker_is_reported_and_nothing_is_sent(sandbox: Sandbox, tmp_path: Path) -> None:
    settings = over(sandbox)
    budget(settings).join()
    budget(settings).open_breaker(30.0)
    findings = await examined(tmp_path, **settings)

    assert states(findings["service"])[-1] == UNASKED
    breaker, servers = findings["budget"][2:]
    assert (breaker.subject, breaker.state) == ("breaker", "warning")
    assert re.search(r"\b[23]\d s\b.*\b429\b", breaker.message)
    assert (servers.subject, servers.state, servers.message[:2]) == ("servers", "good", "2 ")
    assert paths(sandbox) == []


async def test_unreadable_file_is_replaced_and_reported(sandbox: Sandbox, tmp_path: Path) -> None:
    settings = over(sandbox)
    place = spoilt(settings)

    findings = await examined(tmp_path, **settings)

    aside = place.with_suffix(".unreadable")
    replaced, good = findings["budget"][:2]
    assert (replaced.subject, replaced.state) == ("place", "warning")
    assert str(aside) in replaced.message
    assert good == Finding("place", "good", str(place))
    assert states(findings["service"])[-1] == ACCEPTED


async def test_locked_file_is_reported_with_its_own_cure(sandbox: Sandbox, tmp_path: Path) -> None:
    settings = over(sandbox)
    place = budget(settings).shared.ledger.place
    budget(settings).join()
    with closing(sqlite3.connect(place, isolation_level=None)) as program:
        program.execute("BEGIN EXCLUSIVE")
        findings = await examined(tmp_path, **settings)

    [fault] = findings["budget"]
    assert (fault.subject, fault.state) == ("place", "fault")
    assert f"{place}: database is locked" in fault.message
    assert fault.cure == LOCKED
    assert states(findings["service"])[-1] == ACCEPTED


@pytest.mark.posix  # the words of an error
async def test_impossible_file_is_reported_and_the_key_is_checked(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "state").touch()
    monkeypatch.setenv(STATE, str(tmp_path / "state"))
    settings = over(sandbox)

    findings = await examined(tmp_path, **settings)

    seen = f"can't be used: {budget(settings).shared.ledger.place}: Not a directory"
    assert findings["budget"] == [Finding("place", "fault", seen, NOT_WRITABLE)]
    assert states(findings["service"])[-1] == ACCEPTED


@pytest.mark.parametrize("began", [True, False])
@pytest.mark.posix
async def test_read_only_folder_is_reported(
    sandbox: Sandbox, folder: Path, monkeypatch: pytest.MonkeyPatch, *, began: bool
) -> None:
    monkeypatch.setenv(STATE, str(folder))
    settings = over(sandbox)
    place = locked(settings, began=began)

    with unprivileged():
        findings = await examined(folder, **settings)

    [fault] = findings["budget"]
    assert (fault.subject, fault.state, fault.cure) == ("place", "fault", NOT_WRITABLE)
    assert fault.message.startswith(f"can't be used: {place}: ")
    assert states(findings["service"])[-1] == ACCEPTED


async def test_redis_budget_is_reported_without_its_password(
    sandbox: Sandbox, tmp_path: Path, redis: RedisServer
) -> None:
    settings = over(sandbox, LINKTIME_BUDGET=redis.url)
    budget(settings).join()
    findings = await examined(tmp_path, **settings)

    place, left, servers = findings["budget"]
    assert place == Finding("place", "good", f"Redis at {redis.address}")
    assert (left.subject, left.state, left.message[:9]) == ("left", "good", "60 of 60 ")
    assert (servers.subject, servers.state, servers.message[:2]) == ("servers", "good", "1 ")
    assert ("LINKTIME_BUDGET", "good", "set") in states(findings["settings"])
    assert f"Redis at {redis.address}" in repr(findings["settings"])
    assert PASSWORD not in repr(findings)
    assert len(budget(settings).join().cooling) == 1


async def test_unreachable_redis_is_reported(sandbox: Sandbox, tmp_path: Path) -> None:
    findings = await examined(tmp_path, **over(sandbox, LINKTIME_BUDGET=f"redis://:{PASSWORD}@127.0.0.1:9"))

    [fault] = findings["budget"]
    assert (fault.subject, fault.state) == ("place", "fault")
    assert "Redis at 127.0.0.1:9: " in fault.message
    assert "LINKTIME_BUDGET" in fault.cure
    assert PASSWORD not in repr(findings)
    assert states(findings["service"])[-1] == ACCEPTED


async def test_budget_of_one_process_reports_no_servers(sandbox: Sandbox, tmp_path: Path) -> None:
    findings = await examined(tmp_path, **over(sandbox, LINKTIME_BUDGET="process"))

    assert states(findings["budget"])[0][:2] == ("place", "good")
    assert len(findings["budget"]) == 1
    assert states(findings["service"])[-1] == ACCEPTED


async def test_servers_with_other_settings_are_reported(sandbox: Sandbox, tmp_path: Path) -> None:
    budget(over(sandbox, LINKTIME_RATE_LIMIT="20")).join()

    findings = await examined(tmp_path, **over(sandbox))

    [setting] = [finding for finding in findings["budget"] if finding.subject == "settings"]
    assert setting.state == "warning"
    assert "20 requests in 60 s" in setting.message
