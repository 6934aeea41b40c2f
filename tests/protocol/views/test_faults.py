"""Answers, arguments and hosts with faults: a view shows what it can, and states the rest in words."""

from __future__ import annotations

from typing import Any, Final

import pytest

from linktime.protocol.views.page import View
from tests.support.view_browser import ViewBrowser
from tests.support.view_samples import failure, meeting, meetings, result, slots, week

pytestmark = [pytest.mark.slow, pytest.mark.posix]  # each test opens a page in a browser of .ci/run

DAYS: Final = {"from": "2026-11-30", "to": "2026-12-06"}
ASKED: Final = {"eventTypeSlug": "intro-call", "from": "2026-12-01", "to": "2026-12-06"}
TUESDAY: Final = '[data-day="2026-12-01"]'
EMPTY: Final = '[data-day="2026-12-05"] .none'

each_view = pytest.mark.parametrize("view", ["calendar", "slots"])


def note(browser: ViewBrowser, word: str) -> str:
    """Return the note with this *word*, or an empty text."""
    return next((text for text in browser.texts(".note") if word in text), "")


@each_view
@pytest.mark.parametrize("data", [None, [], 7, {}, {"data": 7}, {"data": None}, {"slots": {"a": 1}}])
def test_unreadable_answer_is_an_error_with_its_text(browser: ViewBrowser, view: View, data: Any) -> None:
    answer = {"content": [{"type": "text", "text": "Three meetings, in prose."}]}
    browser.open(view, answer if data is None else answer | {"structuredContent": data}, ASKED)
    assert "could not be read" in browser.text(".panel h2")
    assert "Three meetings, in prose." in browser.text(".panel")
    assert "could not be read" in browser.text("#live")
    assert browser.texts(".day, .none") == []
    assert browser.texts(".panel button") == ["Try again"]


@pytest.mark.parametrize("answer", [{}, {"content": None}, {"content": [None, 7, {"type": "image"}]}])
def test_answer_without_any_text_is_an_error(browser: ViewBrowser, answer: dict[str, Any]) -> None:
    browser.open("calendar", answer, DAYS)
    assert "could not be read" in browser.text(".panel")


def test_unreadable_next_week_keeps_the_way_back(browser: ViewBrowser) -> None:
    browser.open("calendar", week(), DAYS, calls=[result({"weeks": []})])
    browser.click("[data-key=next]")
    browser.wait("document.querySelector('.panel')")
    assert set(browser.texts(".none")) == {"Not loaded"}
    browser.click("[data-key=back]")
    assert len(browser.texts(".meeting")) == 12


def test_rows_that_cannot_be_read_are_counted(browser: ViewBrowser) -> None:
    reversed_row = meeting("2026-12-01T10:00") | {"endTime": "2026-12-01T09:00:00.000Z"}
    rows: list[Any] = [meeting("2026-12-01T12:00"), reversed_row, None, {"id": "b", "startTime": "soon"}]
    browser.open("calendar", meetings(*rows), DAYS)
    assert len(browser.texts(".meeting")) == 1
    assert "3 meetings" in note(browser, "could not be read")
    assert "3 meetings" in browser.text("#live")
    assert browser.text(EMPTY) == "No readable meetings"
    browser.open("slots", slots(["2026-12-02T09:30"]) | {"structuredContent": {"slots": [{"startTime": 7}]}}, ASKED)
    assert "1 time" in note(browser, "could not be read")
    assert "readable" in browser.text(".panel")


def test_meetings_without_an_id_are_all_shown(browser: ViewBrowser) -> None:
    rows = [meeting("2026-12-01T12:00", id=None) for _ in range(3)]
    browser.open("calendar", meetings(*rows), DAYS)
    assert len(browser.texts(f"{TUESDAY} .meeting")) == 3
    browser.click(".meeting")
    assert "no id" in browser.text(".details")
    assert browser.texts(".actions button") == ["Join", "Save .ics"]
    browser.send("ui/notifications/tool-result", meetings(*rows))
    browser.wait("!document.querySelector('.details')")
    assert len(browser.texts(".meeting")) == 3


def test_meeting_until_the_end_of_time_is_on_each_day(browser: ViewBrowser) -> None:
    row = meeting("2026-12-03T12:00") | {"endTime": "9999-12-31T23:59:59.999Z"}
    browser.open("calendar", meetings(row), {})
    assert [len(browser.texts(f'[data-day="2026-12-0{day}"] .meeting')) for day in (2, 3, 4, 5)] == [0, 1, 1, 1]
    browser.click(".meeting")
    assert "9998" in browser.text(".details")


@each_view
@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2026-99-99", "2026-99-99"),
        ("2026-02-30", "2026-03-02"),
        ("2026-12-06", "2026-11-30"),
        ("0001-01-01", "9998-12-31"),
        ("9999-12-31", "9999-12-31"),
        ("9998-12-25", "9998-12-31"),
        ("0001-01-01", "0001-01-07"),
        ("+275760-09-13", "tomorrow"),
        (7, ["2026-12-01"]),
        (None, {}),
    ],
)
@pytest.mark.parametrize("answer", ["empty", "full"])
def test_any_range_is_shown(browser: ViewBrowser, view: View, first: Any, last: Any, answer: str) -> None:
    full = week() if view == "calendar" else slots()
    empty = result({"data": []} if view == "calendar" else {"slots": [], "timezone": "Mars/Phobos"})
    arguments = {"eventTypeSlug": "intro-call"} if view == "slots" else {}
    browser.open(view, empty if answer == "empty" else full, {**arguments, "from": first, "to": last}, calls=[full])
    assert len(browser.texts(".day")) == 7 or view == "slots"
    if answer == "full":
        assert browser.texts(".meeting, .slot") or browser.text("#live")
    for key in ("back", "next"):  # the buttons may be disabled, and lead to no fault
        browser.evaluate(f"document.querySelector('[data-key={key}]')?.click()")
        browser.do("pass", 1000)


@pytest.mark.parametrize(
    ("first", "last", "button"),
    [("9998-12-25", "9998-12-31", "Next week"), ("0001-01-01", "0001-01-07", "Previous week")],
)
def test_steps_end_with_the_years(browser: ViewBrowser, first: str, last: str, button: str) -> None:
    browser.open("calendar", meetings(), {"from": first, "to": last})
    assert browser.texts("nav button:disabled", "ariaLabel") == [button]


def test_empty_range_shows_today_or_its_first_week(browser: ViewBrowser) -> None:
    weeks = []
    for first, last in (("2026-11-01", "2026-12-31"), ("2027-02-03", "2027-03-31"), ("2026-99-99", "2026-12-01")):
        browser.open("calendar", meetings(), {"from": first, "to": last}, locale="en-GB")
        weeks.append(browser.evaluate("document.querySelector('.day').dataset.day"))
    assert weeks == ["2026-11-30", "2027-02-01", "2026-11-30"]


def test_long_range_is_a_week_at_a_time(browser: ViewBrowser) -> None:
    browser.open("calendar", week(), {"from": "2026-11-01", "to": "2027-01-31"}, locale="en-GB")
    assert "1 Nov 2026 - 31 Jan 2027" in note(browser, "one week")
    browser.evaluate("for (const _ of Array(8)) document.querySelector('[data-key=next]').click()")
    assert note(browser, "one week")
    browser.click("[data-key=next]")
    assert not note(browser, "one week")


def test_long_range_of_slots_shows_its_first_days(browser: ViewBrowser) -> None:
    answer = slots(["2026-12-01T11:00", "2027-01-04T09:00", "2027-01-05T09:00"])
    browser.open("slots", answer, {**ASKED, "to": "2027-11-30"}, calls=[answer])
    assert len(browser.texts(".slot")) == 2
    assert "first 35" in note(browser, "more days")
    browser.click("[data-key=next]")
    (call,) = browser.sent("tools/call")
    assert (call["arguments"]["from"], call["arguments"]["to"]) == ("2027-01-05", "2027-02-08")
    browser.wait("document.querySelectorAll('.slot').length === 3")


@pytest.mark.parametrize(
    "context",
    [
        {"locale": 7, "timeZone": "Mars/Phobos", "containerDimensions": None, "styles": None},
        {"availableDisplayModes": "fullscreen", "displayMode": None, "safeAreaInsets": {"top": "x"}},
    ],
)
def test_context_with_faults_is_ignored(browser: ViewBrowser, context: dict[str, Any]) -> None:
    browser.open("calendar", week(), DAYS, context=context)
    assert len(browser.texts(".meeting")) == 12
    assert browser.texts('[data-key="display"]') == []


@pytest.mark.parametrize(
    ("method", "params", "selector"),
    [
        ("ui/notifications/tool-result", week(), ".meeting"),
        ("ui/notifications/tool-cancelled", {}, ".panel"),
        ("ui/notifications/host-context-changed", {"theme": "dark"}, ".skeleton"),
    ],
)
def test_message_before_the_opening_waits(
    browser: ViewBrowser, method: str, params: dict[str, Any], selector: str
) -> None:
    browser.open("calendar", None, DAYS, first=[{"method": method, "params": params}])
    browser.wait(f"document.querySelector('{selector}')")


@each_view
def test_error_of_the_tool_keeps_its_title(browser: ViewBrowser, view: View) -> None:
    browser.open(view, failure("unavailable: LinkTime does not answer."), DAYS)
    assert browser.text(".panel h2") == "No answer"
