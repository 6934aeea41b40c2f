"""A client's configuration file as a value: text that is parsed once and edited in place."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from types import ModuleType
from typing import Any, Final

from ...sanitize.placeholders import is_placeholder
from ..clients import BASE_URL, KEY, SANDBOX_KEY, SERVER, Client, Format, is_of_sandbox
from . import jsonc, toml
from .syntax import BOM, GONE, Change, KeyPath, Unreadable, changed

PLACEHOLDER: Final = "lt_live_..."  # stands in an entry until the user writes the key there

_EDITORS: Final[dict[Format, ModuleType]] = {Format.JSON: jsonc, Format.JSONC: jsonc, Format.TOML: toml}


class ConfigFile:
    """The text of a client's file and its values.

    Each edit returns another ConfigFile. An edit keeps all other text byte for byte: comments, order, layout and line
    ends. The only exception is a byte order mark where the client does not accept one.
    """

    def __init__(self, client: Client, text: str | None) -> None:
        """Parse *text* as strictly as *client* does. It is None if there is no file. Raises Unreadable."""
        self.client: Final = client
        self.text: Final = text
        self.values: Final = _parsed(text or "", client)

    @property
    def entry(self) -> dict[str, Any]:
        """The entry of linktime, or an empty one."""
        return _table(_table(self.values.get(self.client.servers)).get(SERVER))

    @property
    def key(self) -> str:
        """The API key in the entry, or a reference that the client resolves, or an empty text. A sandbox has none."""
        key = _table(self.entry.get("env")).get(KEY)
        if key == SANDBOX_KEY:
            return ""
        return key if isinstance(key, str) and (self.client.resolves(key) or not is_placeholder(key)) else ""

    @property
    def is_sandbox(self) -> bool:
        """Whether the entry is for a local sandbox."""
        return _table(self.entry.get("env")).get(KEY) == SANDBOX_KEY

    @property
    def is_secret(self) -> bool:
        """Whether the API key itself is in the entry."""
        return bool(self.key) and not self.client.resolves(self.key)

    @property
    def has_entry(self) -> bool:
        """Whether the list of servers has the name linktime, with a usable entry or not."""
        return SERVER in _table(self.values.get(self.client.servers))

    @property
    def has_refused_bom(self) -> bool:
        """Whether the file begins with a byte order mark that the client does not accept."""
        return self.client.format is Format.JSON and (self.text or "").startswith(BOM)

    def with_entry(self, entry: Mapping[str, Any]) -> ConfigFile:
        """Add *entry*, or update the present one and keep the fields that the user added. Raises Unreadable."""
        return self._edited(self.changes(entry))

    def changes(self, entry: Mapping[str, Any]) -> list[Change]:
        """Return the changes that add or update *entry*."""
        at = (self.client.servers, SERVER)
        ours = _updates(at, self.entry, entry) if "command" in self.entry else [Change(at, dict(entry))]
        inputs = _missing_inputs(self.values, self.client) if "${input:" in str(entry.get("env")) else []
        return [*inputs, *ours]

    def without_entry(self) -> ConfigFile:
        """Remove the entry, and the inputs that no other server uses. Raises Unreadable."""
        if not self.has_entry:
            return self
        servers = _table(self.values.get(self.client.servers))
        # An input goes only if no other server refers to it.
        others = json.dumps([server for name, server in servers.items() if name != SERVER], default=str)
        unused = [
            Change(("inputs", index), GONE)
            for index, each in enumerate(_list(self.values.get("inputs")))
            if each in self.client.inputs and f"input:{each['id']}" not in others
        ]
        return self._edited([Change((self.client.servers, SERVER), GONE), *unused])

    def without_empty_lists(self, original: ConfigFile) -> ConfigFile:
        """Remove the lists of servers and inputs that are empty now and missing in *original*. Raises Unreadable."""
        lists = (self.client.servers, "inputs")
        empty = [name for name in lists if name not in original.values and self.values.get(name) in ([], {})]
        return self._edited([Change((name,), GONE) for name in empty])

    def without_refused_bom(self) -> ConfigFile:
        """Remove the byte order mark if the client does not accept it."""
        return self._edited(()) if self.has_refused_bom else self

    def _edited(self, changes: Sequence[Change]) -> ConfigFile:
        editor = _EDITORS[self.client.format]
        before = self.text or ""
        after = before.removeprefix(BOM) if self.has_refused_bom else before
        # Each change is applied to the text of the previous one.
        for path, value in changes:
            after = editor.drop(after, path) if value is GONE else editor.put(after, path, value)
        # The edited text is parsed again. It must contain exactly the intended values.
        if not _contains(editor, after, changed(self.values, changes)):
            raise Unreadable("its layout does not allow a safe edit")
        return ConfigFile(self.client, after)


def _parsed(text: str, client: Client) -> dict[str, Any]:
    values: dict[str, Any] = _EDITORS[client.format].read(text)
    # The scanner accepts comments, but this client does not.
    if client.format is Format.JSON and values:
        try:
            json.loads(text.removeprefix(BOM))
        except json.JSONDecodeError as error:
            offset = error.pos + text.startswith(BOM)
            what = f"{client.title} accepts no comments and no trailing commas"
            raise Unreadable.at(offset, text, what) from None
    return values


def _contains(editor: ModuleType, text: str, values: dict[str, Any]) -> bool:
    try:
        return _comparable(editor.read(text)) == _comparable(values)
    except Unreadable:
        return False


def _comparable(values: dict[str, Any]) -> str:
    """Return JSON, so that nan equals nan, without empty tables, which TOML may omit."""
    return json.dumps({name: value for name, value in values.items() if value != {}}, default=repr, sort_keys=True)


def _updates(at: KeyPath, present: Mapping[str, Any], entry: Mapping[str, Any]) -> list[Change]:
    stale = [Change((*at, "args"), GONE)] if present.get("args", []) != entry.get("args", []) == [] else []
    fields = (_field((*at, name), present.get(name), value) for name, value in entry.items())
    return [*stale, *_stale_sandbox(at, _table(present.get("env")), entry.get("env", {})), *chain.from_iterable(fields)]


def _stale_sandbox(at: KeyPath, present: Mapping[str, Any], env: Mapping[str, str]) -> list[Change]:
    """Return the changes that drop the settings of the sandbox, unless *env* has them too."""
    if present.get(KEY) != SANDBOX_KEY or env.get(KEY) == SANDBOX_KEY:
        return []
    return [
        Change((*at, "env", name), GONE)
        for name in (KEY, BASE_URL)
        if is_of_sandbox(name, present.get(name)) and name not in env
    ]


def _field(at: KeyPath, present: Any, value: Any) -> Iterator[Change]:
    """Yield the changes of one field: tables are merged, and a list of variables gets the missing one."""
    # 1. A table. A placeholder does not replace a value.
    if isinstance(present, dict) and isinstance(value, dict):
        for name, each in value.items():
            if present.get(name) != each and not (
                each == PLACEHOLDER and present.get(name) not in (None, "", SANDBOX_KEY)
            ):
                yield Change((*at, name), each)
    # 2. The list of variables that Codex passes on.
    elif isinstance(present, list) and value == [KEY]:
        if KEY not in present:
            yield Change(at, [*present, KEY])
    # 3. Any other value.
    elif present != value:
        yield Change(at, value)


def _missing_inputs(values: Mapping[str, Any], client: Client) -> list[Change]:
    present = _list(values.get("inputs"))
    known = [each.get("id") for each in present if isinstance(each, dict)]
    missing = [dict(each) for each in client.inputs if each["id"] not in known]
    return [Change(("inputs", len(present) + count), each) for count, each in enumerate(missing)]


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
