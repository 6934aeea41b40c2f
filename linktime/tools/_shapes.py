"""The shapes of answers that several domains share. Their types are documentation, not a promise."""

from __future__ import annotations

from typing import TypedDict


class Success(TypedDict, total=False):
    """That it was done."""

    success: bool


class Pagination(TypedDict, total=False):
    """Where in a list this page stands."""

    page: int
    limit: int
    total: int
    totalPages: int
