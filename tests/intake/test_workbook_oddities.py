"""Workbooks that Excel opens and that once could not be read: written with `\\`, or with numbers as durations."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter
import xlwt  # type: ignore[import-untyped]  # it has no types

from decom.errors import BadInput
from tests.intake.reading import read, values
from tests.intake.workbooks import ods_cell, ods_of_rows, ods_row, xlsx

TABLE = [["phone number", "note"], ["+14155550100", "a"], ["+14155550101", "b"]]


def packed_again(path: Path, name: Callable[[str], str], change: tuple[str, bytes, bytes] | None = None) -> Path:
    """The workbook with its parts' names as `name` makes them, and one part's content changed."""
    copy = path.with_name(f"again-{path.name}")
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(copy, "w") as written:
        for part in archive.infolist():
            content = archive.read(part)
            if change is not None and part.filename == change[0]:
                assert change[1] in content
                content = content.replace(change[1], change[2])
            entry = zipfile.ZipInfo("x")
            entry.filename = name(part.filename)
            written.writestr(entry, content)
    return copy


def as_it_is(name: str) -> str:
    return name


def test_parts_whose_names_are_written_with_backslashes_are_read(tmp_path):
    path = packed_again(xlsx(tmp_path / "a.xlsx", TABLE), lambda name: name.replace("/", "\\"))
    assert values(read(path)) == ["+14155550100", "+14155550101"]


@pytest.mark.parametrize(
    ("part", "target", "written"),
    [
        ("xl/_rels/workbook.xml.rels", b'Target="worksheets/sheet1.xml"', b'Target="worksheets\\sheet1.xml"'),
        ("xl/_rels/workbook.xml.rels", b'Target="worksheets/sheet1.xml"', b'Target="\\xl\\worksheets\\sheet1.xml"'),
        ("xl/_rels/workbook.xml.rels", b'Target="worksheets/sheet1.xml"', b'Target="/xl/worksheets/sheet1.xml"'),
        ("_rels/.rels", b'Target="xl/workbook.xml"', b'Target="\\xl\\workbook.xml"'),
    ],
)
def test_relations_that_are_written_with_backslashes_are_read(tmp_path, part, target, written):
    path = packed_again(xlsx(tmp_path / "a.xlsx", TABLE), as_it_is, (part, target, written))
    assert values(read(path)) == ["+14155550100", "+14155550101"]


ODD_NAMES = {
    "upper case": str.upper,
    "lower case": str.lower,
    "a slash in front": lambda name: f"/{name}",
    "a backslash in front": lambda name: "\\" + name.replace("/", "\\"),
    "a dot in front": lambda name: f"./{name}",
    "another case in some": lambda name: name.replace("sheet1", "Sheet1").replace("workbook", "Workbook"),
    "another case of the folder": lambda name: name.replace("xl/", "XL/").replace("_rels/.rels", "_Rels/.Rels"),
    "percent signs": lambda name: name.replace("sheet1", "sheet%31"),
}


@pytest.mark.parametrize("name", ODD_NAMES.values(), ids=ODD_NAMES)
def test_parts_that_are_named_otherwise_than_their_references_are_read(tmp_path, name):
    path = packed_again(xlsx(tmp_path / "a.xlsx", TABLE), name)
    assert values(read(path)) == ["+14155550100", "+14155550101"]


@pytest.mark.parametrize("target", ["Worksheets/SHEET1.xml", "worksheets/sheet%31.xml"])
def test_references_that_are_written_otherwise_than_the_parts_names_are_read(tmp_path, target):
    change = ("xl/_rels/workbook.xml.rels", b"worksheets/sheet1.xml", target.encode())
    path = packed_again(xlsx(tmp_path / "a.xlsx", TABLE), as_it_is, change)
    assert values(read(path)) == ["+14155550100", "+14155550101"]


def test_two_parts_that_one_reference_could_mean_are_refused(tmp_path):
    path = xlsx(tmp_path / "a.xlsx", TABLE)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("/xl/worksheets/sheet1.xml", b"<x/>")
    with pytest.raises(BadInput, match="it has two parts of the same name"):
        read(path)


@pytest.mark.parametrize("form", ["[h]:mm:ss", "[hh]:mm", "[m]:ss", "[s].00"])
def test_a_number_that_is_formatted_as_a_duration_costs_its_own_cell_alone(tmp_path, form):
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet, duration = book.add_worksheet(), book.add_format({"num_format": form})
        sheet.write_row(0, 0, ["phone number", "note", "spent"])
        sheet.write_number(1, 0, 14155550100, duration)
        sheet.write_row(2, 0, ["+14155550101", "b"])
        sheet.write_number(2, 2, 1.5, duration)
        sheet.write_string(3, 0, "+14155550102")
        sheet.write_number(3, 1, 919876543210, duration)
        sheet.write_row(4, 0, ["+14155550103", "d"], duration)
        sheet.write_number(5, 0, 14155550104)
    file = read(path)
    assert [row.problem for row in file.rows] == ["this cell is a duration", None, None, None, None]
    assert values(file) == [None, "+14155550101", "+14155550102", "+14155550103", "+14155550104"]
    assert [row.others for row in file.rows[1:3]] == [("b", "1 day, 12:00:00"), ("919876543210 days", "")]


def test_the_other_rows_of_an_old_workbook_are_read_too(tmp_path):
    book = xlwt.Workbook()
    sheet = book.add_sheet("One")
    for row, cell in enumerate(["phone number", "+14155550100", 14155550101, "+14155550102"]):
        style = xlwt.easyxf(num_format_str="[h]:mm:ss") if row == 2 else xlwt.Style.default_style
        sheet.write(row, 0, cell, style)
    book.save(str(tmp_path / "a.xls"))
    file = read(tmp_path / "a.xls")
    assert values(file) == ["+14155550100", None, "+14155550102"]
    assert file.rows[1].problem == "a cell of this row is a duration that is too long to be read"


def test_the_other_rows_of_an_open_document_are_read_too(tmp_path):
    long = ods_cell("339733202400:00:00", valuetype="time", timevalue="PT339733202400H00M00S")
    path = ods_of_rows(
        tmp_path / "a.ods",
        ods_row(ods_cell("phone number")),
        ods_row(long),
        ods_row(ods_cell("+14155550101")),
    )
    file = read(path)
    assert values(file) == [None, "+14155550101"]


def test_a_heading_merged_over_id_and_number_does_not_switch_the_cross_check_off(tmp_path):
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.merge_range(0, 0, 0, 1, "Number")
        sheet.write_row(1, 0, ["id", "phone number"])
        sheet.write_row(2, 0, ["phn_1", "+14155550101"])
    (row,) = read(path).rows
    assert (row.number_id, row.phone_number) == ("phn_1", "+14155550101")
