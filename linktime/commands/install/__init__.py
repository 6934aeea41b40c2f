"""`linktime-mcp install`: adds linktime to a client's configuration file, after showing the change and asking."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from difflib import get_close_matches
from pathlib import Path
from typing import Final, Literal, NamedTuple

from ..clients import CLIENTS, KEY, Client
from . import entry, files
from .config_file import PLACEHOLDER, ConfigFile
from .context import Context, Options, Refused, Terminal
from .files import read
from .launch import NAME, Installation
from .plan import Note, Plan, is_off, key_notes, plan_install, plan_uninstall
from .syntax import Unreadable
from .target import Target, find, project_root

__all__ = [
    "NAME",
    "ConfigFile",
    "Context",
    "Installation",
    "Options",
    "Refused",
    "Result",
    "Terminal",
    "Unreadable",
    "install",
    "is_off",
    "project_root",
    "read",
]

QUESTION: Final = "What is on my calendar this week?"

State = Literal["printed", "unchanged", "declined", "installed", "uninstalled"]


class Result(NamedTuple):
    """The result of `install`. *file* is the client's file, or None if it is not known."""

    state: State
    file: Path | None
    notes: tuple[Note, ...] = ()
    backup: Path | None = None  # None if there is no backup


def install(options: Options, context: Context) -> Result:
    """Find the file, read it, plan the change, ask, and write.

    Raises Refused if nothing was changed, and OSError if the output cannot be written. A change that the user agreed to
    is made nevertheless.
    """
    client = _client(options)
    if options.show:
        return _print(client, options, context)
    with _explained(f"the file of {client.title}"):
        # 1. Find the file.
        target = find(client, context.environment, project=options.project)
    with _explained(target.file):
        # 2. Read it and plan the change. Nothing is written so far.
        plan = _plan(client, options, context, target)
    summary = "".join(f"{line}\n" for line in (plan.diff, *(f"- {note.text}" for note in plan.notes)) if line)
    if not plan.has_changes:
        content = "does not have linktime" if options.uninstall else "already has linktime"
        context.out.write(f"{summary}{client.title} {content} in {target.file}. There is nothing to do.\n")
        return Result("unchanged", target.file, plan.notes)
    # 3. Ask. Without an agreement the file stays.
    if not _agreed(options, context, summary):
        return Result("declined", target.file, plan.notes)
    with _explained(target.file):
        # 4. Write, and report the result.
        _write(target, plan)
    backup = target.backup if target.has_backup else None
    context.out.write((summary if options.yes else "") + _closing(client, options, target.file, backup))
    return Result("uninstalled" if options.uninstall else "installed", target.file, plan.notes, backup)


def _client(options: Options) -> Client:
    client = CLIENTS.get(options.client)
    if client is None:
        near = get_close_matches(options.client.lower(), CLIENTS, n=1)
        cure = f"Did you mean {near[0]}?" if near else f"Use one of: {', '.join(CLIENTS)}."
        raise Refused("unknown_client", f"Unknown client: {options.client}. {cure}", 2)
    if options.project and client.project is None:
        raise Refused("no_project_file", f"{client.title} has no file for a project. Omit --project.", 2)
    return client


def _print(client: Client, options: Options, context: Context) -> Result:
    """Write the file that an installation would create to the output, and its place to the error output."""
    wanted = entry.build(client, options, context, "")
    context.out.write(ConfigFile(client, None).with_entry(wanted).text or "")
    context.out.flush()
    # The snippet is useful even if the client's file cannot be found.
    file = None
    with suppress(Refused, OSError):
        file = find(client, context.environment, project=options.project).file
        context.err.write(f"Add this to {file}\n")
    if PLACEHOLDER in wanted.get("env", {}).values():
        context.err.write(f"Replace {PLACEHOLDER} by your API key.\n")
    return Result("printed", file)


def _plan(client: Client, options: Options, context: Context, target: Target) -> Plan:
    file, name = ConfigFile(client, _text(target.file)), str(target.file)
    if options.uninstall:
        return plan_uninstall(file, _original(target, client), name, has_backup=target.has_backup)
    # A project's file gets no key, and some clients ask for it themselves.
    needs_key = not (options.project or client.inputs or options.sandbox)
    key = entry.find_key(client, options, context, file.key) if needs_key else ""
    wanted = entry.build(client, options, context, key)
    plan = plan_install(file, wanted, name, has_backup=target.has_backup)
    notes = key_notes(plan, context.environment.variables.get(KEY, ""), project=options.project)
    place_notes = _place_notes(options, context, plan, target, wanted["command"])
    return plan._replace(notes=(*plan.notes, *notes, *place_notes))


def _original(target: Target, client: Client) -> ConfigFile | None:
    """Return the file before linktime. Return None if the backup is not usable or has an entry of linktime."""
    if not target.has_backup:
        return None
    with suppress(UnicodeDecodeError, Unreadable):
        original = ConfigFile(client, _text(target.backup))
        return None if original.has_entry else original
    return None


def _text(file: Path) -> str | None:
    content = read(file)
    return content if content is None else content.decode()


@contextmanager
def _explained(file: Path | str) -> Iterator[None]:
    """Raise Refused, with the reason, if *file* cannot be used."""
    try:
        yield
    except Unreadable as fault:
        raise _unusable("unreadable", f"{file}:{fault.line}:{fault.column}: {fault.what}") from None
    except UnicodeDecodeError as fault:
        raise _unusable("encoding", f"{file} is not UTF-8 (at byte {fault.start + 1})") from None
    except OSError as fault:
        raise _unusable("system", f"{fault.filename or file}: {fault.strerror}") from None


def _unusable(reason: Literal["unreadable", "encoding", "system"], message: str) -> Refused:
    return Refused(reason, f"{message}. Nothing was changed.")


def _place_notes(options: Options, context: Context, plan: Plan, target: Target, command: str) -> Iterator[Note]:
    """Yield notices about this machine: permissions, folders, and settings that stay in the environment."""
    title, environment = plan.before.client.title, context.environment
    if plan.after.is_secret and plan.has_changes and files.is_shared(target.file, environment.system):
        yield Note(
            "permissions", "other users can read the file now. Because it gets a key, only you can read it afterwards"
        )
    if options.project:
        yield Note("path_of_machine", "the command is a path on this machine, which can differ on others")
    if entry.is_password_url(entry.BUDGET, environment.variables):
        yield Note(
            "budget_not_copied", f"{entry.BUDGET} is not copied, because it can hold a password: add it yourself"
        )
    if environment.protects(command):
        text = f"macOS may keep {title} from starting {command}: install it outside of that folder"
        yield Note("path_protected", text)
    if options.sandbox and not context.listens(options.port):
        text = f"nothing listens on port {options.port} now: run {options.sandbox_command} before you use {title}"
        yield Note("sandbox_silent", text)
    if not target.folder.exists():
        yield Note("no_sign_of_client", f"{target.folder} does not exist: check that {title} runs on this machine")


def _agreed(options: Options, context: Context, summary: str) -> bool:
    """Return whether the user wants the change. With --yes the change is made without a question."""
    if options.yes:
        return True
    context.out.write(summary)
    if context.terminal is None:
        message = "There is no terminal for the question, so nothing was changed. Use --yes to write without it."
        raise Refused("no_terminal", message)
    context.out.flush()
    try:
        agreed = context.terminal.ask("Write this? [y/N] ").strip().lower() in {"y", "yes"}
    except (EOFError, UnicodeDecodeError):
        agreed = False
    if not agreed:
        context.out.write("Nothing was changed.\n")
    return agreed


def _write(target: Target, plan: Plan) -> None:
    """Write the file. Raises Refused if another program changed it after it was read."""
    before, after = plan.before.text, plan.after.text
    # The user may have waited long before the answer.
    if _text(target.file) != before:
        message = f"Another program changed {target.file} in the meantime. Nothing was changed. Run this again."
        raise Refused("changed_meanwhile", message)
    # The backup comes first, so that a failure later loses no text.
    if plan.makes_backup and before is not None:
        files.back_up(target.backup, before.encode(), target.file)
    if after is None:
        files.remove(target.file)
    else:
        files.write(target.file, after.encode(), private=plan.after.is_secret)
    if plan.drops_backup:
        files.remove(target.backup)


def _closing(client: Client, options: Options, file: Path, backup: Path | None) -> str:
    saved = f"The previous file is {backup}\n" if backup else ""
    if options.uninstall:
        return f"Removed linktime from {file}. Restart {client.title}.\n{saved}"
    if options.sandbox:
        return f"Added linktime to {file}.\n{saved}{_sandbox_steps(client, options)}"
    check = "If it does not appear there, run `linktime-mcp doctor`."
    return f"Added linktime to {file}. Restart {client.title}. {check}\n{saved}"


def _sandbox_steps(client: Client, options: Options) -> str:
    steps = (
        f"Leave the sandbox running. To start it, run {options.sandbox_command} in another shell.",
        f"Restart {client.title}.",
        f"Ask: {QUESTION}",
    )
    return "Next:\n" + "".join(f"{number}. {step}\n" for number, step in enumerate(steps, 1))
