"""What is to become of a client's file: decided from values alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ..clients import KEY, SERVER, Client
from .difference import difference
from .edit import edited, read
from .entry import GONE, PLACEHOLDER, Change, adding, present_in, removing


class Plan(NamedTuple):
    """The file's text *before* and *after*, None where there is no file; *difference* shows it without secrets."""

    before: str | None
    after: str | None
    difference: str = ""
    notes: tuple[str, ...] = ()


def to_add(before: str | None, client: Client, entry: Mapping[str, Any], name: str) -> Plan:
    """Plan that *entry* stands in the file; raises Unreadable."""
    document = read(before or "", client)
    changes = adding(document, client, entry)
    after = edited(before or "", client, changes) if changes else before
    present = any(path[:2] == (client.servers, SERVER) and len(path) > 2 for path, _ in changes)
    notes = [
        "linktime is there already: what we write is replaced, and what you added stays" if present else "",
        "the key is replaced, too" if any(path[-2:] == ("env", KEY) for path, _ in changes) else "",
    ]
    shown = difference(before or "", after or "", name, _public(entry, client))
    return Plan(before, after, shown, tuple(filter(None, notes)))


def to_remove(before: str | None, client: Client, original: str | None, name: str) -> Plan:
    """Plan that nothing of ours stands in the file; *original* is what it was before us, as far as is known.

    Where that and our entry make up all of it, it becomes what it was, and a file that we made goes away. Else our
    entry goes, and a list that was not there before us, where it is empty now.
    """
    changes = removing(document := read(before or "", client), client)
    if before is None or not changes:
        return Plan(before, before)
    known = read(original or "", client)
    entry = present_in(document, client)
    ours = edited(original or "", client, adding(known, client, entry)) if not removing(known, client) else None
    after = original if ours == before else edited(before, client, changes)
    if after and original is not None:
        left = read(after, client)
        shells = [name for name in (client.servers, "inputs") if name not in known and left.get(name) in ([], {})]
        after = edited(after, client, [Change((name,), GONE) for name in shells])
    return Plan(before, after, difference(before, after or "", name, ()))


def _public(entry: Mapping[str, Any], client: Client) -> set[str]:
    """Name the texts that we write, but not the key."""
    env = {name: text for name, text in entry.get("env", {}).items() if name != KEY}
    return {*_texts([{**entry, "env": env}, *client.inputs]), PLACEHOLDER}


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case Mapping():
            yield from _texts(list(value.values()))
        case list():
            for each in value:
                yield from _texts(each)
