"""XLSX, XLS and ODS: what their cells mean, which sheet and rows are read, and what is refused before it is parsed."""

import datetime
import signal
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
import xlwt  # type: ignore[import-untyped]  # it has no types
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from decom.errors import BadInput
from decom.intake import workbook
from decom.intake.interface import OpenFile, ReadOptions
from decom.intake.workbook import Workbook
from decom.intake.workbooks.archive import MOST_PARTS, MOST_RATIO, RATIO_FROM
from decom.intake.workbooks.xls import marks_of
from tests.intake.reading import ReadFile, read, refusal, values
from tests.intake.workbooks import (
    MAIN,
    SHEET,
    STRINGS,
    WORKBOOK,
    compound,
    inline,
    ods,
    ods_cell,
    ods_of_rows,
    ods_row,
    raw_xlsx,
    record,
    row,
    xls,
    xlsx,
)

SAVE_AGAIN = "Open it in a spreadsheet program, save it again, and name that file."
SAVE_AS_XLSX = "Open it in a spreadsheet program, save it as .xlsx, and name that file."
COPY_TABLE = "Copy the table into a new workbook, or save it as CSV UTF-8, and name that file."
HIDDEN = "Choose one: --hidden-rows skip reads the visible rows only, --hidden-rows include reads all rows."
UNCALCULATED = "a formula without a value: open the file in a spreadsheet program and save it"
MAKERS = [
    pytest.param(xlsx, "a.xlsx", id="xlsx"),
    pytest.param(xls, "a.xls", id="xls"),
    pytest.param(ods, "a.ods", id="ods"),
]
TABLE = [["id", "owner"], ["phn_1", "Anna"], ["", ""], ["phn_2", "Åse"]]


def shown(file: ReadFile) -> list[tuple[int, str, str]]:
    """Of each row: its number, its cell, and why it cannot be used or what was done to read it."""
    return [(line.row, line.input_value, line.problem or line.note) for line in file.rows]


@pytest.mark.parametrize(("maker", "name"), MAKERS)
def test_every_kind_of_workbook_is_read_alike(tmp_path, maker, name):
    file = read(maker(tmp_path / name, TABLE))
    assert [(line.row, line.number_id, line.others) for line in file.rows] == [
        (2, "phn_1", ("Anna",)),
        (4, "phn_2", ("Åse",)),
    ]
    assert (file.blank_rows, file.other_columns, file.notes) == (1, ("owner",), ("sheet 'Sheet 1'",))


@pytest.mark.parametrize(("maker", "name"), MAKERS)
def test_a_kind_is_told_by_its_bytes_and_not_by_its_name(tmp_path, maker, name):
    path = maker(tmp_path / name, TABLE).rename(tmp_path / "a.csv")
    assert values(read(path)) == ["phn_1", "phn_2"]


@pytest.mark.parametrize(("maker", "name"), MAKERS)
def test_hidden_rows_are_refused_until_someone_says_what_is_meant(tmp_path, maker, name):
    path = maker(tmp_path / name, TABLE, hidden=(2, 3))
    assert refusal(path) == f"{name}, sheet 'Sheet 1': 1 row is hidden or filtered out => {HIDDEN}"
    skipped = read(path, ReadOptions(hidden_rows="skip"))
    assert values(skipped) == ["phn_1"]
    assert skipped.notes[-1] == "1 hidden or filtered row skipped, as requested"
    included = read(path, ReadOptions(hidden_rows="include"))
    assert values(included) == ["phn_1", "phn_2"]
    assert included.notes[-1] == "1 hidden or filtered row included, as requested"


@pytest.mark.parametrize(("maker", "name"), MAKERS)
def test_a_hidden_row_without_anything_in_it_does_no_harm(tmp_path, maker, name):
    assert values(read(maker(tmp_path / name, TABLE, hidden=(2,)))) == ["phn_1", "phn_2"]


@pytest.mark.parametrize(
    "attributes",
    [
        pytest.param(' hidden="1"', id="hidden or filtered"),
        pytest.param(' hidden="true"', id="hidden, in words"),
        pytest.param(' ht="0" customHeight="1"', id="without height"),
    ],
)
def test_a_row_that_nobody_sees_counts_as_hidden(tmp_path, attributes):
    rows = row(1, inline("A1", "id")) + row(2, inline("A2", "phn_1"), attributes=attributes)
    assert "1 row is hidden" in refusal(raw_xlsx(tmp_path / "a.xlsx", rows))


def test_a_filtered_row_of_an_open_document_counts_as_hidden_with_all_that_equal_it(tmp_path):
    filtered = ods_row(ods_cell("phn_2"), visibility="filter", numberrowsrepeated=2)
    path = ods_of_rows(tmp_path / "a.ods", ods_row(ods_cell("id")), ods_row(ods_cell("phn_1")), filtered)
    assert "2 rows are hidden or filtered out" in refusal(path)


def test_hidden_rows_in_a_sheet_that_is_not_taken_do_no_harm(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        other = book.add_worksheet("Notes")
        other.write_string(0, 0, "hello")
        other.set_row(0, None, None, {"hidden": True})
        book.add_worksheet("Numbers").write_column(0, 0, ["id", "phn_1"])
    assert values(read(tmp_path / "a.xlsx")) == ["phn_1"]


@pytest.fixture
def typed(tmp_path: Path) -> Path:
    """A sheet with a cell of every type in its second column, below a header in the third row."""
    path = tmp_path / "typed.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("One")
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        hour = book.add_format({"num_format": "hh:mm"})
        hours = book.add_format({"num_format": "[h]:mm"})
        struck = book.add_format({"font_strikeout": True})
        sheet.write_row(2, 1, ["id", "x"])
        sheet.write_number(3, 1, 919876543210)
        sheet.write_number(4, 1, 9198765432101234567)
        sheet.write_number(5, 1, 12.5)
        sheet.write_boolean(6, 1, True)
        sheet.write_datetime(7, 1, datetime.date(2026, 1, 31), day)
        sheet.write_number(8, 1, 0.25, hour)
        sheet.write_number(9, 1, 1.5, hours)
        sheet.write_formula(10, 1, "=1/0", None, "#DIV/0!")
        sheet.write_formula(11, 1, "=A1", None, "")
        sheet.write_formula(12, 1, '=HYPERLINK("https://x.example","phn_1")', None, "phn_1")
        sheet.write_string(13, 1, "phn_2", struck)
        sheet.merge_range(14, 1, 15, 1, "phn_3")
        sheet.write_string(15, 2, "below the merged cell")
        sheet.write_string(16, 1, "phn_4_x000D_")
        sheet.write_number(17, 1, -919876543210)
    return path


def test_a_cell_is_read_as_what_it_is_and_never_as_what_it_looks_like(typed):
    file = read(typed)
    assert shown(file) == [
        (4, "919876543210", "read as if it started with +"),
        (
            5,
            "9198765432101234688",
            "precision lost: a spreadsheet keeps 15 digits of a number. Format the cell as text and type it again",
        ),
        (6, "12.5", "a number with a fraction is not a valid ID or phone number"),
        (7, "TRUE", "this cell is a yes/no value"),
        (8, "2026-01-31", "this cell is a date"),
        (9, "06:00:00", "this cell is a time of day"),
        (10, "1 day, 12:00:00", "this cell is a duration"),
        (11, "#DIV/0!", "this cell is an error: #DIV/0!"),
        (12, "", UNCALCULATED),
        (13, "phn_1", "the result of a formula"),
        (14, "phn_2", ""),
        (15, "phn_3", ""),
        (16, "", "no ID or number in this row"),
        (17, "phn_4_x000D_", ""),
        (18, "-919876543210", "not a valid ID or phone number: it starts with a minus sign"),
    ]
    assert file.blank_rows == 2


def test_what_is_odd_in_another_column_travels_as_it_is_shown(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["id", "error", "since", "cost", "count", "yes", "sum"])
        sheet.write_string(1, 0, "phn_1")
        sheet.write_formula(1, 1, "=1/0", None, "#DIV/0!")
        sheet.write_number(1, 2, 46_053 + 8.5 / 24, book.add_format({"num_format": "d/m/y h:m"}))
        sheet.write_number(1, 3, 4.5)
        sheet.write_number(1, 4, 12)
        sheet.write_boolean(1, 5, False)
        sheet.write_formula(1, 6, "=2+3", None, 5)
    line = read(tmp_path / "a.xlsx").rows[0]
    assert line.problem is None
    assert line.others == ("#DIV/0!", "2026-01-31 08:30:00", "4.5", "12", "FALSE", "5")


def test_a_formula_never_calculated_is_told_from_an_empty_cell_even_where_nothing_else_is_there(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.create_sheet("One", 0)
    for cells in (["id"], ['=CONCAT("phn_","1")'], ["phn_2"], ["=A1"]):
        sheet.append(cells)
    book.save(tmp_path / "a.xlsx")
    assert shown(read(tmp_path / "a.xlsx")) == [(2, "", UNCALCULATED), (3, "phn_2", ""), (4, "", UNCALCULATED)]


def test_a_formula_whose_result_is_empty_text_is_a_blank_cell(tmp_path):
    blank = '<c r="A3" t="str"><f>IF(B3="","",B3)</f><v></v></c>'
    rows = row(1, inline("A1", "id")) + row(2, inline("A2", "phn_1")) + row(3, blank)
    file = read(raw_xlsx(tmp_path / "a.xlsx", rows))
    assert (len(file.rows), file.blank_rows) == (1, 1)


def test_errors_formulas_and_dates_are_told_in_an_old_workbook(tmp_path):
    book = xlwt.Workbook()
    sheet = book.add_sheet("One")
    sheet.write(0, 0, "id")
    sheet.write(1, 0, 919876543210)
    sheet.write(2, 0, datetime.date(2026, 1, 31), xlwt.easyxf(num_format_str="yyyy-mm-dd"))
    sheet.write(3, 0, True)
    sheet.row(4).set_cell_error(0, "#REF!")
    sheet.write(5, 0, xlwt.Formula('"phn_1"'))
    book.save(str(tmp_path / "a.xls"))
    assert shown(read(tmp_path / "a.xls")) == [
        (2, "919876543210", "read as if it started with +"),
        (3, "2026-01-31", "this cell is a date"),
        (4, "TRUE", "this cell is a yes/no value"),
        (5, "#REF!", "this cell is an error: #REF!"),
        (6, "", UNCALCULATED),
    ]


def test_errors_formulas_comments_and_repetitions_are_told_in_an_open_document(tmp_path):
    path = ods_of_rows(
        tmp_path / "a.ods",
        ods_row(ods_cell("id"), ods_cell("note")),
        ods_row(ods_cell("phn_1", note="ask Anna"), ods_cell("x")),
        ods_row(ods_cell("", valuetype=None), ods_cell(""), numberrowsrepeated=3),
        ods_row(ods_cell("phn_2", formula="of:=B1", valuetype="string", stringvalue="phn_2")),
        ods_row(ods_cell("", formula="of:=B1")),
        ods_row(ods_cell("same", valuetype="string"), numberrowsrepeated=2),
        ods_row(ods_cell("919876543210", valuetype="float", value="919876543210")),
        ods_row(ods_cell("2026-01-31", valuetype="date", datevalue="2026-01-31")),
        ods_row(ods_cell("", numbercolumnsrepeated=16_384), numberrowsrepeated=1_000_000),
    )
    content = (
        zipfile.ZipFile(path)
        .read("content.xml")
        .replace(
            b"</table:table>",
            b'<table:table-row><table:table-cell xmlns:c="urn:org:documentfoundation:names:experimental:calc:xmlns:'
            b'calcext:1.0" table:formula="of:=1/0" office:value-type="string" office:string-value="" '
            b'c:value-type="error">'
            b"<text:p>Err:522</text:p></table:table-cell></table:table-row></table:table>",
        )
        .replace(b'table:number-rows-repeated="1000000"', b'table:number-rows-repeated="4"')
    )
    replace_part(path, "content.xml", content)
    no_id = "not a valid ID or phone number (IDs begin with phn_)"
    assert shown(read(path)) == [
        (2, "phn_1", ""),
        (6, "phn_2", "the result of a formula"),
        (7, "", UNCALCULATED),
        (8, "same", no_id),
        (9, "same", no_id),
        (10, "919876543210", "read as if it started with +"),
        (11, "2026-01-31", "this cell is a date"),
        (16, "Err:522", "this cell is an error: Err:522"),
    ]


def replace_part(path: Path, name: str, content: bytes) -> None:
    """Write the archive again with another content of one part."""
    with zipfile.ZipFile(path) as archive:
        parts = {part.filename: archive.read(part) for part in archive.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, old in parts.items():
            archive.writestr(part, content if part == name else old)


def test_rows_beyond_the_size_that_the_sheet_claims_are_read(tmp_path):
    rows = "".join(row(n, inline(f"A{n}", "id" if n == 1 else f"phn_{n}")) for n in range(1, 13))
    sheet = f'<worksheet xmlns="{MAIN}"><dimension ref="A1:A2"/><sheetData>{rows}</sheetData></worksheet>'
    assert len(read(raw_xlsx(tmp_path / "a.xlsx", "", {SHEET: sheet})).rows) == 11


def test_rows_and_cells_that_do_not_say_where_they_are_follow_each_other(tmp_path):
    cells = '<row><c t="inlineStr"><is><t>{}</t></is></c><c t="e"><v>#N/A</v></c></row>'
    path = raw_xlsx(tmp_path / "a.xlsx", cells.format("id") + cells.format("phn_1"))
    assert [(line.row, line.number_id, line.others) for line in read(path).rows] == [(2, "phn_1", ("#N/A",))]


def test_a_line_end_that_the_format_writes_in_letters_is_a_line_end(tmp_path):
    rows = (
        row(1, inline("A1", "id")) + row(2, inline("A2", "phn_1_x000D_")) + row(3, inline("A3", "phn_1_x005F_x000D_"))
    )
    assert shown(read(raw_xlsx(tmp_path / "a.xlsx", rows))) == [
        (2, "phn_1\r", "more than one line in this cell"),
        (3, "phn_1_x000D_", ""),
    ]


def test_elements_may_be_named_with_a_prefix(tmp_path):
    xml = (
        f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData><x:row r="1"><x:c r="A1" t="inlineStr"><x:is><x:t>id</x:t></x:is>'
        '</x:c></x:row><x:row r="2" hidden="1"><x:c r="A2" t="inlineStr"><x:is><x:t>phn_1</x:t></x:is></x:c></x:row>'
        "</x:sheetData></x:worksheet>"
    )
    assert "1 row is hidden" in refusal(raw_xlsx(tmp_path / "a.xlsx", "", {SHEET: xml}))


@pytest.fixture
def sheets(tmp_path: Path) -> Path:
    """A workbook whose second of five sheets holds the IDs; the last three are unlike it or cannot be seen."""
    with xlsxwriter.Workbook(tmp_path / "sheets.xlsx") as book:
        book.add_worksheet("Cover").write_string(0, 0, "Numbers to release")
        book.add_worksheet("Numbers").write_column(0, 0, ["id", "phn_1"])
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": "=Numbers!$A$1:$A$2"})
        book.add_chartsheet("Chart").set_chart(chart)
        hidden = book.add_worksheet("Old")
        hidden.write_column(0, 0, ["id", "phn_2"])
        hidden.hide()
        very = book.add_worksheet("Older")
        very.write_column(0, 0, ["id", "phn_3"])
        very.very_hidden()
    return tmp_path / "sheets.xlsx"


def test_the_one_sheet_that_can_be_seen_and_has_such_a_column_is_taken_and_named(sheets):
    file = read(sheets)
    assert values(file) == ["phn_1"]
    assert file.notes == ("sheet 'Numbers'", "hidden sheets not read: 'Old', 'Older'")


@pytest.mark.parametrize(("sheet", "taken"), [("Old", "phn_2"), ("Older", "phn_3"), ("NUMBERS", "phn_1")])
def test_the_sheet_asked_for_is_taken_even_if_it_is_hidden(sheets, sheet, taken):
    assert values(read(sheets, ReadOptions(sheet=sheet))) == [taken]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param(
            ReadOptions(sheet="Nope"),
            "sheets.xlsx: no sheet is called 'Nope'. Sheets: 'Cover', 'Numbers', 'Chart', 'Old', 'Older' => "
            "Name one of them with --sheet.",
            id="no such sheet",
        ),
        pytest.param(
            ReadOptions(sheet="Cover"),
            "sheets.xlsx: no column is recognized as holding IDs or numbers. Found: sheet 'Cover' has "
            "'Numbers to release'; "
            "hidden sheets not read: 'Old', 'Older' => "
            "Name it: --column and its header.",
            id="a sheet without such a column",
        ),
        pytest.param(
            ReadOptions(column="Owner"),
            "sheets.xlsx: no column is called 'Owner'. Found: sheet 'Cover' has "
            "'Numbers to release'; "
            "sheet 'Numbers' has 'id'; hidden sheets not read: 'Old', 'Older' => "
            "Name the column of IDs or numbers: --column and its header.",
            id="no such column in any sheet",
        ),
    ],
)
def test_a_sheet_or_column_that_is_not_there_is_refused_with_those_that_are(sheets, options, said):
    assert refusal(sheets, options) == said


def test_two_sheets_with_ids_are_refused_until_one_is_named(tmp_path):
    path = xlsx(tmp_path / "a.xlsx", TABLE, TABLE)
    assert refusal(path) == (
        "a.xlsx: the sheets 'Sheet 1' and 'Sheet 2' both contain IDs or numbers => "
        "Say which one is meant, for example: --sheet 'Sheet 1'"
    )
    assert values(read(path, ReadOptions(sheet="Sheet 2"))) == ["phn_1", "phn_2"]


def test_a_workbook_without_a_sheet_that_can_be_seen_is_refused(tmp_path):
    path = ods_of_rows(tmp_path / "a.ods", ods_row(ods_cell("id")), ods_row(ods_cell("phn_1")), hidden_sheet=True)
    assert refusal(path) == ("a.ods: the workbook has no visible sheet => Name the hidden sheet to read with --sheet.")


@pytest.mark.parametrize(("maker", "name"), MAKERS)
def test_an_empty_sheet_has_no_rows(tmp_path, maker, name):
    assert refusal(maker(tmp_path / name, [[""]])) == (
        f"{name}: there are no rows => Name a file with one ID or number per row."
    )


def zip_of(path: Path, **parts: str) -> Path:
    """An archive of these parts, `__` in their names for `/`."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/"), content)
    return path


@pytest.mark.parametrize(
    ("parts", "kind"),
    [
        pytest.param({"a.txt": "x"}, "a zip archive", id="any archive"),
        pytest.param({"word__document.xml": "<x/>"}, "a Word document", id="Word"),
        pytest.param({"ppt__presentation.xml": "<x/>"}, "a PowerPoint presentation", id="PowerPoint"),
        pytest.param({"xl__workbook.bin": "x"}, "an Excel binary workbook (.xlsb)", id="a binary workbook"),
        pytest.param({"Index__Document.iwa": "x"}, "an Apple Numbers document", id="Numbers"),
        pytest.param(
            {"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "<x/>"},
            "a document of the kind 'application/vnd.oasis.opendocument.text'",
            id="a text of the other office",
        ),
    ],
)
def test_an_archive_that_is_no_workbook_is_called_what_it_is(tmp_path, parts, kind):
    assert refusal(zip_of(tmp_path / "a.xlsx", **parts)) == (
        f"a.xlsx: this is {kind}, not an Excel or OpenDocument workbook => "
        "Save the table as .xlsx, .ods or .csv and name that file."
    )


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return xlsx(tmp_path / "a.xlsx", TABLE)


def test_a_workbook_that_is_cut_short_is_refused(good):
    good.write_bytes(good.read_bytes()[:-200])
    assert refusal(good) == f"a.xlsx: the workbook is damaged: File is not a zip file => {SAVE_AGAIN}"


def test_a_part_that_fails_its_checksum_is_refused(tmp_path):
    path = raw_xlsx(tmp_path / "a.xlsx", row(1, inline("A1", "id")) + row(2, inline("A2", "phn_1")))
    with zipfile.ZipFile(path) as archive:
        part = archive.getinfo(SHEET)
    content = bytearray(path.read_bytes())
    start = content.index(struct.pack("<I", part.CRC), 0)
    while start >= 0:
        content[start : start + 4] = struct.pack("<I", part.CRC ^ 1)
        start = content.find(struct.pack("<I", part.CRC))
    path.write_bytes(content)
    assert refusal(path) == (f"a.xlsx: the workbook is damaged: Bad CRC-32 for file '{SHEET}' => {SAVE_AGAIN}")


@pytest.mark.parametrize(
    ("rows", "parts", "said"),
    [
        pytest.param(
            "",
            {SHEET: b""},
            f"a.xlsx, sheet 'One': the workbook is damaged: its part '{SHEET}' is missing => {SAVE_AGAIN}",
            id="a sheet that is not there",
        ),
        pytest.param(
            "",
            {WORKBOOK: b""},
            f"a.xlsx: the workbook is damaged: its part '{WORKBOOK}' is missing => {SAVE_AGAIN}",
            id="no list of sheets",
        ),
        pytest.param(
            "<row>",
            {},
            "a.xlsx, sheet 'One': the workbook is damaged: its XML cannot be read (mismatched tag: line 1, column 95) "
            f"=> {SAVE_AGAIN}",
            id="XML that is broken",
        ),
        pytest.param(
            row(1, inline("1A", "id")),
            {},
            f"a.xlsx, sheet 'One': the workbook is damaged: a cell has no place: '1A' => {SAVE_AGAIN}",
            id="a cell that is nowhere",
        ),
        pytest.param(
            row(1, inline("A1", "id"), inline("XFD1048576", "x")).replace("</row>", "", 0)
            + row(1_048_576, inline("XFD1048576", "x")),
            {},
            "a.xlsx, sheet 'One': the sheet is 1,048,576 rows × 16,384 columns => "
            "Is there a stray cell far down or far right? Delete it, or copy the table to a new sheet.",
            id="a stray cell in the last corner",
        ),
        pytest.param(
            row(99_999_999_999, inline("A99999999999", "x")),
            {},
            "a.xlsx, sheet 'One': the sheet is 99,999,999,999 rows × 1 columns => "
            "Is there a stray cell far down or far right? Delete it, or copy the table to a new sheet.",
            id="a row far below any sheet",
        ),
        pytest.param(
            "",
            {f"xl/media/{n}.png": "x" for n in range(MOST_PARTS)},
            f"a.xlsx: the workbook has 2,005 parts (maximum 2,000): no spreadsheet program writes such a file "
            f"=> {COPY_TABLE}",
            id="too many parts",
        ),
        pytest.param(
            "",
            {STRINGS: b" " * (RATIO_FROM + 1)},
            f"a.xlsx: the workbook's part '{STRINGS}' unpacks to more than {MOST_RATIO} times its size: "
            f"no spreadsheet program writes such a file => {COPY_TABLE}",
            id="a bomb by its ratio",
        ),
        pytest.param(
            "",
            {"XL/workbook.xml": "<x/>"},
            f"a.xlsx: the workbook is damaged: it has two parts of the same name => {SAVE_AGAIN}",
            id="two parts of one name",
        ),
        pytest.param(
            "",
            {STRINGS: '<!DOCTYPE x [<!ENTITY a "aaaa">]><sst>&a;</sst>'},
            f"a.xlsx: the workbook's part '{STRINGS}' declares a document type: "
            f"no spreadsheet program writes such a file => {COPY_TABLE}",
            id="entities that grow",
        ),
        pytest.param(
            "",
            {SHEET: '<!DOCTYPE x SYSTEM "file:///etc/passwd"><worksheet/>'},
            f"a.xlsx: the workbook's part '{SHEET}' declares a document type: "
            f"no spreadsheet program writes such a file => {COPY_TABLE}",
            id="entities that fetch",
        ),
        pytest.param(
            "",
            {STRINGS: '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x><sst/>'.encode("utf-16")},
            f"a.xlsx: the workbook's part '{STRINGS}' declares a document type: "
            f"no spreadsheet program writes such a file => {COPY_TABLE}",
            id="a document type in another encoding",
        ),
    ],
)
def test_a_dangerous_or_damaged_workbook_is_refused_before_its_values_are_read(tmp_path, rows, parts, said):
    assert refusal(raw_xlsx(tmp_path / "a.xlsx", rows, parts)) == said


def test_a_bomb_by_its_size_is_refused_from_what_it_declares(good):
    with zipfile.ZipFile(good) as archive:
        size = archive.getinfo(SHEET).file_size
    content = good.read_bytes()
    at = content.rindex(struct.pack("<I", size))
    good.write_bytes(content[:at] + struct.pack("<I", 2_000_000_000) + content[at + 4 :])
    assert refusal(good) == (
        f"a.xlsx: the workbook unpacks to 2,000 MB: no spreadsheet program writes such a file => {COPY_TABLE}"
    )


def test_a_stray_cell_in_the_last_corner_of_an_open_document_is_refused(tmp_path):
    path = ods_of_rows(
        tmp_path / "a.ods",
        ods_row(ods_cell("id")),
        ods_row(ods_cell("", numbercolumnsrepeated=16_384), numberrowsrepeated=1_048_574),
        ods_row(ods_cell("", numbercolumnsrepeated=16_383), ods_cell("x")),
    )
    assert refusal(path) == (
        "a.ods, sheet 'One': the sheet is 1,048,576 rows × 16,384 columns => "
        "Is there a stray cell far down or far right? Delete it, or copy the table to a new sheet."
    )


def protected_xlsx(folder: Path) -> Path:
    return compound(folder / "a.xlsx", b"\0" * 5_000, "EncryptedPackage")


def protected_xls(folder: Path) -> Path:
    begin = record(0x0809, struct.pack("<HH", 0x0600, 0x0005) + b"\0" * 12)
    return compound(folder / "a.xls", begin + record(0x002F, b"\0" * 6) + record(0x000A))


def protected_ods(folder: Path) -> Path:
    path = ods(folder / "a.ods", TABLE)
    replace_part(
        path,
        "META-INF/manifest.xml",
        b'<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><m:file-entry '
        b'm:full-path="content.xml"><m:encryption-data/></m:file-entry></m:manifest>',
    )
    return path


def protected_zip(folder: Path) -> Path:
    path = xlsx(folder / "a.xlsx", TABLE)
    content = bytearray(path.read_bytes())
    at = content.index(b"PK\x01\x02")
    content[at + 8] |= 1
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("maker", [protected_xlsx, protected_xls, protected_ods, protected_zip])
def test_a_workbook_with_a_password_is_refused_with_the_way_out(tmp_path, maker):
    path = maker(tmp_path)
    assert refusal(path) == (
        f"{path.name}: the workbook is protected by a password => "
        "Open it, save a copy without a password, and name that."
    )


def test_an_office_file_that_is_no_workbook_is_refused(tmp_path):
    assert refusal(compound(tmp_path / "a.xls", b"\0" * 5_000, "WordDocument")) == (
        "a.xls: this is an Office file, but not a workbook => Save the table as .xlsx, .ods or .csv and name that file."
    )


DAMAGED_CONTAINER = "the workbook is damaged: it ends too early, or its sectors do not hang together"


def test_an_old_workbook_that_is_cut_short_is_refused_wherever_it_ends(tmp_path):
    path = xls(tmp_path / "a.xls", TABLE)
    content = path.read_bytes()
    for keep in (16, 512, 1_024, len(content) // 2, len(content) - 512):
        path.write_bytes(content[:keep])
        assert refusal(path) == f"a.xls: {DAMAGED_CONTAINER} => {SAVE_AS_XLSX}", keep


def test_an_old_workbook_whose_sectors_run_in_a_circle_is_refused(tmp_path):
    path = xls(tmp_path / "a.xls", TABLE)
    content = bytearray(path.read_bytes())
    table_at = (struct.unpack_from("<I", content, 76)[0] + 1) << 9
    struct.pack_into("<I", content, table_at, 0)
    path.write_bytes(content)
    assert refusal(path) == f"a.xls: the workbook cannot be read: Cannot detect file format => {SAVE_AGAIN}"


def test_a_sheet_whose_hidden_rows_cannot_be_known_is_refused(tmp_path):
    path = compound(tmp_path / "a.xls", record(0x0809, b"\0" * 16) + record(0x000A) + b"\0" * 5_000)
    with path.open("rb") as file:
        marks_at = marks_of(file)
    with pytest.raises(BadInput, match="the workbook is damaged: it holds fewer sheets than it names"):
        marks_at(0)


def test_a_workbook_that_breaks_its_parser_breaks_nothing_else(tmp_path):
    strings = f'<sst xmlns="{MAIN}"><si><t>{"x" * 9_000_000}</t></si></sst>'
    rows = "".join(row(n, f'<c r="A{n}" t="s"><v>0</v></c>') for n in range(1, 400))
    assert refusal(raw_xlsx(tmp_path / "a.xlsx", rows, {STRINGS: strings})) == (
        "a.xlsx: the workbook needs more memory than it may use (1,610 MB) => "
        "Is there a stray cell far down or far right? Delete it, or save the table as CSV UTF-8."
    )


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (signal.SIGXCPU, "the workbook takes longer to read than it may (180 s of processor time)"),
        (signal.SIGABRT, "the workbook needs more memory than it may use (1,610 MB)"),
        (signal.SIGSEGV, "the workbook crashed the program that reads it"),
    ],
)
def test_how_the_child_ended_is_told_by_its_signal(number, words):
    script = (
        f"import os, resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0)); os.kill(os.getpid(), {int(number)})"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as child:
        child.wait()
        assert workbook._broken_off(child).what == words


def test_the_child_has_none_of_our_variables_and_is_gone_when_its_reader_is(good, monkeypatch):
    monkeypatch.setenv("DIALNEXA_API_KEY", "canary:secret")
    before = children()
    with good.open("rb") as stream:
        source = OpenFile(stream, "a.xlsx", "")
        child = workbook._child(source, ReadOptions())
        with child:
            environment = Path(f"/proc/{child.pid}/environ").read_bytes()
            child.kill()
        assert b"canary" not in environment
        tables = Workbook().read(source, ReadOptions())
        next(tables)
        assert len(children()) == len(before) + 1
        tables.close()
    assert children() == before


def children() -> list[str]:
    """The IDs of our processes, those included that ended and were not waited for."""
    return [pid for path in Path("/proc/self/task").glob("*/children") for pid in path.read_text().split()]


CELLS = st.text(alphabet="phn_120+ \tx\u00e9<&\"'", max_size=8)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(CELLS, min_size=2, max_size=2), max_size=8), maker=st.sampled_from([xlsx, xls, ods]))
def test_every_row_that_is_not_blank_is_one_row_in_order(tmp_path, rows, maker):
    path = maker(tmp_path / "a.book", [["id", "note"], ["phn_first", ""], *rows])
    expected = ["phn_first", *[cells[0] for cells in rows if any(cell.strip() for cell in cells)]]
    file = read(path)
    assert [line.input_value for line in file.rows] == expected
    assert [line.row for line in file.rows] == [
        2,
        *[number for number, cells in enumerate(rows, start=3) if any(cell.strip() for cell in cells)],
    ]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    maker=st.sampled_from([xlsx, xls, ods]),
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=4),
    keep=st.one_of(st.just(1.0), st.floats(0.01, 1)),
)
def test_a_workbook_with_any_bytes_changed_gives_rows_or_a_refusal(tmp_path, maker, changes, keep):
    path = maker(tmp_path / "a.book", TABLE)
    content = bytearray(path.read_bytes())
    for place, byte in changes:
        content[int(place * len(content))] = byte
    path.write_bytes(content[: max(1, int(keep * len(content)))])
    try:
        assert len(read(path).rows) > 0
    except BadInput as error:
        assert error.where is not None
        assert error.remedy
