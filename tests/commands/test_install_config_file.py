"""A client's file as a value."""

from __future__ import annotations

import pytest

from linktime.commands.clients import CLIENTS
from linktime.commands.install import ConfigFile, Unreadable
from linktime.commands.install.diff import masked_diff

CURSOR = CLIENTS["cursor"]
ENTRY = {"command": "/bin/linktime-mcp", "env": {"LINKTIME_API_KEY": "lt_live_51f0c3d9"}}


@pytest.mark.parametrize("name", CLIENTS)
def test_entry_is_added_and_removed(name: str) -> None:
    empty = ConfigFile(CLIENTS[name], None)

    added = empty.with_entry(ENTRY)
    removed = added.without_entry().without_empty_lists(empty)

    assert (empty.text, empty.entry, empty.key, empty.has_entry) == (None, {}, "", False)
    assert (added.entry, added.key, added.is_secret, added.has_entry) == (ENTRY, "lt_live_51f0c3d9", True, True)
    assert (removed.values, removed.has_entry) == ({}, False)


def test_file_without_an_entry_is_unchanged_by_removal() -> None:
    file = ConfigFile(CURSOR, '{"a": 1}')

    assert file.without_entry() is file
    assert file.without_refused_bom() is file


def test_text_is_parsed_when_the_value_is_made() -> None:
    with pytest.raises(Unreadable) as error:
        ConfigFile(CURSOR, '{"a": }')

    assert (error.value.line, error.value.column) == (1, 7)


@pytest.mark.parametrize(
    ("client", "key", "usable", "secret"),
    [
        ("cursor", "lt_live_51f0c3d9", True, True),
        ("cursor", "${env:MY_KEY}", True, False),
        ("vscode", "${input:linktime-key}", True, False),
        ("claude-code", "${MY_KEY:-x}", True, False),
        ("claude-desktop", "${MY_KEY}", False, False),
        ("cursor", "lt_live_...", False, False),
        ("cursor", "", False, False),
    ],
)
def test_key_is_a_key_or_a_reference_that_resolves(client: str, key: str, *, usable: bool, secret: bool) -> None:
    file = ConfigFile(CLIENTS[client], None).with_entry(ENTRY | {"env": {"LINKTIME_API_KEY": key}})

    assert (bool(file.key), file.is_secret) == (usable, secret)


def test_diff_shows_no_secret() -> None:
    before = ConfigFile(CURSOR, '{"token": "sesame"}\n')

    after = before.with_entry(ENTRY)
    diff = masked_diff(before.text or "", after.text or "", "file", {"/bin/linktime-mcp"})

    assert ("/bin/linktime-mcp" in diff, "sesame" in diff, "51f0c3d9" in diff) == (True, False, False)
