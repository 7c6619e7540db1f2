"""`conflicts.csv` and `retry.csv`: what whoever goes on from a run needs, and nothing else."""

import csv
import io
from dataclasses import replace

import pytest

from decom.intake.interface import ReadOptions
from decom.intake.kinds import READERS
from decom.intake.opening import read_input
from decom.planning.plan import Conflict
from decom.reporting.csv_files import ConflictsCsv, RetryCsv
from decom.reporting.formula_safe import escape_formulas
from decom.reporting.kinds import FORMATS
from decom.reporting.write import write_reports
from decom.vocabulary import Outcome
from tests.intake.reading import read
from tests.reporting.made_up import NASTY, made_up_audit, made_up_row, mixed_rows, nasty_audit, with_text
from tests.reporting.rows import rows_of

OUTCOMES = (Outcome.FAILED, Outcome.UNKNOWN, Outcome.NOT_ATTEMPTED)


def read_back(one, audit):
    stream = io.BytesIO()
    one.write(audit, stream)
    text = stream.getvalue().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def test_a_retry_list_holds_the_rows_that_are_still_to_be_done_in_their_order():
    audit = made_up_audit(mixed_rows(200))
    left = [row for row in rows_of(audit) if row.outcome in OUTCOMES]
    assert [line["number_id"] for line in read_back(RetryCsv(), audit)] == [row.number_id for row in left]


def test_a_retry_list_is_an_input_like_any_other(tmp_path):
    audit = made_up_audit(mixed_rows(200))
    (path,) = [path for path in write_reports(audit, tmp_path, []) if path.name == "retry.csv"]
    found = read(path)
    left = [row for row in rows_of(audit) if row.outcome in OUTCOMES]
    assert [(row.number_id, row.phone_number, row.problem) for row in found.rows] == [
        (row.number_id, row.phone_number, None) for row in left
    ]
    assert found.other_columns == audit.other_columns
    assert [row.others for row in found.rows] == [row.others for row in left]


def test_a_retry_list_of_nasty_rows_is_read_in_and_its_texts_are_neutral(tmp_path):
    rows = [
        replace(with_text(made_up_row(at, Outcome.FAILED), text), phone_number=None) for at, text in enumerate(NASTY)
    ]
    audit = made_up_audit(rows)
    (path,) = write_reports(audit, tmp_path, [])
    found = read(path)
    assert [row.number_id for row in found.rows] == [row.number_id for row in rows]
    assert [row.others[0] for row in found.rows] == [escape_formulas(text) for text in NASTY]


def test_a_conflict_list_is_read_in_once_its_numbers_are_free(tmp_path):
    rows = [made_up_row(at, Outcome.CONFLICTED) for at in range(2, 12)]
    (path,) = write_reports(made_up_audit(rows), tmp_path, [])
    found = read(path)
    assert path.name == "conflicts.csv"
    assert {(row.number_id, row.phone_number) for row in found.rows} == {
        (row.number_id, row.phone_number) for row in rows
    }


@pytest.mark.parametrize("one", [RetryCsv(), ConflictsCsv()], ids=lambda one: one.name)
def test_a_column_that_would_be_taken_for_the_number_is_renamed(one, tmp_path):
    rows = [replace(row, others=("17", "x")) for row in mixed_rows(40)]
    audit = made_up_audit(rows, other_columns=("ID", "Mobile_Number"))
    line = read_back(one, audit)[0]
    assert line["input.ID"] == "17"
    assert line["Mobile_Number"] == "x"
    paths = {path.name: path for path in write_reports(audit, tmp_path, [])}
    assert "input.ID" in read_input(paths[one.file_name], ReadOptions(), readers=READERS).other_columns


def test_a_row_of_which_neither_id_nor_number_is_known_keeps_its_cell():
    row = replace(made_up_row(2, Outcome.NOT_ATTEMPTED), number_id=None, phone_number=None, input_value="98765 43210")
    assert read_back(RetryCsv(), made_up_audit([row]))[0]["number_id"] == "98765 43210"


def test_a_conflict_list_has_a_line_for_each_thing_that_holds_a_number():
    row = replace(
        made_up_row(2, Outcome.CONFLICTED),
        conflicts=(Conflict("campaigns", "cmp_1", "Diwali", "active"), Conflict("queue-routing", "q_1", "", "on")),
    )
    told = replace(made_up_row(3, Outcome.CONFLICTED), conflicts=(), api_message="it is the default number")
    lines = read_back(ConflictsCsv(), made_up_audit([row, made_up_row(4, Outcome.RELEASED), told]))
    assert [(line["held_by"], line["name"], line["conflict_id"], line["status"]) for line in lines] == [
        ("Campaign", "Diwali", "cmp_1", "active"),
        ("Queue routing", "", "q_1", "on"),
        ("Refused by DialNexa (409)", "it is the default number", "", ""),
    ]
    assert all(line["what_to_do"] != "" for line in lines)
    assert [line["input_row"] for line in lines] == ["2", "2", "3"]


@pytest.mark.parametrize("one", [RetryCsv(), ConflictsCsv()], ids=lambda one: one.name)
def test_every_cell_of_a_list_is_neutral_and_every_writing_the_same(one):
    audit = nasty_audit()
    lines = read_back(one, audit)
    assert len(lines) >= len(NASTY)
    for line in lines:
        for name, cell in line.items():
            assert (name, cell) == (escape_formulas(name), escape_formulas(cell))
    assert read_back(one, audit) == lines


def test_lists_are_written_only_where_they_have_rows_and_old_ones_go(tmp_path):
    (tmp_path / "retry.csv").write_bytes(b"left by the part before")
    done = made_up_audit([made_up_row(2, Outcome.RELEASED), made_up_row(3, Outcome.MISSING)])
    assert write_reports(done, tmp_path, []) == ()
    assert list(tmp_path.iterdir()) == []


def test_lists_come_with_the_reports(tmp_path):
    paths = write_reports(made_up_audit(mixed_rows(20)), tmp_path, FORMATS)
    assert [path.name for path in paths] == [
        "audit.csv", "audit.xlsx", "audit.json", "audit.html", "conflicts.csv", "retry.csv",
    ]  # fmt: skip
