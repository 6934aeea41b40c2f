"""The clients' files: whether a client can start linktime, and whether it has the key that is used here."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from pydantic import SecretStr

from ...sanitize.placeholders import placeholder
from ..clients import KEY, SERVER
from ..locations import Environment
from .entries import ClientFiles, Entry
from .finding import Finding, State
from .settings import NEW_KEY

ANY_CLIENT: Final = "Run: linktime-mcp install CLIENT"
ANOTHER_KEY: Final = "Copy the right key if this is a mistake. Each key has a budget of its own."


class _Problem(NamedTuple):
    """A finding about an entry, before the name of its file is added."""

    state: State
    code: str
    message: str
    cure: str


def check(files: ClientFiles, key: SecretStr | None, environment: Environment) -> list[Finding]:
    """Check each entry. *key* is the key that the doctor uses."""
    if not any(files):
        message = "no client configuration mentions linktime"
        return [Finding("files", "warning", message, ANY_CLIENT, "not_configured")]
    used = key.get_secret_value() if key else None
    findings = (finding for entry in files.entries for finding in _findings(entry, used, environment))
    return [*findings, *files.unreadable]


def _findings(entry: Entry, key: str | None, environment: Environment) -> list[Finding]:
    """Return the problems of one entry, or one good finding."""
    title = entry.client.title
    name = str(entry.file) if entry.title == SERVER else f"{entry.file} ({entry.title})"
    problems = [
        Finding(title, each.state, f"{name}: {each.message}", each.cure, each.code)
        for each in (*_switch(entry), *_command(entry, environment), *_key(entry, key, environment))
    ]
    return problems or [Finding(title, "good", f"{name} starts {entry.command}", code="starts")]


def _switch(entry: Entry) -> Iterator[_Problem]:
    """Check that the user did not switch the entry off."""
    if entry.is_off:
        yield _Problem("warning", "switched_off", "it is switched off there", f"Switch it on in {entry.client.title}.")


def _command(entry: Entry, environment: Environment) -> Iterator[_Problem]:
    """Check that the command exists and that the system lets the client start it."""
    command = entry.command
    install = f"Run: linktime-mcp install {entry.client.name}"
    cure = install if entry.title == SERVER else f"Fix the entry or remove it. {install}"
    # The state is a fault only if the client certainly cannot start the program.
    if not command:
        yield _Problem("warning", "no_command", "the entry has no command", cure)
    elif environment.protects(command):
        message = f"macOS may keep {entry.client.title} from starting {command}"
        yield _Problem("warning", "path_protected", message, "Install linktime-mcp outside of that folder.")
    elif not shutil.which(command):
        if Path(command).is_absolute():
            yield _Problem("fault", "command_missing", f"{command} does not exist or is not executable", cure)
        else:
            yield _Problem("warning", "command_not_on_path", f"{command} is not on the PATH of this shell", cure)


def _key(entry: Entry, key: str | None, environment: Environment) -> Iterator[_Problem]:
    """Check the key of an entry: 1. absent, 2. a reference to an unset variable, 3. another key, 4. a placeholder."""
    title, variables = entry.client.title, environment.variables
    missing = ", ".join(entry.missing_variables(variables))
    usable = entry.usable_key(variables)
    if entry.key is None:
        yield _Problem("warning", "no_key", f"no {KEY} in the env section", f"Set it there. {NEW_KEY}")
    elif missing:
        cure = f"Set {missing} in the environment that {title} starts in."
        yield _Problem("fault", "reference_unset", f"{KEY} comes from {missing}, which is not set here", cure)
    elif usable and key and usable != key:
        yield _Problem("warning", "another_key", f"{KEY} is not the key that is used here", ANOTHER_KEY)
    elif not usable and not entry.is_prompted:
        kind = placeholder(entry.key) or "is empty"
        yield _Problem("fault", "placeholder", f"{KEY} {kind}", NEW_KEY)
