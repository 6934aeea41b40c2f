"""The browser of the tests of views."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.view_browser import ViewBrowser, view_browser


@pytest.fixture(scope="session")
def shared_browser() -> Iterator[ViewBrowser]:
    """Run one browser for all tests."""
    with view_browser() as browser:
        yield browser


@pytest.fixture
def browser(shared_browser: ViewBrowser) -> Iterator[ViewBrowser]:
    """Return the browser, and check all messages of the views that the test opened."""
    yield shared_browser
    shared_browser.check()
