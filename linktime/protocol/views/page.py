"""A stand-in for the pages of the views."""

from __future__ import annotations

from typing import Literal


def page(view: Literal["calendar", "slots"]) -> str:
    """Return the page of a view, an HTML document."""
    return f"<!doctype html><title>{view}</title>"
