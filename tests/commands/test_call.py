"""`linktime-mcp call` and `tools`: the tools from a shell."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from linktime.pipeline.ledger.factory import STATE
from linktime.protocol.session.course import WAITING
from linktime.sandbox import Sandbox
from linktime.tools import DOMAINS, TOOLS
from linktime.wallclock import utc
from tests.support.shell_user import Ended, run, run_on_terminal, settings_of

ON_POSIX = pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")


async def first_meeting(sandbox: Sandbox) -> str:
    ended = await run("call", "list_bookings", "status=CONFIRMED", "limit=1", "--json", **settings_of(sandbox))
    return str(json.loads(ended.out)["data"][0]["id"])


def writes(sandbox: Sandbox) -> list[str]:
    return [entry.path for entry in sandbox.requests if entry.method != "GET"]


async def test_json_is_the_answer_of_the_tool(sandbox: Sandbox) -> None:
    ended = await run("call", "get_me", "--json", **settings_of(sandbox))

    assert (ended.status, ended.err) == (0, "")
    assert json.loads(ended.out)["username"] == "maya"


async def test_list_is_a_table_with_local_times(sandbox: Sandbox) -> None:
    ended = await run("call", "list_bookings", "limit=3", **settings_of(sandbox))

    assert (ended.status, ended.err) == (0, "")
    head = next(line for line in ended.out.splitlines() if "inviteeName" in line)
    assert "startTimeLocal" in head
    assert " startTime " not in head
    assert "meetingLink" in ended.out.partition("--json")[2], "it does not fit"


async def test_meetings_to_come_are_before_those_of_the_past(sandbox: Sandbox) -> None:
    table = await run("call", "list_bookings", **settings_of(sandbox))
    listed = await run("call", "list_bookings", "--json", **settings_of(sandbox))

    now = utc(datetime.now(UTC))
    rows = json.loads(listed.out)["data"]
    ahead = sorted((row["startTime"], row["id"]) for row in rows if row["endTime"] > now)
    past = sorted(((row["startTime"], row["id"]) for row in rows if row["endTime"] <= now), reverse=True)
    assert ahead
    assert past
    assert [line.split()[0] for line in table.out.splitlines() if line.startswith("clx")] == [
        ident for _, ident in (*ahead, *past)
    ]
    assert "from=today" in table.out


async def test_page_is_a_sentence_below_the_table(sandbox: Sandbox) -> None:
    ended = await run("call", "list_bookings", "limit=1", "page=2", **settings_of(sandbox))

    assert "Page 2 of " in ended.out.splitlines()[-1]
    assert "page=3" in ended.out.splitlines()[-1]
    assert "{" not in ended.out


@pytest.mark.parametrize(("columns", "width"), [({}, 100), ({"COLUMNS": "60"}, 60), ({"COLUMNS": "160"}, 160)])
async def test_table_of_a_pipe_has_a_width(sandbox: Sandbox, columns: dict[str, str], width: int) -> None:
    for words in (("call", "list_event_types"), ("tools", "create_webhook")):
        ended = await run(*words, **settings_of(sandbox) | columns)

        lines = [line for line in ended.out.splitlines() if "linktime-mcp call" not in line]
        assert max(map(len, lines)) <= width
        assert not [line for line in lines if line.endswith(" ")]


@pytest.mark.slow
@pytest.mark.measured
@pytest.mark.parametrize("columns", ["40", "60", "96", "100", "120"])
async def test_id_is_never_divided(sandbox: Sandbox, columns: str) -> None:
    settings = settings_of(sandbox, COLUMNS=columns)
    for tool in ("list_call_history", "list_bookings"):
        ended = await run("call", tool, **settings)
        data = json.loads((await run("call", tool, "--json", **settings)).out)["data"]

        assert [row["id"] for row in data if row["id"] not in ended.out] == []
        assert "guestWrote" not in ended.out, "the marks of guests' texts are for models"


async def test_object_is_a_table_of_its_fields(sandbox: Sandbox) -> None:
    ended = await run("call", "get_me", **settings_of(sandbox))

    assert ended.status == 0
    assert ["username", "maya"] in [line.split() for line in ended.out.splitlines()]


async def test_list_argument_is_json(sandbox: Sandbox) -> None:
    rules = json.dumps([{"dayOfWeek": 1, "startTime": "09:00", "endTime": "12:00"}])

    ended = await run("call", "update_availability_rules", f"rules={rules}", "--yes", "--json", **settings_of(sandbox))

    assert ended.status == 0, ended.err
    assert len(writes(sandbox)) == 1


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["list_boking"], "list_bookings"),
        (["paint_it_black"], "linktime-mcp tools"),
        (["list_bookings", "limt=3"], "limit"),
        (["list_bookings", "colour=3"], "status"),
        (["get_me", "colour=3"], "none"),
        (["list_bookings", "limit"], "name=value"),
        (["list_bookings", "limit=1", "limit=2"], "twice"),
        (["list_bookings", "limit=many"], "invalid_arguments"),
        (["get_booking"], "bookingId"),
    ],
)
async def test_wrong_command_line_has_status_2(sandbox: Sandbox, words: list[str], hint: str) -> None:
    ended = await run("call", *words, **settings_of(sandbox))

    assert (ended.status, ended.out) == (2, "")
    assert hint in ended.err
    assert list(sandbox.requests) == []


async def test_invalid_setting_has_status_2(sandbox: Sandbox) -> None:
    ended = await run("call", "get_me", **settings_of(sandbox, LINKTIME_RATE_LIMIT="many"))

    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith("LINKTIME_RATE_LIMIT:")


@pytest.mark.parametrize(
    ("words", "settings", "error"),
    [
        (["get_booking", "bookingId=none"], {}, "not_found"),
        (["list_contacts"], {"LINKTIME_TOOLSETS": "meetings"}, "switched_off"),
        (["get_me"], {"LINKTIME_API_KEY": ""}, "unauthorized"),
        (["cancel_booking", "bookingId=none", "--yes"], {}, "not_found"),
    ],
)
async def test_error_of_the_call_has_status_1(
    sandbox: Sandbox, words: list[str], settings: dict[str, str], error: str
) -> None:
    ended = await run("call", *words, **settings_of(sandbox, **settings))

    assert (ended.status, ended.out) == (1, "")
    assert ended.err.startswith(f"{error}: ")


async def test_destructive_call_needs_yes_without_a_terminal(sandbox: Sandbox) -> None:
    words = ("call", "cancel_booking", f"bookingId={await first_meeting(sandbox)}")

    refused = await run(*words, **settings_of(sandbox))
    assert writes(sandbox) == []
    done = await run(*words, "--yes", **settings_of(sandbox))

    assert (refused.status, refused.err.partition(":")[0]) == (1, "not_confirmed")
    assert "--yes" in refused.err
    assert (done.status, done.err) == (0, "")
    assert len(writes(sandbox)) == 1


async def cancelled_on_a_terminal(sandbox: Sandbox, answer: str) -> Ended:
    words = ("call", "cancel_booking", f"bookingId={await first_meeting(sandbox)}")
    return await run_on_terminal(*words, question="[y/N]", answer=answer, **settings_of(sandbox))


@ON_POSIX
async def test_terminal_asks_with_the_details_of_the_meeting(sandbox: Sandbox) -> None:
    ended = await cancelled_on_a_terminal(sandbox, "y\n")

    assert ended.status == 0, ended.out
    assert "Sarah Chen" in ended.out.partition("[y/N]")[0]
    assert len(writes(sandbox)) == 1


@ON_POSIX
@pytest.mark.parametrize("answer", ["n\n", "\n", "\x04"], ids=["no", "nothing", "end of input"])
async def test_declined_call_sends_nothing(sandbox: Sandbox, answer: str) -> None:
    ended = await cancelled_on_a_terminal(sandbox, answer)

    assert ended.status == 1
    assert "not_confirmed: " in ended.out
    assert writes(sandbox) == []


@ON_POSIX
@pytest.mark.parametrize(("answer", "status"), [("y\n", 0), ("n\n", 1)])
async def test_destructive_call_without_a_confirmation_asks_too(sandbox: Sandbox, answer: str, status: int) -> None:
    ended = await run_on_terminal(
        *("call", "update_settings", "minGapMinutes=15"), question="[y/N]", answer=answer, **settings_of(sandbox)
    )

    assert ended.status == status, ended.out
    assert len(writes(sandbox)) == 1 - status


async def test_calls_share_the_budget_of_the_key(sandbox: Sandbox, tmp_path: Path) -> None:
    settings = {"LINKTIME_BUDGET": "local", "LINKTIME_RATE_LIMIT": "1", "LINKTIME_RATE_PERIOD": "600"}
    settings = settings_of(sandbox, **settings, LINKTIME_DEADLINE="20") | {STATE: str(tmp_path)}

    first = await run("call", "get_me", **settings)
    second = await run("call", "get_me", **settings)

    assert (first.status, first.err) == (0, "")
    assert (second.status, second.err.partition(":")[0]) == (1, "rate_limited")
    assert len(sandbox.requests) == 1


@pytest.mark.slow
@pytest.mark.measured
@ON_POSIX
async def test_waiting_call_has_a_progress_line(sandbox: Sandbox) -> None:
    words = ("call", "cancel_booking", f"bookingId={await first_meeting(sandbox)}")
    settings = settings_of(sandbox, LINKTIME_RATE_LIMIT="1", LINKTIME_RATE_PERIOD="3")

    # The question costs two requests, so the cancellation waits for the budget.
    ended = await run_on_terminal(*words, question="[y/N]", answer="y\n", **settings)

    assert ended.status == 0, ended.out
    assert ended.out.count(WAITING) == 1, "stderr is a pipe, so it has the first message only"


async def test_tools_lists_every_tool_below_its_domain() -> None:
    ended = await run("tools")

    assert (ended.status, ended.err) == (0, "")
    assert max(map(len, ended.out.splitlines())) <= 100
    folded = "    "
    lines = [line for line in ended.out.splitlines() if line and not line.startswith(folded)]
    listed = [line.split()[0] for line in lines if "linktime-mcp" not in line]
    assert listed == [name for domain, tools in DOMAINS.items() for name in (domain, *(tool.name for tool in tools))]


async def test_tools_describes_one_with_its_arguments() -> None:
    ended = await run("tools", "create_webhook")

    assert ended.status == 0
    assert all(name in ended.out for name in TOOLS["create_webhook"].input_schema["properties"])
    assert "array (JSON)" in ended.out
    assert "call create_webhook url=… events=…" in ended.out


async def test_tools_as_json_have_their_schemas() -> None:
    every, one = await run("tools", "--json"), await run("tools", "get_me", "--json")

    assert [tool["name"] for tool in json.loads(every.out)] == list(TOOLS)
    assert json.loads(one.out)["toolset"] == "context"
    assert json.loads(one.out)["inputSchema"]["type"] == "object"


async def test_tools_refuses_an_unknown_name() -> None:
    ended = await run("tools", "get_mee")

    assert (ended.status, ended.out) == (2, "")
    assert "get_me?" in ended.err
