"""The settings: the source of each, and its problem."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from ...config import KEY_MISSING, Settings
from ...errors import ConfigError
from ...pipeline.ledger.redis import place_of
from ...sanitize.placeholders import is_placeholder, placeholder
from ...telemetry import Variables
from ...tools.suggest import suggest
from ..clients import KEY, KEY_PREFIX
from ..startup import PLAIN_IMPORTS
from .finding import Finding

PREFIX: Final = "LINKTIME_"
BASE: Final = "LINKTIME_BASE_URL"
BUDGET: Final = "LINKTIME_BUDGET"
NEW_KEY: Final = "Copy one from Settings → API Keys in LinkTime."
FIX: Final = "Fix it in the env section of your MCP client's configuration, or in this shell."
SET_KEY: Final = "Set it in the env section of your MCP client's configuration, or in this shell."
UNSET: Final = "Remove it, or correct it if you want telemetry. The server ignores it."

_KNOWN: Final = tuple(str(field.alias) for field in Settings.model_fields.values())
_OVERRIDDEN: Final = (
    f"The client's file is examined, because only it has a key. Set {KEY} as well to examine this shell."
)


class ServerEnvironment(NamedTuple):
    """The environment to examine."""

    variables: Mapping[str, str]
    origins: Mapping[str, str]  # the file that sets a variable; the shell sets the others
    overridden: Sequence[str] = ()  # settings of the shell that do not count, because a client does not pass them on
    prompt: str = ""  # the title of the client that asks its user for the key


def read(variables: Mapping[str, str]) -> tuple[Settings, dict[str, str]]:
    """Return the settings, with the default for each malformed one, and the problems by variable.

    A placeholder counts as no key.
    """
    # One malformed setting must not hide the result of the others.
    problems = _problems(Settings.from_environ, variables)
    usable = {name: value for name, value in variables.items() if name not in problems}
    if is_placeholder(usable.get(KEY, "")):
        del usable[KEY]
    return Settings.from_environ(usable), problems


def without_settings(variables: Mapping[str, str]) -> dict[str, str]:
    """Return *variables* without the settings. A client passes on no setting of the shell but those in its entry."""
    return {name: value for name, value in variables.items() if not name.startswith(PREFIX)}


def check(environment: ServerEnvironment, problems: Mapping[str, str]) -> list[Finding]:
    """Check each setting that is set, and each variable that is ignored or unknown."""
    variables, origins = environment.variables, environment.origins
    values = {name: variables[name].strip() for name in _KNOWN if name != KEY and variables.get(name, "").strip()}
    ignored = Variables.from_environ(dict(variables)).faults
    return [
        _key(environment, problems.get(KEY, "")),
        *(_valid(name, value, origins) for name, value in values.items() if name not in problems),
        *(Finding(name, "fault", text, FIX, "invalid") for name, text in problems.items() if name != KEY),
        *(Finding(name, "warning", f"ignored: {text}", UNSET, "ignored") for name, text in ignored.items()),
        *_unknown(variables),
        *(Finding(name, "warning", "not used", _OVERRIDDEN, "overridden") for name in environment.overridden),
        Finding("all others", "good", "have their defaults", code="defaults"),
    ]


def _problems(reader: Callable[[Mapping[str, str]], object], variables: Mapping[str, str]) -> dict[str, str]:
    """Return the problems that *reader* reports, by variable."""
    try:
        reader(variables)
    except ConfigError as error:
        return error.problems
    return {}


def _valid(name: str, value: str, origins: Mapping[str, str]) -> Finding:
    """Return a finding for a valid setting. A URL of Redis is shown without its password."""
    text = place_of(value) if name == BUDGET and ":" in value else value
    return Finding(name, "good", f"{text}, from {_origin(name, origins)}", code="set")


def _key(environment: ServerEnvironment, problem: str) -> Finding:
    """Return the finding about the key. It never contains the key."""
    value, origin = environment.variables.get(KEY, "").strip(), _origin(KEY, environment.origins)
    kind = placeholder(value)
    # From the clearest case to the least clear one.
    if environment.prompt:
        return Finding(KEY, "good", f"{environment.prompt} asks its user for it, as {origin} says", code="prompted")
    if not value:
        return Finding(KEY, "fault", KEY_MISSING, SET_KEY, "missing")
    if kind:
        return Finding(KEY, "fault", f"{kind}, from {origin}", NEW_KEY, "placeholder")
    if problem:
        return Finding(KEY, "fault", problem, FIX, "invalid")
    if not value.startswith(KEY_PREFIX):
        message = f"set, from {origin}, but it does not begin with {KEY_PREFIX}"
        return Finding(
            KEY, "warning", message, f"{NEW_KEY} If LinkTime accepts this key (see below), it is good.", "unusual"
        )
    return Finding(KEY, "good", f"set, from {origin}", code="set")


def _origin(name: str, origins: Mapping[str, str]) -> str:
    """Return the place where a variable is set."""
    return origins.get(name, "the environment")


def _unknown(variables: Mapping[str, str]) -> Iterator[Finding]:
    """Yield a finding for each variable that has the prefix of a setting and is not one."""
    for name in variables:
        if name.startswith(PREFIX) and name not in (*_KNOWN, PLAIN_IMPORTS):
            near = suggest(name.removeprefix(PREFIX), [known.removeprefix(PREFIX) for known in _KNOWN])
            cure = f"Did you mean {PREFIX}{near}?" if near else "Remove it."
            yield Finding(name, "warning", "no such setting", cure, "unknown")
