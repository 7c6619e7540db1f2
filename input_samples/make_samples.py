"""Writes the samples of this folder again, the same bytes each time: `python input_samples/make_samples.py`.

`one_off.csv` names numbers of the account that `decom sandbox` makes up, so the two belong together. What each
sample must come to stands in `expected.toml`.
"""

import csv
import datetime
import io
import struct
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import xlsxwriter
import xlwt  # type: ignore[import-untyped]  # it has no types
from odf import opendocument, table, text  # type: ignore[import-untyped]  # it has no types
from xlwt.CompoundDoc import XlsDoc  # type: ignore[import-untyped]  # it has no types

from decom.sandbox.account import SandboxAccount
from decom.sandbox.made_up import Row

FOLDER = Path(__file__).resolve().parent
OWNERS = ("Anna Kowalska", "Bilal Hussain", "Chiara Müller", "Dev Patel", "Team Nord")
CENTRES = ("CC-1010", "CC-2040", "CC-3300")
FIRST_MOMENT = (1980, 1, 1, 0, 0, 0)


def spaced(number: str) -> str:
    """`+919876543210` as people write it: `+91 98765-43210`."""
    return f"{number[:3]} {number[3:8]}-{number[8:]}"


def one_off() -> str:
    """A clean-up as someone gathered it by hand: by ID, by number, by both, and everything that goes wrong."""
    account = SandboxAccount.made_up(seed=1)
    free = iter(account.releasable)
    indian = iter([row for row in account.releasable[100:] if row["country_code"] == "IN"])
    british = iter([row for row in account.releasable[100:] if row["country_code"] == "GB"])
    rows: list[tuple[str, str, str]] = []
    rows += [(row["id"], row["phone_number"], "") for row in islice(free, 12)]
    rows += [(row["id"], "", "retired with the old menu") for row in islice(free, 8)]
    rows += [("", row["phone_number"], "") for row in islice(free, 4)]
    rows += list(by_number_as_written(indian, british))
    rows += [(row["id"], row["phone_number"], "still in a campaign?") for row in account.held_openly[:5]]
    rows += [("", spaced(account.held_openly[5]["phone_number"]), "")]
    rows += [(row["id"], "", "") for row in account.held_secretly[:2]]
    rows += [
        ("phn_gone1gone1gone1g", "", "released last year?"),
        ("", "+919800000001", "not ours any more"),
        ("phn_gone2gone2gone2g", "+442079460999", ""),
    ]
    rows += list(duplicates(account.releasable))
    rows += list(mistakes(account.releasable[60:]))
    return as_csv(rows)


def by_number_as_written(indian: Iterator[Row], british: Iterator[Row]) -> Iterator[tuple[str, str, str]]:
    """Numbers in the writings that are found in the wild, all of which can be read."""
    yield "", spaced(next(indian)["phone_number"]), "typed by hand"
    yield "", f"00{next(indian)['phone_number'][1:]}", "dialled from abroad"
    yield "", next(indian)["phone_number"][1:], "the + was lost"
    yield "", f"{next(indian)['phone_number'][1:]}.0", "passed through a data frame"
    yield "", f"tel:{next(indian)['phone_number']}", "copied from a web page"
    yield "", f" {next(indian)['phone_number']}\u00a0", "blanks around"
    number = next(british)["phone_number"]
    yield "", f"+44 (0){number[3:5]} {number[5:9]} {number[9:]}", "with the 0 that is dialled at home"
    row = next(indian)
    yield f" {row['id']} ", row["phone_number"], "blanks around the ID"


def duplicates(rows: list[Row]) -> Iterator[tuple[str, str, str]]:
    """Rows that name a number of an earlier row once more."""
    yield rows[0]["id"], rows[0]["phone_number"], "pasted twice"
    yield "", rows[1]["phone_number"], "here by its number"
    yield rows[21]["id"], "", "here by its ID"


def mistakes(rows: list[Row]) -> Iterator[tuple[str, str, str]]:
    """Rows that must be refused, each for a reason of its own."""
    yield rows[0]["id"], rows[1]["phone_number"], "ID and number of two lines"
    yield rows[2]["id"].upper(), "", "shouted"
    yield f"{rows[3]['id']},{rows[4]['id']}", "", "two in one cell"
    yield f"{rows[5]['id']}/../{rows[6]['id']}", "", "a path"
    yield "cmp_8x2k1v9q4t7m3c5a", "", "a campaign's ID"
    yield "", "9.19876E+11", "shortened by a spreadsheet"
    yield "", "09876543210", "no country code"
    yield "", "+91 98765 43210 ext 12", "an extension"
    yield "", "", "nobody knows which"
    yield "#REF!", "", "a lost reference"
    yield "", "n/a", "none"
    yield "Total", "", "=cmd|' /C calc'!A0"


def as_csv(rows: list[tuple[str, str, str]]) -> str:
    """The rows with cost centre and owner, two blank lines among them, as a spreadsheet program saves them."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(["Phone Number ID", "Phone Number", "Cost Centre", "Owner", "Note"])
    for place, (number_id, number, note) in enumerate(rows):
        if place in (20, 40):
            writer.writerow(["", "", "", "", ""])
        writer.writerow([number_id, number, CENTRES[place % 3], OWNERS[place % 5], note])
    return out.getvalue()


def finance_xlsx(path: Path) -> None:
    """A workbook as finance keeps it: a cover, the list on the second sheet under a title, an old list hidden."""
    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"created": datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)})
        book.add_worksheet("Cover").write_string(0, 0, "Lines to give up, Q4")
        sheet = book.add_worksheet("Lines")
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_string(0, 0, "As agreed with operations")
        sheet.write_row(2, 0, ["MSISDN", "Owner", "Since", "Monthly cost"])
        sheet.write_number(3, 0, 919876543210)
        sheet.write_row(3, 1, ["Anna", 45_000, 4.5])
        sheet.write_string(4, 0, "+91 98765 43211")
        sheet.write_row(4, 1, ["Bilal", 45_001, 4.5])
        sheet.write_formula(6, 0, '=CONCAT("+91","9876543212")', None, "+919876543212")
        sheet.write_formula(7, 0, "=VLOOKUP(B8,A1:A2,1)", None, "#N/A")
        sheet.write_number(8, 0, 9198765432101234567)
        sheet.write_datetime(9, 0, datetime.date(2026, 1, 31), day)
        sheet.write_string(10, 1, "nobody")
        sheet.set_column(2, 2, 12, day)
        old = book.add_worksheet("2025")
        old.write_column(0, 0, ["MSISDN", "+919876543219"])
        old.hide()


def filtered_xlsx(path: Path) -> None:
    """A list of which somebody filtered out every other row."""
    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"created": datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)})
        sheet = book.add_worksheet("Lines")
        sheet.write_row(0, 0, ["id", "keep?"])
        for at in range(1, 7):
            sheet.write_row(at, 0, [f"phn_line{at}", "yes" if at % 2 == 0 else "no"])
            if at % 2 == 0:
                sheet.set_row(at, None, None, {"hidden": True})
        sheet.autofilter(0, 0, 6, 1)


def old_export_xls(path: Path) -> None:
    """A list out of a program that still writes the old format: numbers are numbers there."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("Export")
    lines: list[list[str | int]] = [["number", "team"], [919876543210, "North"], [919876543211, "South"], [], [17, "?"]]
    for at, row in enumerate(lines):
        for column, cell in enumerate(row):
            sheet.write(at, column, cell)
    book.save(str(path))


def open_document_ods(path: Path) -> None:
    """A list from an office that uses OpenDocument."""
    document = opendocument.OpenDocumentSpreadsheet()
    sheet = table.Table(name="Nummern")
    for cells in (["DialNexa ID", "Inhaber"], ["phn_line1", "Jörg"], ["phn_line2", "Zoë"], ["", ""], ["fehlt", "?"]):
        row = table.TableRow()
        for shown in cells:
            cell = table.TableCell(valuetype="string") if shown else table.TableCell()
            if shown:
                cell.addElement(text.P(text=shown))
            row.addElement(cell)
        sheet.addElement(row)
    document.spreadsheet.addElement(sheet)
    document.save(str(path))
    with zipfile.ZipFile(path) as archive:
        parts = [(part.filename, archive.read(part)) for part in archive.infolist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts:
            archive.writestr(zipfile.ZipInfo(name, FIRST_MOMENT), content)


def with_password_xlsx(path: Path) -> None:
    """The outside of a workbook with a password: a container with an encrypted package, here of zeros."""
    XlsDoc().save(str(path), b"\0" * 4_096)
    old = "Workbook".encode("utf-16-le").ljust(64, b"\0") + struct.pack("<H", 18)
    new = "EncryptedPackage".encode("utf-16-le").ljust(64, b"\0") + struct.pack("<H", 34)
    path.write_bytes(path.read_bytes().replace(old, new))


def merged_heading_xlsx(path: Path) -> None:
    """A heading over two columns; ID and number of one row are those of two lines."""
    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"created": datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)})
        sheet = book.add_worksheet("Lines")
        sheet.merge_range(0, 0, 0, 1, "Number")
        sheet.write_row(1, 0, ["id", "phone number"])
        sheet.write_row(2, 0, ["phn_14155550100", "+14155550101"])
        sheet.write_row(3, 0, ["phn_14155550102", "+14155550102"])


def durations_xlsx(path: Path) -> None:
    """Numbers in cells that somebody formatted as `[h]:mm:ss`, in both columns."""
    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"created": datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)})
        sheet, duration = book.add_worksheet("Lines"), book.add_format({"num_format": "[h]:mm:ss"})
        sheet.write_row(0, 0, ["phone number", "contact"])
        sheet.write_number(1, 0, 14155550100, duration)
        sheet.write_string(2, 0, "+14155550101")
        sheet.write_number(2, 1, 14155550102, duration)
        sheet.write_string(3, 0, "+14155550103")


def backslashes_xlsx(path: Path) -> None:
    """A workbook by a program that writes its parts' names with backslashes."""
    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"created": datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)})
        book.add_worksheet("Lines").write_column(0, 0, ["phone number", "+14155550100", "+14155550101"])
    with zipfile.ZipFile(path) as archive:
        parts = [(part.filename, archive.read(part)) for part in archive.infolist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts:
            entry = zipfile.ZipInfo("part", FIRST_MOMENT)
            entry.filename = name.replace("/", "\\")  # what ZipInfo is given it would mend
            archive.writestr(entry, content)


TWO_VALUES = """phone number,what it is
+49 30 123456/7,two endings
+91 22 24567890/91,two endings
+14155550100-0149,a block
+49 30 12345-0-59,a block
+4930123456 4930123457,two numbers
+49 123 / 42 42 42,one number
+49 7736 9219-0,a switchboard
+44 (0)20 7946 0958,one number
"""
OPERATIONS = """operation,phone number,region
Delete,+14155550100,West
Update,+14155550101,West
delete,+14155550102,East
Update,+14155550102,East
"""


def texts() -> dict[str, bytes]:
    """The samples that are text or a few bytes, good ones first."""
    names = "id;owner\r\nphn_line1;Jörg Müller\r\nphn_line2;Zoë\r\n;nobody\r\n\r\nphn_line3;Åse\r\n"
    return {
        "one_off.csv": one_off().encode(),
        "ids_only.csv": b"phn_line1\nphn_line2\n\nphn_line3\nphn_line2 \n",
        "semicolons_windows_1252.csv": names.encode("cp1252"),
        "tabs_utf16.tsv": names.replace(";", "\t").encode("utf-16"),
        "utf8_with_mark_and_sep_line.csv": ("\ufeffsep=;\r\n" + names).encode(),
        "old_mac_pipes.txt": b"e164|team\r+919876543210|North\r+919876543211|South\r",
        "title_rows.csv": b"Lines to give up,,\nasked for by Anna,,\n\nID,Owner,Why\nphn_line1,Bilal,-\nphn_line2,,\n",
        "national_numbers.csv": b"Phone,City\n098765 43210,Pune\n98765-43211,Pune\n+14155552671,Oakland\n",
        "data_frame.csv": b",msisdn,cost\n0,919876543210.0,4.5\n1,919876543211.0,\n2,nan,\n",
        "notes_of_several_lines.csv": b'id,note,outcome\nphn_line1,"first\nsecond, third",kept\nphn_line2,"""no""",\n',
        "pasted_lists.csv": b"id,owner\nphn_line1,Anna\nid,owner\nphn_line2,Bilal\nTotal: 2,\n",
        "own_column.csv": b"Line,Contact phone,Phone\nphn_line1,+911111111111,+912222222222\n",
        "empty.csv": b"",
        "header_only.csv": b"id,owner\n",
        "unknown_headers.csv": b"line,mobile\nphn_line1,+919876543210\n",
        "no_header.csv": b"phn_line1,Anna\nphn_line2,Bilal\n",
        "two_id_columns.csv": b"id,phone number id\n1,phn_line1\n2,phn_line2\n",
        "id_twice.csv": b"id,owner,id\nphn_line1,Anna,phn_line2\n",
        "row_numbers_as_ids.csv": b"id,owner\n1,Anna\n2,Bilal\n3,Chiara\n",
        "unclosed_quote.csv": b'id,note\nphn_line1,"asked for by Anna\nphn_line2,\nphn_line3,\n',
        "swallowed_rows.csv": b'id,note\nphn_line1,"Anna\nphn_line2,Bilal\nphn_line3,"\nphn_line4,\n',
        "mixed_delimiters.csv": b"id,owner\nphn_line1;Anna\nphn_line2;Bilal\n",
        "nul_bytes.csv": b"id,owner\n" + b"phn_line1,Anna\n" * 300 + b"phn_\x00line2,Bilal\n",
        "utf16_without_mark.csv": "id,owner\nphn_line1,Anna\n".encode("utf-16-le"),
        "really_a_page.xls": b"<html><table><tr><td>id</td></tr><tr><td>phn_line1</td></tr></table></html>\n",
        "really_a_picture.csv": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
        "two_values.csv": TWO_VALUES.encode(),
        "several_readings.csv": b"phone\n49 7755 91155\n",
        "no_country.csv": b"phone\n4155550100\n",
        "operations.csv": OPERATIONS.encode(),
        "release_or_keep.csv": b"id,to release?\nphn_14155550100,yes\nphn_14155550101,\nphn_14155550102,yes\n",
        "protected_numbers.csv": b"phone number\n+442079460958\n+14155550100\n",
        "formulas_of_text.csv": b'="phone number",="owner"\n="+14155550100",="Anna"\n="+14155550101",="Bilal"\n',
        "marks_of_a_phone.csv": "phone\n\u202a+14155550100\u202c\n+14155550101\u200e\n+14155550102\n".encode(),
        "powershell.csv": b'#TYPE Selected.System.Object\n"Nr","Line"\n"1","+14155550100"\n"2","+14155550101"\n',
        "key_and_value_lines.csv": b"Report,Lines\nMade by,Anna\nRows,2\n\nid,owner\nphn_line1,Anna\nphn_line2,Bilal\n",
        "two_headers.csv": b"Number,\nphone number,owner\n+14155550100,Anna\n",
        "api_answer.csv": b'{"data": [{"id": "phn_line1"}]}\n',
    }


BOOKS: dict[str, Callable[[Path], None]] = {
    "finance.xlsx": finance_xlsx,
    "filtered.xlsx": filtered_xlsx,
    "old_export.xls": old_export_xls,
    "open_document.ods": open_document_ods,
    "with_password.xlsx": with_password_xlsx,
    "merged_heading.xlsx": merged_heading_xlsx,
    "durations.xlsx": durations_xlsx,
    "backslashes.xlsx": backslashes_xlsx,
}


def samples() -> dict[str, bytes]:
    """Every sample's name and bytes."""
    made = texts()
    with tempfile.TemporaryDirectory() as folder:
        for name, write in BOOKS.items():
            path = Path(folder, name)
            write(path)
            made[name] = path.read_bytes()
    return made


if __name__ == "__main__":
    for sample, content in samples().items():
        (FOLDER / sample).write_bytes(content)
