"""For the tests beside it: what is to stand in a workbook in, a real file of each kind out."""

import struct
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter
import xlwt  # type: ignore[import-untyped]  # it has no types
from odf import office, opendocument, style, table, text  # type: ignore[import-untyped]  # it has no types
from xlwt.CompoundDoc import XlsDoc  # type: ignore[import-untyped]  # it has no types

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
WORKBOOK, SHEET, STRINGS = "xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"


def xlsx(path: Path, *sheets: Sequence[Sequence[str]], hidden: Sequence[int] = ()) -> Path:
    """A workbook by XlsxWriter with text cells; `hidden` rows (from 0) of every sheet are hidden."""
    with xlsxwriter.Workbook(path) as workbook:
        for number, rows in enumerate(sheets, start=1):
            sheet = workbook.add_worksheet(f"Sheet {number}")
            for at, row in enumerate(rows):
                for column, cell in enumerate(row):
                    sheet.write_string(at, column, cell)
            for at in hidden:
                sheet.set_row(at, None, None, {"hidden": True})
    return path


def xls(path: Path, *sheets: Sequence[Sequence[Any]], hidden: Sequence[int] = ()) -> Path:
    """A workbook of the old kind by xlwt; cells as xlwt takes them."""
    workbook = xlwt.Workbook()
    for number, rows in enumerate(sheets, start=1):
        sheet = workbook.add_sheet(f"Sheet {number}")
        for at, row in enumerate(rows):
            for column, cell in enumerate(row):
                sheet.write(at, column, cell)
        for at in hidden:
            sheet.row(at).hidden = True
    workbook.save(str(path))
    return path


def ods(path: Path, *sheets: Sequence[Sequence[str]], hidden: Sequence[int] = ()) -> Path:
    """An OpenDocument spreadsheet by odfpy with text cells."""
    document = opendocument.OpenDocumentSpreadsheet()
    for number, rows in enumerate(sheets, start=1):
        sheet = table.Table(name=f"Sheet {number}")
        for at, row in enumerate(rows):
            line = table.TableRow(**({"visibility": "collapse"} if at in hidden else {}))
            for cell in row:
                line.addElement(ods_cell(cell))
            sheet.addElement(line)
        document.spreadsheet.addElement(sheet)
    document.save(str(path))
    return path


def ods_cell(shown: str, note: str = "", **attributes: object) -> table.TableCell:
    """A cell that shows text, with a comment where `note` is not empty."""
    cell = table.TableCell(**(attributes or ({"valuetype": "string"} if shown else {})))
    if note:
        comment = office.Annotation()
        comment.addElement(text.P(text=note))
        cell.addElement(comment)
    if shown:
        cell.addElement(text.P(text=shown))
    return cell


def ods_of_rows(path: Path, *rows: table.TableRow, hidden_sheet: bool = False) -> Path:
    """An OpenDocument spreadsheet of these rows."""
    document = opendocument.OpenDocumentSpreadsheet()
    sheet = table.Table(name="One")
    if hidden_sheet:
        look = style.Style(name="unseen", family="table")
        look.addElement(style.TableProperties(display="false"))
        document.automaticstyles.addElement(look)
        sheet = table.Table(name="One", stylename=look)
    for row in rows:
        sheet.addElement(row)
    document.spreadsheet.addElement(sheet)
    document.save(str(path))
    return path


def ods_row(*cells: table.TableCell, **attributes: object) -> table.TableRow:
    """A row of these cells."""
    row = table.TableRow(**attributes)
    for cell in cells:
        row.addElement(cell)
    return row


def raw_xlsx(path: Path, rows: str, parts: Mapping[str, str | bytes] | None = None, before: str = "") -> Path:
    """A workbook put together by hand: `rows` is the XML inside `sheetData`, `before` what stands above the root.

    `parts` adds parts or replaces them; one of `b""` is left out.
    """

    def relations(*pairs: tuple[str, str]) -> str:
        listed = (
            f'<Relationship Id="rId{number}" Type="{RELATIONS}/{kind}" Target="{target}"/>'
            for number, (kind, target) in enumerate(pairs, start=1)
        )
        return f'<Relationships xmlns="{PACKAGE}/relationships">{"".join(listed)}</Relationships>'

    content: dict[str, str | bytes] = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"/>',
        "_rels/.rels": relations(("officeDocument", WORKBOOK)),
        WORKBOOK: f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}">'
        '<sheets><sheet name="One" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": relations(
            ("worksheet", "worksheets/sheet1.xml"), ("sharedStrings", "sharedStrings.xml")
        ),
        SHEET: f'{before}<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>',
        **(parts or {}),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in content.items():
            if part != b"":
                archive.writestr(name, part)
    return path


def row(number: int, *cells: str, attributes: str = "") -> str:
    """A row's XML for `raw_xlsx`, its cells given as XML."""
    return f'<row r="{number}"{attributes}>{"".join(cells)}</row>'


def inline(place: str, shown: str) -> str:
    """A text cell's XML for `raw_xlsx`."""
    return f'<c r="{place}" t="inlineStr"><is><t>{shown}</t></is></c>'


def compound(path: Path, stream: bytes, name: str = "Workbook") -> Path:
    """An OLE compound file with one stream of this name."""
    XlsDoc().save(str(path), stream)
    content = path.read_bytes()
    old = "Workbook".encode("utf-16-le").ljust(64, b"\0") + struct.pack("<H", 18)
    new = name.encode("utf-16-le").ljust(64, b"\0") + struct.pack("<H", 2 * len(name) + 2)
    assert content.count(old) == 1
    path.write_bytes(content.replace(old, new))
    return path


def record(kind: int, content: bytes = b"") -> bytes:
    """One record of an old workbook's stream."""
    return struct.pack("<HH", kind, len(content)) + content
