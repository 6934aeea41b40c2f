"""The failures of a call. Each has the word that programs read, and advice for the model."""

from collections.abc import Mapping
from math import ceil
from typing import Final


class Failure(Exception):
    """A tool call without an answer. `str` of it is the text that the model reads.

    *word* is for programs. *message* says what happened and what to do next. Both are trusted text: neither ever holds
    a key, a stack trace or an upstream page.
    """

    word = "internal_error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return f"{self.word}: {self.message}"


class InvalidArguments(Failure):
    """The arguments are wrong. No request was made."""

    word = "invalid_arguments"


class Rejected(Failure):
    """LinkTime read the request and refused it. *word* is its own code.

    *happened* is the message without the general *advice*. *proves_absence* is True if LinkTime itself, and no gateway
    before it, states that there is no such thing.
    """

    def __init__(
        self, word: str, happened: str, advice: str = "", *, status: int, proves_absence: bool = False
    ) -> None:
        super().__init__(f"{happened} {advice}".rstrip())
        self.word = word
        self.happened = happened
        self.status = status
        self.proves_absence = proves_absence


class RateLimited(Rejected):
    """LinkTime answered 429. *retry_after* is in seconds, None if it was not stated."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__("rate_limited", message, status=429)
        self.retry_after = retry_after


class SwitchedOff(Failure):
    """The user has switched this tool off. *setting* is the variable that does so."""

    word = "switched_off"

    def __init__(self, setting: str) -> None:
        super().__init__(
            f"{setting} switches this tool off, so nothing was sent. Only the user can change that, in the "
            "configuration of the MCP client."
        )


class NotConfirmed(Failure):
    """The user did not agree to an irreversible change. Nothing was sent."""

    word = "not_confirmed"


class NeedsUser(Failure):
    """A guest wrote the target of this call, and the client can't ask the user. Nothing was sent."""

    word = "needs_user"


class BudgetSpent(Failure):
    """The request budget has no room before the call's deadline. Nothing was sent."""

    word = "rate_limited"

    def __init__(self, retry_after: float) -> None:
        self.retry_after = retry_after
        super().__init__(
            f"the request budget is spent and this call was not sent. Call again in {max(1, ceil(retry_after))} s, "
            "or ask for less."
        )


class Overloaded(Failure):
    """The mailbox is full. Nothing was sent."""

    word = "overloaded"


class Unavailable(Failure):
    """LinkTime can't be reached or gave no usable answer.

    *happened* is the message without the *advice*. *sent* is False only if no byte of the request was sent. *status* is
    that of an unusable answer. *repeat* is False if a repetition would end the same way. *retry_after* is LinkTime's
    own wait in seconds, or None.
    """

    word = "unavailable"

    def __init__(
        self,
        happened: str,
        advice: str = "",
        *,
        sent: bool,
        status: int | None = None,
        repeat: bool = True,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{happened} {advice}".rstrip())
        self.happened = happened
        self.sent = sent
        self.status = status
        self.repeat = repeat
        self.retry_after = retry_after


class OutcomeUnknown(Failure):
    """A write was sent and its outcome is not certain. *answered* is True if LinkTime itself answered it."""

    word = "outcome_unknown"

    def __init__(self, message: str, *, answered: bool) -> None:
        super().__init__(message)
        self.answered = answered


class NotCommitted(Failure):
    """LinkTime answered a write with a fault, and reading back proves that it was not made. Calling again is safe."""

    word = "not_committed"


class ShuttingDown(Failure):
    """The server is shutting down. Nothing was sent."""

    word = "shutting_down"


class ConfigError(Exception):
    """Invalid settings. *problems* maps the name of each variable to what is wrong with it."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems: Final = dict(problems)
        super().__init__("\n".join(self.faults))

    @property
    def faults(self) -> list[str]:
        """The problems as lines, each with the name of its variable."""
        return [f"{name}: {problem}" for name, problem in self.problems.items()]
