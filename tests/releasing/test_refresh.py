"""The look just before sending: what is left to do, and whether each number is still as planned and still free."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from decom.dialnexa.models import Number
from decom.dialnexa.replies import Proof
from decom.errors import KeyRefused, Unreachable
from decom.ledger.reader import NumberRecord
from decom.ledger.records import Attempt, Look, Settled
from decom.planning.guards import SourcesNotChecked
from decom.planning.holds.kinds import HOLDS
from decom.planning.plan import Conflict, PlannedRow, Source
from decom.releasing.one_number import Task
from decom.releasing.refresh import Fresh, compare, pending_tasks, refresh_account
from decom.vocabulary import Decision, Outcome, SourceState
from tests.dialnexa.speaking import asked, reading
from tests.planning.plans import head, planned
from tests.releasing.at_work import phone, small, task
from tests.service.faults import FaultPlan, Rule
from tests.service.server import Sandbox

Start = Callable[..., Sandbox]

AT = "2026-11-23T18:57:57.120Z"
NOW = 1_000.0
INTERRUPTED = "the run was interrupted while this release was in flight"
SPRING = Conflict("campaigns", "cmp_1", "Spring", "active")


def row(number: int = 1) -> PlannedRow:
    return planned(number, Decision.RELEASE, number_id=f"phn_{number}", phone_number=phone(number))


def attempt(number: int, proof: Proof, status: int | None = None) -> Attempt:
    return Attempt("phn_1", number, proof, status, "said", AT)


def settled(outcome: Outcome) -> Settled:
    return Settled("phn_1", phone(1), outcome, "evidence", "because")


def left(story: NumberRecord) -> list[Task]:
    return list(pending_tasks([row()], {"phn_1": story}, NOW))


# --- What is left to do -----------------------------------------------------------------------------------------


def test_of_a_first_part_everything_is_left_in_the_plans_order():
    tasks = pending_tasks([row(3), row(1), row(2)], {}, NOW)
    assert tasks == (task(3), task(1), task(2))


@pytest.mark.parametrize("outcome", Outcome)
def test_only_what_is_unknown_or_was_not_attempted_is_taken_up_again(outcome):
    tasks = left(NumberRecord(settled=settled(outcome), settled_at=AT))
    taken_up = outcome in (Outcome.UNKNOWN, Outcome.NOT_ATTEMPTED)
    assert len(tasks) == int(taken_up)
    if taken_up:
        assert tasks[0].events == [] and tasks[0].begun and tasks[0].last_sent is None


@pytest.mark.parametrize("proof", [Proof.IN_DOUBT, Proof.STRANGE, Proof.CUT_OFF])
def test_a_delete_in_doubt_is_to_be_looked_for_before_anything_is_sent_again(proof):
    (one,) = left(NumberRecord([attempt(2, proof, 500), Look("phn_1", None, 1.0)], settled=settled(Outcome.UNKNOWN)))
    assert one.events == [attempt(2, Proof.CUT_OFF, 500)]
    assert (one.attempts, one.last_sent, one.begun) == (2, NOW, True)


@pytest.mark.parametrize("proof", [Proof.THROTTLED, Proof.NOT_SENT, Proof.KEY])
def test_a_delete_that_did_nothing_does_not_matter_but_is_counted(proof):
    (one,) = left(NumberRecord([attempt(3, proof, 429)], settled=settled(Outcome.NOT_ATTEMPTED)))
    assert (one.events, one.attempts, one.last_sent) == ([], 3, None)


@pytest.mark.parametrize("outcome", [Outcome.UNKNOWN, Outcome.NOT_ATTEMPTED])
@pytest.mark.parametrize("proof", [Proof.GONE, Proof.VAGUE, Proof.ENDED])
def test_an_answer_that_did_not_find_the_number_is_kept_since_a_proxy_may_have_repeated_our_request(proof, outcome):
    (one,) = left(NumberRecord([attempt(1, proof, 404), Look("phn_1", None, 1.0)], settled=settled(outcome)))
    assert (one.events, one.attempts) == ([attempt(1, proof, 404)], 1)


def test_an_open_intent_is_a_delete_that_was_cut_off():
    (one,) = left(NumberRecord([attempt(1, Proof.NOT_SENT)], open_intent=AT, open_attempt=2))
    assert one.events == [Attempt("phn_1", 2, Proof.CUT_OFF, None, INTERRUPTED, AT)]
    assert (one.attempts, one.last_sent) == (2, NOW)


def test_all_that_is_in_doubt_is_kept_in_its_order():
    story = NumberRecord(
        [attempt(1, Proof.IN_DOUBT), Look("phn_1", True, 0.0), attempt(2, Proof.THROTTLED), attempt(3, Proof.STRANGE)],
        open_intent=AT,
        open_attempt=4,
    )
    (one,) = left(story)
    assert [(event.attempt, event.proof) for event in one.events if isinstance(event, Attempt)] == [
        (1, Proof.CUT_OFF),
        (3, Proof.CUT_OFF),
        (4, Proof.CUT_OFF),
    ]
    assert len(one.events) == 3 and one.attempts == 4


@pytest.mark.parametrize(
    "proof",
    [
        Proof.APPLIED,
        Proof.GONE,
        Proof.VAGUE,
        Proof.ENDED,
        Proof.HELD,
        Proof.REFUSED,
        Proof.FORBIDDEN,
        Proof.WRONG_PLACE,
    ],
)
def test_an_answer_on_record_stays_the_answer_although_the_process_died_before_its_outcome(proof):
    (one,) = left(NumberRecord([attempt(1, Proof.IN_DOUBT), attempt(2, proof, 200)]))
    assert one.events == [attempt(1, Proof.CUT_OFF), attempt(2, proof, 200)]
    (one,) = left(NumberRecord([attempt(1, proof, 200)]))
    assert one.events == [attempt(1, proof, 200)]
    # Only the last word counts: what came after it takes its place.
    (one,) = left(NumberRecord([attempt(1, proof, 200), attempt(2, Proof.IN_DOUBT)]))
    assert one.events == [attempt(2, Proof.CUT_OFF)]


# --- The account as it is now -----------------------------------------------------------------------------------


def fresh(sandbox: Sandbox, *tasks: Task, sources: tuple[Source, ...] = (), **facts: Any) -> Fresh:
    return reading(sandbox, lambda account: refresh_account(account, tasks, head(sources=sources, **facts), HOLDS))


def test_the_account_is_looked_at_as_far_as_needed(start_sandbox: Start):
    world = small(350)
    world.start_campaign(phone(7), name="Spring")
    sandbox = start_sandbox(world)
    found = fresh(sandbox, task(1), task(349))
    assert found.numbers == {f"phn_{n}": Number(f"phn_{n}", phone(n), status="active") for n in (1, 349)}
    assert found.account_size == 350 and list(found.held) == [phone(7)]
    assert {request.split()[0] for request in asked(sandbox)} == {"GET"}


CHECKED = Source("campaigns", SourceState.CHECKED, "14 campaigns, 5 open")
NOT_CHECKED = Source("campaigns", SourceState.NOT_CHECKED, "the key may not read it (403)")


@pytest.mark.parametrize("sources", [(CHECKED,), (NOT_CHECKED,), ()])
def test_a_source_that_cannot_be_read_just_before_is_a_guard_whatever_it_was_when_planned(
    start_sandbox: Start, sources
):
    sandbox = start_sandbox(small(), faults=FaultPlan((Rule.of("500_before", method="GET", path="/campaigns"),)))
    with pytest.raises(SourcesNotChecked) as raised:
        fresh(sandbox, task(), sources=sources)
    assert raised.value.what.startswith("conflicts were not checked in campaigns (500 Internal server error)")
    assert "decom resume" in (raised.value.remedy or "")
    assert [source.name for source in raised.value.sources] == ["campaigns"]


def test_a_source_that_somebody_accepted_by_name_may_stay_unread_and_is_told(start_sandbox: Start):
    sandbox = start_sandbox(small(), faults=FaultPlan((Rule.of("500_before", method="GET", path="/campaigns"),)))
    found = fresh(sandbox, task(), sources=(CHECKED,), accept_unchecked=("campaigns",))
    assert found.held == {} and [(each.name, each.why) for each in found.unchecked] == [
        ("campaigns", "500 Internal server error")
    ]
    with pytest.raises(SourcesNotChecked):
        fresh(sandbox, task(), sources=(CHECKED,), accept_unchecked=("batch-calls",))


def test_a_source_that_was_there_when_planned_is_not_said_to_be_none(start_sandbox: Start):
    world = small(generation="second")
    world.refuse("batch-calls", 404)
    were_checked = (replace(CHECKED, name="batch-calls"),)
    with pytest.raises(SourcesNotChecked, match="read when the plan was made, and now this account has no batch calls"):
        fresh(start_sandbox(world), task(), sources=were_checked)
    assert fresh(start_sandbox(world), task()).unchecked == ()


def test_a_source_that_has_become_readable_counts(start_sandbox: Start):
    world = small()
    world.start_campaign(phone(1), name="Spring")
    assert list(fresh(start_sandbox(world), task(), sources=(NOT_CHECKED,)).held) == [phone(1)]


@pytest.mark.parametrize(("fault", "error"), [("500_before", Unreachable), ("401", KeyRefused), ("403", KeyRefused)])
def test_an_account_that_cannot_be_asked_is_said_so(start_sandbox: Start, fault, error):
    sandbox = start_sandbox(small(), faults=FaultPlan((Rule.of(fault, method="GET"),)))
    with pytest.raises(error):
        fresh(sandbox, task())


# --- Then and now -----------------------------------------------------------------------------------------------


def now(*numbers: Number, held: dict[str, tuple[Conflict, ...]] | None = None) -> Fresh:
    return Fresh({number.id: number for number in numbers}, len(numbers), held or {})


ONE = Number("phn_1", phone(1))


def test_a_number_that_is_as_planned_and_free_goes_on():
    assert compare([task()], now(ONE)) == ([task()], [])


@pytest.mark.parametrize(
    ("found", "outcome", "evidence", "reason"),
    [
        (
            now(),
            Outcome.MISSING,
            "answered_404_after_seen",
            "it was on the account when planned but gone just before its release: someone else released it",
        ),
        (
            now(Number("phn_1", "+14155559999")),
            Outcome.NOT_ATTEMPTED,
            "stopped:changed",
            f"its ID now belongs to +14155559999, it was planned as {phone(1)}: no release is sent",
        ),
        (
            now(ONE, held={phone(1): (SPRING,)}),
            Outcome.CONFLICTED,
            "plan",
            'not in use when planned, now in use by campaign "Spring" cmp_1 (active)',
        ),
    ],
)
def test_a_number_that_is_not_any_more_as_planned_is_settled_before_anything_is_sent(found, outcome, evidence, reason):
    ready, done = compare([task()], found)
    conflicts = (("campaigns", "cmp_1", "Spring", "active"),) if outcome is Outcome.CONFLICTED else ()
    assert ready == [] and done == [Settled("phn_1", phone(1), outcome, evidence, reason, conflicts)]


def test_a_number_that_somebody_takes_in_hand_after_the_plan_is_not_sent():
    ready, done = compare([task()], now(replace(ONE, status="port_out_pending")))
    conflicts = (("number-status", "phn_1", "", "port_out_pending"),)
    reason = "not in use when planned, now its own status is 'port_out_pending'"
    assert ready == [] and done == [Settled("phn_1", phone(1), Outcome.CONFLICTED, "plan", reason, conflicts)]
    assert compare([task()], now(replace(ONE, status="Active"))) == ([task()], [])


@pytest.mark.parametrize("found", [now(), now(Number("phn_1", "+14155559999")), now(ONE, held={phone(1): (SPRING,)})])
def test_a_number_with_a_past_is_never_judged_here(found):
    begun = Task("phn_1", phone(1), [attempt(1, Proof.CUT_OFF)], attempts=1, begun=True)
    ready, done = compare([begun], found)
    assert ready == [begun] and done == []
    assert begun.held == found.held.get(phone(1), ())


def test_each_number_is_compared_for_itself_and_the_order_stays():
    found = now(*(Number(f"phn_{n}", phone(n)) for n in (1, 3, 4)), held={phone(3): (SPRING,)})
    ready, done = compare([task(n) for n in (4, 3, 2, 1)], found)
    assert [each.number_id for each in ready] == ["phn_4", "phn_1"]
    assert [each.number_id for each in done] == ["phn_3", "phn_2"]
