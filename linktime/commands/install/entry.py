"""The entry of linktime, from the options, the environment, the key and the installation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from ...config import Settings
from ...errors import ConfigError
from ...sanitize.placeholders import is_placeholder, placeholder
from ..clients import KEY, Client, sandbox_settings
from .config_file import PLACEHOLDER
from .context import Context, Options, Reason, Refused
from .launch import TemporaryInstallation

BUDGET: Final = "LINKTIME_BUDGET"

_COPIED: Final = {
    str(field.alias): (name, field.default) for name, field in Settings.model_fields.items() if field.alias != KEY
}


def build(client: Client, options: Options, context: Context, key: str) -> dict[str, Any]:
    """Return the entry. Raises Refused."""
    try:
        launch = context.installation.launch()
    except TemporaryInstallation as fault:
        raise Refused("temporary_installation", str(fault)) from None
    copied = settings_to_copy(context.environment.variables)
    if options.sandbox:
        entry = client.entry(launch.command, launch.args, {**copied, **sandbox_settings(options.port), **launch.env})
    else:
        env = ({KEY: key} if key else {}) | copied | dict(launch.env)
        entry = wanted(client, launch.command, launch.args, env, project=options.project)
    try:
        json.dumps(entry, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        message = f"{launch.command}: the path is not UTF-8, which no client's file can hold. Install it elsewhere."
        raise Refused("encoding", message) from None
    return entry


def wanted(
    client: Client, command: str, args: tuple[str, ...], variables: Mapping[str, str], *, project: bool
) -> dict[str, Any]:
    """Return the entry. *variables* have no key if none is known. A project's file never gets a key.

    The key is one of these:

    1. An input that the client asks for.
    2. In a project, a reference to a variable, or a variable that the client passes on.
    3. The key itself, or a placeholder.
    """
    env = {KEY: PLACEHOLDER, **variables}
    if client.inputs:
        env[KEY] = f"${{input:{client.inputs[0]['id']}}}"
    elif project and client.reference:
        env[KEY] = client.reference.replace("NAME", KEY)
    elif project and (client.forward or client.inherits):
        del env[KEY]
    entry = client.entry(command, args, env)
    return entry | ({client.forward: [KEY]} if project and client.forward else {})


def settings_to_copy(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the LINKTIME_* settings that differ from their defaults. Raises Refused.

    The key is not among them, nor the URL of a Redis server, which can hold a password.
    """
    settings = _settings({name: variables.get(name, "") for name in _COPIED}, status=2)
    changed = [name for name, (field, default) in _COPIED.items() if getattr(settings, field) != default]
    return {name: variables[name].strip() for name in changed if not is_password_url(name, variables)}


def is_password_url(name: str, variables: Mapping[str, str]) -> bool:
    """Return whether this setting is a URL that can hold a password."""
    return name == BUDGET and "://" in variables.get(name, "")


def find_key(client: Client, options: Options, context: Context, present: str) -> str:
    """Return the key of the environment, else *present* in the file, else the typed key, else an empty text.

    Raises Refused.
    """
    variable = context.environment.variables.get(KEY, "").strip()
    if variable and not is_placeholder(variable):
        return _checked(variable, "invalid_settings", status=2)
    if present or context.terminal is None or options.yes:
        return ""
    try:
        typed = context.terminal.secret(f"LinkTime API key for {client.title} (hidden, or empty to add it later): ")
    except EOFError:
        return ""
    except UnicodeDecodeError:
        raise Refused("encoding", "The typed key is not UTF-8. Nothing was changed.") from None
    kind = placeholder(typed) if typed.strip() else None
    if kind:
        raise Refused("invalid_key", f"The typed key {kind}. Nothing was changed.")
    return _checked(typed.strip(), "invalid_key")


def _checked(key: str, reason: Reason, *, status: int = 1) -> str:
    _settings({KEY: key}, reason, status=status)
    return key


def _settings(variables: Mapping[str, str], reason: Reason = "invalid_settings", *, status: int) -> Settings:
    try:
        return Settings.from_environ(variables)
    except ConfigError as error:
        raise Refused(reason, "; ".join(error.faults), status) from None
