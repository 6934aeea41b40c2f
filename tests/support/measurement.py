"""Coverage pauses in slow tests: it almost doubles their time, and most of them repeat lines of fast ones."""

from __future__ import annotations

from collections.abc import Generator
from typing import Final

import pytest
from coverage import Coverage

_VARIABLES: Final = ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG")  # of the child processes


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Run a slow test, and its child processes, without coverage, unless it is marked as measured."""
    coverage = Coverage.current()
    if coverage is None or _is_measured(item):
        return (yield)
    with pytest.MonkeyPatch.context() as patch:
        for name in _VARIABLES:
            patch.delenv(name, raising=False)
        coverage.stop()
        try:
            return (yield)
        finally:
            coverage.start()


def _is_measured(item: pytest.Item) -> bool:
    return item.get_closest_marker("slow") is None or item.get_closest_marker("measured") is not None
