"""The workbook's sheets of rows: each row on exactly one, by its outcome, and full sheets go on as a second one.

The library's public way writes a cell in 4 µs, which for a million rows is minutes. So the lines of these sheets are
put together here, every text that rows share once, in the very XML that the library writes (a test compares them).
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from xlsxwriter.format import Format
from xlsxwriter.utility import _datetime_to_excel_datetime, xl_col_to_name
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from decom.pieces import Form, in_pieces
from decom.planning.plan import cost_of
from decom.reporting.csv_files import conflicts_in_words
from decom.reporting.interface import Audit
from decom.reporting.statement import group_column
from decom.reporting.xlsx_sheet import TEXT, CellFormats, Lines, Value, cell_text, day_of, moment_of, set_up_page
from decom.tables import CellType, in_file
from decom.vocabulary import Outcome

if TYPE_CHECKING:
    import pandas as pd

MOST_LINES = 1_048_576
"""Lines of a worksheet, its heading included."""

ALWAYS = ("Released", "Missing", "Conflicted", "Other")
"""Sheets of rows that are there even when they are empty."""

SHEETS: Mapping[Outcome, str] = {
    Outcome.RELEASED: "Released",
    Outcome.MISSING: "Missing",
    Outcome.CONFLICTED: "Conflicted",
    Outcome.FAILED: "Failed",
    Outcome.UNKNOWN: "Unknown",
    Outcome.NOT_ATTEMPTED: "Not attempted",
    Outcome.PROTECTED: "Other",
    Outcome.INVALID: "Other",
    Outcome.DUPLICATE: "Other",
    Outcome.NOT_SELECTED: "Other",
}
"""The one sheet that holds the rows of an outcome."""

_FOR_PEOPLE = (
    "row", "phone_number", "nickname", "outcome", "reason", "monthly_cost_usd", "billing_stops_on", "conflicts",
    "decided_at",
)  # fmt: skip
"""The columns that come first and are printed."""

_OTHER_WIDTH = 18

_COLOURS = {
    Outcome.RELEASED: "#1B6E3C",
    Outcome.MISSING: "#5B6770",
    Outcome.CONFLICTED: "#9A5B00",
    Outcome.FAILED: "#B3261E",
    Outcome.UNKNOWN: "#7B1FA2",
    Outcome.NOT_ATTEMPTED: "#0B5CAD",
    Outcome.PROTECTED: "#00695C",
    Outcome.INVALID: "#8D3B72",
    Outcome.DUPLICATE: "#6B7785",
    Outcome.NOT_SELECTED: "#8A8F98",
}

_AT = "\0"
"""Stands for the line's number until the line has one; no text of a report holds it."""

_PLAIN = re.compile(r"[A-Za-z0-9](?:(?:[A-Za-z0-9 .:-]|_(?!x)){0,200}[A-Za-z0-9.:-])?|\+[0-9]{1,15}")
"""Texts that a cell, and XML, holds as they are: IDs, numbers, names and times."""

_EDGE = re.compile(r"^\s|\s$")
_BREAKS = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


@dataclass(slots=True)
class Written:
    """What really went into the sheets; the control totals compare it with the audit's own sums."""

    rows: Counter[Outcome] = field(default_factory=Counter)
    usd: defaultdict[Outcome, Decimal] = field(default_factory=lambda: defaultdict(Decimal))


@dataclass(frozen=True, slots=True)
class _SheetColumn:
    """One column of the sheets of rows."""

    heading: str
    width: int
    is_numeric: bool
    cells: "pd.Series[Any]"
    form: Form
    """A cell as XML; empty for none."""


class RowSheets:
    """The sheets of rows of one workbook."""

    def __init__(self, book: Workbook, look: CellFormats, audit: Audit, *, most_lines: int = MOST_LINES) -> None:
        self._book = book
        self._look = look
        self._audit = audit
        self._most_rows = most_lines - 1
        self._columns = _sheet_columns(book, look, audit)
        self._printed = len(_FOR_PEOPLE) + (group_column(audit.options, audit.other_columns) is not None)
        self.written = Written()

    def write(self) -> None:
        """Write every row to the sheet of its outcome."""
        for name in dict.fromkeys(SHEETS.values()):
            outcomes = [outcome for outcome, sheet in SHEETS.items() if sheet == name]
            rows = self._audit.rows.index[self._audit.rows["outcome"].isin(outcomes)]
            if len(rows) == 0 and name not in ALWAYS:
                continue
            for part, start in enumerate(range(0, max(len(rows), 1), self._most_rows), 1):
                title = name if part == 1 else f"{name} ({part})"
                self._sheet(title, name, rows[start : start + self._most_rows])

    def _sheet(self, title: str, name: str, rows: "pd.Index[Any]") -> None:
        columns = self._columns
        sheet = self._book.add_worksheet(title)
        lines = Lines(sheet, self._look)
        lines.widths([column.width for column in columns])
        numbers = [at for at, column in enumerate(columns) if column.is_numeric]
        lines.heading(*(column.heading for column in columns), numbers=numbers)
        sheet.set_row(0, 32)
        sheet.freeze_panes(1, 2)
        set_up_page(lines, self._audit.run_id, name)
        sheet.repeat_rows(0)
        put(sheet, self._lines(rows), lines.at, len(columns))
        sheet.autofilter(0, 0, len(rows), len(columns) - 1)
        sheet.print_area(0, 0, len(rows), self._printed - 1)

    def _lines(self, rows: "pd.Index[Any]") -> Iterator[str]:
        """The cells of each row, counted as they go out."""
        series = [(column.cells, column.form) for column in self._columns]
        series += [(self._audit.rows["outcome"], str), (self._audit.rows["monthly_cost_usd"], lambda cost: cost or "")]
        for *cells, outcomes, costs in in_pieces(series, rows.to_numpy()):
            for line, outcome, cost in zip(map("".join, zip(*cells, strict=True)), outcomes, costs, strict=True):
                self.written.rows[Outcome(outcome)] += 1
                self.written.usd[Outcome(outcome)] += cost_of(cost) or Decimal(0)
                yield line


def put(sheet: Worksheet, lines: Iterator[str], first: int, columns: int) -> None:
    """Write finished lines to a sheet in constant memory, the first of them at `first` (from 0).

    The names used here are the library's own affair: a test compares the cells with those of its public way.
    """
    sheet._write_single_row(first)
    after = first
    for after, line in enumerate(lines, first + 1):
        sheet.row_data_fh.write(f'<row r="{after}">{line}</row>'.replace(_AT, str(after)))
    if after > first:
        sheet._check_dimensions(after - 1, columns - 1)
        sheet.previous_row = after


def text_xml(column: str, look: Format) -> Callable[[str], str]:
    """What makes a text cell of a column (`A`), as the library writes it."""
    before = f'<c r="{column}{_AT}" s="{look._get_xf_index()}" t="inlineStr"><is><t'

    def xml(text: str) -> str:
        if _PLAIN.fullmatch(text) is not None:
            return f"{before}>{text}</t></is></c>"
        safe = cell_text(text)
        spaces = ' xml:space="preserve"' if _EDGE.search(safe) is not None else ""
        return f"{before}{spaces}>{Worksheet._escape_control_characters(safe).translate(_BREAKS)}</t></is></c>"

    return xml


def number_xml(column: str, look: Format) -> Callable[[float], str]:
    """What makes a cell of a column (`A`) that holds a number."""
    before = f'<c r="{column}{_AT}" s="{look._get_xf_index()}"><v>'
    return lambda number: f"{before}{number:.16G}</v></c>"


def _sheet_columns(book: Workbook, look: CellFormats, audit: Audit) -> list[_SheetColumn]:
    """The columns of the sheets of rows, from the left.

    First what people look for and print, with the group's column after the nickname; then the input's other
    columns; then the rest, for whoever has to prove something.
    """
    ours = {column.name: column for column in in_file("U")}
    others = list(range(len(audit.other_columns)))
    order: list[str | int] = [*_FOR_PEOPLE]
    group = group_column(audit.options, audit.other_columns)
    if group is not None:
        others.remove(group)
        order.insert(3, group)
    order += [*others, *(name for name in ours if name not in _FOR_PEOPLE)]
    outcomes = {
        outcome: book.add_format({**TEXT, "bold": True, "font_color": colour}) for outcome, colour in _COLOURS.items()
    }
    found = []
    for at, name in enumerate(order):
        letters = xl_col_to_name(at)
        if isinstance(name, int):
            cells, heading = audit.others[name], audit.other_columns[name]
            found.append(_SheetColumn(heading, _OTHER_WIDTH, False, cells, _form(letters, look, _as_it_is)))
            continue
        column = ours[name]
        form = _form(letters, look, _VALUES[column.cell_type])
        if name == "outcome":
            form = _outcome_form(letters, outcomes)
        elif name == "conflicts":
            form = _form(letters, look, conflicts_in_words)
        is_numeric = column.cell_type in (CellType.WHOLE, CellType.MONEY)
        found.append(_SheetColumn(column.heading, column.width, is_numeric, audit.rows[name], form))
    return found


def _form(letters: str, look: CellFormats, value_of: Callable[[Any], Value]) -> Form:
    text, whole, money = text_xml(letters, look.text), number_xml(letters, look.whole), number_xml(letters, look.money)
    moment, day = number_xml(letters, look.moment), number_xml(letters, look.day)

    def form(cell: Any) -> str:
        value = value_of(cell)
        if value is None or value == "":
            return ""
        if isinstance(value, str):
            return text(value)
        if isinstance(value, int):
            return whole(value)
        if isinstance(value, Decimal):
            return money(float(value))
        days = _datetime_to_excel_datetime(value, date_1904=False, remove_timezone=False)
        return moment(days) if isinstance(value, datetime) else day(days)

    return form


def _outcome_form(letters: str, looks: Mapping[Outcome, Format]) -> Form:
    texts = {outcome: text_xml(letters, look) for outcome, look in looks.items()}
    return lambda cell: "" if cell is None else texts[Outcome(cell)](cell)


def _as_it_is(cell: Any) -> Any:
    return cell


def _cost(cell: str | None) -> Value:
    cost = cost_of(cell)
    return cell if cost is None else cost


_VALUES: Mapping[CellType, Callable[[Any], Value]] = {
    CellType.TEXT: _as_it_is,
    CellType.WHOLE: _as_it_is,
    CellType.MONEY: _cost,
    CellType.MOMENT: moment_of,
    CellType.DAY: day_of,
}
