"""Placeholders: values that a client or a user should have replaced by the API key.

Each client has its own form of a reference to a variable, and sends the reference itself if it cannot resolve it:

- `${NAME}`, `${NAME:-default}`, `${env:NAME}`, `${input:id}`: Claude Code, Gemini CLI, Cursor, VS Code
- `$NAME`, `$(command)`, `%NAME%`: shells and Windows
- `{env:NAME}`, `{{NAME}}`, `<NAME>`, `op://vault/item`: opencode, templates, instructions, 1Password
- `undefined`, `null`, `None`: a program that converted a missing value to text
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

_REFERENCE: Final = re.compile(
    r"""
    .*\$[{(].*                          # ${NAME}, ${env:NAME}, ${input:id}, $(command), also within other text
    | \$\w+ | %\w+% | .*\{\{.*          # $NAME, %NAME%, {{NAME}}
    | \{.*\} | \[.*\] | <.*>            # {env:NAME}, [key], <your key>
    | (env|file|input|op|secret):.*     # env:NAME, op://vault/item
    | undefined | null | none | nil
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_SAMPLE: Final = re.compile(
    r"""
    (lt_live_)?                         # the sample of the README is lt_live_...
    (
        [.…*•·_-]+ | x{3,}([\W_]+x+)*   # lt_live_..., lt_live_***, xxxx
        | [<\[{].*                      # lt_live_<your key>
        | (your|my|the|insert|paste|put|enter|replace|change)[\W_].*    # your_api_key, replace-me
        | (api|secret)?[\W_]?(key|token)([\W_]?here)?                   # api_key, key-here
        | change_?me | example | placeholder | todo | redacted | hidden
    )
    | lt_live_                          # nothing but the prefix
    | (?!.*lt_live_\w).*linktime_api_key.*  # the variable's own name, as in __LINKTIME_API_KEY__
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_QUOTES: Final = "\"'`\u2018\u2019\u201c\u201d"
_QUOTED: Final = re.compile(f"[{_QUOTES}].*|.*[{_QUOTES}]", re.DOTALL)


class Placeholder(StrEnum):
    """Why a value is not a key. The value of each member completes the sentence "LINKTIME_API_KEY …"."""

    REFERENCE = "is a placeholder that your client did not fill in"
    SAMPLE = "is still the example from the instructions"
    QUOTED = "has quotation marks around it"


def placeholder(value: str) -> Placeholder | None:
    """Return the kind of placeholder that *value* is, or None if it can be a key."""
    text = value.strip()
    if _REFERENCE.fullmatch(text):
        return Placeholder.REFERENCE
    if _SAMPLE.fullmatch(text):
        return Placeholder.SAMPLE
    if not _QUOTED.fullmatch(text):
        return None
    return placeholder(text.strip(_QUOTES)) or Placeholder.QUOTED


def is_placeholder(value: str) -> bool:
    """Return whether *value* is a placeholder and not a key."""
    return placeholder(value) is not None
