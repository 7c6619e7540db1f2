"""`--only`, `--exclude`, `--limit`, `--ignore-column`: what they leave out, and what they must not be silent about."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decom.errors import BadInput
from decom.intake.cells import read_cell
from decom.intake.interface import Rows
from decom.planning.decide import plan_table, undecided
from decom.planning.plan import PlannedRow, planned_rows
from decom.planning.selection import ALL_ROWS, Selection, choose
from decom.tables import shaped
from decom.vocabulary import Decision
from tests.planning.oracle.rows import Row, framed
from tests.planning.plans import findings, number

ACCOUNT = [number(f"phn_{n}", f"+1415555010{n}", monthly_cost_usd="1.00") for n in range(1, 8)]
COLUMNS = ("operation", "team")


def listed(*rows: Sequence[str], columns: tuple[str, ...] = COLUMNS) -> Rows:
    """A list: each row is its number's cell and then its other cells."""
    made = []
    for place, (cell, *others) in enumerate(rows, 2):
        said = read_cell(cell, None)
        made.append(Row(place, cell, said.number_id, said.number, said.problem, said.note, tuple(others)))
    return framed(made, columns)


LIST = listed(
    ("phn_1", "Delete", "Sales"),
    ("+14155550102", "Update", "Sales"),
    ("phn_3", "delete ", "Support"),
    ("phn_4", "", "Support"),
    ("oops", "Update", "Support"),
)


def planned(source: Rows, **wanted: Any) -> list[PlannedRow]:
    """The plan's rows, as the list and the flags come to."""
    choice = choose(Selection(**wanted), source, None)
    table = plan_table(source, findings(*ACCOUNT), frozenset(), (), choice)
    choice.check_names(table)
    return list(planned_rows(table, source.others))


def decisions(source: Rows, **wanted: Any) -> list[str]:
    return [str(row.decision) for row in planned(source, **wanted)]


def refusal(source: Rows, **wanted: Any) -> str:
    with pytest.raises(BadInput) as refused:
        planned(source, **wanted)
    assert refused.value.exit_code == 2 and refused.value.remedy is not None
    return f"{refused.value.where}: {refused.value.what} => {refused.value.remedy}"


OUT, GO = "not_selected", "release"


def test_a_list_that_says_what_to_do_is_a_question_that_shows_its_values_and_both_answers():
    assert refusal(LIST) == (
        "numbers.csv: not every row may be meant: column 'operation' says what to do with a row: "
        "'Delete' (2), 'Update' (2), blank (1) => Say which rows are to be released: "
        "--only operation=Delete (those rows alone) or --ignore-column operation (all rows)."
    )


def test_only_a_value_of_a_column_takes_its_rows_and_no_others():
    rows = planned(LIST, only=("operation=Delete",))
    assert [row.decision for row in rows] == [GO, OUT, GO, OUT, OUT]
    assert rows[1].reason == "operation is 'Update', not selected by --only"
    assert (rows[1].number_id, rows[1].phone_number) == ("phn_2", "+14155550102")
    assert (rows[1].monthly_cost_usd, rows[1].evidence) == (None, "plan")


def test_a_column_that_is_said_to_mean_nothing_is_no_question():
    assert decisions(LIST, ignore_columns=("Operation",)) == [GO, GO, GO, GO, "invalid"]


def test_what_is_left_out_answers_where_the_rest_says_the_same():
    assert decisions(LIST, exclude=("operation=Update", "operation=")) == [GO, OUT, GO, OUT, OUT]
    assert "blank (1)" in refusal(LIST, exclude=("operation=Update",))


def test_values_of_one_column_are_alternatives_and_those_of_two_must_both_fit():
    both = ("operation=Delete", "operation=update", "team=Sales")
    assert decisions(LIST, only=both) == [GO, GO, OUT, OUT, OUT]
    named = ("phn_1", "+1 (415) 555-0103", "operation=Delete", "team=Support")
    assert decisions(LIST, only=named) == [OUT, OUT, GO, OUT, OUT]


@pytest.mark.parametrize("value", ["phn_2", "+14155550102", "+1 415-555-0102", "tel:+14155550102", "14155550102"])
def test_a_number_is_named_in_whatever_writing_by_its_id_or_its_number(value):
    ignored = ("operation",)
    assert decisions(LIST, only=(value,), ignore_columns=ignored) == [OUT, GO, OUT, OUT, OUT]
    rows = planned(LIST, exclude=(value,), ignore_columns=ignored)
    assert [row.decision for row in rows] == [GO, OUT, GO, GO, "invalid"]
    assert rows[1].reason == f"left out by --exclude {value}"


def test_a_limit_takes_the_first_releases_and_counts_nothing_else():
    source = listed(("oops", "a"), ("phn_1", "a"), ("phn_1", "a"), ("phn_9", "a"), ("phn_2", "a"), ("phn_3", "a"),
                    ("phn_3", "a"), columns=("team",))  # fmt: skip
    rows = planned(source, limit=2)
    assert [row.decision for row in rows] == ["invalid", GO, "duplicate", "missing", GO, OUT, "duplicate"]
    assert rows[5].reason == "beyond the first 2 releases (--limit)"
    assert decisions(source, limit=3)[5] == GO


def test_a_number_of_which_the_list_says_two_things_stays():
    source = listed(("phn_1", "Delete", ""), ("+14155550101", "Update", ""), ("phn_2", "Delete", ""))
    rows = planned(source, only=("operation=Delete",))
    assert [row.decision for row in rows] == ["invalid", OUT, GO]
    assert rows[0].reason == ("row 3 has the same number, and operation is 'Update', not selected by --only")


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (
            {"only": ("operation=Delet",)},
            "--only: no row has 'Delet' in column 'operation'. There are: 'Delete' (2), 'Update' (2), "
            "blank (1) => Compare it with the list.",
        ),
        (
            {"only": ("opration=Delete",)},
            "--only: no column is called 'opration'. There are: 'operation', 'team' => Compare it with the list.",
        ),
        (
            {"exclude": ("phn_7",), "ignore_columns": ("operation",)},
            "--exclude: no row of the list names phn_7 => Compare it with the list.",
        ),
        (
            {"only": ("nonsense",)},
            "--only: 'nonsense' is neither an ID, a number nor column=value: not a valid ID or phone number "
            "(IDs begin with phn_) => For example: --only +14155550100, or --only operation=Delete",
        ),
        (
            {"only": ("+49 30 123456/7",)},
            "--only: '+49 30 123456/7' is neither an ID, a number nor column=value: more than one value in this cell "
            "=> For example: --only +14155550100, or --only operation=Delete",
        ),
        (
            {"ignore_columns": ("notes",)},
            "--ignore-column: no column is called 'notes'. There are: 'operation', 'team' => Compare it with the list.",
        ),
    ],
)
def test_a_value_that_matches_nothing_is_no_empty_choice(wanted, said):
    assert refusal(LIST, **wanted) == said


def test_a_value_that_may_mean_two_numbers_of_the_list_selects_neither():
    source = listed(("+442079460958", "a"), ("+4402079460958", "a"), columns=("team",))
    names = {"number_id": ["phn_1", "phn_2"], "phone_number": ["+442079460958", "+4402079460958"]}
    with pytest.raises(BadInput, match="and the list names both"):
        choose(Selection(only=("+4402079460958",)), source, None).check_names(shaped(names, "P"))


def test_rows_that_a_column_leaves_out_stay_left_out_where_the_account_cannot_be_asked():
    choice = choose(Selection(only=("operation=Delete",)), LIST, None)
    rows = planned_rows(undecided(LIST, choice), LIST.others)
    assert [row.decision for row in rows] == [None, OUT, None, OUT, OUT]


def test_the_plan_notes_what_was_asked_for():
    choice = choose(Selection(("team=Sales",), ("phn_3",), 5, ("operation",)), LIST, None)
    assert choice.notes == ("rows chosen with --only team=Sales --exclude phn_3 --limit 5 --ignore-column operation",)
    assert choose(Selection(), listed(("phn_1", "", "")), None) == ALL_ROWS


CELLS = st.sampled_from(["phn_1", "+14155550101", "phn_2", "+1 415 555 0102", "phn_3", "oops", "phn_9"])
ROWS = st.lists(st.tuples(CELLS, st.sampled_from(["Delete", "Update", ""]), st.sampled_from(["a", "b"])), min_size=1)


@given(rows=ROWS, only=st.sampled_from(["operation=Delete", "team=a", "phn_1"]), limit=st.none() | st.integers(1, 3))
def test_nothing_that_is_not_selected_is_released_whatever_the_list(rows, only, limit):
    source = listed(*rows)
    ignored = () if only.startswith("operation") else ("operation",)
    try:
        found = planned(source, only=(only,), limit=limit, ignore_columns=ignored)
    except BadInput as refused:
        assert refused.where == "--only", refused.what
        return
    released = [row for row in found if row.decision is Decision.RELEASE]
    assert limit is None or len(released) <= limit
    for row in found:
        chosen = {"operation=Delete": row.others[0] == "Delete", "team=a": row.others[1] == "a"}.get(only, True)
        if not chosen:
            assert row.decision is Decision.NOT_SELECTED
    passed_over = {row.number_id for row in found if row.decision is Decision.NOT_SELECTED and limit is None}
    assert passed_over.isdisjoint(row.number_id for row in released)
