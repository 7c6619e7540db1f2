"""A sheet's values and its marks in, lines of cells out: a whole number as its digits, all else as what it is."""

import datetime
import math
from collections.abc import Iterator

import python_calamine as calamine

from decom.intake.interface import BadCell, Cell, NotedCell
from decom.intake.workbooks.marks import Marks

_MOST_EXACT = 10**15
"""From here on a spreadsheet's number may not be the one that was typed: it keeps 15 digits."""

OVERLONG = BadCell("a cell of this row is a duration that is too long to be read")
"""What stands in every cell of a row that was lost for one of them."""

Value = int | float | str | bool | datetime.time | datetime.date | datetime.datetime | datetime.timedelta
"""What calamine gives for a cell."""


def lines_of(sheet: calamine.CalamineSheet, marks: Marks) -> Iterator[tuple[int, list[Cell]]]:
    """The sheet's lines, rows counted from 0, each from the first column to its last cell that holds something."""
    before = [""] * (sheet.start[1] if sheet.start is not None else 0)
    row = -1
    for row, values in enumerate(_values(sheet)):
        if values is None:
            yield row, [OVERLONG] * (len(before) + sheet.width)
            continue
        cells: list[Cell] = [*before, *(value if type(value) is str else _cell(value) for value in values)]
        yield row, _marked(cells, marks.cells.get(row))
    for later in range(row + 1, max(marks.cells, default=-1) + 1):
        yield later, _marked([], marks.cells.get(later))


def _values(sheet: calamine.CalamineSheet) -> Iterator[list[Value] | None]:
    """The sheet's rows; None for one that the library cannot say for a duration that is too long."""
    rows = iter(sheet.iter_rows())
    while True:
        try:
            yield next(rows)
        except StopIteration:
            return
        except OverflowError:
            yield None


def _marked(cells: list[Cell], marks: dict[int, BadCell | str] | None) -> list[Cell]:
    """A line's cells with what is known of them beside their values."""
    for column, mark in (marks or {}).items():
        cells.extend([""] * (column + 1 - len(cells)))
        cell = cells[column]
        if isinstance(mark, BadCell):
            cells[column] = mark
        elif isinstance(cell, str) and cell != "":
            cells[column] = NotedCell(cell, mark)
    while cells and cells[-1] == "":
        cells.pop()
    return cells


def _cell(value: Value) -> Cell:
    """A value that is no text: a whole number as its digits, everything else as what it is instead."""
    if isinstance(value, bool):
        return BadCell("this cell is a yes/no value", str(value).upper())
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, datetime.time):
        return BadCell("this cell is a time of day", value.isoformat())
    if isinstance(value, datetime.datetime):
        return BadCell("this cell is a date", value.isoformat(" "))
    if isinstance(value, datetime.date):
        return BadCell("this cell is a date", value.isoformat())
    return BadCell("this cell is a duration", str(value))


def _number(value: float) -> Cell:
    if not math.isfinite(value):
        return BadCell("this cell is a number without a value", str(value))
    if value != int(value):
        return BadCell("a number with a fraction is not a valid ID or phone number", repr(value))
    if abs(value) >= _MOST_EXACT:
        why = "precision lost: a spreadsheet keeps 15 digits of a number. Format the cell as text and type it again"
        return BadCell(why, str(int(value)))
    return str(int(value))
