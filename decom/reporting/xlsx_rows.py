"""Rows of the audit in, the workbook's sheets of rows out: each row on exactly one, by its outcome.

A sheet that is full goes on as a second one (`Released (2)`).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal

from xlsxwriter.workbook import Workbook

from decom.reporting.columns import COLUMNS, Cell, Column, Kind, cells_of
from decom.reporting.interface import Audit, AuditRow
from decom.reporting.money import cost_of, group_column
from decom.reporting.xlsx_sheet import TEXT, Lines, Look, Value, cell_text, day_of, moment_of
from decom.vocabulary import Outcome

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

_NUMERIC = (Kind.WHOLE, Kind.MONEY)

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


class RowSheets:
    """The sheets of rows of one workbook, written in one pass over the audit."""

    def __init__(self, book: Workbook, look: Look, audit: Audit, *, most_lines: int = MOST_LINES) -> None:
        self._book = book
        self._look = look
        self._audit = audit
        self._most_lines = most_lines
        self._order = column_order(audit)
        self._printed = len(_FOR_PEOPLE) + (group_column(audit.options, audit.other_columns) is not None)
        self._parts: Counter[str] = Counter()
        self._open: dict[str, Lines] = {}
        self._outcome_looks = {
            outcome: book.add_format({**TEXT, "bold": True, "font_color": colour})
            for outcome, colour in _COLOURS.items()
        }
        for name in dict.fromkeys(SHEETS.values()):
            if name in ALWAYS or any(audit.counts.get(outcome, 0) > 0 for outcome in _on(name)):
                self._begin(name)

    def add(self, row: AuditRow) -> None:
        """Write one row to the sheet of its outcome."""
        name = SHEETS[row.outcome]
        lines = self._open.get(name)
        if lines is None or lines.at == self._most_lines:
            lines = self._begin(name)
        values = [*_values(row, self._audit.run_id), *row.others]
        outcome_look = self._outcome_looks[row.outcome]
        formats = [outcome_look if at == _OUTCOME_AT else None for at in self._order]
        lines.line(*(values[at] for at in self._order), formats=formats)

    def finish(self) -> None:
        """Give every sheet its filter and its print area."""
        for name in list(self._open):
            self._end(name)

    def _begin(self, name: str) -> Lines:
        if name in self._open:
            self._end(name)
        self._parts[name] += 1
        part = self._parts[name]
        sheet = self._book.add_worksheet(name if part == 1 else f"{name} ({part})")
        lines = Lines(sheet, self._look)
        columns: Sequence[Column | None] = [*COLUMNS, *(None for _ in self._audit.other_columns)]
        for place, at in enumerate(self._order):
            column = columns[at]
            sheet.set_column(place, place, _OTHER_WIDTH if column is None else column.width)
        headings = [*(column.heading for column in COLUMNS), *self._audit.other_columns]
        right = [column is not None and column.kind in _NUMERIC for column in columns]
        looks = [self._look.heading_right if right[at] else self._look.heading for at in self._order]
        lines.line(*(headings[at] for at in self._order), formats=looks)
        sheet.set_row(0, 32)
        sheet.freeze_panes(1, 2)
        set_up_page(lines, self._audit, name)
        sheet.repeat_rows(0)
        self._open[name] = lines
        return lines

    def _end(self, name: str) -> None:
        lines = self._open.pop(name)
        lines.sheet.autofilter(0, 0, max(lines.at - 1, 0), len(self._order) - 1)
        lines.sheet.print_area(0, 0, max(lines.at - 1, 0), self._printed - 1)


def column_order(audit: Audit) -> tuple[int, ...]:
    """Where the sheets' columns come from: indices into `COLUMNS` followed by the input's other columns.

    First what people look for and print, with the group's column after the nickname; then the input's other
    columns; then the rest, for whoever has to prove something.
    """
    first = [_INDEX[name] for name in _FOR_PEOPLE]
    others = [len(COLUMNS) + at for at in range(len(audit.other_columns))]
    group = group_column(audit.options, audit.other_columns)
    if group is not None:
        first.insert(3, others.pop(group))
    rest = [at for at in range(len(COLUMNS)) if at not in first]
    return (*first, *others, *rest)


def set_up_page(lines: Lines, audit: Audit, name: str) -> None:
    """A4, landscape, one page wide, with the run, the sheet and the page number at the foot."""
    sheet = lines.sheet
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.7)
    run_id = cell_text(audit.run_id).replace("&", "&&")[:60]
    sheet.set_footer(f"&L{run_id}&C{name}&RPage &P of &N")


def _values(row: AuditRow, run_id: str) -> list[Value]:
    cells = zip(COLUMNS, cells_of(row, run_id), strict=True)
    return [_value(column.kind, cell, row) for column, cell in cells]


def _value(kind: Kind, cell: Cell, row: AuditRow) -> Value:
    if not isinstance(cell, str):
        return cell
    if kind is Kind.MOMENT:
        return moment_of(cell)
    if kind is Kind.DAY:
        return day_of(cell)
    if kind is Kind.MONEY:
        cost: Decimal | None = cost_of(row)
        return cell if cost is None else cost
    return cell if cell != "" else None


def _on(name: str) -> list[Outcome]:
    return [outcome for outcome, sheet in SHEETS.items() if sheet == name]


_INDEX = {column.name: at for at, column in enumerate(COLUMNS)}
_OUTCOME_AT = _INDEX["outcome"]
