"""Cells as people write them against an account: what is released, and what nobody listed and so stays."""

import re
from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from decom.dialnexa.models import Number
from decom.intake.cells import read_cell
from decom.planning.decide import plan_table
from decom.planning.plan import PlannedRow, planned_rows
from decom.planning.removed import Removed
from decom.planning.survey import Survey
from decom.vocabulary import Decision
from tests.phone_numbers.test_reading import lines, pairs, written
from tests.planning.oracle.rows import Row, framed

WRITE_IT = "write it with + and its country code"


def planned(text: str, account: set[str], region: str | None = None, removed: Sequence[Removed] = ()) -> PlannedRow:
    """The plan's row for a cell with this text, on an account with these numbers."""
    cell = read_cell(text, region)
    row = Row(2, text, number_id=cell.number_id, number=cell.number, problem=cell.problem, note=cell.note)
    numbers = [Number(f"phn_{number[1:]}", number) for number in sorted(account)]
    findings = Survey({each.id: each for each in numbers}, len(numbers), (), {})
    list_ = framed([row])
    (found,) = planned_rows(plan_table(list_, findings, frozenset(), removed), list_.others)
    return found


LINES = {"+4930123456", "+4930123457", "+49301234567", "+912224567890", "+49123424242"}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+49 123 / 42 42 42", "+49123424242"),
        ("+49 30 123456", "+4930123456"),
        ("+91 22 24567890", "+912224567890"),
        ("0049 (0)30 123456", "+4930123456"),
        ("4930123457", "+4930123457"),
    ],
)
def test_a_number_among_others_like_it_is_released_alone(text, number):
    row = planned(text, LINES)
    assert (row.decision, row.phone_number) == (Decision.RELEASE, number)


@pytest.mark.parametrize("text", ["+49 30 123456/7", "+91 22 24567890/91", "+14155550100-0149", "+49 30 12345-0-59"])
def test_two_values_in_one_cell_are_invalid_and_release_no_third(text):
    account = LINES | {"+493012345059", "+493012345", "+14155550100", "+141555501000149"}
    row = planned(text, account)
    assert (row.decision, row.reason) == (Decision.INVALID, "more than one value in this cell")


def test_a_switchboard_is_released_where_it_is_all_that_can_be_meant():
    text = "+49 7736 9219-0"
    assert planned(text, {"+49773692190"}).phone_number == "+49773692190"
    assert planned(text, {"+49773692190"}).decision is Decision.RELEASE
    both = planned(text, {"+49773692190", "+4977369219"})
    assert (both.decision, both.reason) == (
        Decision.INVALID,
        "more than one value in this cell: +4977369219 is a number of the account by itself",
    )
    neither = planned(text, set())
    assert (neither.decision, neither.reason) == (
        Decision.INVALID,
        f"'{text}' may mean more than +49773692190, which the account does not have: write it in full",
    )


@pytest.mark.parametrize(
    ("account", "decision", "said"),
    [
        ({"+49775591155"}, Decision.RELEASE, "no conflict found in the sources that were checked"),
        ({"+4949775591155"}, Decision.RELEASE, "no conflict found in the sources that were checked"),
        (
            {"+49775591155", "+4949775591155"},
            Decision.INVALID,
            "ambiguous: '49 7755 91155' can be +4949775591155 or +49775591155, and the account has both: " + WRITE_IT,
        ),
        (
            set(),
            Decision.INVALID,
            "'49 7755 91155' can be +4949775591155 or +49775591155, and the account has neither: " + WRITE_IT,
        ),
    ],
)
def test_of_several_readings_exactly_one_must_be_on_the_account(account, decision, said):
    row = planned("49 7755 91155", account, "DE")
    assert (row.decision, row.reason) == (decision, said)
    if decision is Decision.RELEASE:
        assert {row.phone_number} == account


@pytest.mark.parametrize(
    ("account", "decision", "said"),
    [
        ({"+4155550100"}, Decision.RELEASE, "no conflict found in the sources that were checked"),
        (
            {"+4155550100", "+14155550100"},
            Decision.INVALID,
            "ambiguous: '4155550100' can be +4155550100 or +14155550100, and the account has both: " + WRITE_IT,
        ),
        (
            {"+14155550100"},
            Decision.INVALID,
            "'4155550100' has no country code, and the account has +14155550100: " + WRITE_IT,
        ),
    ],
)
def test_digits_without_a_country_may_be_those_of_any(account, decision, said):
    row = planned("4155550100", account)
    assert (row.decision, row.reason) == (decision, said)


def test_only_what_can_mean_one_number_and_can_be_one_is_missing():
    assert planned("+14155550100", set()).decision is Decision.MISSING
    assert planned("09876543210", set(), "IN").decision is Decision.MISSING
    for text, region in [
        ("14155550100", None),
        ("0014155550100", None),
        ("49 7755 91155", "DE"),
        ("+1415555010", None),
    ]:
        assert planned(text, set(), region).decision is Decision.INVALID, text


def test_what_the_plans_call_impossible_is_released_where_the_account_has_it():
    assert planned("+1415555010", {"+1415555010"}).decision is Decision.RELEASE
    after = planned("+1415555010", set(), removed=[Removed("phn_1", "+1415555010", "run-1")])
    assert (after.decision, after.evidence) == (Decision.MISSING, "earlier_run:run-1")


@given(pair=pairs(), region=st.sampled_from([None, "DE", "US", "IN"]), others=st.sets(lines, max_size=6))
@example(pair=("+4930123456", "+4930123457", "+49 30 123456/7"), region=None, others={"+49301234567"})
@example(pair=("+4930123456", "+4930123457", '="+4930123456"/7'), region=None, others={"+49301234567"})
def test_two_numbers_in_one_cell_release_neither_and_no_third(pair, region, others):
    first, second, text = pair
    joined = re.sub("[^0-9]", "", text)
    row = planned(text, {first, second, *others, "+" + joined, "+" + joined.removeprefix("00")}, region)
    assert row.decision is Decision.INVALID


regions = st.sampled_from([None, "DE", "US", "IN"])


@given(number=lines, data=st.data(), regions=st.tuples(regions, regions), since=st.sets(lines, max_size=4))
@example(number="+4155550100", data=None, regions=(None, None), since={"+14155550100"})
def test_a_row_that_released_a_number_releases_no_other_one_later(number, data, regions, since):
    """Whatever was bought since, and however such a text is read by then: it named the number that is gone."""
    text = number[1:] if data is None else data.draw(written(number))
    tonight, later = regions
    if planned(text, {number}, tonight).decision is not Decision.RELEASE:
        return
    gone = [Removed("phn_gone", number, "run-1", written=(text,))]
    after = planned(text, set(), tonight, gone)
    assert (after.decision, after.evidence, after.number_id) == (Decision.MISSING, "earlier_run:run-1", "phn_gone")
    assert planned(text, since - {number}, later, gone).decision in (Decision.MISSING, Decision.INVALID)


@pytest.mark.parametrize(("later", "bought"), [("IN", "+912079460958"), ("IT", "+3902079460958")])
def test_a_region_that_changed_does_not_make_another_number_of_a_cell_that_named_one_which_is_gone(later, bought):
    text, gone = "02079460958", "+442079460958"
    assert planned(text, {gone}, "GB").decision is Decision.RELEASE
    assert planned(text, {bought}, later).decision is Decision.RELEASE
    removed = [Removed("phn_gone", gone, "run-1", written=(text,))]
    now = planned(text, {bought}, later, removed)
    assert (now.decision, now.reason) == (
        Decision.INVALID,
        f"ambiguous: '{text}' can be {bought} or {gone}, and the account has or had both: {WRITE_IT}",
    )
    assert planned(text, set(), later, removed).evidence == "earlier_run:run-1"


def test_of_a_long_cell_the_reason_shows_sixty_characters():
    text = f"49 7755{' ' * 60}91155"
    row = planned(text, set())
    assert row.decision is Decision.INVALID
    assert f"'{text[:60]}' " in row.reason
