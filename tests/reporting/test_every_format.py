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
from decom.pieces import AT_ONCE
from decom.planning.plan import Conflict, in_words
from decom.reporting.formula_safe import escape_formulas, single_line
from decom.reporting.kinds import FORMATS
from decom.reporting.write import chosen, write_reports
from decom.reporting.xlsx_rows import SHEETS
from decom.reporting.xlsx_sheet import cell_text
from decom.tables import in_file
from decom.vocabulary import Outcome
from tests.reporting.made_up import made_up_audit, made_up_row, mixed_rows, nasty_audit, with_text
from tests.reporting.rows import rows_of

COLUMNS = in_file("U")

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
                (name for name in ("number", "nickname", "group", "reason", "cost", "stops") if name in words), self.at
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
    ours = {"number": "phone_number", "cost": "monthly_cost_usd", "stops": "billing_stops_on", "group": reader.group}
    names = {column.heading: column.name for column in COLUMNS}
    rows = []
    for found in reader.rows:
        facts = [line.split(": ", 1) for line in found.pop("facts").split("\n")]
        row = {ours.get(name, name): single_line(value) for name, value in found.items()}
        rows.append(row | {names.get(heading, heading): value for heading, value in facts})
    return rows


READERS: dict[str, tuple[Callable, Callable]] = {
    "csv": (from_csv, escape_formulas),
    "json": (from_json, str),
    "xlsx": (from_xlsx, cell_text),
    "html": (from_html, single_line),
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


ANY_TEXT = st.text(st.characters(codec=None) | st.sampled_from("=+-@\t\r\n;,|'\"<>&"))


@settings(max_examples=15)
@given(texts=st.lists(ANY_TEXT, min_size=3, max_size=12))
@every_format
def test_any_text_whatsoever_is_read_back(form, texts):
    outcomes = (Outcome.CONFLICTED, Outcome.RELEASED)
    told = [(text, outcome) for text in texts for outcome in outcomes]
    rows = [with_text(made_up_row(row, outcome), text) for row, (text, outcome) in enumerate(told, 2)]
    says_what_the_json_says(form, made_up_audit(rows))


def json_format():
    return next(form for form in FORMATS if form.name == "json")


def test_the_json_holds_every_text_raw():
    audit = nasty_audit()
    found = json.loads(written(json_format(), audit))
    assert [row["api_message"] for row in found["rows"]] == [row.api_message for row in rows_of(audit)]
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


@pytest.mark.parametrize("count", [AT_ONCE - 1, AT_ONCE, AT_ONCE + 1])
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


FILLS_THE_DISK = """
import resource, signal, sys
from pathlib import Path
from decom.reporting.kinds import FORMATS
from decom.reporting.write import write_reports
from tests.reporting.made_up import made_up_audit, mixed_rows

folder, name, ends = sys.argv[1:]
form = next(form for form in FORMATS if form.name == name)
audit = made_up_audit(mixed_rows(2_000))
signal.signal(signal.SIGXFSZ, signal.SIG_DFL if ends == "killed" else signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
try:
    write_reports(audit, Path(folder), [form])
except OSError:
    sys.exit(7)
"""
"""Writes a report that is larger than a file may be, and is killed by that, or told so as by a full disk."""


@pytest.mark.parametrize(("ends", "code"), [("killed", -signal.SIGXFSZ), ("told", 7)])
@every_format
def test_an_end_in_the_middle_of_a_file_leaves_the_old_one_whole(tmp_path, form, ends, code):
    (old,) = write_reports(AUDITS["empty"], tmp_path, [form])
    before = old.read_bytes()
    root = Path(__file__).parents[2]
    died = subprocess.run([sys.executable, "-c", FILLS_THE_DISK, tmp_path, form.name, ends], cwd=root, timeout=60)
    assert died.returncode == code
    assert [path for path in tmp_path.iterdir() if ends == "told" or not path.name.endswith(".part")] == [old]
    assert old.read_bytes() == before


def test_the_formats_named_are_taken_and_an_unknown_word_is_refused():
    assert [form.name for form in chosen(["json", "csv"], FORMATS)] == ["csv", "json"]
    with pytest.raises(BadSettings, match="'pdf'") as refused:
        chosen(["csv", "pdf"], FORMATS)
    assert "csv" in str(refused.value)
