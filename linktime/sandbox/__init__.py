"""A local LinkTime: the REST API over HTTP and SQLite, for demos, tests and trials without an account."""

from __future__ import annotations

from .request_log import Entry
from .server import Sandbox, run

__all__ = ["Entry", "Sandbox", "run"]
