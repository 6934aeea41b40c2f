"""The claims of the server: the statements of an answer about its call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import orjson

DONE: Final = "done"
VERIFIED: Final = "verified"
UNKNOWN: Final = "outcome_unknown"
CONFLICT: Final = "conflict"
NOT_COMMITTED: Final = "not_committed"
NO_ANSWER: Final = "no answer"
DISCARDED: Final = "discarded"  # a protocol error, or a result that the official client refuses
SILENT: Final = frozenset({NO_ANSWER, DISCARDED})
DENIALS: Final = frozenset(
    {
        CONFLICT,
        NOT_COMMITTED,
        "not_found",
        "overloaded",
        "rate_limited",
        "shutting_down",
        "unavailable",
    }
)
_UNSENT: Final = ("not sent", "nothing was sent", "not made")


@dataclass(frozen=True, slots=True)
class Claim:
    """An answer: its error *word* or kind of success, its *text*, and the id of the new object."""

    word: str
    text: str = ""
    ident: str | None = None

    @property
    def says_done(self) -> bool:
        """Return whether it is a success."""
        return self.word in {DONE, VERIFIED}

    @property
    def says_unsent(self) -> bool:
        """Return whether it says that the service never received the call."""
        return not self.says_done and any(words in self.text.lower() for words in _UNSENT)


def claim_of(result: Any) -> Claim:
    """Read the JSON of a result, or of a response that holds one."""
    match result:
        case {"result": dict(inner)}:
            return claim_of(inner)
        case {"isError": True, "content": [{"text": str(text)}, *_]}:
            return Claim(text.partition(":")[0], text)
        case {"structuredContent": dict(data)}:
            verified = (result.get("_meta") or {}).get("linktime/outcome") == VERIFIED
            ident = data.get("bookingId") or data.get("id")
            return Claim(VERIFIED if verified else DONE, orjson.dumps(data).decode(), ident)
        case None:
            return Claim(NO_ANSWER)
        case _:
            return Claim(DISCARDED, f"{result}")
