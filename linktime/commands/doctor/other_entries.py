"""The entries whose settings differ from the examined ones: each set of settings is checked once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from ..clients import KEY
from . import service, settings
from .entries import Entry
from .finding import Finding
from .guard import guarded
from .settings import PREFIX, ServerEnvironment

_MOST: Final = 6  # sets of settings; Claude Code can have an entry for each project
_REST: Final = "Fix or remove entries that are not needed, and run this again."

Variables = Mapping[str, str]


class _Group(NamedTuple):
    """The entries with the same LINKTIME_* variables, which are *variables*."""

    entries: Sequence[Entry]
    variables: Variables


async def check(server: ServerEnvironment, variables: Variables, entries: Sequence[Entry]) -> list[Finding]:
    """Check the settings of all *entries* but those of the examined *server*. *variables* are those of the shell.

    An entry that is switched off or has no key is not checked, because no server starts with it.
    """
    groups = _groups(_own(server.variables), variables, entries)
    others = settings.without_settings(variables)
    results = await asyncio.gather(*(_checked(group, others) for group in groups[:_MOST]))
    findings = [finding for result in results for finding in result]
    if left := groups[_MOST:]:
        titles = ", ".join(sorted({entry.client.title for group in left for entry in group.entries}))
        findings.append(Finding("others", "warning", f"not checked: {len(left)} more of {titles}", _REST, "too_many"))
    return findings


def _groups(examined: Variables, variables: Variables, entries: Sequence[Entry]) -> list[_Group]:
    groups: dict[frozenset[tuple[str, str]], list[Entry]] = {}
    for entry in entries:
        if entry.is_off or not (entry.is_prompted or entry.usable_key(variables)):
            continue
        own = _own(entry.environment(variables))
        same = examined if not entry.is_prompted else {**examined, KEY: own[KEY]}
        if own != same:
            groups.setdefault(frozenset(own.items()), []).append(entry)
    return [_Group(group, dict(own)) for own, group in groups.items()]


def _own(variables: Variables) -> dict[str, str]:
    """Return the settings of this server among *variables*."""
    return {name: value.strip() for name, value in variables.items() if name.startswith(PREFIX) and value.strip()}


async def _checked(group: _Group, others: Variables) -> list[Finding]:
    """Return the problems of one group, or one good finding. A check that depends on a failed one is left out."""
    prompt = group.entries[0].prompt
    server = ServerEnvironment({**others, **group.variables}, {}, prompt=prompt)
    usable, problems = settings.read(server.variables)
    areas = await service.check(usable, problems, prompt)
    checked = await guarded("settings", asyncio.to_thread(settings.check, server, problems), list)
    own = [each for each in checked if each.subject.startswith(PREFIX)]
    bad = [each for each in (*own, *(each for area in areas.values() for each in area)) if each.state != "good"]
    return list(_named(group, [each for each in bad if each.code != "skipped"], usable.base_url))


def _named(group: _Group, problems: Sequence[Finding], base_url: str) -> Iterator[Finding]:
    """Yield the *problems* with the files of the group."""
    title = ", ".join(dict.fromkeys(entry.client.title for entry in group.entries))
    files = ", ".join(dict.fromkeys(str(entry.file) for entry in group.entries))
    for subject, state, message, cure, code in problems:
        yield Finding(title, state, f"{files}: {subject}: {message}", cure, code)
    if not problems:
        yield Finding(title, "good", f"{files}: its settings work with {base_url}", code="works")
