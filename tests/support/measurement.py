"""Coverage pauses during the tests that repeat lines of other tests, because it almost doubles their time."""

from __future__ import annotations

from collections.abc import Generator
from typing import Final

import pytest
from coverage import Coverage

_VARIABLES: Final = ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG")  # of the child processes


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Run a test that is marked as unmeasured, and its child processes, without coverage."""
    coverage = Coverage.current()
    if coverage is None or item.get_closest_marker("unmeasured") is None:
        return (yield)
    with pytest.MonkeyPatch.context() as patch:
        for name in _VARIABLES:
            patch.delenv(name, raising=False)
        coverage.stop()
        try:
            return (yield)
        finally:
            coverage.start()
