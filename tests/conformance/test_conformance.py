"""The official conformance suite, on both of its sets of requirements.

A failure that is not in `expected_failures.yml` fails the test, and so does an entry there that has begun to pass.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

import pytest

from tests.conformance.bridge import bridge
from tests.support.official_schemas import suite
from tests.support.process import environ
from tests.support.programs import program, run

EXPECTED: Final = Path(__file__).with_name("expected_failures.yml")
TOTAL: Final = re.compile(r"^Total: (\d+) passed, (\d+) failed", re.MULTILINE)
SKILLS: Final = ("sep-2640-skills-enumeration", "sep-2640-skills-manifest")
OLDEST_NODE: Final = 22  # the suite uses a function that earlier versions do not have

# They run Node's programs.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.posix]


async def conformance(*options: str, output: Path) -> tuple[int | None, str]:
    """Run the suite against the fixtures. Return its exit status and its output."""
    node, file = program("node"), suite()
    _, version = await run(node, "--version", env=environ())
    if int(version.strip().lstrip("v").partition(".")[0]) < OLDEST_NODE and "CI" not in os.environ:
        pytest.skip(f"the conformance suite needs Node {OLDEST_NODE} or newer; .ci/run installs it")
    async with bridge() as url:
        shared = ("--url", url, "-o", str(output), "--timeout", "100000")  # ms
        return await run(node, str(file), "server", *shared, *options, env=environ())


@pytest.mark.parametrize(("revision", "passes"), [("2025-11-25", 76), ("2026-07-28", 145)])
async def test_revision_has_no_unexpected_result(revision: str, passes: int, tmp_path: Path) -> None:
    status, output = await conformance(
        "--requirements", revision, "--expected-failures", str(EXPECTED), output=tmp_path
    )

    total = TOTAL.search(output)
    assert status == 0, output
    assert total, output
    assert int(total[1]) >= passes


@pytest.mark.parametrize("scenario", SKILLS)
async def test_skills_conform(scenario: str, tmp_path: Path) -> None:
    options = ("--scenario", scenario, "--spec-version", "2026-07-28", "--force")
    status, output = await conformance(*options, output=tmp_path)

    assert status == 0, output
    assert "0 failed" in output
    assert "SKIPPED: scenario" not in output
