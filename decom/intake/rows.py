"""A sheet's raw rows and its columns in, its rows as frames out: one for every row below the header that is not blank.

Here a row's cells are weighed against each other: an ID and a number that both can be read, or a reason why the row
cannot be used.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, repeat
from typing import TYPE_CHECKING

from decom.errors import BadInput
from decom.intake.cells import BLANK, CellReading, is_blank, joined, read_cell, text_of
from decom.intake.header import ID_HEADERS, NUMBER_HEADERS, Columns, letters
from decom.intake.interface import Cell, InputFile, OpenFile, RawRow, ReadOptions, Row, Rows
from decom.phone_numbers.reading import Readings
from decom.tables import GrowingTable, SharedTexts, lines_of, normalised

if TYPE_CHECKING:
    import pandas as pd

_AT_ONCE = 10_000
"""Rows whose cells are gathered before they join their columns."""

_SURPLUS = "this row has"


def rows_frame(
    raw_rows: Iterable[RawRow], columns: Columns, options: ReadOptions, source: OpenFile, notes: tuple[str, ...]
) -> Rows:
    """Every row of `raw_rows` (the whole sheet, header included) below the header; `notes` as `Rows.notes`.

    Raises BadInput where there is none, where there are more than `options.max_rows`, and where not one of them
    names a number: then the wrong column is being read.
    """
    import pandas as pd

    body = _Body(raw_rows, columns, options.max_rows)
    growing, beside = GrowingTable("R"), [SharedTexts() for _ in columns.others]
    rows = iter(body)
    while len(some := list(islice(rows, _AT_ONCE))) > 0:
        read = [_read_row(cells, columns, options.region) for _, cells in some]
        growing.add(
            row=(number for number, _ in some),
            input_value=(value for value, _ in read),
            number_id=(each.number_id for _, each in read),
            phone_number=(None if each.number is None else each.number.numbers[0] for _, each in read),
            readings=(None if each.number is None or each.number.is_plain else each.number for _, each in read),
            problem=(each.problem for _, each in read),
            note=(each.note for _, each in read),
        )
        for (at, _), texts in zip(columns.others, beside, strict=True):
            texts.extend(text_of(_at(cells, at)) for _, cells in some)
    table = growing.frame()
    _check(table, body.surplus, columns)
    travelling = [
        (name, values)
        for (at, name), values in zip(columns.others, (texts.values() for texts in beside), strict=True)
        if at not in columns.unnamed or not all(map(is_blank, values.categories))
    ]
    others = pd.DataFrame({place: values for place, (_, values) in enumerate(travelling)}, index=table.index)
    names = tuple(name for name, _ in travelling)
    return Rows(source.name, source.sha256, table, names, others, body.blank_rows, notes)


def as_objects(rows: Rows) -> InputFile:
    """The rows as objects, for a planning that does not yet take frames."""
    beside: Iterable[tuple[str, ...]] = rows.others.astype(object).itertuples(index=False, name=None)
    found = (
        Row(
            row=line.row,
            input_value=line.input_value,
            number_id=line.number_id,
            number=_number(line.phone_number, line.readings),
            problem=None if isinstance(line.problem, float) else line.problem,
            note=line.note,
            others=others,
        )
        for line, others in zip(
            lines_of(rows.table), repeat(()) if len(rows.other_columns) == 0 else beside, strict=False
        )
    )
    return InputFile(rows.name, rows.sha256, tuple(found), rows.blank_rows, rows.other_columns, rows.notes)


def _number(phone_number: str | None, readings: Readings | None) -> Readings | None:
    plain = None if phone_number is None else Readings((phone_number,), certain=True)
    return plain if readings is None else readings


class _Body:
    """The rows below the header that are not blank, as many as are wanted."""

    def __init__(self, raw_rows: Iterable[RawRow], columns: Columns, most: int) -> None:
        self._raw_rows = raw_rows
        self._header_row = columns.header_row or 0
        self._most = most
        self.blank_rows = self.surplus = 0

    def __iter__(self) -> Iterator[RawRow]:
        taken = 0
        for number, cells in self._raw_rows:
            if all(map(is_blank, cells)):
                self.blank_rows += 1
            elif number > self._header_row:
                taken += 1
                if taken <= self._most:
                    yield number, cells
        self.surplus = max(0, taken - self._most)


def _check(table: "pd.DataFrame", surplus: int, columns: Columns) -> None:
    """Raise BadInput where the rows as a whole say that something else was meant."""
    if surplus > 0:
        raise BadInput(
            f"there are {len(table) + surplus:,} rows, and the most that are read are {len(table):,}",
            remedy="Split the file, or raise the limit with the setting DECOM_MAX_ROWS (max_rows).",
        )
    if len(table) == 0:
        raise BadInput("there are no rows", remedy="Name a file with an ID or a number a row.")
    if table["problem"].notna().all():
        at = columns.number_at if columns.id_at is None else columns.id_at
        shown = "; ".join(f"row {line.row}: {line.problem}" for line in lines_of(table.head(3)))
        shifted = all(problem.startswith(_SURPLUS) for problem in table["problem"].unique())
        remedy = "Put quotes around a cell that holds the delimiter, and save the file again."
        raise BadInput(
            f"no row holds an ID or a number in column {letters(at or 0)}. {shown}",
            remedy=remedy if shifted else "Say which column holds them with --column and its header.",
        )


def _read_row(cells: Sequence[Cell], columns: Columns, region: str | None) -> tuple[str, CellReading]:
    """The raw text of the row's cell that names the number, and what its one or two cells that count say together."""
    id_at, number_at = columns.id_at, columns.number_at
    first = _at(cells, id_at) if id_at is not None else ""
    second = _at(cells, number_at) if number_at is not None else ""
    value = text_of(second if is_blank(first) and not is_blank(second) else first)
    reading = _together(read_cell(first, region), read_cell(second, region))
    if reading is BLANK:
        return value, CellReading(problem="no ID and no number in this row")
    if reading.problem is not None and normalised(value) in ID_HEADERS | NUMBER_HEADERS:
        return value, CellReading(problem="looks like a header, not like an ID or a number")
    if reading.problem is None and (surplus := _surplus(cells, columns)) is not None:
        return value, CellReading(problem=surplus)
    return value, reading


def _together(first: CellReading, second: CellReading) -> CellReading:
    """What the ID's cell and the number's cell say together. Whether both mean one number the account decides."""
    if second is BLANK or first.problem is not None:
        return first
    if first is BLANK:
        return second
    if second.problem is not None:
        return CellReading(problem=f"the number beside the ID cannot be read: {second.problem}")
    if first.number_id is not None and second.number_id is not None:
        return first if first.number_id == second.number_id else CellReading(problem="two different IDs in this row")
    if first.number is not None and second.number is not None:
        if first.number.numbers == second.number.numbers:
            return second if second.number.certain else first
        return CellReading(problem="two different numbers in this row")
    return CellReading(
        number_id=first.number_id or second.number_id,
        number=first.number or second.number,
        note=joined(first.note, second.note),
    )


def _surplus(cells: Sequence[Cell], columns: Columns) -> str | None:
    """Why a line with more cells than the header cannot be trusted: a cell too many has shifted the others."""
    if len(cells) <= columns.width or all(map(is_blank, cells[columns.width :])):
        return None
    if columns.header_row is None:
        return "more than one value in this row, and no header to tell them by"
    return f"{_SURPLUS} {len(cells)} cells, and the header has {columns.width}"


def _at(cells: Sequence[Cell], at: int) -> Cell:
    """A line's cell; blank where the line is shorter."""
    return cells[at] if at < len(cells) else ""
