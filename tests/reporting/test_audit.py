"""The one table of facts, from every kind of story that a ledger can tell."""

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decom.dialnexa.replies import Proof
from decom.errors import BadInput
from decom.ledger.reader import Reader
from decom.ledger.records import (
    Attempt,
    Ended,
    Intent,
    Look,
    NotChecked,
    Record,
    Reported,
    Settled,
    Started,
    Verified,
    entry,
)
from decom.ledger.writer import Writer
from decom.planning.plan import Billing, Conflict, Plan, PlannedRow, ReportOptions, Source
from decom.planning.saved import SavedHead, rows_as_json
from decom.reporting.audit import build
from decom.reporting.interface import Audit, Timing, Verification
from decom.vocabulary import Decision, Evidence, Outcome, SourceState, Stopped
from decom.workflow.runs import record_plan
from tests.planning.plans import RUN, SPRING, plan, planned
from tests.quick_clock import QuickClock
from tests.reporting.oracle.interface import AuditRow
from tests.reporting.rows import rows_of

PLANNED_AT = "2026-11-23T18:57:57.120Z"
INTERRUPTED = "a release was in flight when the run was interrupted: `decom resume` checks its outcome"
STARTED = Started("ops@host", 7, "0.1.0")


def at(number: int) -> str:
    """When the nth record after the plan was written."""
    return f"2026-11-23T18:58:{number:02}.000Z"


def attempt(number: int, proof: Proof, status: int | None = None, message: str = "") -> Attempt:
    return Attempt("phn_1", number, proof, status, message, f"2026-11-23T18:59:{number:02}.000Z")


def settled(outcome: Outcome, evidence: str = "evidence", **facts: object) -> Settled:
    return Settled("phn_1", "+14155550101", outcome, evidence, "because", **facts)  # type: ignore[arg-type]


def written(home: Path, made: Plan, records: Iterable[Record]) -> None:
    """A plan, and what was recorded of carrying it out."""
    record_plan(home, made, rows_as_json(made), SavedHead(made.head, home, "ab" * 32), QuickClock())
    with Writer(home, RUN, QuickClock()) as ledger:
        ledger.write([entry(record, at(place)) for place, record in enumerate(records, 1)])


def audited(home: Path, made: Plan, *records: Record) -> tuple[Audit, list[AuditRow]]:
    written(home, made, records)
    with Reader(home) as ledger:
        audit = build(ledger, RUN)
        return audit, list(rows_of(audit))


def one(home: Path, *records: Record, row: PlannedRow | None = None, **facts: object) -> AuditRow:
    """The row of a plan that releases one number."""
    _, (found,) = audited(home, plan(row or planned(), **facts), *records)
    return found


# --- Rows that were never to be sent ----------------------------------------------------------------------------


@pytest.mark.parametrize("decision", [decision for decision in Decision if decision is not Decision.RELEASE])
def test_a_row_that_is_not_released_is_reported_as_planned(tmp_path: Path, decision):
    row = planned(
        7,
        decision,
        evidence="earlier_run:run-1" if decision is Decision.MISSING else "plan",
        conflicts=(SPRING,) if decision is Decision.CONFLICTED else (),
        country_code="US",
        type="local",
        nickname="Desk",
        monthly_cost_usd="1.15",
        cost_from="number",
        others=("Sales",),
    )
    # The same number's own release must not colour a row that carries no decision.
    story: list[Record] = [STARTED, Intent("phn_1", 1), attempt(1, Proof.APPLIED, 200), settled(Outcome.RELEASED)]
    found = one(tmp_path, *story, Ended(None), row=row, other_columns=("team",))
    assert found == AuditRow(
        row=7,
        input_value="phn_1",
        number_id="phn_1",
        phone_number="+14155550101",
        outcome=Outcome(decision),
        evidence=row.evidence,
        reason="because",
        http_status=None,
        api_message="",
        attempts=0,
        first_attempt_at=None,
        decided_at=PLANNED_AT,
        conflicts=row.conflicts,
        country_code="US",
        type="local",
        nickname="Desk",
        monthly_cost_usd="1.15" if decision in (Decision.CONFLICTED, Decision.PROTECTED) else None,
        cost_from="number" if decision in (Decision.CONFLICTED, Decision.PROTECTED) else None,
        billing_stops_on=None,
        others=("Sales",),
    )


def test_a_row_of_a_run_that_could_not_plan_was_not_attempted(tmp_path: Path):
    row = planned(2, None, reason="the account could not be queried")
    found = one(tmp_path, Ended(Stopped.OUTAGE, "no answer"), row=row)
    assert (found.outcome, found.evidence) == ("not_attempted", "stopped:outage")
    assert (found.reason, found.decided_at) == ("the account could not be queried", PLANNED_AT)


# --- Rows that were to be released ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("records", "outcome", "evidence", "reason", "decided_at"),
    [
        (
            [STARTED, Intent("phn_1", 1), attempt(1, Proof.APPLIED, 200), settled(Outcome.RELEASED), Ended(None)],
            "released",
            "evidence",
            "because",
            at(4),
        ),
        ([STARTED, settled(Outcome.MISSING), Ended(None)], "missing", "evidence", "because", at(2)),
        ([STARTED, settled(Outcome.UNKNOWN), Ended(None)], "unknown", "evidence", "because", at(2)),
        # Killed while a release was under way.
        ([STARTED, Intent("phn_1", 1)], "unknown", "unconfirmed", INTERRUPTED, at(2)),
        (
            [STARTED, Intent("phn_1", 1), attempt(1, Proof.IN_DOUBT), Intent("phn_1", 2)],
            "unknown",
            "unconfirmed",
            INTERRUPTED,
            at(4),
        ),
        (
            [STARTED, Intent("phn_1", 1), Ended(Stopped.DISK, "full")],
            "unknown",
            "unconfirmed",
            INTERRUPTED,
            at(2),
        ),
        # Taken up again, and killed again.
        (
            [STARTED, settled(Outcome.UNKNOWN), STARTED, Intent("phn_1", 2)],
            "unknown",
            "unconfirmed",
            INTERRUPTED,
            at(4),
        ),
        # Killed between the answer and the outcome.
        (
            [STARTED, Intent("phn_1", 1), attempt(1, Proof.IN_DOUBT)],
            "unknown",
            "unconfirmed",
            INTERRUPTED,
            PLANNED_AT,
        ),
        (
            [STARTED, Intent("phn_1", 1), attempt(1, Proof.APPLIED, 200), Ended(Stopped.DISK, "full")],
            "unknown",
            "unconfirmed",
            INTERRUPTED,
            at(4),
        ),
        (
            [STARTED, Intent("phn_1", 1), attempt(1, Proof.STRANGE, 200), Look("phn_1", True, 0.0)],
            "unknown",
            "unconfirmed",
            INTERRUPTED,
            PLANNED_AT,
        ),
        # Never begun.
        (
            [STARTED],
            "not_attempted",
            "stopped:interrupted",
            "the run stopped before it: the run was interrupted",
            PLANNED_AT,
        ),
        (
            [STARTED, Ended(Stopped.SIGTERM, "stopped by SIGTERM")],
            "not_attempted",
            "stopped:sigterm",
            "the run stopped before it: stopped by SIGTERM",
            at(2),
        ),
        ([STARTED, Ended(Stopped.KEY)], "not_attempted", "stopped:key", "the run stopped before it", at(2)),
        (
            [STARTED, Ended(Stopped.SIGTERM), STARTED],
            "not_attempted",
            "stopped:interrupted",
            "the run stopped before it: the run was interrupted",
            PLANNED_AT,
        ),
        ([STARTED, Ended(None)], "not_attempted", "stopped:interrupted", "the run stopped before it", at(2)),
    ],
)
def test_what_became_of_a_number_as_far_as_the_ledger_can_tell(
    tmp_path: Path, records, outcome, evidence, reason, decided_at
):
    found = one(tmp_path, *records)
    assert (found.outcome, found.evidence, found.reason, found.decided_at) == (outcome, evidence, reason, decided_at)


@pytest.mark.parametrize(
    ("records", "attempts", "first", "status", "message"),
    [
        ([], 0, None, None, ""),
        ([Intent("phn_1", 1)], 1, at(2), None, ""),
        ([Intent("phn_1", 1), attempt(1, Proof.HELD, 409, "held")], 1, "2026-11-23T18:59:01.000Z", 409, "held"),
        (
            [attempt(1, Proof.IN_DOUBT, 500, "oops"), attempt(2, Proof.IN_DOUBT, None, "cut off"), Intent("phn_1", 3)],
            3,
            "2026-11-23T18:59:01.000Z",
            500,
            "oops",
        ),
        (
            [attempt(1, Proof.IN_DOUBT, 500, "oops"), attempt(2, Proof.GONE, 404, "gone")],
            2,
            "2026-11-23T18:59:01.000Z",
            404,
            "gone",
        ),
        # What provably never left is no request.
        ([attempt(n, Proof.NOT_SENT, None, "refused") for n in (1, 2, 3)], 0, None, None, ""),
        (
            [attempt(1, Proof.NOT_SENT), attempt(2, Proof.APPLIED, 200, "done")],
            1,
            "2026-11-23T18:59:02.000Z",
            200,
            "done",
        ),
        ([attempt(1, Proof.NOT_SENT), Intent("phn_1", 2)], 1, at(3), None, ""),
    ],
)
def test_requests_that_may_have_left_are_counted_and_the_last_answer_is_quoted(
    tmp_path: Path, records, attempts, first, status, message
):
    found = one(tmp_path, STARTED, *records)
    assert (found.attempts, found.first_attempt_at) == (attempts, first)
    assert (found.http_status, found.api_message) == (status, message)


def test_conflicts_found_since_the_plan_are_added_to_those_of_the_plan(tmp_path: Path):
    later = settled(Outcome.CONFLICTED, conflicts=(("batch-calls", "bat_1", "June", "running"),))
    found = one(tmp_path, STARTED, later, row=planned(conflicts=(SPRING,)))
    assert found.conflicts == (SPRING, Conflict("batch-calls", "bat_1", "June", "running"))


CALENDAR = ReportOptions(billing=Billing("calendar", 1))


@pytest.mark.parametrize(
    ("outcome", "options", "stops"),
    [
        (Outcome.RELEASED, CALENDAR, "2026-12-01"),
        (Outcome.RELEASED, ReportOptions(), None),
        (Outcome.FAILED, CALENDAR, None),
        (Outcome.UNKNOWN, CALENDAR, None),
    ],
)
def test_billing_stops_for_released_numbers_whose_cycle_is_known(tmp_path: Path, outcome, options, stops):
    assert one(tmp_path, STARTED, settled(outcome), Ended(None), report=options).billing_stops_on == stops


def test_a_renewal_date_may_stand_in_the_inputs_own_column(tmp_path: Path):
    options = ReportOptions(billing=Billing("column", column="renews"))
    row = planned(others=("Sales", "2026-12-15"))
    found = one(tmp_path, STARTED, settled(Outcome.RELEASED), row=row, report=options, other_columns=("team", "renews"))
    assert found.billing_stops_on == "2026-12-15"


# --- The run ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("records", "status", "why", "code"),
    [
        ([STARTED, settled(Outcome.RELEASED), Ended(None), Verified(())], "done", None, 0),
        ([STARTED, settled(Outcome.CONFLICTED), Ended(None), Verified(())], "done", None, 3),
        ([STARTED, settled(Outcome.FAILED), Ended(None), Verified(())], "done", None, 4),
        # Nobody has looked since it ended: that is not done.
        ([STARTED, settled(Outcome.RELEASED), Ended(None)], "done", None, 4),
        ([STARTED, settled(Outcome.CONFLICTED), Ended(None)], "done", None, 4),
        ([STARTED, settled(Outcome.RELEASED), Ended(None), Verified(()), STARTED, Ended(None)], "done", None, 4),
        ([STARTED, settled(Outcome.RELEASED), Verified(()), Ended(None)], "done", None, 4),
        ([STARTED, settled(Outcome.RELEASED), Ended(None), Ended(Stopped.SIGTERM)], "stopped", Stopped.SIGTERM, 143),
        ([STARTED, settled(Outcome.RELEASED), Ended(None), Ended(Stopped.DEADLINE)], "stopped", Stopped.DEADLINE, 4),
        ([STARTED, Ended(Stopped.KEY)], "stopped", Stopped.KEY, 6),
        ([STARTED, Ended(Stopped.SIGINT)], "stopped", Stopped.SIGINT, 130),
        ([STARTED, Ended(Stopped.GUARD)], "stopped", Stopped.GUARD, 5),
        ([STARTED, settled(Outcome.RELEASED)], "interrupted", Stopped.INTERRUPTED, 4),
        ([STARTED, settled(Outcome.RELEASED), Ended(None), STARTED], "interrupted", Stopped.INTERRUPTED, 4),
        ([Ended(Stopped.OUTAGE)], "stopped", Stopped.OUTAGE, 4),
        ([STARTED, settled(Outcome.RELEASED), Ended(None), Verified(("one",))], "done", None, 4),
        ([STARTED, settled(Outcome.CONFLICTED), Ended(None), Verified(("one",))], "done", None, 4),
        ([STARTED, settled(Outcome.RELEASED), Ended(None), Verified(("one",)), Verified(())], "done", None, 0),
        ([STARTED, Ended(Stopped.KEY), Verified(("one",))], "stopped", Stopped.KEY, 6),
        ([STARTED, Ended(Stopped.SIGTERM), Verified(("one",))], "stopped", Stopped.SIGTERM, 143),
    ],
)
def test_how_a_run_ended_and_what_its_process_says(tmp_path: Path, records, status, why, code):
    audit, _ = audited(tmp_path, plan(planned()), *records)
    assert (audit.status, audit.why, audit.exit_code) == (status, why, code)


@pytest.mark.parametrize(
    ("records", "unverified"),
    [
        ([STARTED, settled(Outcome.RELEASED), Ended(None)], True),
        ([STARTED, settled(Outcome.RELEASED), Ended(None), Verified(())], False),
        ([STARTED, settled(Outcome.RELEASED), Ended(None), Verified(("one",))], False),
        ([STARTED, settled(Outcome.RELEASED), Ended(Stopped.SIGTERM)], True),
        ([STARTED, settled(Outcome.RELEASED)], True),
        ([Ended(Stopped.OUTAGE)], False),
    ],
)
def test_a_run_is_unverified_as_long_as_nobody_looked_since_its_end(tmp_path: Path, records, unverified):
    audit, _ = audited(tmp_path, plan(planned()), *records)
    assert audit.unverified is unverified


def test_what_the_look_back_made_of_a_release_is_its_outcome_and_its_money(tmp_path: Path):
    standing = settled(Outcome.FAILED, Evidence.STILL_PRESENT)
    records: list[Record] = [STARTED, Intent("phn_1", 1), attempt(1, Proof.APPLIED, 202), settled(Outcome.RELEASED)]
    audit, (row,) = audited(
        tmp_path, plan(planned(monthly_cost_usd="1.15")), *records, Ended(None), standing, Verified(())
    )
    assert (row.outcome, row.evidence, row.http_status, row.billing_stops_on) == ("failed", "still_present", 202, None)
    assert (audit.counts[Outcome.RELEASED], audit.counts[Outcome.FAILED], audit.exit_code) == (0, 1, 4)
    assert (str(audit.money.stopping), str(audit.money.continuing)) == ("0", "1.15")


def test_the_column_of_costs_adds_up_to_the_sums_of_the_summary(tmp_path: Path):
    """A number that several rows name costs once, one that was gone when we came costs nobody, "free" is no amount."""
    ids = ["phn_1", "phn_2", "phn_3", "phn_4", "phn_5"]
    became = [Outcome.RELEASED, Outcome.MISSING, Outcome.FAILED, Outcome.UNKNOWN, Outcome.NOT_ATTEMPTED]
    rows = [
        planned(row, number_id=each, monthly_cost_usd=f"{row}.15", cost_from="number")
        for row, each in enumerate(ids, 2)
    ]
    rows += [
        planned(7, Decision.DUPLICATE, number_id="phn_1", monthly_cost_usd="2.15", duplicate_of=2),
        planned(8, Decision.PROTECTED, number_id="phn_6", monthly_cost_usd="0.85", cost_from="number"),
        planned(9, Decision.INVALID, number_id="phn_7", monthly_cost_usd="9.00"),
        planned(10, Decision.CONFLICTED, number_id="phn_8", monthly_cost_usd="free"),
    ]
    story: list[Record] = [
        STARTED,
        *(Settled(each, None, outcome, "evidence", "because") for each, outcome in zip(ids, became, strict=True)),
        Ended(None),
    ]
    audit, found = audited(tmp_path, plan(*rows), *story)
    costs = [row.monthly_cost_usd for row in found]
    assert costs == ["2.15", None, "4.15", "5.15", "6.15", None, "0.85", None, None]
    assert [row.cost_from is None for row in found] == [cost is None for cost in costs]
    money = audit.money
    assert (str(money.stopping), str(money.continuing), str(money.in_doubt)) == ("2.15", "11.15", "5.15")
    assert money.total == sum(Decimal(cost) for cost in costs if cost is not None)
    assert (money.unknown_continuing, money.unknown) == (1, 1)


@pytest.mark.parametrize("proof", [Proof.THROTTLED, Proof.NOT_SENT])
def test_a_number_to_which_nothing_came_through_was_not_attempted_when_the_run_was_killed(tmp_path: Path, proof):
    found = one(tmp_path, STARTED, Intent("phn_1", 1), attempt(1, proof), Intent("phn_1", 2), attempt(2, proof))
    assert (found.outcome, found.evidence) == ("not_attempted", "stopped:interrupted")
    assert found.reason == "the run stopped before it: the run was interrupted"
    found = one(tmp_path / "open", STARTED, Intent("phn_1", 1), attempt(1, proof), Intent("phn_1", 2))
    assert (found.outcome, found.evidence, found.reason) == ("unknown", "unconfirmed", INTERRUPTED)


def test_a_source_that_could_not_be_read_just_before_releasing_is_not_called_checked(tmp_path: Path):
    sources = (
        Source("campaigns", SourceState.CHECKED, "14 campaigns"),
        Source("workflows", SourceState.CHECKED, "2 workflows"),
    )
    story: list[Record] = [
        STARTED,
        NotChecked((("campaigns", "500"),)),
        NotChecked((("campaigns", "503"),)),
        settled(Outcome.RELEASED),
        Ended(None),
    ]
    audit, _ = audited(tmp_path, plan(planned(), sources=sources), *story)
    assert audit.sources == (
        Source("campaigns", SourceState.NOT_CHECKED, "just before releasing: 503"),
        sources[1],
    )


def test_a_runs_facts_are_those_of_its_plan_and_its_ledger(tmp_path: Path):
    source = Source("campaigns", SourceState.CHECKED, "14 campaigns")
    made = plan(
        planned(2),
        planned(3, Decision.MISSING, number_id="phn_2"),
        planned(4, Decision.DUPLICATE, duplicate_of=2),
        workspace="ws-7",
        base_url="https://api.dialnexa.com/v1",
        input_name="numbers.csv",
        input_sha256="cd" * 32,
        input_blank_rows=5,
        other_columns=("team",),
        sources=(source,),
        notes=("read as CSV",),
        report=CALENDAR,
    )
    again = Started("night@host", 8, "0.1.0")
    story: list[Record] = [
        STARTED,
        Ended(Stopped.SIGTERM, "stopped"),
        again,
        settled(Outcome.MISSING, Evidence.ANSWERED_404_AFTER_SEEN),
        Ended(None),
        Verified(("one",)),
        Reported("ef" * 32),
    ]
    written(tmp_path, made, story)
    with Reader(tmp_path) as ledger:
        audit = build(ledger, RUN)
        assert audit.ledger_head == ledger.head(RUN)
    assert (audit.run_id, audit.workspace, audit.base_url) == (RUN, "ws-7", "https://api.dialnexa.com/v1")
    assert (audit.input_name, audit.input_sha256) == ("numbers.csv", "cd" * 32)
    assert (audit.input_rows, audit.input_blank_rows, audit.other_columns) == (3, 5, ("team",))
    assert (audit.sources, audit.notes, audit.options) == ((source,), ("read as CSV",), CALENDAR)
    assert audit.operator == "night@host"
    assert audit.timing == Timing(PLANNED_AT, at(1), at(5), at(6), 2)
    assert audit.verification == Verification(at(6), ("one",))
    assert audit.gone_before_us == 1
    assert audit.counts == {**dict.fromkeys(Outcome, 0), Outcome.MISSING: 2, Outcome.DUPLICATE: 1}


def test_a_run_that_could_not_plan_has_a_report_without_an_operator(tmp_path: Path):
    audit, _ = audited(tmp_path, plan(planned(2, None)), Ended(Stopped.OUTAGE, "no answer"))
    assert audit.operator == "" and audit.verification is None
    assert audit.timing == Timing(PLANNED_AT, None, None, None, 0)


def test_a_run_that_is_under_way_has_not_ended(tmp_path: Path):
    audit, _ = audited(tmp_path, plan(planned()), STARTED)
    assert audit.timing == Timing(PLANNED_AT, at(1), None, None, 1)


def test_the_rows_are_there_when_the_ledger_is_closed(tmp_path: Path):
    written(tmp_path, plan(planned(2), planned(3, Decision.MISSING)), [STARTED, settled(Outcome.RELEASED), Ended(None)])
    with Reader(tmp_path) as ledger:
        audit = build(ledger, RUN)
    assert audit.rows["row"].tolist() == [2, 3]


@pytest.mark.parametrize("records", [[], [Verified(())], [Reported("ab")]])
def test_a_plan_that_was_not_carried_out_has_nothing_to_report(tmp_path: Path, records):
    written(tmp_path, plan(planned()), records)
    with Reader(tmp_path) as ledger, pytest.raises(BadInput) as refused:
        build(ledger, RUN)
    assert refused.value.remedy == f"To see the plan, type: decom show {RUN}"


def test_a_run_that_nobody_knows_has_none_either(tmp_path: Path):
    with Reader(tmp_path) as ledger, pytest.raises(BadInput, match="the ledger does not know this run"):
        build(ledger, RUN)


# --- Whatever the story -----------------------------------------------------------------------------------------

decisions = st.none() | st.sampled_from(Decision)
steps = st.lists(
    st.sampled_from(["intent", "attempt", "look", "settled", "started", "ended", "verified"]), min_size=0, max_size=12
)


def story_of(numbers: list[int], steps: list[str]) -> list[Record]:
    """Records in any order at all, as no run of ours would write them."""
    records: list[Record] = [STARTED]
    for place, (number, step) in enumerate(zip(numbers * 12, steps, strict=False)):
        number_id = f"phn_{number}"
        outcome = [*Outcome][place % len(Outcome)]
        choice: dict[str, Record] = {
            "intent": Intent(number_id, place),
            "attempt": Attempt(number_id, place, [*Proof][place % len(Proof)], None, "", at(1)),
            "look": Look(number_id, None, 0.0),
            "settled": Settled(number_id, None, outcome, "evidence", "because"),
            "started": STARTED,
            "ended": Ended([None, *Stopped][place % len(Stopped)]),
            "verified": Verified(()),
        }
        records.append(choice[step])
    return records


@settings(max_examples=15)
@given(decided=st.lists(decisions, max_size=6), numbers=st.lists(st.integers(1, 6), min_size=1), some=steps)
def test_every_row_is_in_the_audit_once_in_order_and_the_counts_add_up(
    tmp_path_factory: pytest.TempPathFactory, decided, numbers, some
):
    rows = [
        planned(place, decision, number_id=f"phn_{place}", phone_number=None)
        for place, decision in enumerate(decided, 1)
    ]
    audit, found = audited(tmp_path_factory.mktemp("home"), plan(*rows), *story_of(numbers, some))
    assert [row.row for row in found] == [row.row for row in rows]
    assert sum(audit.counts.values()) == audit.input_rows == len(found)
    assert set(audit.counts) == set(Outcome)
    for row, decision in zip(found, decided, strict=True):
        assert decision in (None, Decision.RELEASE) or row.outcome == decision
        assert row.outcome is not Outcome.NOT_ATTEMPTED or row.evidence.startswith(("stopped:", "evidence"))
