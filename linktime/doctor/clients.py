"""What would keep a client from starting us, and whether it has the key that is used here."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from ..clients import KEY, SERVER
from ..install.entry import PLACEHOLDER
from .entries import Entry
from .finding import Finding, State
from .settings import NEW_KEY

_ANOTHER: Final = "Copy the right one if that is a mistake; each key has a budget of its own."


def examine(found: Sequence[Entry | Finding], key: SecretStr | None) -> list[Finding]:
    """Tell of each entry what is wrong with it, beside the *key* that is used here."""
    if not found:
        return [Finding("files", "warning", "none of a client mentions us", "Run: linktime-mcp install CLIENT")]
    used = key.get_secret_value() if key else None
    return [finding for each in found for finding in ([each] if isinstance(each, Finding) else _findings(each, used))]


def _findings(entry: Entry, key: str | None) -> list[Finding]:
    title = entry.client.title
    place = str(entry.file) if entry.title == SERVER else f"{entry.file} ({entry.title})"
    troubles = [Finding(title, state, f"{place}: {seen}", cure) for state, seen, cure in _troubles(entry, key)]
    return troubles or [Finding(title, "good", f"{place} starts {entry.command}")]


def _troubles(entry: Entry, key: str | None) -> Iterator[tuple[State, str, str]]:
    """Tell of each what it means, what was seen, and the cure."""
    if entry.off:
        yield "warning", "it is switched off there", f"Switch it on in {entry.client.title}, if you want it."
    yield from _of_command(entry)
    if entry.key is None:
        yield "warning", f"no {KEY} in the env section", f"Set it there. {NEW_KEY}"
    elif entry.key == PLACEHOLDER:
        yield "fault", f"{KEY} is still the placeholder", NEW_KEY
    elif entry.has_key and key and entry.key != key:
        yield "warning", f"{KEY} is another one than the key used here", _ANOTHER


def _of_command(entry: Entry) -> Iterator[tuple[State, str, str]]:
    command = entry.command
    install = f"Run: linktime-mcp install {entry.client.name}"
    cure = install if entry.title == SERVER else f"Correct it there, or take it out. {install}"
    if not command:
        yield "warning", "no command that we know how to read", cure
    elif not shutil.which(command):
        if Path(command).is_absolute():
            yield "fault", f"{command} is not there, or can't be executed", cure
        else:
            yield "warning", f"{command} is not found on the PATH here", cure
