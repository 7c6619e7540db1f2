"""An OpenDocument spreadsheet's content in, `Marks` for each sheet out: one pass over its XML, level in memory."""

import zipfile
from xml.parsers.expat import XMLParserType

from decom.intake.interface import BadCell
from decom.intake.places import inside
from decom.intake.workbooks.archive import parse_part, protected, read_part
from decom.intake.workbooks.marks import FORMULA, UNCALCULATED, Marks, error_cell

CONTENT = "content.xml"
"""The part that holds all sheets."""

_MANIFEST = "META-INF/manifest.xml"
_TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0 "
_OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0 "
_CALC = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0 "
_MOST_MARKED_TOGETHER = 10_000
"""Longest run of equal cells or rows that is marked one by one; a longer one is a sheet's unused rest."""


def refuse_protected(archive: zipfile.ZipFile) -> None:
    """Raise BadInput where the sheets are encrypted, which only the manifest says."""
    if _MANIFEST in archive.namelist() and b"encryption-data" in read_part(archive, _MANIFEST):
        raise protected()


def marks_of(archive: zipfile.ZipFile) -> dict[str, Marks]:
    """The marks of every sheet, by its name. Raises BadInput where the content is damaged or a sheet too large:
    any sheet, since the values of all of them are read at once."""
    reader = _ContentReader()
    parse_part(archive, CONTENT, reader.prepare)
    for name, marks in reader.sheets.items():
        with inside(f"sheet {name!r}"):
            marks.check_size()
    return reader.sheets


class _ContentReader:
    """Handlers for the content's XML; a row or a cell may stand for many equal ones."""

    def __init__(self) -> None:
        self.sheets: dict[str, Marks] = {}
        self._marks = Marks()
        self._row = self._column = 0
        self._rows = self._columns = 1
        self._cell: dict[str, str] | None = None
        self._text: list[str] = []
        self._depth = 0

    def prepare(self, parser: XMLParserType) -> None:
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text_found

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if not name.startswith(_TABLE):
            self._depth += name == _OFFICE + "annotation"
            return
        element = name[len(_TABLE) :]
        if element == "table":
            self._marks = self.sheets[attributes.get(_TABLE + "name", "")] = Marks()
            self._row = 0
        elif element == "table-row":
            self._column = 0
            self._rows = int(attributes.get(_TABLE + "number-rows-repeated", "1"))
            if attributes.get(_TABLE + "visibility") in ("collapse", "filter"):
                self._marks.hidden.update(range(self._row, self._row + min(self._rows, _MOST_MARKED_TOGETHER)))
        elif element in ("table-cell", "covered-table-cell"):
            self._columns = int(attributes.get(_TABLE + "number-columns-repeated", "1"))
            self._cell = attributes
            self._text = []

    def _end(self, name: str) -> None:
        if not name.startswith(_TABLE):
            self._depth -= name == _OFFICE + "annotation"
            return
        element = name[len(_TABLE) :]
        if element == "table-row":
            self._row += self._rows
        elif element in ("table-cell", "covered-table-cell") and self._cell is not None:
            self._put(self._cell, "".join(self._text))
            self._column += self._columns
            self._cell = None

    def _text_found(self, text: str) -> None:
        if self._cell is not None and self._depth == 0:
            self._text.append(text)

    def _put(self, attributes: dict[str, str], text: str) -> None:
        """Mark the cell that just ended, and those that are its repetitions."""
        kind = attributes.get(_OFFICE + "value-type")
        is_formula = _TABLE + "formula" in attributes
        if kind is None and text.strip() == "" and not is_formula:
            return
        self._marks.reach(self._row + self._rows - 1, self._column + self._columns - 1)
        mark: BadCell | str | None = None
        if attributes.get(_CALC + "value-type") == "error":
            mark = error_cell(text)
        elif is_formula:
            mark = UNCALCULATED if kind is None else FORMULA
        if mark is not None:
            for row in range(self._row, self._row + min(self._rows, _MOST_MARKED_TOGETHER)):
                for column in range(self._column, self._column + min(self._columns, _MOST_MARKED_TOGETHER)):
                    self._marks.put(row, column, mark)
