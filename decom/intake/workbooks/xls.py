"""An old Excel file's workbook stream in, `Marks` for each sheet out: one walk over its records.

Raises BadInput where the stream is damaged or encrypted. Records are two bytes of kind, two of length, content.
"""

import struct
from collections.abc import Iterator

from decom.errors import BadInput
from decom.intake.workbooks.archive import protected
from decom.intake.workbooks.compound import CompoundFile
from decom.intake.workbooks.marks import FORMULA, UNCALCULATED, Marks, error_cell

STREAMS = ("Workbook", "Book")
"""The names of the stream with the sheets: since Excel 97, and before."""

_BEGIN, _END = 0x0809, 0x000A
_SHEET, _PASSWORD = 0x0085, 0x002F
_ROW, _ERROR_OR_YES, _FORMULA = 0x0208, 0x0205, 0x0006
_CELLS = frozenset({0x0203, 0x0204, 0x00FD, 0x00D6, 0x027E, _ERROR_OR_YES, _FORMULA})
_RUNS = frozenset({0x00BD})
_ROW_IS_HIDDEN = 0x20
_RESULT_IS_ERROR, _RESULT_IS_EMPTY = 2, 3
_ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
}


def marks_of(container: CompoundFile) -> list[Marks]:
    """The marks of every sheet, in the workbook's order."""
    name = next((name for name in STREAMS if name in container), None)
    if name is None:
        raise BadInput(
            "this is an Office file, but no workbook",
            remedy="Save the table as .xlsx, .ods or .csv and name that file.",
        )
    stream = container.stream(name)
    offsets: list[int] = []
    for kind, content in _records(stream, 0):
        if kind == _PASSWORD:
            raise protected()
        if kind == _SHEET and len(content) >= 4:
            offsets.extend(struct.unpack_from("<I", content))
    found = [_sheet_marks(stream, offset) for offset in offsets]
    for marks in found:
        marks.check_size()
    return found


def _records(stream: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """The records of the part that begins at `at`, to its end; parts inside it (a chart) are passed over."""
    depth = 0
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        depth += (kind == _BEGIN) - (kind == _END)
        if depth <= 0:
            return
        if depth == 1:
            yield kind, stream[at + 4 : at + 4 + length]
        at += 4 + length


def _sheet_marks(stream: bytes, offset: int) -> Marks:
    marks = Marks()
    for kind, content in _records(stream, offset):
        if kind == _ROW and len(content) >= 16:
            row, options = struct.unpack_from("<H10xI", content)
            if options & _ROW_IS_HIDDEN:
                marks.hidden.add(row)
        elif kind in _CELLS and len(content) >= 6:
            row, column = struct.unpack_from("<HH", content)
            marks.reach(row, column)
            _mark(marks, kind, (row, column), content)
        elif kind in _RUNS and len(content) >= 6:
            row, last = struct.unpack("<HH", content[:2] + content[-2:])
            marks.reach(row, last)
    return marks


def _mark(marks: Marks, kind: int, place: tuple[int, int], content: bytes) -> None:
    """Mark an error or a formula.

    A formula's result ending in two bytes FF is no number: its first byte says what it is. Programs write "empty"
    both for an empty text and for what was never calculated, so that one is a problem: it may hide a number.
    """
    if kind == _ERROR_OR_YES and len(content) >= 8 and content[7] == 1:
        marks.put(*place, error_cell(_ERRORS.get(content[6], "")))
    elif kind == _FORMULA and len(content) >= 14:
        result = content[6] if content[12:14] == b"\xff\xff" else None
        if result == _RESULT_IS_ERROR:
            marks.put(*place, error_cell(_ERRORS.get(content[8], "")))
        else:
            marks.put(*place, UNCALCULATED if result == _RESULT_IS_EMPTY else FORMULA)
