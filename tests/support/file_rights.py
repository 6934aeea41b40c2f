"""Folders and users for tests of file permissions."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

NOBODY = 65534  # the user without rights
NEEDS_ROOT = pytest.mark.skipif(getattr(os, "geteuid", lambda: NOBODY)() != 0, reason="only root has several users")


@pytest.fixture
def folder() -> Iterator[Path]:
    """Make a folder that every user may read."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@contextmanager
def unprivileged() -> Iterator[None]:
    """Run as a user whom the permissions of files bind."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
