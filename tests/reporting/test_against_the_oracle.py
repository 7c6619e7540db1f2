"""The audit from frames beside the one that was put together row by row: the same bytes, whatever the ledger says."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decom.dialnexa.replies import Proof
from decom.ledger.counting import outcome_counts
from decom.ledger.reader import Reader
from decom.ledger.records import Attempt, Ended, Intent, Look, Record, Settled, Started, Verified, entry
from decom.ledger.writer import Writer
from decom.planning.plan import Billing, Plan, PlannedRow, ReportOptions
from decom.planning.saved import SavedHead, rows_as_json
from decom.reporting.audit import build
from decom.vocabulary import Decision, Evidence, Outcome, Stopped
from decom.workflow.runs import record_plan
from tests.ledger.entries import names as names_of_numbers
from tests.planning.plans import RUN, conflicts, head, maybe, plan_of, texts
from tests.quick_clock import QuickClock
from tests.reporting.oracle.compare import differences

numbers = st.integers(1, 5).map("phn_{}".format)
moments = st.integers(0, 59).map("2026-11-23T19:00:{:02}.250Z".format)
costs = st.sampled_from(["1.15", "0.1", "2", "12.345", "free", "", "-1.50", "1e3"]) | maybe
days = st.sampled_from(["2026-12-15", "2026-11-01", "2024-02-29T10:00:00Z", "soon", ""]) | texts

records = st.one_of(
    st.builds(Intent, numbers, st.integers(1, 9)),
    st.builds(
        Attempt, numbers, st.integers(1, 9), st.sampled_from(Proof), st.none() | st.integers(200, 599), texts, moments
    ),
    st.builds(Look, numbers, st.none() | st.booleans(), st.just(0.0)),
    st.builds(
        Settled,
        numbers,
        st.none(),
        st.sampled_from(Outcome),
        st.sampled_from(Evidence) | texts,
        texts,
        st.lists(st.tuples(texts, texts, texts, texts), max_size=2).map(tuple),
    ),
    st.just(Started("ops@host", 7, "0.1.0")),
    st.builds(Ended, st.none() | st.sampled_from(Stopped), texts),
    st.builds(Verified, st.lists(texts, max_size=1).map(tuple)),
)
"""Whatever can be on record, in any order at all: cut-offs, looks, numbers that are settled and tried again."""

billings = st.sampled_from(
    [
        Billing(), Billing("calendar", 1), Billing("calendar", 31), Billing("anniversary"),
        Billing("column", column="renews"), Billing("column", column="nowhere"),
    ]
)  # fmt: skip

names = st.sampled_from(["team", "Cost Centre", "renews", "note", "=x", "\ud83d", "ID"])


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    others = draw(st.lists(names, unique=True, max_size=4))
    rows = []
    for place in range(draw(st.integers(0, 6))):
        decision = draw(st.none() | st.sampled_from(Decision) | st.just(Decision.RELEASE))
        rows.append(
            PlannedRow(
                row=place + 2,
                input_value=draw(texts),
                decision=decision,
                reason=draw(texts),
                number_id=draw(numbers) if decision is Decision.RELEASE else draw(st.none() | numbers),
                phone_number=draw(st.none() | names_of_numbers),
                evidence=draw(st.just("plan") | texts),
                conflicts=tuple(draw(st.lists(conflicts, max_size=2))),
                country_code=draw(maybe),
                type=draw(maybe),
                nickname=draw(maybe),
                monthly_cost_usd=draw(costs),
                cost_from=draw(st.sampled_from([None, "number", "price_list"])),
                created_at=draw(st.none() | days),
                others=tuple(draw(days) for _ in others),
            )
        )
    report = ReportOptions(group_by=draw(st.none() | st.sampled_from(["team", "note"])), billing=draw(billings))
    return plan_of(head(input_rows=len(rows), other_columns=tuple(others), report=report), rows)


@settings(max_examples=150)
@given(plan=plans(), story=st.lists(records, max_size=14))
def test_the_same_bytes_as_row_by_row_whatever_the_ledger_says(
    tmp_path_factory: pytest.TempPathFactory, plan: Plan, story: list[Record]
):
    home = tmp_path_factory.mktemp("home")
    recorded(home, plan, [Started("ops@host", 7, "0.1.0"), *story])
    with Reader(home) as ledger:
        assert differences(build(ledger, RUN), ledger, RUN) == []


@given(plan=plans(), story=st.lists(records, max_size=20))
@settings(max_examples=200)
def test_runs_and_show_count_as_the_audit_whatever_the_ledger_says(
    tmp_path_factory: pytest.TempPathFactory, plan: Plan, story: list[Record]
):
    home = tmp_path_factory.mktemp("home")
    recorded(home, plan, [Started("ops@host", 7, "0.1.0"), *story])
    with Reader(home) as ledger:
        on_record = ledger.story(RUN)
        assert on_record is not None
        assert outcome_counts(ledger.decisions(RUN), on_record) == Counter(build(ledger, RUN).counts)


def recorded(home: Path, plan: Plan, story: list[Record]) -> None:
    clock = QuickClock()
    record_plan(home, plan, rows_as_json(plan), SavedHead(plan.head, home, "ab" * 32), clock)
    with Writer(home, RUN, clock) as ledger:
        ledger.write([entry(record, f"2026-11-23T18:58:{place:02}.000Z") for place, record in enumerate(story, 1)])
