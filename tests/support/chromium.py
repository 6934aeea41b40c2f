"""Chromium, driven by a script in JavaScript."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.support.process import environ
from tests.support.programs import program, run


async def drive(script: Path, **values: Any) -> dict[str, Any]:
    """Run a *script* of `chromium.mjs` with these *values*. Return its result. Skip the test without Chromium."""
    node, chromium = program("node"), program("chromium")
    settings = json.dumps({"modules": str(modules()), "chromium": chromium, **values})
    status, out = await run(node, str(script), settings, env=environ())
    assert status == 0, out
    result: dict[str, Any] = json.loads(out.splitlines()[-1])
    return result


def modules() -> Path:
    """Return the folder with playwright-core."""
    modules = Path(os.environ.get("LINKTIME_TEST_CLIENTS", ".")).parent.resolve()
    if not (modules / "playwright-core").exists() and "CI" not in os.environ:
        pytest.skip("playwright-core is not installed; .ci/run installs it")
    return modules
