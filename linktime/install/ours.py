"""Our entry, from what is known of the key, the settings and the installation."""

from __future__ import annotations

import json
from typing import Any, Final

from ..clients import KEY, Client
from ..config import Settings
from ..errors import ConfigError
from .desk import Desk, Order, Refused
from .entry import wanted
from .launch import Nowhere

_BASE: Final = ("LINKTIME_BASE_URL", "LINKTIME_ALLOW_HTTP")


def entry(client: Client, order: Order, desk: Desk, key: str) -> dict[str, Any]:
    """Write the entry; raises Refused."""
    try:
        launch = desk.installation.launch()
    except Nowhere as fault:
        raise Refused(str(fault)) from None
    elsewhere = _settings(desk).base_url != Settings.model_fields["base_url"].default
    environ = desk.place.environ
    passed = {name: environ[name] for name in _BASE if elsewhere and environ.get(name)}
    settings = ({KEY: key} if key else {}) | passed | dict(launch.env)
    entry = wanted(client, launch.command, launch.args, settings, project=order.project)
    try:
        json.dumps(entry, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        why = "the command's name is not UTF-8, which no client's file can hold; install it elsewhere"
        raise Refused(f"{launch.command}: {why}") from None
    return entry


def key(client: Client, desk: Desk, present: str) -> str:
    """Find the key: in the environment, else *present* in the file, else with the user; raises Refused."""
    given = _settings(desk).api_key
    if given:
        return given.get_secret_value()
    if present or desk.terminal is None:
        return ""
    try:
        typed = desk.terminal.secret(f"LinkTime API key for {client.title} (not shown; empty to write it yourself): ")
    except EOFError:
        return ""
    except UnicodeDecodeError:
        raise Refused("the key that was typed is not UTF-8; nothing was changed") from None
    return _checked(typed.strip())


def _settings(desk: Desk) -> Settings:
    try:
        return Settings.from_environ({name: desk.place.environ.get(name, "") for name in (KEY, *_BASE)})
    except ConfigError as error:
        raise Refused("; ".join(error.faults), 2) from None


def _checked(typed: str) -> str:
    try:
        Settings.from_environ({KEY: typed})
    except ConfigError as error:
        raise Refused("; ".join(error.faults)) from None
    return typed
