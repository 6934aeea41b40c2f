"""Speeds up the start: skips unused SDK modules, defers building pydantic models, pauses the garbage collector.

LINKTIME_PLAIN_IMPORTS=1 switches all of this off, so that a bug can be told from a trick.

Each trick has a comment with its gain: the CPU time up to the first call's answer without that trick, relative to that
with all tricks. Without any trick the ratio is 1.42. The session is loaded at each start, so a memo does not change the
ratios. They are means of four series of 13 interleaved starts on 2026-11-29, on a busy machine with two cores.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec, module_from_spec
from typing import Final

PLAIN_IMPORTS: Final = "LINKTIME_PLAIN_IMPORTS"  # for debugging, so `config.py` does not have it
_PLUGINS: Final = (
    "OTEL_PROPAGATORS",
    "OTEL_PYTHON_CONTEXT",
    "OTEL_PYTHON_METER_PROVIDER",
    "OTEL_PYTHON_TRACER_PROVIDER",
)


def is_plain() -> bool:
    """Return whether the program starts without the tricks."""
    return os.environ.get(PLAIN_IMPORTS) == "1"


@contextmanager
def sparing(*packages: str) -> Iterator[None]:
    """Make imports in this block cheap. Of *packages*, outer ones first, only the named modules are imported."""
    if is_plain():
        yield
        return
    # Otherwise pydantic reads the metadata of every installed package and loads the plugins in them.
    # 1.01 without: 5 ms for 96 packages, none of which has a plugin.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")
    with _uncollected(), _deferred(), _bare(*packages):
        yield


def ignore_plugins() -> None:
    """Remove the variables that name plugins of OpenTelemetry's API.

    This program uses none of them, and the MCP SDK's import fails if one is not installed.
    """
    for name in _PLUGINS:
        os.environ.pop(name, None)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Pause the garbage collector. Imports make no garbage, and their objects stay."""
    # 1.06 without
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@contextmanager
def _deferred() -> Iterator[None]:
    """Defer building each model to its first use. A session uses a few of the SDK's hundreds."""
    # 1.08 without
    from pydantic import BaseModel  # noqa: PLC0415 - only after the collector is paused

    BaseModel.model_config["defer_build"] = True
    try:
        yield
    finally:
        del BaseModel.model_config["defer_build"]


@contextmanager
def _bare(*packages: str) -> Iterator[None]:
    """Import modules of *packages* without running the `__init__` of the packages.

    A later import of such a package is complete. A package that is already imported stays as it is.
    """
    # 1.21 without, and 17 MB: the packages `mcp` and `mcp.server` import the SDK's client and its HTTP half.
    absent = [name for name in packages if name not in sys.modules]
    try:
        for name in absent:
            if spec := find_spec(name):
                sys.modules[name] = module_from_spec(spec)
        yield
    finally:
        for name in absent:
            sys.modules.pop(name, None)
