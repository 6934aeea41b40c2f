"""How the server is imported: only what it uses, built only when it is used, and no look for garbage meanwhile."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec, module_from_spec
from typing import Final

_PLUGINS: Final = (
    "OTEL_PROPAGATORS",
    "OTEL_PYTHON_CONTEXT",
    "OTEL_PYTHON_METER_PROVIDER",
    "OTEL_PYTHON_TRACER_PROVIDER",
)


@contextmanager
def sparing(*packages: str) -> Iterator[None]:
    """Import what comes here as cheaply as can be; of *packages*, outer ones first, only the modules asked for."""
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")  # to look for them reads every package's metadata
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
    """Keep the garbage collector out: nothing is garbage here, and what is made here stays."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@contextmanager
def _deferred() -> Iterator[None]:
    """Let models be built when they are first used: of the SDK's hundreds a session uses a few."""
    from pydantic import BaseModel  # noqa: PLC0415 - not before the collector is out

    BaseModel.model_config["defer_build"] = True
    try:
        yield
    finally:
        del BaseModel.model_config["defer_build"]


@contextmanager
def _bare(*packages: str) -> Iterator[None]:
    """Let modules of *packages* be imported without what the packages' own `__init__` import.

    Whoever imports such a package later gets it whole, and one that is here already stays as it is.
    """
    absent = [name for name in packages if name not in sys.modules]
    try:
        for name in absent:
            if spec := find_spec(name):
                sys.modules[name] = module_from_spec(spec)
        yield
    finally:
        for name in absent:
            sys.modules.pop(name, None)
