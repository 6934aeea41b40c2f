"""The line of each call on stderr."""

from __future__ import annotations

import re

import pytest

from linktime.sandbox import Sandbox
from tests.support.process import Child, child
from tests.support.sandbox_client import misbehave


async def called(sandbox: Sandbox, *tools: str, **settings: str) -> Child:
    """Call *tools* one by one, end the program, and return it."""
    async with child(LINKTIME_BASE_URL=sandbox.url, LINKTIME_API_KEY=sandbox.key, **settings) as server:
        await server.greet()
        for tool in tools:
            await server.answer(server.call(tool))
        await server.close()
    return server


def without_seconds(lines: list[str]) -> list[str]:
    """Return the lines without their seconds, and without the wait that a busy machine adds."""
    lines = [re.sub(r" \d+\.\d s waiting for budget,", "", line) for line in lines]
    return [re.sub(r"\d+(\.\d+)? s", "… s", line) for line in lines]


async def test_each_call_has_one_line_and_no_spans(sandbox: Sandbox) -> None:
    server = await called(sandbox, "get_me", "get_me", "list_nothing", "get_booking")

    assert without_seconds(server.calls) == [
        "get_me #2 … s: 1 request, 200",
        "get_me #3 … s: kept answer, … s old",
        "unknown tool #4 … s: refused, MCPError",
        "get_booking #5 … s: invalid_arguments",
    ]
    assert "SPAN" not in server.stderr


async def test_exit_loses_no_line(sandbox: Sandbox) -> None:
    async with child(LINKTIME_BASE_URL=sandbox.url, LINKTIME_API_KEY=sandbox.key) as server:
        await server.greet()
        idents = [server.call("get_me") for _ in range(200)]
        for ident in idents:
            await server.answer(ident)
        await server.close()

    assert [line.partition(" ")[0] for line in server.calls] == ["get_me"] * 200


async def test_retries_and_errors_are_named(sandbox: Sandbox) -> None:
    await misbehave(sandbox, path="/me", status=503)
    await misbehave(sandbox, path="/integrations", status=403, times=None)

    server = await called(sandbox, "get_me", "list_integrations")

    assert without_seconds(server.calls) == [
        "get_me #2 … s: 2 requests, 200",
        "list_integrations #3 … s: 403, forbidden",
    ]


async def test_repeated_write_is_not_a_request(sandbox: Sandbox) -> None:
    async with child(LINKTIME_BASE_URL=sandbox.url, LINKTIME_API_KEY=sandbox.key) as server:
        await server.greet()
        for _ in range(2):
            await server.answer(server.call("create_contact", name="Robin", email="robin@hale.example"))
        await server.close()

    assert without_seconds(server.calls) == [
        "create_contact #2 … s: 1 request, 201",
        "create_contact #3 … s: answered from memory, not sent again",
    ]


async def test_write_whose_answer_is_lost_is_verified(sandbox: Sandbox) -> None:
    await misbehave(sandbox, method="POST", path="/contacts", when="after", reset=True)
    async with child(LINKTIME_BASE_URL=sandbox.url, LINKTIME_API_KEY=sandbox.key) as server:
        await server.greet()
        await server.answer(server.call("create_contact", name="Robin", email="robin@hale.example"))
        await server.close()

    assert without_seconds(server.calls) == ["create_contact #2 … s: verified by reads"]


async def test_key_that_a_local_service_refuses_has_a_local_cure(sandbox: Sandbox) -> None:
    async with child(LINKTIME_BASE_URL=sandbox.url, LINKTIME_API_KEY="lt_live_other") as server:
        await server.greet()
        refusal = (await server.result(server.call("get_me")))["content"][0]["text"]
        await server.close()

    assert refusal.startswith("unauthorized:")
    assert "linktime-mcp sandbox" in refusal
    assert "API Keys" not in refusal
    assert without_seconds(server.calls) == ["get_me #2 … s: 401, unauthorized"]


async def test_refused_call_has_the_time_to_wait(sandbox: Sandbox) -> None:
    settings = {"LINKTIME_RATE_LIMIT": "1", "LINKTIME_RATE_PERIOD": "600"}

    server = await called(sandbox, "get_me", "list_integrations", **settings)

    assert re.fullmatch(r"list_integrations #3 \d\.\d s: rate_limited, again in \d+ s", server.calls[-1])


async def test_wait_for_budget_comes_first(sandbox: Sandbox) -> None:
    settings = {"LINKTIME_RATE_LIMIT": "1", "LINKTIME_RATE_PERIOD": "2"}

    server = await called(sandbox, "get_me", "list_integrations", **settings)

    assert re.fullmatch(
        r"list_integrations #3 \d+\.\d s: \d\.\d s waiting for budget, 1 request, 200", server.calls[-1]
    )


@pytest.mark.parametrize(
    ("settings", "lines", "spans"),
    [
        ({"OTEL_TRACES_EXPORTER": "console"}, 1, True),
        ({"OTEL_TRACES_EXPORTER": "none"}, 0, False),
        ({"OTEL_SDK_DISABLED": "true"}, 0, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}, 1, False),
    ],
    ids=str,
)
async def test_only_the_user_silences_the_line(
    sandbox: Sandbox, settings: dict[str, str], lines: int, *, spans: bool
) -> None:
    server = await called(sandbox, "get_me", **settings)

    assert (len(server.calls), "SPAN" in server.stderr) == (lines, spans)
