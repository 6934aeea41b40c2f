"""What runs here, and what is missing for it."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Final

from .. import __version__
from ..wallclock import zone_named
from .finding import Finding

_EXTRAS: Final = {"redis": "redis", "grpc": "opentelemetry.exporter.otlp.proto.grpc"}


def examine() -> list[Finding]:
    """Tell the versions, and whether there are time zones."""
    return [
        Finding("linktime-mcp", "good", __version__),
        Finding("Python", "good", f"{platform.python_version()} on {platform.platform()}"),
        *map(_package, ("mcp", "aiohttp")),
        *(
            Finding(f"extra {name}", "good", "installed" if find_spec(module) else "not installed")
            for name, module in _EXTRAS.items()
        ),
        _zones(),
    ]


def _package(name: str) -> Finding:
    try:
        return Finding(name, "good", version(name))
    except PackageNotFoundError:
        return Finding(name, "warning", "its version can't be read", "Install linktime-mcp again.")


def _zones() -> Finding:
    if zone_named("America/New_York"):
        return Finding("time zones", "good", "found")
    return Finding("time zones", "fault", "found neither in the system nor in tzdata", "Run: pip install tzdata")
