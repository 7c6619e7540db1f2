"""Rows, numbers and plans for tables, and for Hypothesis."""

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

import pandas as pd
from hypothesis import strategies as st

from decom.dialnexa.models import Number, Price
from decom.phone_numbers.reading import Readings
from decom.planning.plan import Billing, Conflict, Plan, PlanHead, PlannedRow, ReportOptions, Source, as_cell
from decom.planning.survey import Survey
from decom.tables import shaped, shared
from decom.vocabulary import Decision, SourceState
from tests.planning.oracle.rows import Row

RUN = "20261123T185757Z-0a1b2c"
SPRING = Conflict("campaigns", "cmp_1", "Spring", "active")


def row(number: int, name: str = "", **facts: Any) -> Row:
    """A row whose cell is an ID, or an E.164 number where it begins with `+`; certain unless `by_match_only`."""
    phone = facts.pop("phone_number", name if name.startswith("+") else None)
    certain = not facts.pop("by_match_only", False)
    if phone is not None:
        facts["number"] = Readings((phone,), certain)
    named = {"number_id": name} if name != "" and not name.startswith("+") else {}
    return Row(number, facts.pop("input_value", name), **{**named, **facts})


def number(id_: str = "phn_1", phone_number: str | None = "+14155550101", **facts: Any) -> Number:
    return Number(id_, phone_number, **facts)


def findings(
    *numbers: Number, held: dict[str, tuple[Conflict, ...]] | None = None, prices: tuple[Price, ...] = ()
) -> Survey:
    return Survey({each.id: each for each in numbers}, len(numbers), (), held or {}, prices)


def planned(row_number: int = 2, decision: Decision | None = Decision.RELEASE, **facts: Any) -> PlannedRow:
    given = {"number_id": "phn_1", "phone_number": "+14155550101", "reason": "because", **facts}
    return PlannedRow(row_number, "phn_1", decision, **given)


def head(**facts: Any) -> PlanHead:
    given: dict[str, Any] = {
        "run_id": RUN,
        "made_at": "2026-11-23T18:57:57.120Z",
        "workspace": "ws-1",
        "base_url": "http://127.0.0.1:1/v1",
        "input_name": "numbers.csv",
        "input_sha256": "ab" * 32,
        "input_rows": 1,
        "input_blank_rows": 0,
        "other_columns": (),
        "account_size": 400,
        "max_release": 100,
        "max_share": 0.5,
        "sources": (Source("campaigns", SourceState.CHECKED, "14 campaigns, 5 of them not over"),),
    }
    return PlanHead(**{**given, **facts})


def plan(*rows: PlannedRow, **facts: Any) -> Plan:
    return plan_of(head(input_rows=len(rows), **facts), rows)


def plan_of(head_: PlanHead, rows: Sequence[PlannedRow]) -> Plan:
    """The plan of these rows; the input's other columns are as many as they have."""
    columns = {field.name: [getattr(row, field.name) for row in rows] for field in fields(PlannedRow)}
    others = columns.pop("others")
    columns["conflicts"] = [as_cell(each) for each in columns["conflicts"]]
    table = shaped(columns, "P")
    beside = {at: shared(cells) for at, cells in enumerate(zip(*others, strict=True))}
    return Plan(head_, table, pd.DataFrame(beside, index=table.index))


texts = st.text(st.characters(codec=None), max_size=12).filter(
    # Two halves of a pair, one after the other, are one character for JSON.
    lambda text: text == text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
)
maybe = st.none() | texts
conflicts = st.builds(Conflict, texts, texts, texts, texts)
_facts_of_rows: dict[str, st.SearchStrategy[Any]] = {
    "row": st.integers(1, 10**7),
    "input_value": texts,
    "decision": st.none() | st.sampled_from(Decision),
    "reason": texts,
    "number_id": maybe,
    "phone_number": maybe,
    "evidence": texts,
    "conflicts": st.lists(conflicts, max_size=2).map(tuple),
    "duplicate_of": st.none() | st.integers(1, 10**7),
    "country_code": maybe,
    "type": maybe,
    "nickname": maybe,
    "monthly_cost_usd": st.none()
    | st.decimals(0, 10**6, places=2).map(str)
    | st.sampled_from(["", "free", "=1", "1,50"]),
    "cost_from": maybe,
    "created_at": maybe,
}


@st.composite
def lists_of_rows(draw: st.DrawFn) -> list[PlannedRow]:
    """Rows of one input, which have all the same number of other columns."""
    others = st.lists(st.tuples(*[texts] * draw(st.integers(0, 3))), min_size=4, max_size=4)
    rows = draw(st.lists(st.builds(PlannedRow, **_facts_of_rows), max_size=4))
    return [replace(row, others=cells) for row, cells in zip(rows, draw(others), strict=False)]


options = st.builds(
    ReportOptions,
    st.lists(texts, max_size=4).map(tuple),
    maybe,
    st.builds(Billing, maybe, st.none() | st.integers(1, 31), maybe),
)
heads = st.builds(
    PlanHead,
    run_id=st.just(RUN),
    made_at=texts,
    workspace=texts,
    base_url=texts,
    input_name=texts,
    input_sha256=texts,
    input_rows=st.integers(0, 10**7),
    input_blank_rows=st.integers(0, 10**7),
    other_columns=st.lists(texts, max_size=3).map(tuple),
    account_size=st.integers(0, 10**7),
    max_release=st.integers(1, 10**7),
    max_share=st.floats(0, 1, exclude_min=True),
    sources=st.lists(st.builds(Source, texts, st.sampled_from(SourceState), texts), max_size=3).map(tuple),
    accept_unchecked=st.lists(texts, max_size=2).map(tuple),
    notes=st.lists(texts, max_size=3).map(tuple),
    forecast_seconds=st.none() | st.floats(0, 1e9),
    forecast_words=texts,
    report=options,
)
