"""Client additions: arguments that clients add to tool calls by themselves, and the envelope of unparsed arguments.

The server sets the additions aside and names them in `_meta["linktime/ignored"]`. It refuses every other unknown
argument, because a call without that argument would be another question.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any, Final

import orjson

from ...errors import InvalidArguments

ADDITIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "wait_for_previous": "Gemini CLI: https://github.com/MemPalace/mempalace/issues/816",
        "task_progress": "Cline: https://github.com/cline/cline/issues/10426",
        "toolCallId": "n8n: https://github.com/n8n-io/n8n/issues/21500",
        "sessionId": "n8n: https://github.com/n8n-io/n8n/issues/22787",
        "chatInput": "n8n: https://github.com/n8n-io/n8n/issues/22787",
        "action": "n8n: https://github.com/n8n-io/n8n/issues/22787",
        "security_context": "CrewAI: https://github.com/crewAIInc/crewAI/issues/4796",
    }
)
"""The names, each with the client that adds it and the report. Names with a leading underscore need no row.

For example, mcpproxy adds `_auth_auth_type`: https://github.com/smart-mcp-proxy/mcpproxy-go/issues/322
"""

ENVELOPE: Final = "__unparsedToolInput"
"""Claude Code wraps arguments that it could not parse as `{"__unparsedToolInput": {"raw": "…"}}`."""

_AGAIN: Final = "Send them again as one JSON object."
_MOST_NAMES: Final = 16  # names of additions in one result
_LONGEST_NAME: Final = 64  # characters of one name


def received(
    arguments: Mapping[str, Any] | None, known: Collection[str]
) -> tuple[Mapping[str, Any] | None, tuple[str, ...]]:
    """Return the arguments that are meant for a tool with the *known* arguments, and the names of the additions.

    Raises InvalidArguments if the arguments are in an envelope and are not a JSON object.
    """
    if known and arguments and ENVELOPE in arguments:
        arguments = {**_opened(arguments[ENVELOPE]), **{n: v for n, v in arguments.items() if n != ENVELOPE}}
    additions = [name for name in arguments or {} if name not in known and _is_addition(name, known)]
    if not arguments or not additions:
        return arguments, ()
    meant = {name: value for name, value in arguments.items() if name not in additions}
    return meant, tuple(_echoed(name) for name in additions[:_MOST_NAMES])


def _is_addition(name: str, known: Collection[str]) -> bool:
    """Return whether a client added the argument *name*.

    1. A tool without arguments: every argument is an addition.
    2. A name in the table: an addition.
    3. A name with a leading underscore: an addition, unless it is a known name but for underscores and case. That is a
       typing mistake, which the tool refuses.
    """
    if not known or name in ADDITIONS:
        return True
    return name.startswith("_") and _bare(name) not in map(_bare, known)


def _bare(name: str) -> str:
    return name.replace("_", "").casefold()


def _opened(envelope: object) -> dict[str, Any]:
    text = envelope.get("raw") if isinstance(envelope, Mapping) else envelope
    try:
        arguments = orjson.loads(text) if isinstance(text, str) else None
    except orjson.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise InvalidArguments(f"the arguments are not valid JSON ({place}). {_AGAIN}") from None
    if not isinstance(arguments, dict):
        raise InvalidArguments(f"the arguments are not a JSON object. {_AGAIN}")
    return arguments


def _echoed(name: str) -> str:
    return name[:_LONGEST_NAME].encode("utf-8", "replace").decode()
