"""What is to stand in a client's file, and what has to change for that."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from itertools import chain, pairwise
from typing import Any, Final, NamedTuple

from ..clients import KEY, SERVER, Client
from .spot import Path

PLACEHOLDER: Final = "lt_live_..."

GONE: Final = object()


class Change(NamedTuple):
    """The value that is to be at *path*, or GONE."""

    path: Path
    value: Any


def wanted(
    client: Client, command: str, args: tuple[str, ...], settings: Mapping[str, str], *, project: bool
) -> dict[str, Any]:
    """Write our entry; *settings* are the variables, without a key where none is known.

    A key never goes into a project's file, which others read.
    """
    env = {KEY: PLACEHOLDER, **settings}
    if client.inputs:
        env[KEY] = f"${{input:{client.inputs[0]['id']}}}"
    elif project and client.reference:
        env[KEY] = client.reference.replace("NAME", KEY)
    elif project and (client.forward or client.inherits):
        del env[KEY]
    entry = client.entry(command, args, env)
    return entry | ({client.forward: [KEY]} if project and client.forward else {})


def adding(document: Mapping[str, Any], client: Client, entry: Mapping[str, Any]) -> list[Change]:
    """Tell what has to change so that *entry* is there; what the user added to one that starts a program stays."""
    present = present_in(document, client)
    at = (client.servers, SERVER)
    ours = _updating(at, present, entry) if "command" in present else [Change(at, dict(entry))]
    return [*_asking(document, client), *ours]


def removing(document: Mapping[str, Any], client: Client) -> list[Change]:
    """Tell what has to change so that nothing of ours is there."""
    servers = _table(document.get(client.servers))
    if SERVER not in servers:
        return []
    others = json.dumps([server for name, server in servers.items() if name != SERVER], default=str)
    inputs = document.get("inputs")
    asked = [
        Change(("inputs", index), GONE)
        for index, each in enumerate(inputs if isinstance(inputs, list) else [])
        if each in client.inputs and f"input:{each['id']}" not in others
    ]
    return [Change((client.servers, SERVER), GONE), *asked]


def key_of(document: Mapping[str, Any], client: Client) -> str:
    """Read the key that our entry holds, if any."""
    key = _table(present_in(document, client).get("env")).get(KEY)
    return key if isinstance(key, str) and key != PLACEHOLDER else ""


def present_in(document: Mapping[str, Any], client: Client) -> dict[str, Any]:
    """Read our entry, as far as it is one."""
    return _table(_table(document.get(client.servers)).get(SERVER))


def is_off(entry: Mapping[str, Any]) -> bool:
    """Whether the user switched the server off."""
    return entry.get("disabled") is True or entry.get("enabled") is False


def changed(document: Mapping[str, Any], changes: list[Change]) -> dict[str, Any]:
    """Do *changes* to the values alone: what a file has to say afterwards."""
    after = deepcopy(dict(document))
    for path, value in changes:
        parent: Any = after
        for name, following in pairwise(path):
            parent = parent.setdefault(name, [] if isinstance(following, int) else {})
        last = path[-1]
        if value is GONE:
            del parent[last]
        elif isinstance(last, int):
            parent.insert(last, value)
        else:
            parent[last] = value
    return after


def _updating(at: Path, present: Mapping[str, Any], entry: Mapping[str, Any]) -> list[Change]:
    stale = [Change((*at, "args"), GONE)] if present.get("args", []) != entry.get("args", []) == [] else []
    fields = (_field((*at, name), present.get(name), value) for name, value in entry.items())
    return [*stale, *chain.from_iterable(fields)]


def _field(at: Path, present: Any, value: Any) -> Iterator[Change]:
    if isinstance(present, dict) and isinstance(value, dict):
        for name, each in value.items():
            if present.get(name) != each and not (each == PLACEHOLDER and present.get(name)):
                yield Change((*at, name), each)
    elif isinstance(present, list) and value == [KEY]:
        if KEY not in present:
            yield Change(at, [*present, KEY])
    elif present != value:
        yield Change(at, value)


def _asking(document: Mapping[str, Any], client: Client) -> list[Change]:
    inputs = document.get("inputs")
    present = inputs if isinstance(inputs, list) else []
    known = [each.get("id") for each in present if isinstance(each, dict)]
    missing = [dict(each) for each in client.inputs if each["id"] not in known]
    return [Change(("inputs", len(present) + count), each) for count, each in enumerate(missing)]


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
