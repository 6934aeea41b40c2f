"""The slot picker in a browser."""

from __future__ import annotations

import pytest

from tests.support.view_browser import ABLE, ViewBrowser
from tests.support.view_samples import slots

pytestmark = [pytest.mark.slow, pytest.mark.posix]  # each test opens a page in a browser of .ci/run

DAYS = {"eventTypeSlug": "intro-call", "from": "2026-12-01", "to": "2026-12-06"}
WORDS = "I choose Wed 2 Dec 2026, 09:00 (New York)"
START = "2026-12-02T14:00:00.000Z"
SLOT = f'.slot[data-key="{START}"]'


def test_slots_are_grouped_by_day_and_part(browser: ViewBrowser) -> None:
    browser.open("slots", slots(), DAYS)
    assert browser.texts(".days h2")[:3] == ["Tue, Dec 1", "Wed, Dec 2", "Thu, Dec 3"]
    assert browser.texts(".day h3") == [
        "Morning",
        "Afternoon",
        "Morning",
        "Afternoon",
        "Morning",
        "Afternoon",
        "Evening",
    ]
    assert browser.texts(".slot time")[:2] == ["11:00 AM", "11:30 AM"]
    assert "24 free times" in browser.text("#live")


def test_days_without_slots_are_named(browser: ViewBrowser) -> None:
    browser.open("slots", slots(), DAYS, locale="en-GB")
    days = [day.replace(",", "") for day in browser.texts(".none h2")]
    assert days in (["Thu 3 Dec", "Sat 5 - Sun 6 Dec"], ["Thu 3 Dec", "Sat 5 Dec - Sun 6 Dec"])
    assert set(browser.texts(".none p")) == {"No free times"}


def test_day_that_was_only_partly_asked_for_is_not_empty(browser: ViewBrowser) -> None:
    tokyo = {**DAYS, "from": "2026-12-03", "to": "2026-12-03", "timezone": "Asia/Tokyo"}
    browser.open("slots", slots(["2026-12-02T11:00"]), tokyo)
    assert browser.texts(".none") == []
    assert browser.texts(".slot small") == ["Thu 1:00 AM"]


def test_second_clock_is_that_of_the_guest(browser: ViewBrowser) -> None:
    browser.open("slots", slots(zone="Europe/Berlin"), {**DAYS, "timezone": "Europe/Berlin"}, zone="Asia/Tokyo")
    assert browser.texts(".slot small")[0] == "5:00 PM"
    assert "Berlin" in browser.text(".clocks")


def test_one_clock_if_all_are_equal(browser: ViewBrowser) -> None:
    browser.open("slots", slots(), DAYS, zone="America/Toronto")
    assert browser.texts(".slot small") == []


def test_choice_goes_to_the_assistant_with_its_start(browser: ViewBrowser) -> None:
    browser.open("slots", slots(), DAYS)
    browser.click(SLOT)
    assert browser.texts('.slot[aria-pressed="true"] time') == ["9:00 AM"]
    assert not any(each.get("method") == "ui/message" for each in browser.messages())
    browser.click(".choice .primary")
    assert browser.sent("ui/message") == [{"role": "user", "content": [{"type": "text", "text": WORDS}]}]
    (context,) = browser.sent("ui/update-model-context")
    assert context["structuredContent"] == {"startTime": START, "eventTypeSlug": "intro-call"}
    assert START in context["content"][0]["text"]
    browser.wait("document.querySelector('.sent')")
    methods = [each.get("method") for each in browser.messages()]
    assert methods.index("ui/update-model-context") < methods.index("ui/message")


def test_second_click_sends_nothing(browser: ViewBrowser) -> None:
    browser.open("slots", slots(), DAYS)
    browser.do("reply", {"ui/message": [None]})
    browser.click(SLOT)
    browser.click(".choice .primary")
    browser.click(".choice .primary")
    assert len(browser.sent("ui/message")) == 1


def test_outcome_of_a_choice_stays(browser: ViewBrowser) -> None:
    browser.open("slots", slots(), DAYS)
    browser.click(SLOT)
    browser.click(".choice .primary")
    browser.wait("document.querySelector('.sent') === document.activeElement")
    browser.do("pass", 45 * 60_000)
    assert len(browser.texts(".slot")) == 23
    assert len(browser.texts(".sent")) == 1


def test_message_has_the_start_if_the_context_is_refused(browser: ViewBrowser) -> None:
    browser.open("slots", slots(), DAYS, capabilities={"message": {}})
    browser.click(SLOT)
    browser.click(".choice .primary")
    assert START in browser.sent("ui/message")[0]["content"][0]["text"]


@pytest.mark.parametrize("capabilities", [{}, {"updateModelContext": {"text": {}}}])
def test_host_without_messages_gets_text_to_type(browser: ViewBrowser, capabilities: dict[str, object]) -> None:
    browser.open("slots", slots(), DAYS, capabilities=capabilities)
    browser.click(SLOT)
    browser.click(".choice .primary")
    browser.wait("document.querySelector('.type code')")
    assert browser.text(".type code") == WORDS
    assert browser.texts("nav button") == []


def test_choice_from_an_old_answer_is_checked(browser: ViewBrowser) -> None:
    browser.open("slots", slots(), DAYS, calls=[slots()])
    browser.click(SLOT)
    browser.do("pass", 90_000)
    browser.click(".choice .primary")
    assert browser.sent("tools/call") == [{"name": "check_availability", "arguments": DAYS}]
    assert browser.sent("ui/message")[0]["content"][0]["text"] == WORDS


def test_taken_slot_brings_fresh_ones(browser: ViewBrowser) -> None:
    browser.open("slots", slots(), DAYS, calls=[slots(["2026-12-02T09:30", "2026-12-02T10:00"])])
    browser.click(SLOT)
    browser.do("pass", 90_000)
    browser.click(".choice .primary")
    browser.wait("document.querySelectorAll('.slot').length === 2")
    assert "was taken" in browser.text(".panel")
    assert "was taken" in browser.text("#live")
    assert not any(each.get("method") == "ui/message" for each in browser.messages())


def test_later_days_are_loaded(browser: ViewBrowser) -> None:
    browser.open("slots", slots(), DAYS, calls=[slots(["2026-12-08T09:30"])])
    assert browser.texts("nav button:disabled", "ariaLabel") == ["Earlier days"]
    browser.click("[data-key=next]")
    browser.wait("document.querySelectorAll('.slot').length === 1")
    assert browser.sent("tools/call")[0]["arguments"] == {**DAYS, "from": "2026-12-07", "to": "2026-12-12"}
    assert browser.evaluate("document.activeElement.dataset.key") == "next"


def test_no_slots_at_all(browser: ViewBrowser) -> None:
    empty = slots(["2026-11-30T09:00"])
    browser.open("slots", empty, DAYS)
    assert browser.text(".panel") == "No free times on these days."


def test_passed_slot_leaves(browser: ViewBrowser) -> None:
    browser.open("slots", slots(), DAYS)
    browser.do("pass", 45 * 60_000)
    assert browser.texts(".slot time")[0] == "11:30 AM"


def test_left_out_slots_are_counted(browser: ViewBrowser) -> None:
    browser.open("slots", slots(leftOut=3), {**DAYS, "timeFrom": "09:00"})
    assert "3 more free times" in browser.text(".note")


def test_hour_that_occurs_twice_is_distinguished(browser: ViewBrowser) -> None:
    answer = slots(["2026-11-01T09:00"])
    rows = answer["structuredContent"]["slots"]
    for start, local in (("05:30", "01:30 -04:00"), ("06:30", "01:30 -05:00")):
        rows.append({"startTime": f"2026-11-01T{start}:00.000Z", "startTimeLocal": f"Sun 2026-11-01 {local}"})
    browser.open("slots", answer, {**DAYS, "from": "2026-11-01", "to": "2026-11-01"}, time="2026-10-30T12:00:00Z")
    assert browser.texts(".slot time") == ["1:30 AM GMT-4", "1:30 AM GMT-5", "9:00 AM GMT-5"]


def test_keys_move_between_slots_and_days(browser: ViewBrowser) -> None:
    browser.open("slots", slots(), DAYS)
    browser.evaluate("document.querySelector('.slot').focus()")
    seen = []
    for key in ("ArrowDown", "ArrowRight", "ArrowUp", "End", "Home"):
        browser.press(key)
        seen.append(browser.evaluate("document.activeElement.dataset.key").removeprefix("2026-12-0")[:7])
    assert seen == ["1T16:30", "2T14:30", "2T14:00", "4T23:30", "1T16:00"]
    browser.press("Enter")
    assert "Selected" in browser.text("#live")
    browser.press("Tab")
    browser.press("Enter")
    assert len(browser.sent("ui/message")) == 1


@pytest.mark.parametrize("width", [320, 480, 1200])
def test_no_width_scrolls_sideways(browser: ViewBrowser, width: int) -> None:
    browser.open("slots", slots(), {**DAYS, "timezone": "Asia/Kathmandu"}, width=width, capabilities=ABLE)
    browser.click(SLOT)
    assert browser.evaluate("document.documentElement.scrollWidth <= innerWidth")
