"""`linktime-mcp install CLIENT --sandbox`: an entry for a local sandbox, and back to an account."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from linktime.cli import main
from linktime.commands.clients import CLIENTS, SANDBOX
from linktime.sandbox.server import KEY as SANDBOX_KEY
from tests.support.installer_user import KEY, User, entry, read


def test_entry_has_the_address_and_key_of_the_sandbox(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["sandbox", "--help"])
    out = " ".join(capsys.readouterr().out.split())

    assert SANDBOX["LINKTIME_API_KEY"] == SANDBOX_KEY
    assert SANDBOX["LINKTIME_BASE_URL"] in {f"http://127.0.0.1:{port}" for port in ("8787",) if port in out}


@pytest.mark.parametrize("name", CLIENTS)
def test_every_client_gets_an_entry_that_asks_for_nothing(tmp_path: Path, name: str) -> None:
    user = User(tmp_path, answer="y", LINKTIME_API_KEY=KEY)
    user.file(name).parent.mkdir(parents=True, exist_ok=True)

    assert user.install(name, sandbox=True) == 0

    file = user.file(name)
    assert entry(CLIENTS[name], file)["env"] == dict(SANDBOX)
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
    assert entry(CLIENTS["cursor"], file)["env"] == {**SANDBOX, "MINE": "1"}
    assert user.copy("cursor").is_file()
    assert KEY not in user.out
    user.install("cursor", sandbox=True, yes=True)

    assert user.state == "unchanged"
