"""LinkTime's answers as plain values, bare or in an envelope."""

from __future__ import annotations

from typing import Any

import pytest

from linktime.answers import PAGE, as_object, items, joined, pages, record, records, rows

ROW = {"id": "clx1"}
NO_ANSWERS = [None, "text", 7, True, {}, {"data": None}, {"data": "text"}, {"error": {"code": "not_found"}}]


@pytest.mark.parametrize("data", [ROW, {"data": ROW}, {"data": ROW, "success": True}])
def test_object_is_read_bare_or_in_its_envelope(data: Any) -> None:
    assert record(data) == ROW


@pytest.mark.parametrize("data", [None, "text", 7, [], [ROW]])
def test_other_answers_have_no_fields(data: Any) -> None:
    assert record(data) == {}


@pytest.mark.parametrize("data", [[ROW], {"data": [ROW]}, {"data": [ROW], "pagination": {"total": 1}}])
def test_list_is_read_bare_or_in_its_envelope(data: Any) -> None:
    assert rows(data) == records(data) == items(data) == [ROW]


@pytest.mark.parametrize("data", NO_ANSWERS)
def test_other_answers_are_not_an_empty_list(data: Any) -> None:
    assert (rows(data), records(data), items(data)) == ([None], [], None)


def test_rows_that_are_no_objects_are_left_out() -> None:
    assert records([None, ROW, "text"]) == [ROW]
    assert items([None, ROW]) is None


@pytest.mark.parametrize(
    ("data", "count"),
    [
        ({"data": [ROW], "pagination": {"totalPages": 3}}, 3),
        ({"data": [], "pagination": {"totalPages": 0}}, 1),
        ({"data": [ROW], "pagination": {"total": 1}}, 1),
        ({"data": [ROW], "pagination": {"total": 2}}, None),
        ([ROW] * (PAGE - 1), 1),
        ([ROW] * PAGE, None),
        (None, None),
    ],
)
def test_pages_are_counted_only_if_certain(data: Any, count: int | None) -> None:
    assert pages(data) == count


def test_list_with_further_pages_is_not_whole() -> None:
    assert items({"data": [ROW], "pagination": {"totalPages": 2}}) is None


def test_joined_pages_are_a_whole_list() -> None:
    assert items(joined([{"data": [ROW], "pagination": {"totalPages": 2}}, [ROW]])) == [ROW, ROW]


def test_joined_pages_with_an_unreadable_one_are_no_list() -> None:
    assert items(joined([[ROW], {"error": "later"}])) is None


@pytest.mark.parametrize(
    ("data", "result"),
    [
        (None, {"success": True}),
        (ROW, ROW),
        ({"data": ROW}, ROW),
        ({"data": ROW, "success": True}, {"data": ROW, "success": True}),
        ([ROW], {"data": [ROW]}),
        ({"data": [ROW]}, {"data": [ROW]}),
        ("text", {"data": "text"}),
    ],
)
def test_result_is_an_object(data: Any, result: dict[str, Any]) -> None:
    assert as_object(data) == result
