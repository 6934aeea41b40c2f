"""The plan of an installation: the change as a value, decided without I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from ...sanitize.placeholders import Placeholder, placeholder
from ..clients import BASE_URL, KEY, KEY_PREFIX, SERVER
from .config_file import PLACEHOLDER, ConfigFile
from .diff import masked_diff
from .syntax import Unreadable

Code = Literal[
    "bom_removed",
    "budget_not_copied",
    "client_asks",
    "entry_updated",
    "key_missing",
    "key_of_project",
    "key_placeholder",
    "key_replaced",
    "key_unusual",
    "no_sign_of_client",
    "path_of_machine",
    "path_protected",
    "permissions",
    "sandbox",
    "sandbox_silent",
    "switched_off",
]


class Note(NamedTuple):
    """Something that the user should know. A program can branch on *code*."""

    code: Code
    text: str


class Plan(NamedTuple):
    """The file *before* and *after*. *after* has no text if the file is to be removed."""

    before: ConfigFile
    after: ConfigFile
    diff: str = ""  # shows no secret
    notes: tuple[Note, ...] = ()
    makes_backup: bool = False
    drops_backup: bool = False

    @property
    def has_changes(self) -> bool:
        """Whether the file is to be written or removed."""
        return self.before.text != self.after.text


def plan_install(file: ConfigFile, entry: Mapping[str, Any], name: str, *, has_backup: bool) -> Plan:
    """Plan to add or update *entry*. *name* is the path that the diff shows. Raises Unreadable.

    The backup is the newest text without linktime, so that going back is always possible.
    """
    after = file.with_entry(entry) if file.changes(entry) or file.has_refused_bom else file
    diff = masked_diff(file.text or "", after.text or "", name, _public(entry, file))
    makes_backup = file.text is not None and not (file.has_entry and has_backup)
    return Plan(file, after, diff, tuple(_notes(file, entry)), makes_backup)


def plan_uninstall(file: ConfigFile, original: ConfigFile | None, name: str, *, has_backup: bool) -> Plan:
    """Plan to remove the entry. *original* is the backup, or None if there is no usable one. Raises Unreadable.

    1. There is no entry: the file stays.
    2. The file is *original* with the entry: it becomes *original*, and a file that was new is removed.
    3. Otherwise the entry is removed, and so are lists that are empty now and missing in *original*.

    Without a backup one is made, because the removed entry can contain the only copy of the key.
    """
    if not file.has_entry:
        return Plan(file, file)
    # Compare with the result of an installation into the original.
    start = original or ConfigFile(file.client, None)
    if _text_with(start, file.entry) == file.text:
        after = start.without_refused_bom()
    else:
        after = file.without_entry()
        after = after.without_empty_lists(original) if original and after.text else after
    diff = masked_diff(file.text or "", after.text or "", name, ())
    makes_backup = after.text is not None and not has_backup
    return Plan(file, after, diff, (), makes_backup, original is not None and after.text == original.text)


def _text_with(original: ConfigFile, entry: Mapping[str, Any]) -> str | None:
    try:
        return original.with_entry(entry).text
    except Unreadable:
        return None


def _notes(file: ConfigFile, entry: Mapping[str, Any]) -> Iterator[Note]:
    changes = file.changes(entry)
    if any(path[:2] == (file.client.servers, SERVER) and len(path) > 2 for path, _ in changes):
        text = "linktime is already there: the values that install writes are replaced, and your own fields stay"
        yield Note("entry_updated", text)
    if any(path[-2:] == ("env", KEY) for path, _ in changes):
        yield Note("key_replaced", "the API key is replaced as well")
    if "command" in file.entry and is_off(file.entry):
        title = file.client.title
        yield Note("switched_off", f"linktime is switched off there and stays so: switch it on in {title}")
    if file.has_refused_bom:
        text = f"the byte order mark is removed: {file.client.title} does not read a file that begins with one"
        yield Note("bom_removed", text)


def key_notes(plan: Plan, variable: str, *, project: bool) -> Iterator[Note]:
    """Yield a notice about the place of the key. *variable* is LINKTIME_API_KEY in the environment."""
    client, key = plan.before.client, plan.after.key
    if plan.after.is_sandbox:
        url = plan.after.entry["env"][BASE_URL]
        yield Note("sandbox", f"the entry is for the sandbox at {url}, and not for your account")
        return
    # A placeholder in the shell, then the place of the key: client, environment, or file.
    kind = placeholder(variable) if variable.strip() else None
    if kind and not client.inputs:
        reason = kind if kind is Placeholder.QUOTED else "is a placeholder"
        yield Note("key_placeholder", f"{KEY} of this shell is not used: it {reason}")
    if client.inputs:
        yield Note("client_asks", f"{client.title} asks for the API key once and keeps it")
    elif project:
        text = f"a project's file gets no key: set {KEY} in the environment that {client.title} starts in"
        yield Note("key_of_project", text)
    elif not key:
        yield Note("key_missing", f"no API key is known: replace {PLACEHOLDER}, or set {KEY} and run this again")
    elif plan.after.is_secret and not key.startswith(KEY_PREFIX):
        yield Note("key_unusual", f"the API key does not begin with {KEY_PREFIX}: check that it is from LinkTime")


def is_off(entry: Mapping[str, Any]) -> bool:
    """Return whether the user switched the server off."""
    return entry.get("disabled") is True or entry.get("enabled") is False


def _public(entry: Mapping[str, Any], file: ConfigFile) -> set[str]:
    """Return the texts that the installer writes, without the key."""
    env = {name: text for name, text in entry.get("env", {}).items() if name != KEY}
    return {*_texts([{**entry, "env": env}, *file.client.inputs]), PLACEHOLDER}


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case Mapping():
            yield from _texts(list(value.values()))
        case list():
            for each in value:
                yield from _texts(each)
