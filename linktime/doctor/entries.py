"""Our entries in the clients' own files: where they are, and what a client would start us with."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path, PurePath, PureWindowsPath
from typing import Any, Final, NamedTuple

from ..clients import CLIENTS, KEY, SERVER, Client, Place
from ..install import disk
from ..install.edit import read
from ..install.entry import PLACEHOLDER, is_off
from ..install.launch import NAME
from ..install.spot import Unreadable
from .finding import Finding
from .settings import PREFIX, Given

_REFERENCE: Final = "${"  # begins what a client puts a value in the place of
_PACKAGE: Final = re.compile(r"(--[a-z-]+=)?linktime[-_.]mcp(\s*[\[@=<>~!;].*)?", re.IGNORECASE | re.DOTALL)


class Entry(NamedTuple):
    """What *client* has of us in *file*, by *title*.

    The *key* is as it stands there, and None where the client gives none; *off* tells that it is switched off there.
    """

    client: Client
    file: Path
    title: str
    command: str
    env: Mapping[str, str]
    key: str | None
    off: bool

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
    aside = [name for name in environ if name not in others and environ[name].strip()]
    return Given({**others, **entry.env}, dict.fromkeys(entry.env, str(entry.file)), aside)


def keys(environ: Mapping[str, str], found: Sequence[Entry | Finding]) -> set[str]:
    """Collect all that are known, wherever they stand."""
    there = {entry.key for entry in found if isinstance(entry, Entry) and entry.key and entry.has_key}
    return there | {environ.get(KEY, "").strip()}


def _files(client: Client, place: Place) -> Iterator[PurePath]:
    yield from client.files(place, project=True)
    with suppress(KeyError):  # where nobody knows the user's home
        yield from client.files(place)


def _entries(client: Client, file: Path) -> Iterator[Entry | Finding]:
    try:
        raw = disk.read(file)
        if raw and SERVER.encode() in raw:
            yield from [_entry(client, file, *ours) for ours in _ours(client, read(raw.decode(), client))]
    except NotADirectoryError:
        return
    except Exception as fault:  # noqa: BLE001 - what strangers wrote must not hide what other files say
        seen = f"{file} can't be read: {_reason(fault)}"
        yield Finding(client.title, "fault", seen, "Correct that: the client can't read it either.")


def _reason(fault: Exception) -> str:
    match fault:
        case OSError(strerror=str(words)):
            return words
        case UnicodeDecodeError():
            return "it is not UTF-8"
        case Unreadable():
            return f"{fault.what} (line {fault.line})"
        case _:
            return type(fault).__name__


def _ours(client: Client, data: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Find our entries wherever there is a list of servers: Claude Code's own file has one for each project."""
    for name, value in data.items() if isinstance(data, dict) else ():
        if name == client.servers and isinstance(value, dict):
            yield from (each for each in value.items() if isinstance(each[1], dict) and _is_ours(*each))
        else:
            yield from _ours(client, value)


def _is_ours(title: str, entry: Mapping[str, Any]) -> bool:
    """Whether it starts us: a path of some other server may have our name in it."""
    command, args = entry.get("command"), entry.get("args")
    words = [word for word in args if isinstance(word, str)] if isinstance(args, list) else []
    return (
        title == SERVER
        or (isinstance(command, str) and PureWindowsPath(command).stem == NAME)
        or any(map(_PACKAGE.fullmatch, words))
        or ("-m", SERVER) in pairwise(words)
    )


def _entry(client: Client, file: Path, title: str, entry: Mapping[str, Any]) -> Entry:
    env = entry.get("env")
    given = {name: value for name, value in env.items() if isinstance(value, str)} if isinstance(env, dict) else {}
    handed_on = client.inherits or KEY in json.dumps(entry.get(client.forward or ""), default=str)
    key = given.get(KEY, _REFERENCE if handed_on else None)
    command = entry.get("command")
    return Entry(client, file, title, command if isinstance(command, str) else "", given, key, is_off(entry))
