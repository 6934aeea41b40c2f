"""Context: the owner of the account."""

from __future__ import annotations

from typing import Any, Required, TypedDict

from ..message import Request, get
from ..pipeline import routes
from ._tags import SETTINGS
from ._tool import read


class Profile(TypedDict, total=False):
    """The account's owner."""

    id: Required[str]
    email: Required[str]
    name: Any
    username: Any
    plan: Any
    effectivePlan: Any


@read("Get my profile", returns=Profile)
def get_me() -> Request:
    """Get the account owner's name, e-mail, username and plan."""
    return get(routes.ME).tagged(SETTINGS)
