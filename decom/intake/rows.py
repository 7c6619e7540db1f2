"""A table's lines and its columns in, rows out: one for every line below the header that is not blank.

Here a line's cells are weighed against each other (an ID and a number that both can be read, or a reason why the
row cannot be used), and equal strings are kept once, since a million rows name the same few owners.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from decom.errors import BadInput
from decom.intake.cells import BLANK, CellReading, is_blank, joined, read_cell, text_of
from decom.intake.header import ID_HEADERS, NUMBER_HEADERS, Columns, letters
from decom.intake.interface import Cell, RawRow, ReadOptions, Row
from decom.tables import normalised

_MOST_SHARED = 100_000
"""Strings remembered to be shared; past it a column holds different texts, and remembering them only costs."""

_SURPLUS = "this row has"


@dataclass(frozen=True, slots=True)
class Taken:
    """The rows of one table."""

    rows: tuple[Row, ...]
    """As `InputFile.rows`."""
    blank_rows: int
    """As `InputFile.blank_rows`."""
    other_columns: tuple[str, ...]
    """As `InputFile.other_columns`."""


def rows_of(lines: Iterator[RawRow], columns: Columns, options: ReadOptions, where: str) -> Taken:
    """Every line of `lines` (the whole table, header included) below the header as a row.

    Raises BadInput where there is none, where there are more than `options.max_rows`, and where not one of them
    names a number: then the wrong column is being read.
    """
    rows: list[Row] = []
    blank_rows = surplus = 0
    in_use: set[int] = set()
    maker = _RowMaker(columns, options.region)
    for number, cells in lines:
        if all(map(is_blank, cells)):
            blank_rows += 1
        elif columns.header_row is not None and number <= columns.header_row:
            continue
        elif len(rows) == options.max_rows:
            surplus += 1
        else:
            rows.append(maker.row(number, cells))
            in_use.update(at for at in columns.unnamed if not is_blank(_at(cells, at)))
    _check(rows, surplus, columns, where)
    kept = [place for place, (at, _) in enumerate(columns.others) if at in in_use or at not in columns.unnamed]
    if len(kept) < len(columns.others):
        rows = [replace(row, others=tuple(row.others[place] for place in kept)) for row in rows]
    return Taken(tuple(rows), blank_rows, tuple(columns.others[place][1] for place in kept))


def _check(rows: Sequence[Row], surplus: int, columns: Columns, where: str) -> None:
    """Raise BadInput where the rows as a whole say that something else was meant."""
    if surplus > 0:
        raise BadInput(
            f"there are {len(rows) + surplus:,} rows, and the most that are read are {len(rows):,}",
            where=where,
            remedy="Split the file, or raise the limit with the setting DECOM_MAX_ROWS (max_rows).",
        )
    if not rows:
        raise BadInput("there are no rows", where=where, remedy="Name a file with an ID or a number a row.")
    if all(row.problem is not None for row in rows):
        at = columns.number_at if columns.id_at is None else columns.id_at
        shown = "; ".join(f"row {row.row}: {row.problem}" for row in rows[:3])
        shifted = all(row.problem is not None and row.problem.startswith(_SURPLUS) for row in rows)
        remedy = "Put quotes around a cell that holds the delimiter, and save the file again."
        raise BadInput(
            f"no row holds an ID or a number in column {letters(at or 0)}. {shown}",
            where=where,
            remedy=remedy if shifted else "Say which column holds them with --column and its header.",
        )


class _RowMaker:
    """Makes rows out of one table's lines, with a memory of the strings that came before."""

    def __init__(self, columns: Columns, region: str | None) -> None:
        self._columns = columns
        self._region = region
        self._others = tuple(at for at, _ in columns.others)
        self._strings: dict[str, str] = {}
        self._tuples: dict[tuple[str, ...], tuple[str, ...]] = {}

    def row(self, number: int, cells: Sequence[Cell]) -> Row:
        """The row of a line that is not blank."""
        value, reading = self._reading(cells)
        surplus = _surplus(cells, self._columns)
        if reading.problem is None and surplus is not None:
            reading = CellReading(problem=surplus)
        return Row(
            row=number,
            input_value=value,
            number_id=value if reading.number_id == value else reading.number_id,
            number=reading.number,
            problem=self._once(reading.problem) if reading.problem is not None else None,
            note=self._once(reading.note),
            others=self._travelling(cells),
        )

    def _reading(self, cells: Sequence[Cell]) -> tuple[str, CellReading]:
        """What the line's one or two cells that count say together, and the raw text of the first of them."""
        id_at, number_at = self._columns.id_at, self._columns.number_at
        first = _at(cells, id_at) if id_at is not None else ""
        second = _at(cells, number_at) if number_at is not None else ""
        value = text_of(second if is_blank(first) and not is_blank(second) else first)
        reading = _together(read_cell(first, self._region), read_cell(second, self._region))
        if reading is BLANK:
            return value, CellReading(problem="no ID and no number in this row")
        if reading.problem is not None and normalised(value) in ID_HEADERS | NUMBER_HEADERS:
            return value, CellReading(problem="looks like a header, not like an ID or a number")
        return value, reading

    def _travelling(self, cells: Sequence[Cell]) -> tuple[str, ...]:
        others = tuple([self._once(text_of(_at(cells, at))) for at in self._others])
        if len(self._tuples) < _MOST_SHARED:
            return self._tuples.setdefault(others, others)
        return self._tuples.get(others, others)

    def _once(self, text: str) -> str:
        if len(self._strings) < _MOST_SHARED:
            return self._strings.setdefault(text, text)
        return self._strings.get(text, text)


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
