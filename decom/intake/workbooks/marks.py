"""What a workbook says of its cells beside their values, which the library that reads the values leaves out.

To that library an error, a formula that was never calculated and an empty cell are all the same, and a hidden row
is like any other. Each kind of workbook therefore has a second, light reader that gives `Marks` for each sheet.
"""

from dataclasses import dataclass, field

from decom.errors import BadInput
from decom.intake.interface import BadCell

FORMULA = "the result of a formula"
"""The note of a cell whose text a formula made."""

UNCALCULATED = BadCell("a formula without a value: open the file in a spreadsheet program and save it")
"""The problem of a formula that was never calculated."""

MOST_CELLS = 20_000_000
"""Most cells of the rectangle around a sheet's cells: the values' reader takes room for every one of them, also
for the blank ones between a table and a stray cell far away. A million rows of 20 columns."""


@dataclass(slots=True)
class Marks:
    """What is known of one sheet's cells; rows and columns count from 0."""

    hidden: set[int] = field(default_factory=set)
    """Rows that nobody sees: hidden by hand, folded away, or filtered out."""
    cells: dict[int, dict[int, BadCell | str]] = field(default_factory=dict)
    """By row and column: the problem of a cell without a value, or the note of one that has one."""
    rows: int = 0
    """How many rows there are up to the last one that holds a cell."""
    columns: int = 0
    """How many columns there are up to the last one that holds a cell."""
    has_overlong: bool = False
    """Whether a duration is longer than the values' reader can say: the row would be lost."""

    def put(self, row: int, column: int, mark: BadCell | str) -> None:
        """Remember a cell's mark."""
        self.cells.setdefault(row, {})[column] = mark

    def reach(self, row: int, column: int) -> None:
        """Remember that there is a cell."""
        if row >= self.rows:
            self.rows = row + 1
        if column >= self.columns:
            self.columns = column + 1

    def check_size(self) -> None:
        """Raise BadInput where the sheet is too large to be given room."""
        if self.rows * self.columns > MOST_CELLS:
            raise BadInput(
                f"the sheet is {self.rows:,} rows × {self.columns:,} columns",
                remedy="Is there a stray cell far down or far right? Delete it, or copy the table to a new sheet.",
            )


def error_cell(shown: str) -> BadCell:
    """The problem of a cell that holds an error such as `#REF!`."""
    return BadCell(f"this cell is an error: {shown}" if shown else "this cell is an error", shown)
