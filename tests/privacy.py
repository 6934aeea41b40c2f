"""What nobody may find in anything that is emitted: keys, secrets, and the people of the sandbox and of the tests."""

from __future__ import annotations

import re
from typing import Final

from linktime.sandbox.story import PEOPLE

_PEOPLE: Final = (*(person.name for person in PEOPLE), "Ada Lovelace", "Grace Hopper", "Robin Hale", "Jo Ng")
_PHONES: Final = (*(person.phone for person in PEOPLE if person.phone), "555 0100", "5550100", "7946 0958", "79460958")
_FORMS: Final = r"whsec_\w+|lt_live_\w{8,}|[\w.]+@[\w.]+|" + "|".join(re.escape(one) for one in (*_PEOPLE, *_PHONES))


def slipped(text: str) -> list[str]:
    """List what should not be in *text*."""
    return re.findall(_FORMS, text)
