"""The clients' own files: which of them start us, by what command and with which key."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path, PurePath
from typing import Any, Final, NamedTuple

from pydantic import SecretStr

from ..clients import CLIENTS, KEY, SERVER, Client, Place
from ..install.edit import read
from ..install.entry import PLACEHOLDER
from ..install.spot import Unreadable
from .finding import Finding, State
from .settings import NEW_KEY, PREFIX, Given

_REFERENCE: Final = "${"  # begins what a client puts a value in the place of
_ANOTHER: Final = "Copy the right one if that is a mistake; each key has a budget of its own."


class Entry(NamedTuple):
    """What *client* has of us in *file*; the *key* is as it stands there, and None where the client gives none."""

    client: Client
    file: Path
    command: str
    env: Mapping[str, str]
    key: str | None

    @property
    def has_key(self) -> bool:
        """Whether the key itself stands there."""
        return self.key is not None and self.key != PLACEHOLDER and _REFERENCE not in self.key


def find(place: Place) -> Iterator[Entry | Finding]:
    """Find every entry of ours in the clients' files for this user and this directory, and what can't be read."""
    for client in CLIENTS.values():
        for file in dict.fromkeys(_files(client, place)):
            yield from _entries(client, Path(file))


def adopted(environ: Mapping[str, str], found: Sequence[Entry | Finding]) -> Given:
    """Give the environment; where it has no key, that in which the first client with one would start us."""
    entry = next((entry for entry in found if isinstance(entry, Entry) and entry.has_key), None)
    if entry is None or environ.get(KEY, "").strip():
        return Given(environ, {})
    others = {name: value for name, value in environ.items() if not name.startswith(PREFIX)}
    return Given({**others, **entry.env}, dict.fromkeys(entry.env, str(entry.file)))


def keys(environ: Mapping[str, str], found: Sequence[Entry | Finding]) -> set[str]:
    """Collect all that are known, wherever they stand."""
    there = {entry.key for entry in found if isinstance(entry, Entry) and entry.key and entry.has_key}
    return there | {environ.get(KEY, "").strip()}


def examine(found: Sequence[Entry | Finding], key: SecretStr | None) -> list[Finding]:
    """Tell what would keep a client from starting us, and whether it has the *key* that is used here."""
    if not found:
        return [Finding("files", "warning", "none of a client mentions us", "Run: linktime-mcp install CLIENT")]
    used = key.get_secret_value() if key else None
    return [finding for each in found for finding in ([each] if isinstance(each, Finding) else _findings(each, used))]


def _files(client: Client, place: Place) -> Iterator[PurePath]:
    yield from client.files(place, project=True)
    with suppress(KeyError):  # where nobody knows the user's home
        yield from client.files(place)


def _entries(client: Client, file: Path) -> Iterator[Entry | Finding]:
    try:
        raw = file.read_bytes()
        if SERVER.encode() in raw:
            yield from (_entry(client, file, entry) for entry in _ours(client, read(raw.decode(), client)))
    except (FileNotFoundError, NotADirectoryError):
        return
    except (OSError, UnicodeDecodeError, Unreadable) as fault:
        seen = f"{file} can't be read: {_reason(fault)}"
        yield Finding(client.title, "fault", seen, "Correct that: the client can't read it either.")


def _reason(fault: OSError | UnicodeDecodeError | Unreadable) -> str:
    match fault:
        case OSError():
            return fault.strerror or type(fault).__name__
        case UnicodeDecodeError():
            return "it is not UTF-8"
        case _:
            return f"{fault.what} (line {fault.line})"


def _ours(client: Client, data: Any) -> Iterator[Mapping[str, Any]]:
    """Find our entries wherever there is a list of servers: Claude Code's own file has one for each project."""
    for name, value in data.items() if isinstance(data, dict) else ():
        if name == client.servers and isinstance(value, dict):
            yield from (entry for title, entry in value.items() if isinstance(entry, dict) and _is_ours(title, entry))
        else:
            yield from _ours(client, value)


def _is_ours(title: str, entry: Mapping[str, Any]) -> bool:
    return SERVER in _text([title, entry.get("command"), entry.get("args")])


def _entry(client: Client, file: Path, entry: Mapping[str, Any]) -> Entry:
    env = entry.get("env")
    given = {name: value for name, value in env.items() if isinstance(value, str)} if isinstance(env, dict) else {}
    handed_on = client.inherits or KEY in _text(entry.get(client.forward or ""))
    key = given.get(KEY, _REFERENCE if handed_on else None)
    command = entry.get("command")
    return Entry(client, file, command if isinstance(command, str) else "", given, key)


def _text(value: Any) -> str:
    return json.dumps(value, default=str)


def _findings(entry: Entry, key: str | None) -> list[Finding]:
    title, file = entry.client.title, entry.file
    troubles = [Finding(title, state, f"{file}: {seen}", cure) for state, seen, cure in _troubles(entry, key)]
    return troubles or [Finding(title, "good", f"{file} starts {entry.command}")]


def _troubles(entry: Entry, key: str | None) -> Iterator[tuple[State, str, str]]:
    """Tell of each what it means, what was seen, and the cure."""
    command = entry.command
    install = f"Run: linktime-mcp install {entry.client.name}"
    if not command:
        yield "warning", "no command that we know how to read", install
    elif not shutil.which(command):
        if Path(command).is_absolute():
            yield "fault", f"{command} is not there, or can't be executed", install
        else:
            yield "warning", f"{command} is not found on the PATH here", install
    if entry.key is None:
        yield "warning", f"no {KEY} in the env section", f"Set it there. {NEW_KEY}"
    elif entry.key == PLACEHOLDER:
        yield "fault", f"{KEY} is still the placeholder", NEW_KEY
    elif entry.has_key and key and entry.key != key:
        yield "warning", f"{KEY} is another one than the key used here", _ANOTHER
