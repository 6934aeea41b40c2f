"""Detects text that no output may contain: keys, secrets, and the people of the sandbox and of the tests."""

from __future__ import annotations

import re
from typing import Final

from linktime.sandbox.sample_data import PEOPLE

_GUESTS: Final = ("Ada Lovelace", "Grace Hopper", "Robin Hale", "Jo Ng", "Jo Lee", "Zoë 李", "Éva Größe")
_NUMBERS: Final = ("555 0100", "7946 0958")
_DIGITS: Final = r"(?:(?<![0-9a-f])|(?<=%2b))\d{0,4}(?:5550100|79460958)(?!\d)"  # no part of a random id or of a time
_PEOPLE: Final = (*(person.name for person in PEOPLE), *_GUESTS)
_PHONES: Final = (*(person.phone for person in PEOPLE if person.phone), *_NUMBERS)
_NAMED: Final = (re.escape(one).replace(r"\ ", r"(?: |\+|%20)") for one in (*_PEOPLE, *_PHONES))
_FORMS: Final = "|".join([r"whsec_\w+", r"lt_live_\w{8,}", r"[\w.]+(?:@|%40)[\w.]+", _DIGITS, *_NAMED])


def slipped(text: str) -> list[str]:
    """Return the forbidden parts of *text*."""
    return re.findall(_FORMS, text)
