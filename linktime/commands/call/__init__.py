"""`linktime-mcp call`: one tool call from a shell."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import orjson

from ...config import Settings
from ...errors import ConfigError, InvalidArguments, NotConfirmed
from ...telemetry import set_up
from ...tools import Tool
from ..missing_key import key_advice
from ..table import print_answer
from ..terminal import ProgressLine, confirmed, has_user, write_error
from .arguments import UsageError, find_tool, parse
from .client import request

__all__ = ["Options", "UsageError", "call", "find_tool"]

_NEEDS_YES: Final = "{} changes or deletes data, or sends it out. Nothing was sent. Add --yes to confirm it."


class Options(NamedTuple):
    """The command line: a tool, its arguments as words, and the options."""

    tool: str
    words: Sequence[str] = ()
    json: bool = False
    yes: bool = False


def call(options: Options) -> int:
    """Call a tool and print its answer. Return the exit status.

    The status is 0 for an answer, 1 for an error of the call, and 2 for a wrong command line, argument or setting.
    """
    logging.basicConfig(format="linktime-mcp: %(levelname)s %(message)s", level=logging.WARNING)
    try:
        tool = find_tool(options.tool)
        arguments = parse(tool, options.words)
        settings = Settings.from_environ(os.environ)
    except UsageError as error:
        write_error(f"linktime-mcp: {error}")
        return 2
    except ConfigError as error:
        write_error(str(error))
        return 2
    if settings.missing_key:
        return _failed(f"unauthorized: {key_advice(settings.missing_key)}")
    return asyncio.run(_call(tool, arguments, settings, options))


async def _call(tool: Tool, arguments: Mapping[str, Any], settings: Settings, options: Options) -> int:
    # The user confirms a destructive call: 1. by --yes, 2. by the server's own question, 3. by a general question.
    settled = options.yes or not (tool.destructive or tool.confirmation)
    if not settled and not has_user():
        return _failed(str(NotConfirmed(_NEEDS_YES.format(tool.name))))
    if not settled and not tool.confirmation and not await confirmed(_question(tool, options.words)):
        return _failed(str(NotConfirmed("the user declined. Nothing was sent.")))
    settings = settings.model_copy(update={"confirm": not settled})
    line = ProgressLine()

    async def ask(question: str) -> bool:
        line.clear()
        return options.yes or (has_user() and await confirmed(question))

    telemetry = set_up(_without_console(os.environ), arguments=settings.trace_arguments)
    result = await request(settings, telemetry, tool.name, arguments, confirm=ask, show=line.show)
    line.clear()
    if result.error:
        return _failed(result.error)
    if options.json:
        sys.stdout.write(orjson.dumps(result.answer, option=orjson.OPT_INDENT_2).decode() + "\n")
    else:
        print_answer(_in_words(tool, arguments, result.answer))
    return 0


def _in_words(tool: Tool, arguments: Mapping[str, Any], answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an answer that is only a flag with the title of the tool, and the removed row or the arguments."""
    if answer.get("success") is not True:
        return answer
    rest = {name: value for name, value in answer.items() if name not in {"success", "removed"}}
    removed = answer.get("removed")
    return {"done": tool.title, **(removed if isinstance(removed, dict) else arguments), **rest}


def _question(tool: Tool, words: Sequence[str]) -> str:
    return f"{tool.title}: {' '.join(words)}. This may not be reversible. Do it?"


def _failed(error: str) -> int:
    """Write the text of an error, and return the exit status."""
    write_error(error)
    return 2 if error.startswith(f"{InvalidArguments.word}:") else 1


def _without_console(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without spans on stderr, unless the user chose an exporter."""
    sends = any(name.startswith("OTEL_EXPORTER_OTLP") and name.endswith("ENDPOINT") for name in environ)
    return {"OTEL_TRACES_EXPORTER": "otlp" if sends else "none", **environ}
