"""The audit in, `audit.csv` out: one line a row, for spreadsheets and for people with `grep`.

UTF-8 with a byte order mark (Excel needs it), every cell in quotes, lines ended by CR LF, no cell that a
spreadsheet would run. Whole numbers and plain decimals stay as they are, so that they can be added up.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO

from decom.reporting.formula_safe import escape_formulas
from tests.reporting.oracle.columns import COLUMNS, Cell, Kind, cells_of
from tests.reporting.oracle.interface import Audit

_PLAIN_NUMBER = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?")
_MONEY_AT = next(at for at, column in enumerate(COLUMNS) if column.kind is Kind.MONEY)


class AsCsv:
    """`audit.csv`"""

    name = "csv"
    file_name = "audit.csv"

    def write(self, audit: Audit, stream: BinaryIO) -> None:
        """Write one line for each of `audit.rows`, in their order."""
        header = [*(column.name for column in COLUMNS), *audit.other_columns]
        write_lines(header, _lines(audit), stream)


def write_lines(header: Sequence[str], lines: Iterable[Sequence[str]], stream: BinaryIO) -> None:
    """Write a CSV of this project's kind to `stream` and leave it open.

    `header` is made neutral here; the cells of `lines` are written as they are: see `text_cell`.
    """
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="", write_through=False)
    try:
        writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        writer.writerow([escape_formulas(name) for name in header])
        writer.writerows(lines)
    finally:
        text.detach()


def text_cell(cell: Cell) -> str:
    """A cell as CSV shows it: text made neutral, a whole number as it is, nothing as empty."""
    if cell is None:
        return ""
    return escape_formulas(cell) if isinstance(cell, str) else str(cell)


def money_cell(cell: Cell) -> str:
    """A cost as CSV shows it: a plain decimal as it is, anything else as text."""
    if isinstance(cell, str) and _PLAIN_NUMBER.fullmatch(cell) is not None:
        return cell
    return text_cell(cell)


def _lines(audit: Audit) -> Iterator[list[str]]:
    for row in audit.rows:
        cells = cells_of(row, audit.run_id)
        line = [text_cell(cell) for cell in cells]
        line[_MONEY_AT] = money_cell(cells[_MONEY_AT])
        line += [escape_formulas(cell) for cell in row.others]
        yield line
