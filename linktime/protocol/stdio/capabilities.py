"""Capabilities of a client, repaired: a declaration of the wrong type must not end the session."""

from __future__ import annotations

from functools import reduce
from operator import getitem
from typing import Any, Final

from mcp_types import ClientCapabilities
from pydantic import ValidationError

_DEEPEST: Final = 8  # levels


def repaired(value: Any) -> Any:
    """Return a client's capabilities as the protocol allows them. A value that is no object at all stays as it is.

    1. `[]` is an empty object of PHP.
    2. `true` in place of an object declares the capability or the extension without settings.
    3. Null and any other value in place of an object declare nothing.
    """
    capabilities = _with_objects(value)
    try:
        ClientCapabilities.model_validate(capabilities, by_name=False)
    except ValidationError as error:
        for fault in error.errors(include_url=False, include_context=False):
            _replace(capabilities, fault["loc"])
    return capabilities


def _replace(capabilities: Any, location: tuple[int | str, ...]) -> None:
    """Replace the value at a *location* that the protocol's schema refuses."""
    if not location:
        return
    *path, name = location
    parent = reduce(getitem, path, capabilities)
    if parent[name] is True:
        parent[name] = {}
    else:
        del parent[name]


def _with_objects(value: Any, depth: int = _DEEPEST) -> Any:
    match value:
        case []:
            return {}
        case dict() if depth:
            return {name: _with_objects(each, depth - 1) for name, each in value.items()}
        case _:
            return value
