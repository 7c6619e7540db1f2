"""An old Excel file's workbook stream in, `Marks` for each sheet out: one walk over its records.

Raises BadInput where the stream is damaged or encrypted. Records are two bytes of kind, two of length, content.
"""

import struct
from collections.abc import Callable, Iterator
from typing import BinaryIO

from olefile import OleFileIO

from decom.errors import BadInput
from decom.intake.workbooks.archive import protected
from decom.intake.workbooks.marks import FORMULA, UNCALCULATED, Marks, error_cell

_STREAMS = ("Workbook", "Book")
"""The names of the stream with the sheets: since Excel 97, and before."""
_ENCRYPTED = "EncryptedPackage"
"""The stream in which a newer workbook is kept that has a password."""

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


def marks_of(file: BinaryIO) -> Callable[[int], Marks]:
    """What gives the marks of a sheet, by its place in the workbook's order."""
    stream = _workbook_stream(file)
    offsets: list[int] = []
    for kind, content in _records(stream, 0):
        if kind == _PASSWORD:
            raise protected()
        if kind == _SHEET and len(content) >= 4:
            offsets.extend(struct.unpack_from("<I", content))
    found = [_sheet_marks(stream, offset) for offset in offsets]
    for marks in found:
        marks.check_size()

    def marks_at(place: int) -> Marks:
        if place >= len(found):
            raise _damaged("it holds fewer sheets than it names")
        return found[place]

    return marks_at


def _workbook_stream(file: BinaryIO) -> bytes:
    """What holds the sheets in `file`, a container of streams."""
    try:
        with OleFileIO(file) as container:
            name = next((name for name in (_ENCRYPTED, *_STREAMS) if container.exists(name)), None)
            content = b"" if name is None else container.openstream(name).read()
    except (OSError, ValueError, IndexError, struct.error) as error:
        raise _damaged("it ends too early, or its sectors do not hang together") from error
    if name == _ENCRYPTED:
        raise protected()
    if name is None:
        raise BadInput(
            "this is an Office file, but not a workbook",
            remedy="Save the table as .xlsx, .ods or .csv and name that file.",
        )
    return bytes(content)


def _damaged(how: str) -> BadInput:
    return BadInput(
        f"the workbook is damaged: {how}",
        remedy="Open it in a spreadsheet program, save it as .xlsx, and name that file.",
    )


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
