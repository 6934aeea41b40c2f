"""The results of a call with one write for each date: one answer, or one error that says which dates stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ...answers import record
from ...errors import Failure, OutcomeUnknown
from ...message import Notes, Reply
from ...tools.dates import spans

Results = Mapping[str, Reply | Failure | None]
"""The result of each date: a reply, a failure, or None if its request was not sent because the first one failed."""


class PartFailure(Failure):
    """Some dates of a call were not changed, and it is certain which. *word* is that of the first failure."""

    def __init__(self, word: str, message: str) -> None:
        super().__init__(message)
        self.word = word


def joined(results: Results) -> Reply:
    """Return the reply of all dates, with one row for each.

    Raises:
        OutcomeUnknown: Some dates are in doubt.
        PartFailure: Some dates were not changed, and none is in doubt.
    """
    replies = {day: result for day, result in results.items() if isinstance(result, Reply)}
    if len(replies) < len(results):
        raise _failure(results)
    rows = [{"date": day, **_without_nulls(record(reply.data))} for day, reply in replies.items()]
    return Reply(200, {"data": rows}, _notes(replies.values()))


def _without_nulls(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}


def _notes(replies: Iterable[Reply]) -> Notes:
    """Join the notes: the longest wait, and whether the outcome of a write had to be verified."""
    notes = [reply.notes for reply in replies]
    return Notes(
        queue_seconds=max((each.queue_seconds for each in notes if each.queue_seconds), default=None),
        outcome=next((each.outcome for each in notes if each.outcome), None),
    )


def _failure(results: Results) -> Failure:
    failures = {day: result for day, result in results.items() if isinstance(result, Failure)}
    doubtful = [day for day, failure in failures.items() if isinstance(failure, OutcomeUnknown)]
    unchanged = [day for day, result in results.items() if not isinstance(result, Reply) and day not in doubtful]
    message = " ".join((_standing(results), *_reasons(failures), _unsent(results), _next_step(doubtful, unchanged)))
    message = " ".join(message.split())
    if doubtful:
        return OutcomeUnknown(message, answered=False)
    return PartFailure(next(iter(failures.values())).word, message)


def _standing(results: Results) -> str:
    days = [day for day, result in results.items() if isinstance(result, Reply)]
    number = f"{len(days)} of {len(results)} dates are changed"
    return f"{number}: {spans(days)}." if days else f"None of the {len(results)} dates is certainly changed."


def _reasons(failures: Mapping[str, Failure]) -> list[str]:
    """Return one sentence for each kind of failure, with its dates. The last message has the longest wait."""
    groups: dict[str, list[str]] = {}
    for day, failure in failures.items():
        groups.setdefault(failure.word, []).append(day)
    return [f"{_state(failures[days[-1]])} {spans(days)}, {failures[days[-1]]}" for days in groups.values()]


def _state(failure: Failure) -> str:
    return "In doubt:" if isinstance(failure, OutcomeUnknown) else "Not changed:"


def _unsent(results: Results) -> str:
    days = [day for day, result in results.items() if result is None]
    return f"Not sent: {spans(days)}." if days else ""


def _next_step(doubtful: list[str], unchanged: list[str]) -> str:
    check = f"Check {spans(doubtful)} with list_availability_overrides." if doubtful else ""
    again = f"After the reason is gone, call again for {spans(unchanged)} only." if unchanged else ""
    return f"{check} {again}"
