"""The settings: where each comes from, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Final, NamedTuple

from ..clients import KEY
from ..config import KEY_MISSING, Settings
from ..errors import ConfigError
from ..install.entry import PLACEHOLDER
from ..ledger.redis import place_of
from ..telemetry import Variables
from .finding import Finding

PREFIX: Final = "LINKTIME_"
BASE: Final = "LINKTIME_BASE_URL"
BUDGET: Final = "LINKTIME_BUDGET"
NEW_KEY: Final = "Copy one from Settings → API Keys in LinkTime."

_KNOWN: Final = tuple(str(field.alias) for field in Settings.model_fields.values())
_ASIDE: Final = f"Your client's file counts here, since only that has a key; set {KEY}, too, to examine this shell."
_WHERE: Final = "the env section of your MCP client's configuration, or in this shell"


class Given(NamedTuple):
    """What is set, and by which files; what is in none of these, the environment sets.

    What the environment has *aside* of that doesn't count, since a client wouldn't hand it on.
    """

    environ: Mapping[str, str]
    files: Mapping[str, str]
    aside: Sequence[str] = ()


def read(environ: Mapping[str, str]) -> tuple[Settings, dict[str, str]]:
    """Read what can be read, with the rest at its defaults; and what is wrong with that, by its name."""
    faults = _faults(Settings.from_environ, environ)
    return Settings.from_environ({name: value for name, value in environ.items() if name not in faults}), faults


def examine(given: Given, malformed: Mapping[str, str]) -> list[Finding]:
    """Tell of each setting that is set, and of each variable that can't be right."""
    environ = given.environ
    ignored = Variables.from_environ(environ).faults
    chosen = {name: environ[name].strip() for name in _KNOWN if environ.get(name, "").strip()}
    return [
        *(
            _good(name, value, given.files.get(name, "the environment"))
            for name, value in chosen.items()
            if name not in malformed
        ),
        *([] if KEY in chosen else [Finding(KEY, "fault", KEY_MISSING, f"Set it in {_WHERE}.")]),
        *(Finding(name, "fault", words, f"Correct it in {_WHERE}.") for name, words in malformed.items()),
        *(Finding(name, "warning", f"{words}; ignored", f"Correct it in {_WHERE}.") for name, words in ignored.items()),
        *_unknown(environ),
        *(Finding(name, "warning", "set aside in the environment", _ASIDE) for name in given.aside),
        Finding("all others", "good", "have their defaults"),
    ]


def _faults(reader: Callable[[Mapping[str, str]], object], environ: Mapping[str, str]) -> dict[str, str]:
    """Tell what is wrong with what *reader* reads, by its name."""
    try:
        reader(environ)
    except ConfigError as error:
        return {name: words for name, _, words in (fault.partition(": ") for fault in error.faults)}
    return {}


def _good(name: str, value: str, origin: str) -> Finding:
    if name == KEY:
        return _key(value, origin)
    is_redis = name == BUDGET and ":" in value
    return Finding(name, "good", f"{place_of(value) if is_redis else value}, from {origin}")


def _key(value: str, origin: str) -> Finding:
    if value == PLACEHOLDER:
        return Finding(KEY, "fault", f"still the placeholder, from {origin}", NEW_KEY)
    if not value.startswith("lt_live_"):
        seen = f"set, from {origin}, but does not begin with lt_live_"
        return Finding(KEY, "warning", seen, f"{NEW_KEY} If LinkTime takes this one (see below), it is good.")
    return Finding(KEY, "good", f"set, from {origin}")


def _unknown(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Find what is named like a setting and is none."""
    for name in environ:
        if name.startswith(PREFIX) and name not in _KNOWN:
            near = get_close_matches(name.removeprefix(PREFIX), [known.removeprefix(PREFIX) for known in _KNOWN], n=1)
            cure = f"Did you mean {PREFIX}{near[0]}?" if near else "Take it away."
            yield Finding(name, "warning", "no such setting", cure)
