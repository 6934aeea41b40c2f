"""The versions of the program and its packages, and the time zones."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any, Final

from ... import __version__
from ...wallclock import zone_named
from .finding import Finding

_EXTRAS: Final = {"redis": "redis", "grpc": "opentelemetry.exporter.otlp.proto.grpc"}


def check() -> list[Finding]:
    """Return the versions, the optional packages, and whether time zones are available."""
    return [
        Finding("linktime-mcp", "good", __version__, code="version"),
        Finding("Python", "good", f"{platform.python_version()} on {system()}", code="version"),
        *map(_package, ("mcp", "aiohttp")),
        *(_extra(name, module) for name, module in _EXTRAS.items()),
        _zones(),
    ]


def system(module: Any = sys) -> str:
    """Return the operating system and its version. On Windows `platform` asks a service that may never answer."""
    if not hasattr(module, "getwindowsversion"):
        return platform.platform()
    major, minor, build, *_ = module.getwindowsversion()
    return f"Windows {major}.{minor}.{build}"


def _package(name: str) -> Finding:
    """Return the version of an installed package."""
    try:
        return Finding(name, "good", version(name), code="version")
    except PackageNotFoundError:
        return Finding(name, "warning", "its version is not known", "Install linktime-mcp again.", "no_version")


def _extra(name: str, module: str) -> Finding:
    """Return whether an optional package is installed. Both states are good."""
    if find_spec(module):
        return Finding(f"extra {name}", "good", "installed", code="installed")
    return Finding(f"extra {name}", "good", "not installed", code="not_installed")


def _zones() -> Finding:
    """Check that time zones are available. The server needs them for local times."""
    if zone_named("America/New_York"):
        return Finding("time zones", "good", "available", code="available")
    cure = "Run: pip install tzdata"
    return Finding("time zones", "fault", "neither the system nor tzdata has them", cure, "no_time_zones")
