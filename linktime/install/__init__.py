"""`linktime-mcp install`: writes us into a client's own file, after showing what changes there and asking."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..clients import CLIENTS, KEY, Client
from . import disk, ours
from .desk import Desk, Order, Refused, Terminal
from .edit import edited, read
from .entry import PLACEHOLDER, adding, key_of, removing
from .launch import Installation
from .plan import Plan, to_add, to_remove
from .spot import Unreadable
from .target import Target, find

__all__ = ["Desk", "Installation", "Order", "Refused", "Terminal", "install"]


def install(order: Order, desk: Desk) -> int:
    """Do what is wanted; returns the program's status, 2 where it can't be wanted.

    Raises OSError where nobody takes the output; what was agreed to is done nevertheless.
    """
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
    with _understood(f"the file of {client.title}"):
        target = find(client, desk.place, project=order.project)
    with _understood(target.file):
        plan = _plan(client, order, desk, target)
    told = "".join(f"{line}\n" for line in (plan.difference, *(f"- {note}" for note in plan.notes)) if line)
    if plan.before == plan.after:
        state = "has no linktime" if order.uninstall else "has linktime already"
        desk.out.write(f"{told}{client.title} {state} in {target.file}; there is nothing to do.\n")
    elif _agreed(order, desk, told):
        with _understood(target.file):
            _carry_out(target, plan)
        desk.out.write((told if order.yes else "") + _next(client, order, target.copy))


def _plan(client: Client, order: Order, desk: Desk, target: Target) -> Plan:
    before, copied = _text(target.file), target.copy.exists()
    if order.uninstall:
        return to_remove(before, client, _original(target.copy, client), str(target.file), copied=copied)
    asked = not (order.project or client.inputs)
    key = ours.key(client, desk, key_of(read(before or "", client), client)) if asked else ""
    plan = to_add(before, client, ours.entry(client, order, desk, key), str(target.file), copied=copied)
    return plan._replace(notes=(*plan.notes, *_advice(client, order, plan, target.file)))


def _original(copy: Path, client: Client) -> str | None:
    """Read what the file was before us; None where nobody knows: no copy can be read, or one of ours is in it."""
    with suppress(UnicodeDecodeError, Unreadable):
        text = _text(copy)
        return None if removing(read(text or "", client), client) else text
    return None


def _text(file: Path) -> str | None:
    content = disk.read(file)
    return content if content is None else content.decode()


@contextmanager
def _understood(file: Path | str) -> Iterator[None]:
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


def _advice(client: Client, order: Order, plan: Plan, file: Path) -> Iterator[str]:
    if plan.private and plan.before != plan.after and disk.shared(file):
        yield "others can read the file so far: since a key is in it, only you can from now on"
    if client.inputs:
        yield f"{client.title} will ask for the key once, and keep it"
    elif order.project:
        yield f"a project's file gets no key: set {KEY} in the environment that {client.title} starts in"
        yield "the command is where linktime-mcp is on this machine; others may have it elsewhere"
    elif not key_of(read(plan.after or "", client), client):
        yield f"no key is known: put yours in place of {PLACEHOLDER}, or set {KEY} and run this again"


def _agreed(order: Order, desk: Desk, told: str) -> bool:
    """Show what is to be done, and ask; what was agreed to before is done although nobody may hear of it."""
    if order.yes:
        return True
    desk.out.write(told)
    if desk.terminal is None:
        raise Refused("there is no terminal to ask on, so nothing was changed; --yes does it without asking")
    desk.out.flush()
    try:
        agreed = desk.terminal.ask("Write this? [y/N] ").strip().lower() in {"y", "yes"}
    except (EOFError, UnicodeDecodeError):
        agreed = False
    if not agreed:
        desk.out.write("Nothing was changed.\n")
    return agreed


def _carry_out(target: Target, plan: Plan) -> None:
    """Write the file, unless somebody else has meanwhile."""
    if _text(target.file) != plan.before:
        raise Refused(f"{target.file} was changed by somebody else meanwhile, so nothing was done; run this again")
    if plan.keeps and plan.before is not None:
        disk.write(target.copy, plan.before.encode(), like=target.file, private=True)
    if plan.after is None:
        disk.remove(target.file)
    else:
        disk.write(target.file, plan.after.encode(), private=plan.private)
    if plan.restores:
        target.copy.unlink()


def _next(client: Client, order: Order, copy: Path) -> str:
    kept = f"What the file was before is in {copy}\n" if copy.exists() else ""
    if order.uninstall:
        return f"{client.title} has no linktime any more. Restart it.\n{kept}"
    return f"{client.title} has linktime now. Restart it; if it doesn't come up, ask `linktime-mcp doctor`.\n{kept}"
