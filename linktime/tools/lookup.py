"""The lookup of a row that is named by something else than its id, such as an override by its date."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ..errors import Rejected
from ..message import Request


class Lookup(NamedTuple):
    """Finds the id of a row. *ident* is the argument for it.

    *read* returns the request of a list for the name in the place of an id, or None if that is an id. *idents* returns
    the ids of the rows with this name in the list's answer. *kind* is the noun of messages.
    """

    kind: str
    ident: str
    read: Callable[[str], Request | None]
    idents: Callable[[Any, str], list[str]]

    def only(self, data: Any, name: str) -> str:
        """Return the id of the only row called *name* in the list's answer.

        Raises:
            Rejected: There is no such row, or there are several.
        """
        match self.idents(data, name):
            case [ident]:
                return ident
            case []:
                raise Rejected("not_found", f"LinkTime has no {self.kind} of {name}.", status=404)
            case several:
                known = ", ".join(several)
                happened = f"LinkTime has several rows of the kind {self.kind} for {name}, with the ids {known}."
                raise Rejected("conflict", happened, f"Call again with {self.ident}.", status=409)
