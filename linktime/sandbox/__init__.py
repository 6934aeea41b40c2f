"""A LinkTime of one's own: the REST API over HTTP and SQLite, for demos, tests and curious users."""

from __future__ import annotations

from .journal import Entry
from .server import Sandbox, run

__all__ = ["Entry", "Sandbox", "run"]
