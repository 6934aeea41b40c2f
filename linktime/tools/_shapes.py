"""The shapes of answers that several domains share. Their types are documentation, not a promise."""

from __future__ import annotations

from typing import Any, TypedDict


class Success(TypedDict, total=False):
    """A confirmation of a change, and the data that it removed if a kept answer has them."""

    success: bool
    removed: Any
    alreadyDone: str


class Pagination(TypedDict, total=False):
    """The place of a page in a list."""

    page: int
    limit: int
    total: int
    totalPages: int
