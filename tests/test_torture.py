from __future__ import annotations

from typing import Any, Final

import pytest

from linktime.sandbox import Entry
from linktime.sandbox.store import Store
from tests.torture import Record, play
from tests.torture.deeds import READS, Deed
from tests.torture.mishaps import NONE, Mishap
from tests.torture.plan import plan
from tests.torture.verdict import DOUBLED, LIED, UNANSWERED, Call, Claim, Fault, claim, crowded, judge

RUNS: Final = 40
CHANNEL: Final = Deed(
    "create_webhook",
    {"url": "https://hooks.example/1"},
    "POST",
    "/webhooks",
    "SELECT id FROM webhooks WHERE url = ?",
    ("https://hooks.example/1",),
    mark="hooks.example/1",
)
SENT: Final = Entry("POST", "/webhooks", "", {}, 0.0, {"url": "https://hooks.example/1"}, 500)
REFUSED: Final = Entry("POST", "/webhooks", "", {}, 0.0, {"url": "https://hooks.example/1"}, 429)
OTHERS: Final = Entry("POST", "/webhooks", "", {}, 0.0, {"url": "https://hooks.example/2"}, 500)
HIDING: Final = Mishap("5xx")


@pytest.mark.timeout(600)
async def test_whatever_the_service_and_the_client_do_nothing_is_doubled_lost_or_lied_about() -> None:
    record = Record()

    await play(range(RUNS), record, servers=6)

    assert not any(record.totals.values()), f"{record}"
    assert record.runs == RUNS


def test_a_seed_gives_one_plan() -> None:
    assert plan(7) == plan(7)
    assert len({f"{plan(seed)}" for seed in range(20)}) == 20


@pytest.mark.parametrize(
    ("there", "wire", "claims"),
    [
        (1, [SENT], [Claim("done", ident="1")]),
        (1, [SENT], [Claim("verified")]),
        (1, [SENT], [Claim("outcome_unknown")]),
        (0, [SENT], [Claim("outcome_unknown")]),
        (0, [SENT, OTHERS], [Claim("not_committed")]),
        (0, [REFUSED], [Claim("rate_limited", "this call was not sent")]),
        (1, [REFUSED, SENT], [Claim("done")]),
        (0, [], [Claim("shutting_down", "this call was not sent")]),
        (1, [SENT, SENT], [Claim("verified"), Claim("conflict")]),
    ],
)
def test_what_fits_together_is_no_fault(there: int, wire: list[Entry], claims: list[Claim]) -> None:
    assert judged(there, wire, claims) == []


@pytest.mark.parametrize(
    ("there", "wire", "claims", "kind", "why"),
    [
        (2, [SENT], [Claim("done")], DOUBLED, "it was done more than once"),
        (1, [SENT, SENT], [Claim("done")], DOUBLED, "it was sent again"),
        (0, [SENT], [Claim("done")], LIED, "a success, but it was not done so"),
        (0, [SENT], [Claim("verified")], LIED, "a success, but it was not done so"),
        (1, [SENT], [Claim("done", ident="2")], LIED, "a success, but it was not done so"),
        (1, [SENT], [Claim("not_committed")], LIED, "it was done, in spite of what is said"),
        (1, [SENT], [Claim("conflict")], LIED, "it was done, in spite of what is said"),
        (0, [SENT], [Claim("unavailable", "and nothing was sent")], LIED, "it was sent, in spite of what is said"),
        (0, [SENT], [Claim("internal_error")], LIED, "an answer that fits no fault"),
        (1, [SENT, SENT], [Claim("conflict"), Claim("not_committed")], LIED, "it was done, in spite of what is said"),
    ],
)
def test_what_does_not_fit_together_is_a_fault(
    there: int, wire: list[Entry], claims: list[Claim], kind: str, why: str
) -> None:
    (fault,) = judged(there, wire, claims)

    assert (fault.kind, fault.seed) == (kind, 7)
    assert f"create_webhook /webhooks: {why}. Told: [5xx]" in fault.story


@pytest.mark.parametrize("word", ["no answer", "protocol error"])
@pytest.mark.parametrize(("excused", "faults"), [(False, [Fault(UNANSWERED, 7, "get_me /me gone")]), (True, [])])
def test_silence_is_a_fault_unless_it_is_excused(word: str, *, excused: bool, faults: list[Fault]) -> None:
    calls = [Call(READS[0], NONE, Claim(word, "gone"), excused=excused)]

    assert judge(7, calls, []) == faults


def test_two_bookings_at_one_time_are_a_fault_whoever_asked() -> None:
    store = Store(":memory:")
    booking = dict.fromkeys(("endTime", "inviteeName", "inviteeEmail", "inviteeTimezone", "location"), "")
    times = {"startTime": "2026-03-02T14:00:00.000Z", "createdAt": "", "updatedAt": ""}
    for ident in ("1", "2"):
        store.insert("bookings", {"id": ident, "eventTypeId": "", "status": "CONFIRMED", **booking, **times})

    assert crowded(7, store) == [Fault(DOUBLED, 7, "two bookings at 2026-03-02T14:00:00.000Z")]
    store.close()


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (None, Claim("no answer")),
        (
            {"result": {"isError": True, "content": [{"type": "text", "text": "conflict: taken"}]}},
            Claim("conflict", "conflict: taken"),
        ),
        ({"result": {"structuredContent": {"bookingId": "1"}}}, Claim("done", "{'bookingId': '1'}", "1")),
        (
            {"result": {"structuredContent": {"success": True}, "_meta": {"linktime/outcome": "verified"}}},
            Claim("verified", "{'success': True}"),
        ),
        ({"error": {"code": -32603}}, Claim("protocol error", "{'error': {'code': -32603}}")),
    ],
)
def test_an_answer_is_read(frame: dict[str, Any] | None, told: Claim) -> None:
    assert claim(frame) == told


def test_a_record_counts_the_share_of_unknown_outcomes_and_names_what_repeats_a_fault() -> None:
    record = Record()
    words = ["outcome_unknown", "verified", "verified", "no answer"]
    done = [Call(CHANNEL, HIDING, Claim(word), ("1",)) for word in words]
    record.add("stay", [*done, Call(CHANNEL, HIDING, Claim("not_committed"))], [])
    record.add("term", [Call(CHANNEL, HIDING, Claim("outcome_unknown"))], [Fault(LIED, 9, "so it was")])

    told = f"{record}".splitlines()

    assert "2 runs, 6 calls; the servers' part: stay 1, term 1" in told
    assert "  where the server stayed: 1 of 3 (33.3%) that were done, 0 of 1 (0.0%) that were not" in told
    assert "  where the server was ended: 0 of 0 (0.0%) that were done, 1 of 1 (100.0%) that were not" in told
    assert "doubled: 0, lied: 1, never answered: 0, ended badly: 0" in told
    assert "  lied, python -m tests.torture --seed 9 --runs 1: so it was" in told


def judged(there: int, wire: list[Entry], claims: list[Claim]) -> list[Fault]:
    traces = tuple("12"[:there])
    return judge(7, [Call(CHANNEL, HIDING, told, traces) for told in claims], wire)
