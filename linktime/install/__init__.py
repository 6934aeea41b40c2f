"""`linktime-mcp install`: writes us into a client's own file, after showing what changes there and asking."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..clients import CLIENTS, KEY, Client
from . import disk, ours
from .desk import Desk, Order, Refused, Terminal
from .edit import edited, read
from .entry import PLACEHOLDER, adding, key_of, removing
from .launch import Installation
from .plan import Plan, to_add, to_remove
from .spot import Unreadable

__all__ = ["Desk", "Installation", "Order", "Terminal", "install"]


def install(order: Order, desk: Desk) -> int:
    """Do what is wanted; returns the program's status, 2 where it can't be wanted."""
    try:
        client = _client(order)
        if order.show:
            _show(client, order, desk)
        else:
            _change(client, order, desk)
    except Refused as refused:
        desk.err.write(f"linktime-mcp: {refused}\n")
        return refused.status
    return 0


def _client(order: Order) -> Client:
    client = CLIENTS.get(order.client)
    if client is None:
        raise Refused(f"{order.client} is none of the clients: {', '.join(CLIENTS)}", 2)
    if order.project and client.project is None:
        raise Refused(f"{client.title} has no file for a project; leave out --project", 2)
    return client


def _show(client: Client, order: Order, desk: Desk) -> None:
    entry = ours.entry(client, order, desk, "")
    desk.out.write(edited("", client, adding({}, client, entry)))
    if PLACEHOLDER in entry.get("env", {}).values():
        desk.err.write(f"Put your key in place of {PLACEHOLDER}\n")


def _change(client: Client, order: Order, desk: Desk) -> None:
    file = _file(client, order, desk)
    with _understood(file):
        plan = _plan(client, order, desk, file)
    desk.out.write("".join(f"{line}\n" for line in (plan.difference, *(f"- {note}" for note in plan.notes)) if line))
    if plan.before == plan.after:
        state = "has no linktime" if order.uninstall else "has linktime already"
        desk.out.write(f"{client.title} {state} in {file}; there is nothing to do.\n")
    elif _agreed(order, desk):
        with _understood(file):
            _carry_out(file, plan, client, keep=not order.uninstall)
        desk.out.write(_next(client, order, disk.backup(file)))


def _plan(client: Client, order: Order, desk: Desk, file: Path) -> Plan:
    before = _text(file)
    if order.uninstall:
        return to_remove(before, client, _text(disk.backup(file)), str(file))
    asked = not (order.project or client.inputs)
    key = ours.key(client, desk, key_of(read(before or "", client), client)) if asked else ""
    plan = to_add(before, client, ours.entry(client, order, desk, key), str(file))
    return plan._replace(notes=(*plan.notes, *_advice(client, order, plan)))


def _file(client: Client, order: Order, desk: Desk) -> Path:
    try:
        return disk.chosen([Path(file) for file in client.files(desk.place, project=order.project)])
    except KeyError as missing:
        raise Refused(f"{missing.args[0]} is not set, so the file of {client.title} can't be found") from None


def _text(file: Path) -> str | None:
    content = disk.read(file)
    return content if content is None else content.decode()


@contextmanager
def _understood(file: Path) -> Iterator[None]:
    """Say in words why *file* can't be used."""
    try:
        yield
    except Unreadable as fault:
        what = f"{file}:{fault.line}:{fault.column}: {fault.what}"
    except UnicodeDecodeError as fault:
        what = f"{file} is not UTF-8 (at byte {fault.start + 1})"
    except OSError as fault:
        what = f"{fault.filename or file}: {fault.strerror}"
    else:
        return
    raise Refused(f"{what}; nothing was changed")


def _advice(client: Client, order: Order, plan: Plan) -> list[str]:
    if client.inputs:
        return [f"{client.title} will ask for the key once, and keep it"]
    if order.project:
        return [
            f"a project's file gets no key: set {KEY} in the environment that {client.title} starts in",
            "the command is where linktime-mcp is on this machine; others may have it elsewhere",
        ]
    if not key_of(read(plan.after or "", client), client):
        return [f"no key is known: put yours in place of {PLACEHOLDER}, or set {KEY} and run this again"]
    return []


def _agreed(order: Order, desk: Desk) -> bool:
    if order.yes:
        return True
    if desk.terminal is None:
        raise Refused("there is no terminal to ask on, so nothing was changed; --yes does it without asking")
    desk.out.flush()
    try:
        agreed = desk.terminal.ask("Write this? [y/N] ").strip().lower() in {"y", "yes"}
    except EOFError:
        agreed = False
    if not agreed:
        desk.out.write("Nothing was changed.\n")
    return agreed


def _carry_out(file: Path, plan: Plan, client: Client, *, keep: bool) -> None:
    """Write the file, unless somebody else has meanwhile.

    What it was is kept beside it: the newest state that has nothing of ours, so that going back is always possible.
    """
    if _text(file) != plan.before:
        raise Refused(f"{file} was changed by somebody else meanwhile, so nothing was done; run this again")
    backup = disk.backup(file)
    if keep and plan.before is not None and not (removing(read(plan.before, client), client) and backup.exists()):
        disk.write(backup, plan.before.encode(), like=file)
    if plan.after is None:
        disk.remove(file)
    else:
        disk.write(file, plan.after.encode())
    if not keep and plan.after == _text(backup):
        backup.unlink(missing_ok=True)


def _next(client: Client, order: Order, backup: Path) -> str:
    kept = f"What the file was before is in {backup}\n" if backup.exists() else ""
    if order.uninstall:
        return f"{client.title} has no linktime any more. Restart it.\n{kept}"
    return f"{client.title} has linktime now. Restart it; if it doesn't come up, ask `linktime-mcp doctor`.\n{kept}"
