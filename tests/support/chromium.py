"""Chromium on a page that a server sends, driven by a script in JavaScript."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple, Self

from tests.support.process import environ
from tests.support.programs import browser, program, run
from tests.support.view_browser import modules


class Chromium(NamedTuple):
    """The programs that drive Chromium: Node.js, the browser, and the folder of the Node modules."""

    node: str
    chromium: str
    modules: str

    @classmethod
    def installed(cls) -> Self:
        """Return the programs. Skip the test if one is missing."""
        return cls(program("node"), browser(), str(modules().resolve()))

    async def drive(self, script: Path, **values: Any) -> dict[str, Any]:
        """Run a *script* of `chromium.mjs` with these *values*. Return its result."""
        settings = json.dumps({"modules": self.modules, "chromium": self.chromium, **values})
        status, out = await run(self.node, str(script), settings, env=environ())
        assert status == 0, out
        result: dict[str, Any] = json.loads(out.splitlines()[-1])
        return result
