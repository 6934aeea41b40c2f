"""The calls and the tokens of whole conversations keep their limits."""

from __future__ import annotations

from ..benchmarks.conversations import costs

EIGHT = ("book", "week", "move", "vacation", "event_type", "webhook", "person", "calls")


async def test_conversations_cost_few_calls_and_tokens() -> None:
    spent = await costs()

    assert sum(spent[name].calls for name in EIGHT) == 18  # 24 in November 2026, before ranges and complete writes
    assert sum(spent[name].tokens for name in EIGHT) <= 9_000  # 13,846 then
    assert spent["two_weeks"].calls == 1  # 14 then
    assert spent["two_weeks"].tokens <= 600  # 903 then
    assert spent["tools/list"].tokens <= 5_000
