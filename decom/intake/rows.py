"""A sheet's raw rows and its columns in, its rows as frames out: one for every row below the header that is not blank.

Here a row's cells are weighed against each other: an ID and a number that both can be read, or a reason why the row
cannot be used.
"""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from decom.errors import BadInput
from decom.intake.cells import BLANK, FORMULA, CellReading, is_blank, joined, read_cell, text_of
from decom.intake.header import ID_HEADERS, NUMBER_HEADERS, Columns, letters
from decom.intake.interface import Cell, OpenFile, RawRow, ReadOptions, Rows
from decom.tables import GrowingTable, SharedTexts, lines_of, normalised

if TYPE_CHECKING:
    import pandas as pd

_AT_ONCE = 500
"""Rows that are read together; with more of them their cells leave the processor's cache, which doubles the time."""

_SURPLUS = "this row has"


def rows_frame(
    raw_rows: Iterable[RawRow], columns: Columns, options: ReadOptions, source: OpenFile, notes: tuple[str, ...]
) -> Rows:
    """Every row of `raw_rows` (the whole sheet, header included) below the header; `notes` as `Rows.notes`.

    Raises BadInput where there is none, where there are more than `options.max_rows`, and where not one of them
    names a number: then the wrong column is being read.
    """
    import pandas as pd

    growing, beside = GrowingTable("R"), [SharedTexts() for _ in columns.others]
    rows = iter(raw_rows)
    header_row = columns.header_row or 0
    found = blank_rows = 0
    while len(piece := list(islice(rows, _AT_ONCE))) > 0:
        values, readings = _read(piece, columns, options.region)
        blank_rows += sum(each is BLANK for each in readings)
        below = [at for at, each in enumerate(readings) if each is not BLANK and piece[at][0] > header_row]
        # Rows beyond the limit are counted and not kept.
        kept = below[: max(0, options.max_rows - found)]
        found += len(below)
        piece = [piece[at] for at in kept]
        _add(growing, piece, [values[at] for at in kept], [readings[at] for at in kept])
        for (at, _), texts in zip(columns.others, beside, strict=True):
            texts.extend(_texts(_column(piece, at)))
    table = growing.frame()
    _check(table, found, columns)
    travelling = [
        (name, texts.values())
        for (at, name), texts in zip(columns.others, beside, strict=True)
        if at not in columns.unnamed or not all(map(is_blank, texts.distinct()))
    ]
    others = pd.DataFrame({place: texts for place, (_, texts) in enumerate(travelling)}, index=table.index)
    names = tuple(name for name, _ in travelling)
    return Rows(source.name, source.sha256, table, names, others, blank_rows, notes)


def _add(
    growing: GrowingTable, piece: Sequence[RawRow], values: Sequence[str], readings: Sequence[CellReading]
) -> None:
    growing.add(
        row=[number for number, _ in piece],
        input_value=values,
        number_id=[each.number_id for each in readings],
        phone_number=[None if each.number is None else each.number.numbers[0] for each in readings],
        readings=[None if each.number is None or each.number.is_plain else each.number for each in readings],
        problem=[each.problem for each in readings],
        note=[each.note for each in readings],
    )


def _read(piece: Sequence[RawRow], columns: Columns, region: str | None) -> tuple[list[str], list[CellReading]]:
    """For each row the raw text of the cell that names its number, and what its one or two cells that count say;
    `BLANK` where the whole row is. Each distinct cell is read once."""
    first, second = _column(piece, columns.id_at), _column(piece, columns.number_at)
    read = {cell: read_cell(cell, region) for cell in {*first, *second}}
    values, readings = _texts(first), []
    for at, (one, other) in enumerate(zip(first, second, strict=True)):
        reading = _together(read[one], read[other])
        if read[one] is BLANK and read[other] is not BLANK:
            values[at] = text_of(other)
        cells = piece[at][1]
        if reading is BLANK:
            if not all(map(is_blank, cells)):
                reading = CellReading(problem="no ID or number in this row")
        elif reading.problem is not None:
            if normalised(values[at]) in ID_HEADERS | NUMBER_HEADERS:
                reading = CellReading(problem="looks like a header, not an ID or a number")
        elif len(cells) > columns.width and (surplus := _surplus(cells, columns)) is not None:
            reading = CellReading(problem=surplus)
        readings.append(reading)
    return values, readings


def _column(piece: Sequence[RawRow], at: int | None) -> list[Cell]:
    """A column's cells; blank where there is no such column, or a row ends before it."""
    if at is None:
        return [""] * len(piece)
    return [cells[at] if at < len(cells) else "" for _, cells in piece]


def _texts(cells: list[Cell]) -> list[str]:
    return [cell if isinstance(cell, str) else text_of(cell) for cell in cells]


def _check(table: "pd.DataFrame", found: int, columns: Columns) -> None:
    """Raise BadInput where the rows as a whole say that something else was meant."""
    if found > len(table):
        raise BadInput(
            f"there are {found:,} rows, and the limit is {len(table):,}",
            remedy="Split the file, or raise the limit with the setting DECOM_MAX_ROWS (max_rows).",
        )
    if len(table) == 0:
        raise BadInput("there are no rows", remedy="Name a file with one ID or number per row.")
    if table["problem"].notna().all():
        at = columns.number_at if columns.id_at is None else columns.id_at
        shown = "; ".join(f"row {line.row}: {line.problem}" for line in lines_of(table.head(3)))
        problems = set(table["problem"].unique())
        if problems == {FORMULA}:
            remedy = "Replace the formulas by their results (copy, paste the values), and save the file again."
        elif all(problem.startswith(_SURPLUS) for problem in problems):
            remedy = "Put quotes around a cell that holds the delimiter, and save the file again."
        else:
            remedy = "Name the right column: --column and its header."
        raise BadInput(f"no row has an ID or a number in column {letters(at or 0)}. {shown}", remedy=remedy)


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
    """Why a row with more cells than the header cannot be trusted: a cell too many has shifted the others."""
    if len(cells) <= columns.width or all(map(is_blank, cells[columns.width :])):
        return None
    if columns.header_row is None:
        return "more than one value in this row, and no header to tell them apart"
    return f"{_SURPLUS} {len(cells)} cells, but the header has {columns.width}"
