from __future__ import annotations

import tomllib

import pytest
from hypothesis import given, settings, strategies as st

from linktime.commands.install.syntax import Unreadable
from linktime.commands.install.toml import drop, put, read

ENTRY = {
    "command": r"C:\Users\ada\linktime-mcp.exe",
    "args": ["-m", "linktime"],
    "env": {"LINKTIME_API_KEY": "lt_live_x"},
}
AT = ("mcp_servers", "linktime")

OTHERS = [
    '# servers below\n[mcp_servers.a]  # the first\ncommand   =   "a"\nargs = [ "1", # one\n  "2", ]\n',
    "[mcp_servers.a.env]\nTOKEN = '''\n[mcp_servers.linktime]\n''' # no table\n",
    '[ mcp_servers . "b c" ]\ncommand = "b"\n\n\n',
    "[profiles.fast]\nwhen = 2026-12-01T10:00:00Z\n\t# indented\n",
    '[[hooks]]\nname = "x" # first\n[[hooks]]\nname = "y"\n',
    "[features]\n",
]
OURS = [
    '  [ mcp_servers."linktime" ] # ours\n  command = "old"\n\n  # why\n  env.A = "=[" # "no\n',
    '[mcp_servers.linktime]\ncommand = "old" # mine\n[mcp_servers.linktime.env]\nLINKTIME_BUDGET = "process"\n',
    '[mcp_servers.linktime]\ncommand = "old"\nenv = { A = "1" }\nstartup_timeout_sec = 20 # slow\n',
]


def described(tables: list[str], end: str) -> str:
    return ('model = "x"  # root\n\n' + "".join(tables)).replace("\n", end)


@settings(max_examples=60)
@given(st.permutations(OTHERS), st.integers(0, len(OTHERS)), st.sampled_from(["\n", "\r\n"]))
def test_server_is_added_at_the_end_and_removed_cleanly(tables: list[str], count: int, end: str) -> None:
    before = described(tables[:count], end)

    after = put(before, AT, ENTRY)
    removed = drop(after, AT)

    assert after.startswith(before)
    assert end == "\n" or "\n" not in after.replace("\r\n", "")
    assert tomllib.loads(after)["mcp_servers"]["linktime"] == ENTRY
    assert removed == before


@settings(max_examples=60)
@given(st.permutations(OTHERS), st.sampled_from(OURS), st.integers(0, len(OTHERS)), st.sampled_from(["\n", "\r\n"]))
def test_entry_changes_in_place_and_other_lines_stay(tables: list[str], ours: str, place: int, end: str) -> None:
    before = described([*tables[:place], ours, *tables[place:]], end)

    changed = put(put(before, (*AT, "command"), "new"), (*AT, "env", "KEY"), "k")
    removed = drop(before, AT)

    expected = tomllib.loads(before)
    expected["mcp_servers"]["linktime"]["command"] = "new"
    expected["mcp_servers"]["linktime"]["env"]["KEY"] = "k"
    assert tomllib.loads(changed) == expected
    del expected["mcp_servers"]["linktime"]
    assert tomllib.loads(removed) == expected
    for table in tables:
        assert table.replace("\n", end) in changed
        assert table.rstrip().replace("\n", end) in removed


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", '[mcp_servers.linktime]\ncommand = "x"\n'),
        ("\ufeffa = 1", '\ufeffa = 1\n\n[mcp_servers.linktime]\ncommand = "x"\n'),
        (
            'mcp_servers = { a = { command = "a" } } # all\n',
            'mcp_servers = { a = { command = "a" }, linktime = {command = "x"}} # all\n',
        ),
        ("[mcp_servers.linktime]\n", '[mcp_servers.linktime]\ncommand = "x"\n'),
    ],
)
def test_server_is_added_to_a_file_of_any_form(before: str, after: str) -> None:
    assert put(before, AT, {"command": "x"}) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('mcp_servers = { a = 1, linktime = { command = "x" } } # all\n', "mcp_servers = { a = 1  } # all\n"),
        ('[mcp_servers]\nlinktime = { command = "x" }\na = 1\n', "[mcp_servers]\na = 1\n"),
        ('mcp_servers.a = 1\nmcp_servers.linktime.env.A = "x"', "mcp_servers.a = 1\n"),
    ],
)
def test_server_is_removed_from_a_file_of_any_form(before: str, after: str) -> None:
    assert drop(before, AT) == after


def test_byte_order_mark_stays() -> None:
    assert drop('\ufeff# a\n[mcp_servers.linktime]\ncommand = "x"\n', AT) == "\ufeff# a\n"


@pytest.mark.parametrize(
    ("text", "line", "column", "what"),
    [
        ("a = 1\nb = \n", 2, 5, "Invalid value"),
        ("a = 1\na = 2\n", 2, 6, "Cannot overwrite a value"),
        ('a = """\n', 2, 1, "Unterminated string"),
    ],
)
def test_unreadable_file_is_refused_with_the_position(text: str, line: int, column: int, what: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read(text)

    assert (refused.value.line, refused.value.column, refused.value.what) == (line, column, what)


@pytest.mark.parametrize(
    ("text", "line", "column"), [("a = 1\n mcp_servers = 3\n", 2, 2), ("[[mcp_servers]]\na = 1\n", 1, 1)]
)
def test_list_of_servers_of_another_kind_is_refused(text: str, line: int, column: int) -> None:
    with pytest.raises(Unreadable) as refused:
        put(text, AT, ENTRY)

    assert (refused.value.line, refused.value.column) == (line, column)
    assert "mcp_servers" in refused.value.what
