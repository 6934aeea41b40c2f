"""The pictures of the README: whether they are current, and whether they need nothing from the network."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.pictures import calendar, demo, trace
from tests.pictures.svg import FOLDER, THEMES, path, words
from tests.support.metrics_store import installed

LARGEST = 150_000  # bytes
PICTURES = sorted(FOLDER.glob("*.svg"))


def steady(text: list[str]) -> list[str]:
    """Leave out times, their units and the bars of a trace, which differ between two runs."""
    return [re.sub(r"^\d:\d\d$|^\d+(\.\d+)?$", "0", word) for word in text if not re.fullmatch("ms|s|[█▇]+", word)]


@pytest.mark.slow
def test_picture_of_the_demo_is_current() -> None:
    page = demo.with_fixed_ids(demo.draw().export_text())

    for theme in THEMES:
        assert steady(words(path("demo", theme))) == steady(page.split()), "run python -m tests.pictures"


@pytest.mark.jaeger
@pytest.mark.slow
def test_picture_of_the_trace_is_current() -> None:
    installed("jaeger")
    page = trace.draw().export_text()

    for theme in THEMES:
        assert steady(words(path("trace", theme))) == steady(page.split()), "run python -m tests.pictures"


def test_picture_of_the_calendar_is_current() -> None:
    record = json.loads(calendar.RECORD.read_text("utf-8"))
    changed = [name for name, digest in calendar.digests().items() if record.get(name) != digest]

    assert not changed, (
        f"{changed} changed: run python -m tests.pictures, and look at dashboards/pictures/calendar-*.png"
    )


@pytest.mark.parametrize("file", PICTURES, ids=lambda file: file.name)
def test_picture_is_small_and_needs_no_network(file: Path) -> None:
    text = file.read_text(encoding="utf-8")

    assert len(text.encode()) <= LARGEST
    assert set(re.findall(r"\bhttps?://[^\s\"')]+", text)) == {"http://www.w3.org/2000/svg"}
    assert set(re.findall(r"url\((.)", text)) == {"#"}


def test_each_picture_has_both_themes() -> None:
    names = {file.stem.rpartition("-")[0] for file in PICTURES}

    assert [file.name for file in PICTURES] == sorted(f"{name}-{theme}.svg" for name in names for theme in THEMES)
