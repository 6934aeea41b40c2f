"""States of a view, and the surroundings that a host gives it."""

from __future__ import annotations

from typing import Final

import pytest

from linktime.protocol.views.page import View
from tests.support.view_browser import ABLE, ViewBrowser
from tests.support.view_samples import failure, meeting, meetings, slots, week

pytestmark = [pytest.mark.slow, pytest.mark.posix]  # each test opens a page in a browser of .ci/run

DAYS: Final = {"from": "2026-11-30", "to": "2026-12-06"}
ASKED: Final = {"eventTypeSlug": "intro-call", "from": "2026-12-01", "to": "2026-12-06"}
HOSTILE: Final = '<img src=x onerror="document.title=1">\u202egnirts\u2066' + "w" * 4000
COLOURS: Final = {
    "--color-background-primary": "light-dark(#fff8ee, #101820)",
    "--color-background-secondary": "light-dark(#f3e8d8, #182430)",
    "--color-text-primary": "light-dark(#201000, #f0f8ff)",
    "--color-text-secondary": "light-dark(#604020, #b0c8d8)",
}


@pytest.mark.parametrize("view", ["calendar", "slots"])
def test_skeleton_until_the_answer(browser: ViewBrowser, view: View) -> None:
    browser.open(view, None, DAYS)
    browser.wait("document.querySelector('.skeleton')")
    assert browser.evaluate("document.getElementById('view').ariaBusy") == "true"
    assert browser.text("#live").startswith("Loading")


@pytest.mark.parametrize("view", ["calendar", "slots"])
def test_error_has_the_words_of_the_tool(browser: ViewBrowser, view: View) -> None:
    browser.open(view, failure("not_found: there is no such event type. Use list_event_types."), DAYS, capabilities={})
    assert "There is no such event type. Use list_event_types." in browser.text(".panel")
    assert browser.text(".panel code") == "not_found"
    assert browser.texts(".panel button") == []
    assert "no such event type" in browser.text("#live")


def test_error_can_be_tried_again(browser: ViewBrowser) -> None:
    browser.open("slots", failure("unavailable: LinkTime does not answer."), ASKED, calls=[slots()])
    browser.click(".panel button")
    browser.wait("document.querySelector('.slot')")
    assert browser.sent("tools/call")[0]["arguments"] == ASKED


def test_wait_for_the_budget_counts_and_calls_again(browser: ViewBrowser) -> None:
    spent = failure("rate_limited: the request budget is spent. Call again in 12 s, or ask for less.")
    browser.open("calendar", spent, DAYS, calls=[week()])
    assert "Next call in 12 s." in browser.text(".panel")
    browser.do("pass", 5000)
    assert "12 s" in browser.text("#live")
    assert not any(each.get("method") == "tools/call" for each in browser.messages())
    browser.do("pass", 9000)
    browser.wait("document.querySelectorAll('.meeting').length === 12")
    assert browser.texts(".panel") == []


def test_budget_is_not_asked_for_without_end(browser: ViewBrowser) -> None:
    spent = failure("rate_limited: the request budget is spent. Call again in 1 s, or ask for less.")
    browser.open("calendar", spent, DAYS, calls=[spent])
    browser.wait("document.querySelector('.panel button')")
    assert len(browser.sent("tools/call")) == 3


def test_slow_answer_shows_the_seconds(browser: ViewBrowser) -> None:
    browser.open("calendar", week(), DAYS)
    browser.do("reply", {"tools/call": [None]})
    browser.click("[data-key=next]")
    browser.do("pass", 4000)
    assert "request budget" in browser.text(".line")


def test_refusal_of_the_client_is_an_error(browser: ViewBrowser) -> None:
    browser.open("calendar", week(), DAYS, calls=[{"error": {"code": -32000, "message": "The user refused."}}])
    browser.click("[data-key=next]")
    browser.wait("document.querySelector('.panel')")
    assert "The user refused." in browser.text(".panel")


def test_host_that_refuses_the_view(browser: ViewBrowser) -> None:
    browser.open("calendar", None, DAYS, refusal={"code": -32602, "message": "Unknown version"})
    browser.wait("document.querySelector('.panel')")
    assert "Unknown version" in browser.text(".panel")


@pytest.mark.parametrize("view", ["calendar", "slots"])
def test_cancelled_call(browser: ViewBrowser, view: View) -> None:
    browser.open(view, None, DAYS)
    browser.send("ui/notifications/tool-cancelled", {"reason": "The user pressed stop."})
    browser.wait("document.querySelector('.panel')")
    assert "The user pressed stop." in browser.text(".panel")
    assert browser.texts(".skeleton") == []


def test_empty_calendar(browser: ViewBrowser) -> None:
    browser.open("calendar", meetings(), DAYS)
    assert browser.texts(".none", "textContent") == ["No meetings"] * 7
    assert "0 meetings" in browser.text("#live")


def test_teardown_ends_timers_and_is_answered(browser: ViewBrowser) -> None:
    spent = failure("rate_limited: the request budget is spent. Call again in 2 s, or ask for less.")
    browser.open("calendar", spent, DAYS, calls=[week()])
    browser.send("ui/resource-teardown", {"reason": "closed"}, id=91)
    browser.send("ping", {}, id=92)
    browser.send("ui/unknown", {}, id=93)
    browser.do("pass", 60_000)
    answers = {each["id"]: each for each in browser.messages() if "method" not in each}
    assert answers[91]["result"] == answers[92]["result"] == {}
    assert answers[93]["error"]["code"] == -32601
    assert not any(each.get("method") == "tools/call" for each in browser.messages())


def test_guest_text_stays_text(browser: ViewBrowser) -> None:
    row = meeting(
        "2026-12-02T10:00", 90, HOSTILE, HOSTILE, notes=HOSTILE, inviteeTimezone=HOSTILE, inviteeEmail=HOSTILE
    )
    row |= {"status": HOSTILE, "id": f'"]{HOSTILE}', "meetingLink": f"https://x.example/{HOSTILE}"}
    browser.open("calendar", meetings(row), DAYS, width=350)
    browser.click(".meeting")
    assert browser.texts("img, script[src]") == []
    assert "<img src=x" in browser.text(".details")
    assert browser.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert "LinkTime" in browser.evaluate("document.title")
    browser.click(".details header button")
    assert browser.texts(".details") == []


def test_text_alone_is_enough(browser: ViewBrowser) -> None:
    browser.open(
        "slots", {"content": [{"type": "text", "text": '{"slots": [{"startTime": "2026-12-02T15:00:00Z"}]}'}]}, ASKED
    )
    assert len(browser.texts(".slot")) == 1


def test_theme_changes_without_a_new_answer(browser: ViewBrowser) -> None:
    colour = "getComputedStyle(document.body).backgroundColor"
    browser.open("calendar", week(), DAYS, context={"theme": "light", "styles": {"variables": COLOURS}})
    assert browser.evaluate(colour) == "rgb(255, 248, 238)"
    browser.send("ui/notifications/host-context-changed", {"theme": "dark"})
    browser.wait(f"{colour} === 'rgb(16, 24, 32)'")
    browser.send("ui/notifications/host-context-changed", {"locale": "de-DE"})
    browser.wait("document.querySelector('.day h2').ariaLabel === 'Montag, 30. November'")
    assert browser.evaluate(colour) == "rgb(16, 24, 32)"


def test_incomplete_colours_of_a_host_are_not_used(browser: ViewBrowser) -> None:
    variables = {"--color-text-primary": "#ffffff", "--font-sans": "monospace"}
    browser.open("calendar", week(), DAYS, context={"styles": {"variables": variables}})
    assert browser.evaluate("getComputedStyle(document.body).color") != "rgb(255, 255, 255)"
    assert browser.evaluate("getComputedStyle(document.body).fontFamily") == "monospace"


def test_theme_of_the_browser_if_the_host_has_none(browser: ViewBrowser) -> None:
    browser.open("slots", slots(), ASKED, context={"theme": None}, colorScheme="dark", reducedMotion="reduce")
    assert browser.evaluate("document.documentElement.dataset.theme") == "dark"
    assert browser.evaluate("getComputedStyle(document.querySelector('.slot')).transitionDuration") == "0s"


def test_size_is_reported_only_if_it_is_flexible(browser: ViewBrowser) -> None:
    browser.open("slots", slots(), ASKED)
    assert browser.sent("ui/notifications/size-changed")[-1]["height"] > 200
    browser.open("slots", slots(), ASKED, context={"containerDimensions": {"height": 400, "width": 500}})
    browser.click(".slot")
    assert not any(each.get("method") == "ui/notifications/size-changed" for each in browser.messages())


def test_right_to_left(browser: ViewBrowser) -> None:
    browser.open("calendar", week(), DAYS, locale="he-IL")
    assert browser.evaluate("document.documentElement.dir") == "rtl"
    lefts = browser.evaluate("[...document.querySelectorAll('.day')].map((day) => day.getBoundingClientRect().left)")
    assert lefts == sorted(lefts, reverse=True)
    browser.evaluate("document.querySelector('.meeting').focus()")
    browser.press("ArrowLeft")
    assert browser.evaluate("document.activeElement.closest('.day').dataset.day") == "2026-12-01"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_calendar_is_accessible(browser: ViewBrowser, theme: str) -> None:
    browser.open("calendar", week(), {**DAYS, "status": "all"}, context={"theme": theme, "timeZone": "Europe/Berlin"})
    assert browser.do("axe") == []
    browser.click(".meeting:has-text('Sarah')")
    assert browser.do("axe") == []
    browser.do("resize", [350, 700])
    assert browser.do("axe") == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_slot_picker_is_accessible(browser: ViewBrowser, theme: str) -> None:
    browser.open(
        "slots", slots(leftOut=2), {**ASKED, "timezone": "Asia/Tokyo"}, context={"theme": theme}, calls=[slots()]
    )
    browser.click(".slot")
    assert browser.do("axe") == []
    browser.click(".choice .primary")
    browser.wait("document.querySelector('.sent')")
    browser.do("resize", [350, 700])
    assert browser.do("axe") == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_other_states_are_accessible(browser: ViewBrowser, theme: str) -> None:
    browser.open("calendar", None, DAYS, context={"theme": theme}, locale="ar-EG")
    assert browser.do("axe") == []
    browser.send("ui/notifications/tool-result", failure("rate_limited: spent. Call again in 500 s."))
    browser.wait("document.querySelector('.panel')")
    assert browser.do("axe") == []
    browser.open("calendar", week(), DAYS, context={"theme": theme})
    browser.do("reply", {"tools/call": [None]})
    browser.click("[data-key=next]")
    browser.wait("document.querySelector('.line')")
    assert browser.do("axe") == []
    browser.open("slots", slots(), ASKED, context={"theme": theme}, capabilities={**ABLE, "message": {}}, locale="he")
    browser.do("reply", {"ui/message": [{"result": {"isError": True}}]})
    browser.click(".slot")
    browser.click(".choice .primary")
    browser.wait("document.querySelector('.type')")
    assert browser.do("axe") == []
