"""The JSON editor against a reader of other authors, with files of every layout."""

from __future__ import annotations

import json
from itertools import takewhile
from typing import Any

import json5
import pytest
from hypothesis import given, settings, strategies as st

from linktime.commands.install.jsonc import drop, put, read
from linktime.commands.install.syntax import Unreadable

MARK = "the old value"
NEW = {"command": "/bin/x", "args": ["a", "ü\n"], "env": {}}

names = st.sampled_from(["a", "b", "ключ", 'quo"te', "// no comment", "/*", "}", "\\"])
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-9, 9), st.sampled_from(["", "{", "//", "a\tb", "1,2", MARK[:3]])
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=3)),
    max_leaves=4,
)
spaces = st.lists(
    st.sampled_from(["", " ", "\n", "\r\n", "\t", "\n    ", "/* a */", "/* two\n lines **/", "// b, }\n", "//\r\n"]),
    max_size=3,
).map("".join)


@st.composite
def laid_out(draw: st.DrawFn, value: Any) -> str:
    """Return *value* as text of any layout that a client reads."""

    def space() -> str:
        return draw(spaces)

    match value:
        case dict():
            parts = [
                f"{space()}{json.dumps(name)}{space()}:{space()}{draw(laid_out(each))}{space()}"
                for name, each in value.items()
            ]
            opening, closing = "{}"
        case list():
            parts = [f"{space()}{draw(laid_out(each))}{space()}" for each in value]
            opening, closing = "[]"
        case _:
            return json.dumps(value, ensure_ascii=draw(st.booleans()))
    trails = draw(st.booleans())
    trailing = f",{space()}" if parts and trails else ""
    return opening + (",".join(parts) + trailing or space()) + closing


@st.composite
def files(draw: st.DrawFn, value: Any) -> str:
    bom = draw(st.sampled_from(["", "\ufeff"]))
    return f"{bom}{draw(spaces)}{draw(laid_out(value))}{draw(spaces)}"


def parsed(text: str) -> Any:
    return json5.loads(text.removeprefix("\ufeff"))


def common(first: str, second: str) -> int:
    """Count the characters that both begin with."""
    return len(list(takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False))))


def only_added(before: str, after: str) -> bool:
    """Return whether *after* is *before* with one insertion, and perhaps a comma before it."""
    same = common(before, after)
    if after.endswith(before[same:]):
        return True
    rest, put_in = before[same:], after[same + 1 :]
    return after[same] == "," and put_in.endswith(rest[common(rest, put_in) :])


@settings(max_examples=40)
@given(st.data(), st.dictionaries(names, values, max_size=3), st.dictionaries(names, values, max_size=3))
def test_adding_a_server_changes_nothing_else(
    data: st.DataObject, others: dict[str, Any], servers: dict[str, Any]
) -> None:
    before = data.draw(files(others | {"servers": servers}))

    after = put(before, ("servers", "linktime"), NEW)

    assert parsed(after) == others | {"servers": servers | {"linktime": NEW}} == read(after)
    assert only_added(before, after) or not servers
    assert parsed(drop(after, ("servers", "linktime"))) == parsed(before)


@settings(max_examples=30)
@given(st.data(), st.dictionaries(names, values, max_size=3))
def test_adding_a_list_of_servers_changes_nothing_else(data: st.DataObject, others: dict[str, Any]) -> None:
    before = data.draw(files(others))

    after = put(before, ("servers", "linktime"), NEW)

    assert parsed(after) == others | {"servers": {"linktime": NEW}} == read(after)
    assert only_added(before, after) or not others


@settings(max_examples=30)
@given(st.data(), values, values)
def test_replacing_a_value_changes_nothing_else(data: st.DataObject, first: Any, last: Any) -> None:
    before = data.draw(files({"first": first, "servers": {"x": [first, {"linktime": MARK}], "y": last}}))

    after = put(before, ("servers", "x", 1, "linktime"), NEW)

    assert parsed(after) == {"first": first, "servers": {"x": [first, {"linktime": NEW}], "y": last}}
    start, end = before.split(json.dumps(MARK))
    assert after.startswith(start)
    assert after.endswith(end)


@settings(max_examples=40)
@given(st.data(), st.lists(names, unique=True, max_size=3), values, st.integers(0, 3))
def test_removing_a_server_keeps_every_other_comment(
    data: st.DataObject, keys: list[str], value: Any, place: int
) -> None:
    keys.insert(min(place, len(keys)), "linktime")
    before = data.draw(files({"servers": dict.fromkeys(keys, value) | {"linktime": 1}, "z": value}))

    after = drop(before, ("servers", "linktime"))

    keys.remove("linktime")
    assert parsed(after) == {"servers": dict.fromkeys(keys, value), "z": value} == read(after)
    left = iter(before)
    assert all(character in left for character in after)


LAYOUTS = [
    pytest.param(
        '{\n  "servers": {\n    "a": 1 // the first\n  }\n}\n',
        '{\n  "servers": {\n    "a": 1, // the first\n    "linktime": {\n      "command": "x"\n    }\n  }\n}\n',
        id="comment stays beside its value",
    ),
    pytest.param(
        '{\r\n\t"servers": {\r\n\t\t"a": 1,\r\n\t},\r\n}',
        '{\r\n\t"servers": {\r\n\t\t"a": 1,\r\n\t\t"linktime": {\r\n\t\t\t"command": "x"\r\n\t\t},\r\n\t},\r\n}',
        id="tabs, line ends and trailing commas of the file",
    ),
    pytest.param(
        '{"servers": {"a": 1}}',
        '{"servers": {"a": 1, "linktime": {"command": "x"}}}',
        id="one line stays one line",
    ),
    pytest.param(
        '{\n    "other": 1,\n    "servers": {}\n}',
        '{\n    "other": 1,\n    "servers": {\n        "linktime": {\n            "command": "x"\n        }\n    }\n}',
        id="empty list gets lines",
    ),
]


@pytest.mark.parametrize(("before", "after"), LAYOUTS)
def test_server_gets_the_layout_of_its_neighbours(before: str, after: str) -> None:
    assert put(before, ("servers", "linktime"), {"command": "x"}) == after
    assert drop(after, ("servers", "linktime")) == before


@pytest.mark.parametrize("empty", ["", "\ufeff", "  \n", "// mine\n", "/* mine */"])
def test_file_without_a_value_is_an_empty_object(empty: str) -> None:
    after = put(empty, ("servers",), {"a": 1})

    assert read(empty) == {}
    assert after.startswith(empty)
    assert parsed(after) == {"servers": {"a": 1}}


def test_removing_a_missing_value_changes_nothing() -> None:
    for path in (("servers", "linktime"), ("other", "linktime")):
        assert drop('{"servers": {}}', path) == '{"servers": {}}'
    assert drop("", ("servers", "linktime")) == ""


@pytest.mark.parametrize(
    ("text", "line", "column", "what"),
    [
        ("[]", 1, 1, "an object"),
        ("\n 3", 2, 2, "an object"),
        ('{\n  "a": }', 2, 8, "a value"),
        ('{"a": 1 "b": 2}', 1, 9, "',' or '}'"),
        ('{"a": [1 2]}', 1, 10, "',' or ']'"),
        ('{"a" 1}', 1, 6, "':'"),
        ("{a: 1}", 1, 2, "a name"),
        ("{,}", 1, 2, "a name"),
        ('{"a": 01}', 1, 7, "a value"),
        ('{"a": nul}', 1, 7, "a value"),
        ('{"a": NaN}', 1, 7, "a value"),
        ('{"a": "\n"}', 1, 7, "a value"),
        ('{"a": "', 1, 7, "a value"),
        ("{} x", 1, 4, "nothing"),
        ("{} /* x", 1, 4, "nothing"),
        ('{"a": 1', 1, 8, "',' or '}'"),
    ],
)
def test_unreadable_file_is_refused_with_the_position(text: str, line: int, column: int, what: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read(text)

    assert (refused.value.line, refused.value.column) == (line, column)
    assert refused.value.what.startswith(what)


@pytest.mark.parametrize("text", ['{"a":' + "[" * 9999, '{"a": ' + "1" * 9999 + "}"])
def test_excessive_file_is_refused(text: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read(text)

    assert (refused.value.line, refused.value.column) == (1, 1)


@pytest.mark.parametrize(
    ("path", "column", "what"),
    [(("servers", "linktime"), 13, "an object"), (("servers", 0), 13, "a list")],
)
def test_value_of_another_kind_on_the_path_is_refused(path: tuple[str | int, ...], column: int, what: str) -> None:
    with pytest.raises(Unreadable) as refused:
        put('{"servers": null}', path, 1)

    assert (refused.value.line, refused.value.column) == (1, column)
    assert refused.value.what.startswith(what)
