"""A workbook on standard input, its sheets as JSON lines on standard output: run as a process with limits.

A workbook is a program's worth of foreign bytes, read by a library that may abort on them. So it is read in a
process of its own, which has no key, may write no file, and ends when it takes too much memory or time.

Asked by one argument in JSON: the sheet that is wanted, empty for none. Answers line by line: `{"sheet": name,
"hidden": n, "notes": [...]}` begins a sheet, of which `n` rows are hidden and hold something; `[row, is_hidden,
cell, …]` is a line of it (rows count from 1; a cell is its text, `["problem", why, raw]` or `["marked", text,
note]`); `{"done": "sheet"}` ends it and `{"done": "workbook"}` the answer. `{"refused": [what, where, remedy]}`
ends the answer early; `where` is the place inside the workbook, empty for the whole of it.
"""

import json
import resource
import sys
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import BinaryIO, TextIO

import python_calamine as calamine
from olefile import MAGIC

from decom.errors import BadInput
from decom.intake.interface import BadCell, Cell
from decom.intake.places import inside
from decom.intake.workbooks import ods, xls, xlsx
from decom.intake.workbooks.archive import checked, damage_told, protected, refuse_document_types
from decom.intake.workbooks.limits import MOST_MEMORY, MOST_SECONDS, too_much_memory
from decom.intake.workbooks.lines import lines_of
from decom.intake.workbooks.marks import Marks
from decom.intake.workbooks.names import as_referred_to
from decom.intake.workbooks.styles import durations, styles_part, without_durations

_OTHER_ZIPS = (
    ("xl/workbook.bin", "an Excel binary workbook (.xlsb)"),
    ("word/document.xml", "a Word document"),
    ("ppt/presentation.xml", "a PowerPoint presentation"),
    ("Index/Document.iwa", "an Apple Numbers document"),
)


@dataclass(frozen=True, slots=True)
class _Book:
    """A workbook that may be read."""

    stream: BinaryIO
    """What the values are read from."""
    marks_of: Callable[[int, str], Marks]
    """The marks of a sheet by its place among all sheets and its name."""
    plain: Callable[[], BinaryIO] | None = None
    """The workbook without the formats of lengths of time; None where it has none, or they are left as they are."""


def main() -> int:
    """Answer the one question; 0 where there was an answer, be it a refusal."""
    _limit()
    with open(0, "rb", closefd=False) as stream, open(1, "w", encoding="ascii", closefd=False) as out:
        try:
            _answer(stream, out, json.loads(sys.argv[1]))
        except BadInput as refusal:
            _say_refusal(out, refusal)
        except MemoryError:
            _say_refusal(out, too_much_memory())
    return 0


def _limit() -> None:
    """Bound what this process may take: a lower bound that is already set stays."""
    for limit, most in (
        (resource.RLIMIT_AS, MOST_MEMORY),
        (resource.RLIMIT_CPU, MOST_SECONDS),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        _, hard = resource.getrlimit(limit)
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(limit, (bound, hard))


def _answer(stream: BinaryIO, out: TextIO, wanted: str) -> None:
    book = _book(stream)
    workbook = _opened(book.stream)
    names = [sheet.name for sheet in workbook.sheets_metadata]
    for name in _candidates(workbook.sheets_metadata, wanted):
        with inside(f"sheet {name!r}"):
            marks = book.marks_of(names.index(name), name)
            if marks.has_overlong and book.plain is not None:
                workbook = _opened(book.plain())
            try:
                sheet = workbook.get_sheet_by_name(name)
            except calamine.CalamineError as error:
                raise _unreadable(error) from error
        _say_sheet(out, sheet, marks, _notes(workbook.sheets_metadata, name))
    _say(out, {"done": "workbook"})


def _opened(stream: BinaryIO) -> calamine.CalamineWorkbook:
    stream.seek(0)
    try:
        return calamine.CalamineWorkbook.from_filelike(stream)
    except calamine.PasswordError:
        raise protected() from None
    except calamine.CalamineError as error:
        raise _unreadable(error) from error


def _book(stream: BinaryIO) -> _Book:
    """The workbook in `stream`, once it is known that it may be read at all."""
    stream.seek(0)
    if stream.read(len(MAGIC)) == MAGIC:
        marks_at = xls.marks_of(stream)
        return _Book(stream, lambda place, _: marks_at(place))
    archive = checked(stream)
    with damage_told():
        copy = as_referred_to(archive)
    if copy is not None:
        stream, archive = copy, checked(copy)
    refuse_document_types(archive)
    workbook = xlsx.workbook_part(archive)
    if workbook is not None:
        return _excel_book(stream, archive, workbook)
    if ods.CONTENT in archive.namelist() and _mime_type(archive).endswith("opendocument.spreadsheet"):
        ods.refuse_protected(archive)
        by_name = ods.marks_of(archive)
        return _Book(stream, lambda _, name: by_name.get(name, Marks()))
    raise _no_workbook(archive)


def _excel_book(stream: BinaryIO, archive: zipfile.ZipFile, workbook: str) -> _Book:
    parts = xlsx.sheet_parts(archive, workbook)
    styles = styles_part(archive, workbook)
    lengths = durations(archive, styles)

    def marks_of(_: int, name: str) -> Marks:
        return xlsx.marks_of(archive, parts.get(name, ""), lengths)

    return _Book(stream, marks_of, lambda: without_durations(archive, styles, lengths))


def _mime_type(archive: zipfile.ZipFile) -> str:
    """What an OpenDocument file says it is; empty where it says nothing."""
    try:
        return archive.read("mimetype")[:200].decode("ascii", "replace").strip()
    except KeyError:
        return ""


def _no_workbook(archive: zipfile.ZipFile) -> BadInput:
    names = set(archive.namelist())
    kind = next((words for name, words in _OTHER_ZIPS if name in names), "a zip archive")
    if _mime_type(archive) != "":
        kind = f"a document of the kind {_mime_type(archive)!r}"
    return BadInput(
        f"this is {kind}, not an Excel or OpenDocument workbook",
        remedy="Save the table as .xlsx, .ods or .csv and name that file.",
    )


def _candidates(sheets: Sequence[calamine.SheetMetadata], wanted: str) -> list[str]:
    """The sheets that may hold the IDs: the one wanted, else every one that a user can see."""
    names = [sheet.name for sheet in sheets]
    if len(set(names)) < len(names):
        raise BadInput("two sheets have the same name", remedy="Rename one of them.")
    if wanted != "":
        meant = [name for name in names if name == wanted] or [
            name for name in names if name.casefold() == wanted.casefold()
        ]
        if not meant:
            listed = ", ".join(repr(name) for name in names)
            raise BadInput(
                f"no sheet is called {wanted!r}. Sheets: {listed}",
                remedy="Name one of them with --sheet.",
            )
        return meant
    visible = [sheet.name for sheet in sheets if _is_table(sheet) and _is_visible(sheet)]
    if not visible:
        raise BadInput(
            "the workbook has no visible sheet",
            remedy="Name the hidden sheet to read with --sheet.",
        )
    return visible


def _is_table(sheet: calamine.SheetMetadata) -> bool:
    return sheet.typ == calamine.SheetTypeEnum.WorkSheet


def _is_visible(sheet: calamine.SheetMetadata) -> bool:
    return sheet.visible == calamine.SheetVisibleEnum.Visible


def _notes(sheets: Sequence[calamine.SheetMetadata], taken: str) -> list[str]:
    hidden = [sheet.name for sheet in sheets if not _is_visible(sheet) and sheet.name != taken]
    return [f"hidden sheets not read: {', '.join(repr(name) for name in hidden)}"] if hidden else []


def _say_sheet(out: TextIO, sheet: calamine.CalamineSheet, marks: Marks, notes: Sequence[str]) -> None:
    hidden = 0
    if marks.hidden:
        hidden = sum(row in marks.hidden and any(map(_holds, cells)) for row, cells in lines_of(sheet, marks))
    _say(out, {"sheet": sheet.name, "hidden": hidden, "notes": notes})
    for row, cells in lines_of(sheet, marks):
        _say(out, [row + 1, row in marks.hidden, *map(_said, cells)])
    _say(out, {"done": "sheet"})


def _holds(cell: Cell) -> bool:
    return not isinstance(cell, str) or cell.strip() != ""


def _said(cell: Cell) -> str | list[str]:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, BadCell):
        return ["problem", cell.why, cell.raw]
    return ["marked", cell.text, cell.note]


def _say(out: TextIO, answer: object) -> None:
    out.write(json.dumps(answer, separators=(",", ":")))
    out.write("\n")


def _say_refusal(out: TextIO, refusal: BadInput) -> None:
    _say(out, {"refused": [refusal.what, refusal.where or "", refusal.remedy or ""]})


def _unreadable(error: calamine.CalamineError) -> BadInput:
    return BadInput(
        f"the workbook cannot be read: {error}",
        remedy="Open it in a spreadsheet program, save it again, and name that file.",
    )


if __name__ == "__main__":
    sys.exit(main())
