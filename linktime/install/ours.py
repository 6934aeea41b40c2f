"""Our entry, from what is known of the key, the settings and the installation."""

from __future__ import annotations

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
    return wanted(client, launch.command, launch.args, settings, project=order.project)


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
