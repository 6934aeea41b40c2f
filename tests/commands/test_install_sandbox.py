"""`linktime-mcp install CLIENT --sandbox`: an entry for a local sandbox, and back to an account."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from linktime.cli import main
from linktime.commands.clients import CLIENTS, sandbox_settings
from linktime.sandbox.server import KEY as SANDBOX_KEY, greeting
from tests.support.installer_user import KEY, User, entry, read


def test_entry_has_the_address_and_key_of_the_sandbox(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["sandbox", "--help"])
    out = " ".join(capsys.readouterr().out.split())

    assert sandbox_settings()["LINKTIME_API_KEY"] == SANDBOX_KEY
    assert sandbox_settings()["LINKTIME_BASE_URL"] in {f"http://127.0.0.1:{port}" for port in ("8787",) if port in out}


@pytest.mark.parametrize("name", CLIENTS)
def test_every_client_gets_an_entry_that_asks_for_nothing(tmp_path: Path, name: str) -> None:
    user = User(tmp_path, answer="y", LINKTIME_API_KEY=KEY)
    user.file(name).parent.mkdir(parents=True, exist_ok=True)

    assert user.install(name, sandbox=True) == 0

    file = user.file(name)
    assert entry(CLIENTS[name], file)["env"] == sandbox_settings()
    assert "inputs" not in read(CLIENTS[name], file)
    assert len(user.questions) == 1, "only whether to write"
    assert user.notes - {"no_sign_of_client"} == {"sandbox"}
    assert "linktime-mcp sandbox" in user.out


@pytest.mark.parametrize("name", CLIENTS)
def test_account_replaces_the_sandbox(tmp_path: Path, name: str) -> None:
    real, user = User(tmp_path / "real", LINKTIME_API_KEY=KEY), User(tmp_path, LINKTIME_API_KEY=KEY)

    assert user.install(name, sandbox=True, yes=True) == 0
    assert user.install(name, yes=True) == 0
    assert real.install(name, yes=True) == 0

    client = CLIENTS[name]
    assert read(client, user.file(name)) == read(client, real.file(name))


def test_account_without_a_known_key_does_not_keep_the_key_of_the_sandbox(tmp_path: Path) -> None:
    user = User(tmp_path)

    user.install("cursor", sandbox=True, yes=True)
    user.install("cursor", yes=True)

    assert "key_missing" in user.notes
    assert SANDBOX_KEY not in user.file("cursor").read_text(encoding="utf-8")


def test_sandbox_keeps_the_fields_of_the_user_and_is_idempotent(tmp_path: Path) -> None:
    user = User(tmp_path, LINKTIME_API_KEY=KEY)
    own = {"command": "linktime-mcp", "disabled": False, "env": {"LINKTIME_API_KEY": KEY, "MINE": "1"}}
    file = user.has("cursor", json.dumps({"mcpServers": {"linktime": own}}))

    user.install("cursor", sandbox=True, yes=True)
    assert entry(CLIENTS["cursor"], file)["env"] == {**sandbox_settings(), "MINE": "1"}
    assert user.copy("cursor").is_file()
    assert KEY not in user.out
    user.install("cursor", sandbox=True, yes=True)

    assert user.state == "unchanged"


@pytest.mark.parametrize("name", CLIENTS)
def test_port_of_the_sandbox_is_in_the_entry_and_goes_with_it(tmp_path: Path, name: str) -> None:
    real, user = User(tmp_path / "real", LINKTIME_API_KEY=KEY), User(tmp_path, LINKTIME_API_KEY=KEY)

    user.install(name, sandbox=True, port=9123, yes=True)
    assert entry(CLIENTS[name], user.file(name))["env"] == sandbox_settings(9123)
    assert "sandbox --port 9123" in user.out
    user.install(name, yes=True)
    real.install(name, yes=True)

    assert read(CLIENTS[name], user.file(name)) == read(CLIENTS[name], real.file(name))


def test_silent_port_is_noted_even_if_there_is_nothing_to_write(tmp_path: Path) -> None:
    user = User(tmp_path)
    user.install("cursor", sandbox=True, yes=True)
    assert "sandbox_silent" not in user.notes

    user.listening.clear()
    user.install("cursor", sandbox=True, yes=True)

    assert (user.state, user.notes >= {"sandbox_silent"}) == ("unchanged", True)


def test_greeting_of_a_sandbox_names_its_own_installation() -> None:
    assert "CLIENT --sandbox\n" in greeting("http://127.0.0.1:8787", SANDBOX_KEY)
    assert "CLIENT --sandbox --port 9123\n" in greeting("http://127.0.0.1:9123", SANDBOX_KEY)
    assert "--sandbox" not in greeting("http://192.0.2.1:8787", "lt_live_x")


@pytest.mark.parametrize("arguments", [["--port", "1"], ["--sandbox", "--port", "0"], ["--sandbox", "--port", "65536"]])
def test_port_without_a_sandbox_or_out_of_range_is_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["install", "cursor", *arguments])

    error = capsys.readouterr().err
    assert (ended.value.code, "--port" in error) == (2, True)
    assert ("--sandbox" in error, "65535" in error) == (len(arguments) == 2, len(arguments) == 3), "one cause"
