"""The cost of each test in CPU time, which hardly depends on the load of the machine, and the rule of the fast lane."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Generator
from typing import Any, Final

import pytest

from tests.support import template

MOST: Final = 1.2  # s of CPU time that all cases of a test may cost together, unless the test is marked as slow
_COST: Final = "CPU seconds"


class Costs:
    """A plugin of pytest. It reports the tests without the marker that cost more than MOST. It fails none.

    The cost of a fixture of the session belongs to no test, because any test can be its first user.
    """

    def __init__(self) -> None:
        self._costs: defaultdict[str, float] = defaultdict(float)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Measure the test with its fixtures."""
        self._begun = _spent()
        return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[Any]) -> None:
        """Add the cost so far to the report of the teardown, which a worker sends to the main process."""
        if call.when == "teardown" and not item.get_closest_marker("slow"):
            item.user_properties.append((_COST, _spent() - self._begun))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add up the cases of each test."""
        if report.when == "teardown":
            cost: Any = dict(report.user_properties).get(_COST, 0.0)
            self._costs[report.nodeid.partition("[")[0]] += cost

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Report the tests that belong into the slow lane."""
        costly = {name: cost for name, cost in self._costs.items() if cost > MOST}
        if costly:
            terminalreporter.section(f"not marked as slow, and more than {MOST} s of CPU time")
        for name, cost in sorted(costly.items(), key=lambda pair: -pair[1]):
            terminalreporter.line(f"{cost:5.1f} s {name}")


def _spent() -> float:
    """Return the CPU seconds of this process, of its children that have ended, and of the programs of templates."""
    own = time.process_time()
    try:
        import resource  # noqa: PLC0415 - Windows has none
    except ImportError:
        return own
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return own + children.ru_utime + children.ru_stime + sum(template.spent)
