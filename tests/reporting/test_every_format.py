"""Every report format: read back by a reader that is not ours, it says what `audit.json` says."""

import csv
import io
import json
import signal
import stat
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape

from decom.clock import iso
from decom.errors import BadSettings
from decom.planning.plan import Conflict, in_words
from decom.reporting.columns import COLUMNS
from decom.reporting.kinds import FORMATS
from decom.reporting.neutral import neutral, one_line
from decom.reporting.write import chosen, write_reports
from decom.reporting.xlsx_rows import SHEETS
from decom.reporting.xlsx_sheet import cell_text
from decom.vocabulary import Outcome
from tests.reporting.made_up import made_up_audit, made_up_row, mixed_rows, nasty_audit, with_text

every_format = pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)

AUDITS = {
    "mixed": made_up_audit(mixed_rows(60)),
    "nasty": nasty_audit(),
    "empty": made_up_audit([]),
    "unverified": replace(
        made_up_audit(mixed_rows(20)), verification=None, sources=(), notes=(), operator="", why=None
    ),
    "no other columns": made_up_audit([replace(row, others=()) for row in mixed_rows(9)], other_columns=()),
}

every_audit = pytest.mark.parametrize("audit", AUDITS.values(), ids=AUDITS.keys())


def written(form, audit) -> bytes:
    stream = io.BytesIO()
    form.write(audit, stream)
    return stream.getvalue()


def from_csv(content):
    text = content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def from_json(content):
    audit = json.loads(content)
    rows = []
    for raw in audit["rows"]:
        row = {name: "" if value is None else str(value) for name, value in raw.items()}
        held = in_words([Conflict(**conflict) for conflict in raw["conflicts"]])
        row |= {"conflicts": held, "run_id": audit["run_id"]} | raw["others"]
        del row["others"], row["cost_from"]
        rows.append(row)
    return rows


def from_xlsx(content):
    book = openpyxl.load_workbook(io.BytesIO(content))
    rows = []
    for sheet in book:
        if sheet.title.split(" (")[0] in {*SHEETS.values()}:
            headings, *lines = [[as_text(cell) for cell in line] for line in sheet.iter_rows()]
            rows += [dict(zip(headings, line, strict=True)) for line in lines]
    names = {column.heading: column.name for column in COLUMNS}
    return [{names.get(heading, heading): value for heading, value in row.items()} for row in rows]


def as_text(cell):
    """A cell of openpyxl as `audit.csv` would show it."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, datetime):
        if cell.number_format == "yyyy-mm-dd":
            return value.date().isoformat()
        return iso(value.replace(tzinfo=UTC))
    if isinstance(value, float | int):
        return f"{value:.2f}" if cell.number_format == "#,##0.00" else str(value)
    return str(unescape(value))


class RowsOfPage(HTMLParser):
    """Reads the page's table of rows: each row a mapping of column to text."""

    def __init__(self):
        super().__init__()
        self.rows = []
        self.group = ""
        self.at = ""
        """The column that text belongs to now."""

    def handle_starttag(self, tag, attrs):
        marks = dict(attrs)
        words = (marks.get("class") or "").split()
        if tag == "tr" and "data-outcome" in marks:
            self.rows.append(defaultdict(str, outcome=marks["data-outcome"]))
            self.at = "row"
        elif tag == "th" and "c-group" in words:
            self.at = "group heading"
        elif tag == "bdi" and "instead" in words:
            self.at = ""
        elif tag == "td":
            self.at = next(
                (name for name in ("number", "nickname", "group", "reason", "rent", "stops") if name in words), self.at
            )
        elif tag == "span" or tag == "summary":
            self.at = ""
        elif tag == "div" and "facts" in words:
            self.at = "facts"

    def handle_endtag(self, tag):
        if tag in ("td", "th", "div", "bdi", "tbody"):
            self.at = ""

    def handle_data(self, data):
        if self.at == "group heading":
            self.group += data
        elif self.at != "" and self.rows != []:
            self.rows[-1][self.at] += data


def from_html(content):
    reader = RowsOfPage()
    reader.feed(content.decode("utf-8"))
    ours = {"number": "phone_number", "rent": "monthly_cost_usd", "stops": "billing_stops_on", "group": reader.group}
    names = {column.heading: column.name for column in COLUMNS}
    rows = []
    for found in reader.rows:
        facts = [line.split(": ", 1) for line in found.pop("facts").split("\n")]
        row = {ours.get(name, name): one_line(value) for name, value in found.items()}
        rows.append(row | {names.get(heading, heading): value for heading, value in facts})
    return rows


READERS: dict[str, tuple[Callable, Callable]] = {
    "csv": (from_csv, neutral),
    "json": (from_json, str),
    "xlsx": (from_xlsx, cell_text),
    "html": (from_html, one_line),
}
"""Format by format: its bytes in, a list of rows out, each a mapping of column to text; and how it shows a text."""


def said(rows):
    """The rows by their number, each without its empty cells."""
    in_order = sorted(rows, key=lambda row: int(row["row"]))
    return [{name: value for name, value in row.items() if value != ""} for row in in_order]


def says_what_the_json_says(form, audit):
    read, shown = READERS[form.name]
    facts = from_json(written(json_format(), audit))
    expected = [{shown(name): shown(value) for name, value in row.items()} for row in facts]
    assert said(read(written(form, audit))) == said(expected)


@every_audit
@every_format
def test_a_format_says_what_the_json_says(form, audit):
    says_what_the_json_says(form, audit)


@every_audit
@every_format
def test_the_same_audit_gives_the_same_bytes(form, audit):
    assert written(form, audit) == written(form, audit)


@settings(max_examples=60, deadline=None)
@given(text=st.text(st.characters(codec=None) | st.sampled_from("=+-@\t\r\n;,|'\"<>&")))
@every_format
def test_any_text_whatsoever_is_read_back(form, text):
    rows = [with_text(made_up_row(2, Outcome.CONFLICTED), text), with_text(made_up_row(3, Outcome.RELEASED), text)]
    audit = made_up_audit(rows)
    says_what_the_json_says(form, audit)


def json_format():
    return next(form for form in FORMATS if form.name == "json")


def test_the_json_holds_every_text_raw():
    audit = nasty_audit()
    found = json.loads(written(json_format(), audit))
    assert [row["api_message"] for row in found["rows"]] == [row.api_message for row in audit.rows]
    assert found["notes"] == list(audit.notes)


def test_the_json_adds_up():
    audit = AUDITS["mixed"]
    found = json.loads(written(json_format(), audit))
    assert sum(found["counts"].values()) == found["input"]["rows"] == len(found["rows"]) == 60
    assert found["money"]["stopping"] == str(audit.money.stopping)
    assert sum(group["rows"] for group in found["money_by_group"]["groups"]) == 60
    assert found["money_by_month"][-1]["month"] is None
    assert found["files"] == {
        "csv": "audit.csv", "xlsx": "audit.xlsx", "json": "audit.json", "html": "audit.html",
        "conflicts": "conflicts.csv", "retry": "retry.csv",
    }  # fmt: skip


@pytest.mark.parametrize("count", [499, 500, 501, 1_001])
def test_the_json_is_whole_at_any_number_of_rows(count):
    found = json.loads(written(json_format(), made_up_audit(mixed_rows(count))))
    assert [row["row"] for row in found["rows"]] == list(range(2, count + 2))


def test_the_csv_has_our_columns_and_then_the_inputs():
    content = written(next(form for form in FORMATS if form.name == "csv"), AUDITS["mixed"])
    assert content.startswith(b'\xef\xbb\xbf"row","input_value","number_id","phone_number","outcome","evidence",')
    header = content.split(b"\r\n")[0].decode("utf-8-sig")
    assert header == ",".join(f'"{name}"' for name in [*(c.name for c in COLUMNS), *AUDITS["mixed"].other_columns])
    assert content.endswith(b'"\r\n')
    assert content.count(b"\r\n") == 61


def test_numbers_stay_numbers_in_the_csv():
    row = replace(made_up_row(2, Outcome.FAILED), monthly_cost_usd="-1.50")
    found = from_csv(written(FORMATS[0], made_up_audit([row])))[0]
    assert (found["monthly_cost_usd"], found["row"], found["http_status"]) == ("-1.50", "2", "422")


def test_reports_are_private_files_and_named_in_order(tmp_path):
    paths = write_reports(AUDITS["mixed"], tmp_path, FORMATS)
    assert [path.name for path in paths][: len(FORMATS)] == [form.file_name for form in FORMATS]
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o600}
    assert sorted(tmp_path.iterdir()) == sorted(paths)


class LedgerBreaks(Exception):
    pass


class BreakingRows:
    """Rows that end in an error, as a ledger on a failing disk does."""

    def __iter__(self):
        yield from mixed_rows(25)
        raise LedgerBreaks


@every_format
def test_an_error_in_the_middle_leaves_no_file_and_the_old_one_whole(tmp_path, form):
    (old,) = write_reports(AUDITS["empty"], tmp_path, [form])
    before = old.read_bytes()
    broken = replace(made_up_audit(mixed_rows(25)), rows=BreakingRows())
    with pytest.raises(LedgerBreaks):
        write_reports(broken, tmp_path, [form])
    assert list(tmp_path.iterdir()) == [old]
    assert old.read_bytes() == before


DIES_IN_THE_MIDDLE = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from decom.reporting.kinds import FORMATS
from decom.reporting.write import write_reports
from tests.reporting.made_up import made_up_audit, mixed_rows

class Rows:
    def __iter__(self):
        yield from mixed_rows(5_000)
        os.kill(os.getpid(), signal.SIGKILL)

form = next(form for form in FORMATS if form.name == sys.argv[2])
write_reports(replace(made_up_audit(mixed_rows(20)), rows=Rows()), Path(sys.argv[1]), [form])
"""


@every_format
def test_a_kill_in_the_middle_leaves_the_old_file_whole(tmp_path, form):
    (old,) = write_reports(AUDITS["empty"], tmp_path, [form])
    before = old.read_bytes()
    root = Path(__file__).parents[2]
    died = subprocess.run([sys.executable, "-c", DIES_IN_THE_MIDDLE, tmp_path, form.name], cwd=root, timeout=60)
    assert died.returncode == -signal.SIGKILL
    assert [path for path in tmp_path.iterdir() if not path.name.endswith(".part")] == [old]
    assert old.read_bytes() == before


def test_the_formats_named_are_taken_and_an_unknown_word_is_refused():
    assert [form.name for form in chosen(["json", "csv"], FORMATS)] == ["csv", "json"]
    with pytest.raises(BadSettings, match="'pdf'") as refused:
        chosen(["csv", "pdf"], FORMATS)
    assert "csv" in str(refused.value)
