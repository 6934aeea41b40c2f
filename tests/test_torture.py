"""The torture test: the part that the suite runs, and its judge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pytest

from linktime.sandbox import Entry
from linktime.sandbox.store import Store
from linktime.sandbox.variant import Handled
from tests.torture import judge as judging
from tests.torture.agents import CAREFUL, HASTY, TWINS, UNDECIDED, Attempt
from tests.torture.claims import Claim, claim_of
from tests.torture.faults import Fault, Traits
from tests.torture.judge import Case, Finding, Records, judge, judge_read, judge_times
from tests.torture.plan import plan
from tests.torture.program import drive, leave_unread
from tests.torture.report import Report
from tests.torture.setup import Look, Read, Write
from tests.torture.stage import Played
from tests.torture.virtual import drive_part

pytestmark = pytest.mark.posix  # kills and stops processes

REAL_SEEDS: Final = (0, 1, 2, 9, 12, 14, 15)  # none of them takes half a minute
VIRTUAL_SEEDS: Final = range(84)
URL: Final = "https://hooks.example/1"
LOOK: Final = Look("list_webhooks", {}, URL)
WRITE: Final = Write("create_webhook", {"url": URL}, "POST", "/webhooks", "SELECT 1", (URL,), LOOK, mark=URL)
HIDING: Final = Fault("5xx")
READ: Final = Read("get_contact", {"contactId": "clx1"}, "clx1")


def sent(at: float, status: int | None = 500, url: str = URL) -> Entry:
    return Entry("POST", "/webhooks", "", {}, at, {"url": url}, status)


def effect(at: float) -> Handled:
    return Handled("POST", "/webhooks", {"url": URL}, at, at, 201)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_real_program_keeps_every_promise() -> None:
    report = Report()

    await drive(REAL_SEEDS, report, servers=len(REAL_SEEDS))

    assert not report.faults, f"{report}"
    assert report.runs == len(REAL_SEEDS)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_whole_chain_keeps_every_promise() -> None:
    report = drive_part(VIRTUAL_SEEDS)

    assert not report.faults, f"{report}"
    assert report.runs == len(VIRTUAL_SEEDS)
    assert report.writes > 5 * len(VIRTUAL_SEEDS)


@pytest.mark.slow
@pytest.mark.parametrize("stderr", [False, True])
async def test_server_ends_if_its_client_reads_no_output(*, stderr: bool) -> None:
    assert await leave_unread(stderr=stderr) == 0


def test_seed_gives_one_plan() -> None:
    assert plan(7, timeout=1.0) == plan(7, timeout=1.0)
    assert len({f"{plan(seed, timeout=1.0)}" for seed in range(20)}) == 20


@pytest.mark.parametrize(
    ("claims", "rows", "effects", "arrived"),
    [
        ([Claim("done", ident="1")], "1", [1], [1]),
        ([Claim("verified")], "1", [1], [1]),
        ([Claim("outcome_unknown")], "1", [1], [1]),
        ([Claim("outcome_unknown")], "", [], [1]),
        ([Claim("not_committed")], "", [], [1]),
        ([Claim("not_committed"), Claim("done")], "1", [11], [1, 11]),
        ([Claim("unavailable", "Nothing was sent.")], "", [], []),
    ],
)
def test_honest_answer_is_no_fault(claims: list[Claim], rows: str, effects: list[float], arrived: list[float]) -> None:
    assert judged(claims, rows, effects, arrived) == []


@pytest.mark.parametrize(
    ("claims", "rows", "effects", "arrived", "kind"),
    [
        ([Claim("done"), Claim("done")], "12", [1, 11], [1, 11], judging.DOUBLED),
        ([Claim("done")], "1", [1], [1, 2], judging.SENT_AGAIN),
        ([Claim("done")], "", [], [1], judging.FALSE_SUCCESS),
        ([Claim("verified")], "", [], [1], judging.FALSE_SUCCESS),
        ([Claim("done", ident="2")], "1", [1], [1], judging.FALSE_SUCCESS),
        ([Claim("not_committed")], "1", [1], [1], judging.FALSE_DENIAL),
        ([Claim("not_committed"), Claim("done")], "1", [1], [1, 11], judging.FALSE_DENIAL),
        ([Claim("conflict")], "1", [1], [1], judging.FALSE_DENIAL),
        ([Claim("outcome_unknown", "Nothing was sent.")], "", [], [1], judging.FALSE_UNSENT),
        ([Claim("internal_error")], "", [], [1], judging.ODD),
        ([Claim("no answer")], "", [], [1], judging.UNANSWERED),
        ([Claim("discarded")], "1", [1], [1], judging.UNANSWERED),
    ],
)
def test_broken_promise_is_detected(
    claims: list[Claim], rows: str, effects: list[float], arrived: list[float], kind: str
) -> None:
    (finding,) = judged(claims, rows, effects, arrived)

    assert (finding.kind, finding.seed, finding.counted) == (kind, 7, False)
    assert "create_webhook /webhooks" in finding.story


def test_twins_may_write_twice_but_deny_no_write() -> None:
    both = [Claim("done"), Claim("done")]

    assert judged(both, "12", [1, 2], [1, 2], agent=TWINS) == []
    assert kinds(judged(both, "123", [1, 2, 3], [1, 2], agent=TWINS)) == [judging.DOUBLED, judging.FALSE_DENIAL]
    denied = judged([Claim("done"), Claim("not_committed")], "12", [1, 2], [1, 2], agent=TWINS)
    assert kinds(denied) == [judging.FALSE_DENIAL]


@pytest.mark.parametrize(
    ("agent", "honors_keys", "counted"),
    [(HASTY, True, True), (CAREFUL, True, False), (CAREFUL, False, True)],
)
def test_double_by_choice_of_the_agent_is_counted(agent: str, *, honors_keys: bool, counted: bool) -> None:
    claims = [Claim("outcome_unknown"), Claim("done")]
    traits = Traits(honors_keys=honors_keys)

    (finding,) = judged(claims, "12", [1, 11], [1, 11], agent=agent, traits=traits)

    assert (finding.kind, finding.counted) == (judging.DOUBLED, counted)


def test_last_success_of_an_undecided_agent_counts() -> None:
    both = [Claim("done", ident="1"), Claim("done", ident="1")]

    assert judged(both, "2", [1, 11], [1, 11], agent=UNDECIDED) == []
    assert kinds(judged(both, "", [1], [1, 11], agent=UNDECIDED)) == [judging.FALSE_SUCCESS]


def test_writes_of_other_agents_do_not_count() -> None:
    case = Case(WRITE, HIDING, CAREFUL, (Attempt(Claim("not_committed"), 0, 5),))
    records = Records([sent(1, url="https://hooks.example/2"), sent(2, status=429)], [], Traits())

    assert list(judge(7, [case], records)) == []


def test_silence_is_excused_if_the_client_caused_it() -> None:
    assert judged([Claim("no answer")], "1", [1], [1], excused=True) == []


@pytest.mark.parametrize(
    ("claim", "kind"),
    [
        (Claim("done", '{"id":"clx1"}'), None),
        (Claim("unavailable"), None),
        (Claim("done", '{"id":"clx2"}'), judging.MIXED_UP),
        (Claim("not_found"), judging.FALSE_DENIAL),
        (Claim("internal_error"), judging.ODD),
        (Claim("no answer"), judging.UNANSWERED),
    ],
)
def test_read_is_judged_by_its_own_object(claim: Claim, kind: str | None) -> None:
    assert kinds(judge_read(7, READ, claim, excused=False)) == ([kind] if kind else [])


def test_two_bookings_at_one_time_are_a_double() -> None:
    store = Store(":memory:")
    booking = dict.fromkeys(("endTime", "inviteeName", "inviteeEmail", "inviteeTimezone", "location"), "")
    times = {"startTime": "2026-03-02T14:00:00.000Z", "createdAt": "", "updatedAt": ""}
    for ident in ("1", "2"):
        store.insert("bookings", {"id": ident, "eventTypeId": "", "status": "CONFIRMED", **booking, **times})

    assert kinds(judge_times(7, store)) == [judging.DOUBLED]
    store.close()


@pytest.mark.parametrize(
    ("frame", "claim"),
    [
        (None, Claim("no answer")),
        (
            {"result": {"isError": True, "content": [{"type": "text", "text": "conflict: taken"}]}},
            Claim("conflict", "conflict: taken"),
        ),
        ({"result": {"structuredContent": {"bookingId": "1"}}}, Claim("done", '{"bookingId":"1"}', "1")),
        (
            {"result": {"structuredContent": {"success": True}, "_meta": {"linktime/outcome": "verified"}}},
            Claim("verified", '{"success":true}'),
        ),
        ({"error": {"code": -32603}}, Claim("discarded", "{'error': {'code': -32603}}")),
    ],
)
def test_answer_becomes_a_claim(frame: dict[str, Any] | None, claim: Claim) -> None:
    assert claim_of(frame) == claim


def test_report_counts_unknown_outcomes_and_names_the_seed() -> None:
    report = Report()
    done = [case([Claim(word)], "1") for word in ("outcome_unknown", "verified", "verified", "no answer")]
    report.add("stay", Played([*done, case([Claim("not_committed")], "")], 3, []))
    report.add("term", Played([case([Claim("outcome_unknown")], "")], 0, [Finding(judging.FALSE_SUCCESS, 9, "so")]))
    report.merge(Report())

    text = f"{report}"

    assert "2 runs, 6 writes, 6 calls" in text
    assert "if the server stayed: 1 of 3 (33.3%) that were done, 0 of 1 (0.0%) that were not" in text
    assert "if the server was ended: 0 of 0 (0.0%) that were done, 1 of 1 (100.0%) that were not" in text
    assert report.totals[judging.FALSE_SUCCESS] == 1
    assert "false success, seed 9: so" in text


def case(claims: Sequence[Claim], rows: str, *, agent: str = CAREFUL, excused: bool = False) -> Case:
    """Return a case whose calls begin every 10 s, or at once if they are twins."""
    together = agent == TWINS
    starts = [0.0 if together else 10.0 * number for number in range(len(claims))]
    attempts = [Attempt(claim, at, at + 5, together) for claim, at in zip(claims, starts, strict=True)]
    return Case(WRITE, HIDING, agent, tuple(attempts), tuple(rows), excused, int(agent == UNDECIDED), made=bool(rows))


def judged(
    claims: Sequence[Claim],
    rows: str,
    effects: Sequence[float],
    arrived: Sequence[float],
    *,
    agent: str = CAREFUL,
    traits: Traits | None = None,
    excused: bool = False,
) -> list[Finding]:
    """Judge calls that left these *rows*, whose requests *arrived* and took *effects* at some seconds."""
    records = Records([sent(at) for at in arrived], [effect(at) for at in effects], traits or Traits())
    return list(judge(7, [case(claims, rows, agent=agent, excused=excused)], records))


def kinds(findings: Any) -> list[str]:
    return [finding.kind for finding in findings]
