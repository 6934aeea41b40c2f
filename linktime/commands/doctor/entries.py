"""The entries of linktime in the clients' files, and the environment that a client starts a server with."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path, PurePath, PureWindowsPath
from typing import Any, Final, NamedTuple

from ...sanitize.placeholders import is_placeholder
from ..clients import CLIENTS, KEY, SERVER, Client
from ..install import NAME, ConfigFile, Unreadable, is_off, project_root, read
from ..locations import Environment
from .finding import Finding
from .settings import PREFIX, ServerEnvironment, without_settings

_PROMPT: Final = "${input:"  # begins a value that the client asks its user for
_VARIABLE: Final = re.compile(r"\$\{(?:env:)?(?P<name>\w+)(?::-(?P<default>[^}]*))?\}")
_PACKAGE: Final = re.compile(r"(--[a-z-]+=)?linktime[-_.]mcp(\s*[\[@=<>~!;].*)?", re.IGNORECASE | re.DOTALL)


class Entry(NamedTuple):
    """An entry that starts linktime."""

    # the place of the entry
    client: Client
    file: Path
    title: str  # the name of the server in the client's list
    # the content of the entry
    command: str  # empty if there is none
    env: Mapping[str, str]
    key: str | None  # as it is in the file, or a reference to the variable that the client passes on; None if absent
    is_off: bool  # whether the user switched it off

    @property
    def is_prompted(self) -> bool:
        """Whether the client asks its user for the key."""
        return self.key is not None and _PROMPT in self.key and self.client.resolves(self.key)

    @property
    def prompt(self) -> str:
        """The title of the client if it asks its user for the key, else empty."""
        return self.client.title if self.is_prompted else ""

    def missing_variables(self, variables: Mapping[str, str]) -> list[str]:
        """Return the variables that the key refers to and that are not set in *variables*."""
        key = self.key or ""
        matches = _VARIABLE.finditer(key) if self._passes_on_key or self.client.resolves(key) else ()
        return [each["name"] for each in matches if each["default"] is None and not variables.get(each["name"])]

    def environment(self, variables: Mapping[str, str]) -> dict[str, str]:
        """Return the variables that the client sets. References are replaced by the values in *variables*."""

        def value(match: re.Match[str]) -> str:
            return variables.get(match["name"]) or match["default"] or match.group()

        resolves = self.client.resolves
        env = {name: _VARIABLE.sub(value, text) if resolves(text) else text for name, text in self.env.items()}
        return {**env, **({KEY: variables.get(KEY, "")} if self._passes_on_key else {})}

    def usable_key(self, variables: Mapping[str, str]) -> str | None:
        """Return the key that the server gets, or None if there is no key or it is not known."""
        key = self.environment(variables).get(KEY, "").strip()
        return key if key and not is_placeholder(key) else None

    @property
    def _passes_on_key(self) -> bool:
        return self.key is not None and KEY not in self.env


class ClientFiles(NamedTuple):
    """The entries of linktime in the clients' files, and a finding for each file that a client cannot read."""

    entries: Sequence[Entry]
    unreadable: Sequence[Finding]


def find(environment: Environment) -> ClientFiles:
    """Read the clients' files for this user and this project."""
    files = [(client, Path(file)) for client in CLIENTS.values() for file in dict.fromkeys(_files(client, environment))]
    results = [result for client, file in files for result in _entries(client, file)]
    return ClientFiles(
        [result for result in results if isinstance(result, Entry)],
        [result for result in results if isinstance(result, Finding)],
    )


def server_environment(variables: Mapping[str, str], entries: Sequence[Entry]) -> ServerEnvironment:
    """Return the environment to examine.

    1. The shell has a key: the shell's environment.
    2. An entry has a key that is known: the environment of the first such entry.
    3. A client asks for the key, or a variable that it refers to is not set: likewise, without the key.
    4. Otherwise the shell's environment.
    """
    shell_key = variables.get(KEY, "").strip()
    known = [entry for entry in entries if entry.usable_key(variables)]
    unknown = [
        entry for entry in entries if entry.is_prompted or (KEY in entry.env and entry.missing_variables(variables))
    ]
    first = next(iter([*known, *sorted(unknown, key=lambda entry: not entry.is_prompted)]), None)
    if first is None or (shell_key and not is_placeholder(shell_key)):
        return ServerEnvironment(variables, {})
    overridden = [name for name in variables if name.startswith(PREFIX) and variables[name].strip()]
    env = first.environment(variables)
    origins = dict.fromkeys(env, str(first.file))
    return ServerEnvironment({**without_settings(variables), **env}, origins, overridden, first.prompt)


def keys(variables: Mapping[str, str], entries: Sequence[Entry]) -> set[str]:
    """Return every key that is known, from the shell and from the clients' files."""
    resolved = {entry.usable_key(variables) or "" for entry in entries}
    quoted = {entry.key or "" for entry in entries if not entry.client.resolves(entry.key or "")}
    return {key.strip() for key in (*resolved, *quoted, variables.get(KEY, ""))} - {""}


def _files(client: Client, environment: Environment) -> Iterator[PurePath]:
    """Yield the files in which the client can have an entry, those of the project first."""
    yield from client.files(project_root(client, environment), project=True)
    with suppress(KeyError):  # the home folder is not known
        yield from client.files(environment)


def _entries(client: Client, file: Path) -> Iterator[Entry | Finding]:
    """Yield the entries in *file*, or a finding if the client cannot read it."""
    try:
        raw = read(file)
        # A file without the name is not parsed: it can be large, or broken for other reasons.
        if raw and SERVER.encode() in raw:
            config = ConfigFile(client, raw.decode())
            servers = list(_servers(client, config.values))
            yield from (_entry(client, file, *server) for server in servers)
            if servers and config.has_refused_bom:
                message = f"{file} begins with a byte order mark, and {client.title} does not read such a file"
                cure = f"Run: linktime-mcp install {client.name}"
                yield Finding(client.title, "fault", message, cure, "byte_order_mark")
    except NotADirectoryError:
        return
    except Exception as fault:  # noqa: BLE001 - one file must not hide what the others contain
        message = f"{file} cannot be read: {_reason(fault)}"
        yield Finding(
            client.title, "fault", message, "Fix the file: the client cannot read it either.", "unreadable_file"
        )


def _reason(fault: Exception) -> str:
    """Return the reason without text of the file, which can contain a secret."""
    match fault:
        case OSError(strerror=str(text)):
            return text
        case UnicodeDecodeError():
            return "it is not UTF-8"
        case Unreadable():
            return f"{fault.what} (line {fault.line})"
        case _:
            return type(fault).__name__


def _servers(client: Client, values: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each entry of linktime in any list of servers: the file of Claude Code has one for each project."""
    for name, value in values.items() if isinstance(values, dict) else ():
        # The list of servers can be at any depth.
        if name == client.servers and isinstance(value, dict):
            yield from (each for each in value.items() if isinstance(each[1], dict) and _is_linktime(*each))
        else:
            yield from _servers(client, value)


def _is_linktime(title: str, entry: Mapping[str, Any]) -> bool:
    """Return whether the entry starts linktime. A path in the arguments of another server can contain the name."""
    command, args = entry.get("command"), entry.get("args")
    words = [word for word in args if isinstance(word, str)] if isinstance(args, list) else []
    return (
        title == SERVER
        or (isinstance(command, str) and PureWindowsPath(command).stem == NAME)
        or any(map(_PACKAGE.fullmatch, words))
        or ("-m", SERVER) in pairwise(words)
    )


def _entry(client: Client, file: Path, title: str, entry: Mapping[str, Any]) -> Entry:
    """Return the entry as a value. Fields of another type than expected count as absent."""
    table, command = entry.get("env"), entry.get("command")
    env = {name: value for name, value in table.items() if isinstance(value, str)} if isinstance(table, dict) else {}
    # The client passes the variable on, or its entry lists it.
    passed_on = client.inherits or KEY in json.dumps(entry.get(client.forward or ""), default=str)
    key = env.get(KEY, f"${{{KEY}}}" if passed_on else None)
    return Entry(client, file, title, command if isinstance(command, str) else "", env, key, is_off(entry))
