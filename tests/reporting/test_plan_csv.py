"""`plan.csv`: the plan for whoever approves it in a spreadsheet."""

import csv
import io

from hypothesis import given

from decom.planning.plan import Plan
from decom.reporting.csv_files import write_plan_csv
from decom.reporting.formula_safe import escape_formulas
from decom.vocabulary import Decision
from tests.planning.oracle import saved as oracle
from tests.planning.plans import SPRING, head, heads, lists_of_rows, plan, plan_of, planned


def written(made: Plan) -> bytes:
    stream = io.BytesIO()
    write_plan_csv(made, stream)
    return stream.getvalue()


def lines_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))


def test_the_file_has_our_columns_and_then_the_inputs_own():
    row = planned(
        3,
        Decision.CONFLICTED,
        conflicts=(SPRING, SPRING),
        country_code="US",
        type="local",
        nickname="Desk",
        monthly_cost_usd="1.15",
        others=("Sales", "a\nb"),
    )
    bare = planned(4, None, number_id=None, phone_number=None, others=("", ""))
    content = written(plan_of(head(other_columns=("team", "note")), (row, bare)))
    spring = 'campaign "Spring" cmp_1 (active)'
    assert lines_of(content) == [
        [*oracle.COLUMNS, "team", "note"],
        [
            "3",
            "phn_1",
            "phn_1",
            "'+14155550101",
            "conflicted",
            "because",
            f"{spring}; {spring}",
            "US",
            "local",
            "Desk",
            "1.15",
            "Sales",
            "a\nb",
        ],
        ["4", "phn_1", "", "", "", "because", "", "", "", "", "", "", ""],
    ]
    assert content.startswith(b'\xef\xbb\xbf"row","input_value"')


def test_every_text_is_made_harmless_the_headers_included():
    row = planned(3, others=("=1+1",), nickname="@x", reason="half a pair: \ud83d")
    header, line = lines_of(written(plan_of(head(other_columns=("=header",)), [row])))
    assert [*header, *line] == [escape_formulas(cell) for cell in (*header, *line)]
    assert header[-1] == "'=header" and line[-1] == "'=1+1" and "'@x" in line and "half a pair: \\ud83d" in line


def test_a_plan_without_rows_is_its_header():
    assert len(lines_of(written(plan()))) == 1


@given(rows=lists_of_rows(), made=heads)
def test_whatever_the_rows_say_the_file_is_as_it_was_row_by_row(rows, made):
    others = len(rows[0].others) if len(rows) > 0 else 0
    made = head(other_columns=(*made.other_columns, "a", "b", "c")[:others])
    assert written(plan_of(made, rows)) == oracle.plan_csv(made, rows)
