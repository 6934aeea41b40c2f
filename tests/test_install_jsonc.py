"""The editor of JSON against a reader that others wrote, over files laid out in every way."""

from __future__ import annotations

import json
from itertools import takewhile
from typing import Any

import json5
import pytest
from hypothesis import given, settings, strategies as st

from linktime.install.jsonc import drop, put, read
from linktime.install.spot import Unreadable

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
    """Write *value* in any way that a client reads."""

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


def understood(text: str) -> Any:
    return json5.loads(text.removeprefix("\ufeff"))


def alike(first: str, second: str) -> int:
    """Count the characters at the beginning of both."""
    return len(list(takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False))))


def only_added(before: str, after: str) -> bool:
    """Whether *after* is *before* with one piece put in, and perhaps a comma before that."""
    same = alike(before, after)
    if after.endswith(before[same:]):
        return True
    rest, put_in = before[same:], after[same + 1 :]
    return after[same] == "," and put_in.endswith(rest[alike(rest, put_in) :])


@settings(max_examples=40, deadline=None)
@given(st.data(), st.dictionaries(names, values, max_size=3), st.dictionaries(names, values, max_size=3))
def test_a_server_is_added_and_nothing_else_changes(
    data: st.DataObject, others: dict[str, Any], servers: dict[str, Any]
) -> None:
    before = data.draw(files(others | {"servers": servers}))

    after = put(before, ("servers", "linktime"), NEW)

    assert understood(after) == others | {"servers": servers | {"linktime": NEW}} == read(after)
    assert only_added(before, after) or not servers
    assert understood(drop(after, ("servers", "linktime"))) == understood(before)


@settings(max_examples=30, deadline=None)
@given(st.data(), st.dictionaries(names, values, max_size=3))
def test_a_list_of_servers_is_added_and_nothing_else_changes(data: st.DataObject, others: dict[str, Any]) -> None:
    before = data.draw(files(others))

    after = put(before, ("servers", "linktime"), NEW)

    assert understood(after) == others | {"servers": {"linktime": NEW}} == read(after)
    assert only_added(before, after) or not others


@settings(max_examples=30, deadline=None)
@given(st.data(), values, values)
def test_a_value_is_replaced_and_nothing_else_changes(data: st.DataObject, first: Any, last: Any) -> None:
    before = data.draw(files({"first": first, "servers": {"x": [first, {"linktime": MARK}], "y": last}}))

    after = put(before, ("servers", "x", 1, "linktime"), NEW)

    assert understood(after) == {"first": first, "servers": {"x": [first, {"linktime": NEW}], "y": last}}
    start, end = before.split(json.dumps(MARK))
    assert after.startswith(start)
    assert after.endswith(end)


@settings(max_examples=40, deadline=None)
@given(st.data(), st.lists(names, unique=True, max_size=3), values, st.integers(0, 3))
def test_a_server_is_removed_and_every_other_comment_stays(
    data: st.DataObject, keys: list[str], value: Any, place: int
) -> None:
    keys.insert(min(place, len(keys)), "linktime")
    before = data.draw(files({"servers": dict.fromkeys(keys, value) | {"linktime": 1}, "z": value}))

    after = drop(before, ("servers", "linktime"))

    keys.remove("linktime")
    assert understood(after) == {"servers": dict.fromkeys(keys, value), "z": value} == read(after)
    left = iter(before)
    assert all(character in left for character in after)


LAYOUTS = [
    pytest.param(
        '{\n  "servers": {\n    "a": 1 // the first\n  }\n}\n',
        '{\n  "servers": {\n    "a": 1, // the first\n    "linktime": {\n      "command": "x"\n    }\n  }\n}\n',
        id="a comment stays beside its value",
    ),
    pytest.param(
        '{\r\n\t"servers": {\r\n\t\t"a": 1,\r\n\t},\r\n}',
        '{\r\n\t"servers": {\r\n\t\t"a": 1,\r\n\t\t"linktime": {\r\n\t\t\t"command": "x"\r\n\t\t},\r\n\t},\r\n}',
        id="tabs, line ends and trailing commas are those of the file",
    ),
    pytest.param(
        '{"servers": {"a": 1}}',
        '{"servers": {"a": 1, "linktime": {"command": "x"}}}',
        id="what stands on one line stays there",
    ),
    pytest.param(
        '{\n    "other": 1,\n    "servers": {}\n}',
        '{\n    "other": 1,\n    "servers": {\n        "linktime": {\n            "command": "x"\n        }\n    }\n}',
        id="an empty list is opened",
    ),
]


@pytest.mark.parametrize(("before", "after"), LAYOUTS)
def test_a_server_is_laid_out_as_its_neighbours_and_its_removal_leaves_no_trace(before: str, after: str) -> None:
    assert put(before, ("servers", "linktime"), {"command": "x"}) == after
    assert drop(after, ("servers", "linktime")) == before


@pytest.mark.parametrize("empty", ["", "\ufeff", "  \n", "// mine\n", "/* mine */"])
def test_a_file_without_a_value_is_taken_for_an_empty_object(empty: str) -> None:
    after = put(empty, ("servers",), {"a": 1})

    assert read(empty) == {}
    assert after.startswith(empty)
    assert understood(after) == {"servers": {"a": 1}}


def test_what_is_not_there_needs_no_removal() -> None:
    for path in (("servers", "linktime"), ("other", "linktime")):
        assert drop('{"servers": {}}', path) == '{"servers": {}}'
    assert drop("", ("servers", "linktime")) == ""


@pytest.mark.parametrize(
    ("text", "line", "column", "what"),
    [
        ("[]", 1, 1, "an object is expected"),
        ("\n 3", 2, 2, "an object is expected"),
        ('{\n  "a": }', 2, 8, "a value is expected"),
        ('{"a": 1 "b": 2}', 1, 9, "',' or '}' is expected"),
        ('{"a": [1 2]}', 1, 10, "',' or ']' is expected"),
        ('{"a" 1}', 1, 6, "':' is expected"),
        ("{a: 1}", 1, 2, "a name in double quotes is expected"),
        ("{,}", 1, 2, "a name in double quotes is expected"),
        ('{"a": 01}', 1, 7, "a value is expected"),
        ('{"a": nul}', 1, 7, "a value is expected"),
        ('{"a": NaN}', 1, 7, "a value is expected"),
        ('{"a": "\n"}', 1, 7, "a value is expected"),
        ('{"a": "', 1, 7, "a value is expected"),
        ("{} x", 1, 4, "nothing more is expected"),
        ("{} /* x", 1, 4, "nothing more is expected"),
        ('{"a": 1', 1, 8, "',' or '}' is expected"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_the_place(text: str, line: int, column: int, what: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read(text)

    assert (refused.value.line, refused.value.column, refused.value.what) == (line, column, what)


@pytest.mark.parametrize("text", ['{"a":' + "[" * 9999, '{"a": ' + "1" * 9999 + "}"])
def test_a_file_that_is_too_much_to_read_is_refused(text: str) -> None:
    with pytest.raises(Unreadable, match="it can't be read"):
        read(text)


@pytest.mark.parametrize(
    ("path", "column", "what"),
    [(("servers", "linktime"), 13, "an object is expected"), (("servers", 0), 13, "a list is expected")],
)
def test_a_value_on_the_way_that_is_of_another_kind_is_refused(
    path: tuple[str | int, ...], column: int, what: str
) -> None:
    with pytest.raises(Unreadable) as refused:
        put('{"servers": null}', path, 1)

    assert (refused.value.line, refused.value.column, refused.value.what) == (1, column, what)
