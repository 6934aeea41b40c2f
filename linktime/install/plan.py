"""What is to become of a client's file: decided from values alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ..clients import KEY, SERVER, Client
from .difference import difference
from .edit import edited, read
from .entry import GONE, PLACEHOLDER, Change, adding, is_off, key_of, present_in, removing
from .spot import Unreadable


class Plan(NamedTuple):
    """The file's text *before* and *after*, None where there is no file; *difference* shows it without secrets.

    Where it *keeps*, a copy of the text before is made, and where it *restores* that is not needed any more; a file
    that is *private* has a key in it.
    """

    before: str | None
    after: str | None
    difference: str = ""
    notes: tuple[str, ...] = ()
    keeps: bool = False
    restores: bool = False
    private: bool = False


def to_add(before: str | None, client: Client, entry: Mapping[str, Any], name: str, *, copied: bool) -> Plan:
    """Plan that *entry* stands in the file; raises Unreadable.

    What is kept is the newest state that has nothing of ours, so that going back is always possible.
    """
    document = read(before or "", client)
    changes = adding(document, client, entry)
    after = edited(before or "", client, changes) if changes else before
    shown = difference(before or "", after or "", name, _public(entry, client))
    keeps = before is not None and not (removing(document, client) and copied)
    key = key_of(read(after or "", client), client)
    return Plan(before, after, shown, _notes(changes, document, client), keeps, private=bool(key) and "${" not in key)


def to_remove(before: str | None, client: Client, original: str | None, name: str, *, copied: bool) -> Plan:
    """Plan that nothing of ours stands in the file; *original* is what it was before us, as far as is known.

    Where that and our entry make up all of it, it becomes what it was, and a file that we made goes away. Else our
    entry goes, and a list that was not there before us, where it is empty now. Without a copy one is made, for the key
    in our entry may be the only one.
    """
    changes = removing(document := read(before or "", client), client)
    if before is None or not changes:
        return Plan(before, before)
    alone = _with(original or "", client, present_in(document, client)) == before
    after = original if alone else edited(before, client, changes)
    if after and original is not None:
        known, left = read(original, client), read(after, client)
        shells = [name for name in (client.servers, "inputs") if name not in known and left.get(name) in ([], {})]
        after = edited(after, client, [Change((name,), GONE) for name in shells])
    shown = difference(before, after or "", name, ())
    keeps = after is not None and not copied
    return Plan(before, after, shown, keeps=keeps, restores=original is not None and after == original)


def _with(original: str, client: Client, entry: Mapping[str, Any]) -> str | None:
    try:
        return edited(original, client, adding(read(original, client), client, entry))
    except Unreadable:
        return None


def _notes(changes: list[Change], document: Mapping[str, Any], client: Client) -> tuple[str, ...]:
    present = present_in(document, client)
    notes = {
        "linktime is there already: what we write is replaced, and what you added stays": any(
            path[:2] == (client.servers, SERVER) and len(path) > 2 for path, _ in changes
        ),
        "the key is replaced, too": any(path[-2:] == ("env", KEY) for path, _ in changes),
        f"linktime is switched off there, and stays so: switch it on in {client.title}": "command" in present
        and is_off(present),
    }
    return tuple(note for note, told in notes.items() if told)


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
