"""Sums of rent: exact, and each number once."""

from dataclasses import asdict, replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decom.planning.plan import Conflict, ReportOptions, cost_of
from decom.reporting.interface import Money
from decom.reporting.statement import (
    MOST_OF_A_NAME,
    by_group,
    by_month,
    by_outcome,
    group_column,
    holders,
    total,
)
from decom.reporting.words import dollars
from decom.vocabulary import Outcome
from tests.reporting.made_up import RUN_ID, made_up_audit, made_up_row, mixed_rows
from tests.reporting.oracle.todo import ToDo
from tests.reporting.rows import frames_of


def add_up(rows):
    return total(frames_of(rows, RUN_ID, 0)[0])


def costing(outcome, cost, **changes):
    row = made_up_row(2, outcome)
    return replace(row, monthly_cost_usd=cost, cost_from=None if cost is None else "number", **changes)


@pytest.mark.parametrize(
    ("outcome", "stops", "continues", "in_doubt"),
    [
        (Outcome.RELEASED, "1.10", "0", "0"),
        (Outcome.CONFLICTED, "0", "1.10", "0"),
        (Outcome.FAILED, "0", "1.10", "0"),
        (Outcome.UNKNOWN, "0", "0", "1.10"),
        (Outcome.NOT_ATTEMPTED, "0", "1.10", "0"),
        (Outcome.PROTECTED, "0", "1.10", "0"),
        (Outcome.MISSING, "0", "0", "0"),
        (Outcome.INVALID, "0", "0", "0"),
        (Outcome.DUPLICATE, "0", "0", "0"),
        (Outcome.NOT_SELECTED, "0", "0", "0"),
    ],
)
def test_a_cost_ends_for_released_numbers_continues_for_those_that_stay_and_is_in_doubt_for_the_unknown(
    outcome, stops, continues, in_doubt
):
    assert add_up([costing(outcome, "1.10")]) == Money(
        Decimal(stops), Decimal(continues), Decimal(in_doubt), 0, 0, 0, 0
    )


def test_a_thousand_tenths_are_a_hundred_exactly():
    assert add_up([costing(Outcome.RELEASED, "0.1")] * 1000).stopping == Decimal(100)


def test_an_unknown_cost_is_counted_and_in_no_sum():
    rows = [
        costing(Outcome.RELEASED, None),
        costing(Outcome.FAILED, None),
        costing(Outcome.FAILED, None),
        costing(Outcome.UNKNOWN, None),
        costing(Outcome.UNKNOWN, None),
        costing(Outcome.UNKNOWN, None),
        costing(Outcome.MISSING, None),
    ]
    found = add_up(rows)
    assert found == Money(Decimal(0), Decimal(0), Decimal(0), 1, 2, 3, 0)
    assert (found.total, found.unknown) == (0, 6)


def test_costs_from_the_price_list_are_counted_where_they_are_in_a_sum():
    rows = [
        costing(
            Outcome.RELEASED,
            "1",
        ),
        replace(costing(Outcome.RELEASED, "2"), cost_from="price_list"),
        replace(costing(Outcome.PROTECTED, "2"), cost_from="price_list"),
        replace(costing(Outcome.MISSING, "2"), cost_from="price_list"),
    ]
    assert add_up(rows).from_price_list == 2


@pytest.mark.parametrize(
    "text", ["", "free", "1,50", "-1", "NaN", "Infinity", "1e999999999", "1_000", "１.00", "$2", " 1", "9" * 40]
)
def test_a_cost_that_is_no_plain_decimal_is_unknown(text):
    assert cost_of(text) is None


@given(st.lists(st.decimals(0, 10**6, places=4), max_size=50))
def test_sums_are_exact_in_any_order(costs):
    rows = [costing(Outcome.RELEASED, str(cost)) for cost in costs]
    assert add_up(rows).stopping == add_up(rows[::-1]).stopping == sum(costs, Decimal(0))


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "0.00"),
        ("312.5", "312.50"),
        ("1.005", "1.005"),
        ("1E+2", "100.00"),
        ("2.10", "2.10"),
        ("1E-7", "0.0000001"),
    ],
)
def test_dollars_are_exact_with_at_least_two_places(amount, text):
    assert dollars(Decimal(amount)) == text


@pytest.mark.parametrize(
    ("group_by", "headers", "at"),
    [
        (None, ("Name", "Cost Centre"), 1),
        (None, ("cost_center",), 0),
        (None, ("Owner", "TEAM", "Department"), 2),
        (None, ("remark", "Owner"), 1),
        (None, ("remark",), None),
        ("Sales Region", ("Owner", "sales-region"), 1),
        ("Sales Region", ("Owner",), None),
    ],
)
def test_the_column_to_group_by_is_the_one_asked_for_else_a_usual_one(group_by, headers, at):
    assert group_column(ReportOptions(group_by=group_by), headers) == at


def sums_of(lines):
    return {
        "stopping": sum(lines["ending_usd"]),
        "continuing": sum(lines["continuing_usd"]),
        "in_doubt": sum(lines["in_doubt_usd"]),
        "unknown_stopping": lines["unknown_ending"].sum(),
        "unknown_continuing": lines["unknown_continuing"].sum(),
        "unknown_in_doubt": lines["unknown_in_doubt"].sum(),
        "from_price_list": lines["from_price_list"].sum(),
    }


def test_groups_outcomes_and_months_add_up_to_the_whole():
    audit = made_up_audit(mixed_rows(500))
    groups = by_group(audit)
    assert set(groups["name"]) == {"Sales", "Support", "Field"}
    assert groups["rows"].sum() == by_outcome(audit)["rows"].sum() == 500
    assert sums_of(groups) == sums_of(by_outcome(audit)) == asdict(audit.money)
    assert groups["released"].sum() == audit.counts[Outcome.RELEASED]
    assert groups["conflicted"].sum() == audit.counts[Outcome.CONFLICTED]
    months = by_month(audit)
    assert sum(months["ending_usd"]) == audit.money.stopping
    assert months["rows"].sum() == audit.counts[Outcome.RELEASED]


def test_months_come_in_order_and_the_unknown_one_last():
    assert list(by_month(made_up_audit(mixed_rows(500)))["name"]) == ["2026-12", "2027-12", ""]


def test_groups_come_with_the_most_money_first_and_equal_ones_by_name():
    rows = [
        costing(Outcome.RELEASED, cost, others=(group, "", "", ""))
        for group, cost in (("b", "1"), ("a", "1"), ("c", "2"), (" a ", "0"))
    ]
    assert list(by_group(made_up_audit(rows))["name"]) == ["c", "a", "b"]


def test_a_run_without_rows_or_without_a_group_has_sums_of_nothing():
    empty = made_up_audit([])
    assert asdict(empty.money) == sums_of(by_outcome(empty)) == dict.fromkeys(asdict(empty.money), 0)
    assert len(by_group(empty)) == len(by_month(empty)) == len(holders(empty)[0]) == 0
    ungrouped = made_up_audit([replace(row, others=()) for row in mixed_rows(9)], other_columns=())
    assert len(by_group(ungrouped)) == 0


def test_a_column_of_endless_values_has_each_and_its_names_are_cut():
    rows = [costing(Outcome.RELEASED, "1", others=(f"{n:06d}" * 50, "", "", "")) for n in range(20_000)]
    groups = by_group(made_up_audit(rows))
    assert len(groups) == 20_000
    assert groups["name"].str.len().max() == MOST_OF_A_NAME


held = st.builds(Conflict, st.sampled_from(["campaigns", "x"]), *[st.text("ab\ud83d", max_size=2)] * 3)


@given(st.lists(st.lists(held, max_size=3), max_size=8))
def test_what_holds_numbers_back_is_as_counted_row_by_row(conflicts):
    rows = [
        replace(made_up_row(at, Outcome.CONFLICTED), conflicts=tuple(some), api_message="in use" * (at % 2))
        for at, some in enumerate(conflicts, 2)
    ]
    expected = ToDo()
    for row in rows:
        expected.add(row)
    things, lines = holders(made_up_audit([*rows, made_up_row(99, Outcome.RELEASED)]))
    assert [
        (Conflict(*thing[:4]), *thing[4:])
        for thing in things[[
            "source", "conflict_id", "name", "status", "rows", "continuing_usd", "unknown_continuing"
        ]].itertuples(index=False, name=None)
    ] == [(each.conflict, each.numbers, each.rent, each.unknown) for each in expected.holders()]  # fmt: skip
    by_place = lines.groupby("holder")["place"].agg(list)
    assert [[rows[place].row for place in by_place[thing]] for thing in things.index] == [
        [number.row for number in each.first] for each in expected.holders()
    ]
