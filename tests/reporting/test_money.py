"""Sums of rent: exact, and each number once."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decom.planning.plan import ReportOptions
from decom.reporting import money
from decom.reporting.interface import Money
from decom.reporting.money import OTHER_GROUPS, add_up, breakdown_for, cost_of, dollars, group_column
from decom.vocabulary import Outcome
from tests.reporting.made_up import made_up_audit, made_up_row, mixed_rows


def costing(outcome, cost, **changes):
    row = made_up_row(2, outcome)
    return replace(row, monthly_cost_usd=cost, cost_from=None if cost is None else "number", **changes)


@pytest.mark.parametrize(
    ("outcome", "stops", "continues"),
    [
        (Outcome.RELEASED, "1.10", "0"),
        (Outcome.CONFLICTED, "0", "1.10"),
        (Outcome.FAILED, "0", "1.10"),
        (Outcome.UNKNOWN, "0", "1.10"),
        (Outcome.NOT_ATTEMPTED, "0", "1.10"),
        (Outcome.PROTECTED, "0", "1.10"),
        (Outcome.MISSING, "0", "0"),
        (Outcome.INVALID, "0", "0"),
        (Outcome.DUPLICATE, "0", "0"),
        (Outcome.NOT_SELECTED, "0", "0"),
    ],
)
def test_rent_stops_for_released_numbers_and_goes_on_for_those_that_stay(outcome, stops, continues):
    assert add_up([costing(outcome, "1.10")]) == Money(Decimal(stops), Decimal(continues), 0, 0, 0)


def test_a_thousand_tenths_are_a_hundred_exactly():
    assert add_up([costing(Outcome.RELEASED, "0.1")] * 1000).stopping == Decimal(100)


def test_an_unknown_cost_is_counted_and_in_no_sum():
    rows = [
        costing(Outcome.RELEASED, None),
        costing(Outcome.FAILED, None),
        costing(Outcome.FAILED, None),
        costing(Outcome.MISSING, None),
    ]
    assert add_up(rows) == Money(Decimal(0), Decimal(0), 1, 2, 0)


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
    assert cost_of(costing(Outcome.RELEASED, text)) is None


@given(st.lists(st.decimals(0, 10**6, places=4), max_size=50))
def test_sums_are_exact_in_any_order(costs):
    rows = [costing(Outcome.RELEASED, str(cost)) for cost in costs]
    assert add_up(rows).stopping == add_up(reversed(rows)).stopping == sum(costs, Decimal(0))


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


def taken_apart(rows):
    audit = made_up_audit(rows)
    breakdown = breakdown_for(audit)
    for row in rows:
        breakdown.add(row)
    return audit, breakdown


def test_groups_and_months_add_up_to_the_whole():
    audit, breakdown = taken_apart(mixed_rows(500))
    assert breakdown.column == "Cost Centre"
    assert {name for name, _ in breakdown.groups_by_money()} == {"Sales", "Support", "Field"}
    groups = breakdown.groups.values()
    assert sum(sums.rows() for sums in groups) == 500
    assert sum(sums.stopping for sums in groups) == audit.money.stopping
    assert sum(sums.continuing for sums in groups) == audit.money.continuing
    assert sum(sums.unknown_stopping for sums in groups) == audit.money.unknown_stopping
    assert sum(sums.unknown_continuing for sums in groups) == audit.money.unknown_continuing
    assert sum(sums.from_price_list for sums in groups) == audit.money.from_price_list
    months = breakdown.months.values()
    assert sum(sums.stopping for sums in months) == audit.money.stopping
    assert sum(sums.rows() for sums in months) == audit.counts[Outcome.RELEASED]


def test_months_come_in_order_and_the_unknown_one_last():
    _, breakdown = taken_apart(mixed_rows(500))
    assert [month for month, _ in breakdown.months_in_order()] == ["2026-12", "2027-12", ""]


def test_groups_come_with_the_most_money_first_and_equal_ones_by_name():
    rows = [
        costing(Outcome.RELEASED, cost, others=(group, "", "", ""))
        for group, cost in (("b", "1"), ("a", "1"), ("c", "2"), (" a ", "0"))
    ]
    _, breakdown = taken_apart(rows)
    assert [name for name, _ in breakdown.groups_by_money()] == ["c", "a", "b"]


def test_a_column_of_endless_values_fills_no_memory():
    rows = [costing(Outcome.RELEASED, "1", others=(f"{n:06d}" * 50, "", "", "")) for n in range(money.MOST_GROUPS + 7)]
    _, breakdown = taken_apart(rows)
    assert len(breakdown.groups) == money.MOST_GROUPS + 1
    assert breakdown.groups[OTHER_GROUPS].stopping == 7
    assert max(map(len, breakdown.groups)) == money.MOST_OF_A_NAME
