"""What reading a file gives: `Rows`, a frame of what each row's cells say; and what every `FileReader` offers.

Nothing here knows an account: whether a number exists, or which of two readings of a cell is meant, is decided when
the plan is made.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Protocol

from decom.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Rows:
    """A file of numbers, read whole: every row that is not blank, in the file's order."""

    name: str
    """The file's name without its folder; `-` for standard input."""
    sha256: str
    """The digest of the file's bytes, in hex."""
    table: "pd.DataFrame"
    """Table `R` of `decom.tables`, a line a row:

    `row` is the number that a spreadsheet program shows: the first row of the file is 1, a header counts.
    `input_value` is the cell that names the number as it was before any cleaning (of two cells: the ID's, or the
    number's where the ID's is blank). `number_id` is the ID that the row names, cleaned; it fully matches
    `phn_[A-Za-z0-9_-]{1,124}`. `phone_number` is the likeliest E.164 number that it names, and `readings` all that it
    may mean; that is None where `phone_number` is certain and in one piece, so that nothing else is to be asked.
    `problem` says why the row cannot be used, as a sentence for its owner; it then names neither. `note` says what
    was done to read it (`separators removed`). All but `row`, `input_value` and `note` may be None.
    """
    other_columns: tuple[str, ...]
    """The headers of the columns that travel along untouched; unique (a second `note` becomes `note.2`), and none is
    a column of our own plan or audit (`outcome` becomes `input.outcome`)."""
    others: "pd.DataFrame"
    """Those columns, as categories of texts: by their places in `other_columns`, with the index of `table`."""
    blank_rows: int
    """How many rows were blank and are in no report."""
    notes: tuple[str, ...]
    """What a reader should know of how the file was read: the sheet taken, the columns, the encoding."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How the user wants a file to be read; the defaults let the file speak for itself."""

    column: str | None = None
    """The header of the column that holds the IDs or numbers; None: found by its header."""
    sheet: str | None = None
    """The sheet of a workbook; None: the one visible sheet in which such a column is found."""
    region: str | None = None
    """Two letters (`IN`) for numbers written without a country code; None: such numbers are invalid."""
    hidden_rows: str | None = None
    """What to do where a sheet hides rows: `include`, `skip`; None: refuse, since the user saw other rows."""
    max_rows: int = 1_000_000
    """Most rows an input may have; one more is refused."""


@dataclass(frozen=True, slots=True)
class BadCell:
    """A cell that holds something other than text or a whole number."""

    why: str
    """A sentence: `this cell is a date`."""
    raw: str = ""
    """What the cell shows, as near as can be told; this is what travels where the column is not ours."""


@dataclass(frozen=True, slots=True)
class NotedCell:
    """A cell whose text is good, but of which the owner should be told something."""

    text: str
    """The cell's text."""
    note: str
    """What the column `note` will say: `the result of a formula`."""


Cell = str | BadCell | NotedCell
"""What stands in one cell; a blank one is the empty string, or text of blanks alone."""

RawRow = tuple[int, list[Cell]]
"""A row and its number as a spreadsheet program shows it. Numbers rise; a skipped row leaves a gap."""


@dataclass(frozen=True, slots=True)
class OpenFile:
    """The open file that a reader reads."""

    stream: BinaryIO
    """A real file with a descriptor, that can be rewound; left open by the reader, at any position."""
    name: str
    """As `Rows.name`."""
    sha256: str
    """As `Rows.sha256`."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table that a reader finds in a file, before anyone asks what its columns mean."""

    raw_rows: Iterator[RawRow]
    """Every row from the first on, blank ones included; read once, and only before the next sheet is asked
    for, so that no file is held in memory twice. May raise BadInput."""
    name: str | None = None
    """The sheet's name; None where the kind of file has none."""
    notes: tuple[str, ...] = ()
    """As `Rows.notes`."""
    objection: BadInput | None = None
    """Why the sheet must not be taken, should it be the one with the IDs; None where nothing speaks against it."""


class FileReader(Protocol):
    """One kind of file."""

    def recognises(self, head: bytes) -> bool:
        """Whether the file is of this kind, told from its first bytes (at most 4,096), never from its name."""
        ...

    def read(self, source: OpenFile, options: ReadOptions) -> Generator[Sheet, None, None]:
        """The sheets in the file: one for a delimited file, every candidate for a workbook.

        The caller closes it, be it read to its end or not, while `source` is still open. Raises BadInput (with
        `where` naming the line or sheet in it) where the file cannot be read as its kind.
        """
        ...
