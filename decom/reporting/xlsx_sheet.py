"""Typed cells in, lines of a worksheet out: text that nothing runs, real numbers, real times.

Lines are written from top to bottom and leave memory at once.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from decom.reporting.formula_safe import escape_formulas

MOST_TEXT = 32_767
"""Most UTF-16 units that a cell of a workbook can hold."""

BASE = {"font_name": "Calibri", "font_size": 11, "valign": "top"}
TEXT = {**BASE, "num_format": "@", "quote_prefix": True, "align": "left", "indent": 1}
"""How every text cell is formatted, whatever else is added."""

_CUT = " [cut: this cell is too long for a workbook]"
_E164 = re.compile(r"\+[0-9]{1,15}")
_LINE_HEIGHT = 15.5
"""In points."""

_FIRST_YEAR = 1900
"""The workbook's calendar has no earlier day."""

Value = str | int | Decimal | datetime | date | None


@dataclass(frozen=True, slots=True)
class CellFormats:
    """The formats of a workbook, made once."""

    text: Format
    wrapped: Format
    whole: Format
    money: Format
    share: Format
    moment: Format
    day: Format
    heading: Format
    heading_right: Format
    """Over numbers."""
    title: Format
    section: Format
    label: Format
    small: Format
    total: Format
    total_whole: Format
    total_money: Format
    good: Format
    bad: Format


def cell_formats(book: Workbook) -> CellFormats:
    """The formats, registered with `book`.

    Text formats are `@` with the mark that an apostrophe typed into a spreadsheet leaves, so that a cell stays
    text when it is edited.
    """
    total = {"bold": True, "top": 1, "bottom": 6}
    head = {"bold": True, "font_color": "#FFFFFF", "bg_color": "#1F3A4D", "text_wrap": True, "valign": "vcenter"}
    whole, money = "#,##0", "#,##0.00"

    def made(*properties: Mapping[str, object]) -> Format:
        merged: dict[str, object] = {}
        for some in properties:
            merged |= some
        return book.add_format(merged)

    return CellFormats(
        text=made(TEXT),
        wrapped=made(TEXT, {"text_wrap": True}),
        whole=made(BASE, {"num_format": whole}),
        money=made(BASE, {"num_format": money}),
        share=made(BASE, {"num_format": "0.0%"}),
        moment=made(BASE, {"num_format": "yyyy-mm-dd hh:mm:ss", "align": "left", "indent": 1}),
        day=made(BASE, {"num_format": "yyyy-mm-dd", "align": "left", "indent": 1}),
        heading=made(TEXT, head),
        heading_right=made(TEXT, head, {"align": "right", "indent": 0}),
        title=made(TEXT, {"bold": True, "font_size": 18, "font_color": "#1F3A4D"}),
        section=made(TEXT, {"bold": True, "font_size": 13, "font_color": "#1F3A4D", "bottom": 1}),
        label=made(TEXT, {"font_color": "#44546A"}),
        small=made(TEXT, {"font_color": "#6B7785", "italic": True}),
        total=made(TEXT, total),
        total_whole=made(BASE, total, {"num_format": whole}),
        total_money=made(BASE, total, {"num_format": money}),
        good=made(TEXT, {"bold": True, "font_color": "#1B6E3C"}),
        bad=made(TEXT, {"bold": True, "font_color": "#FFFFFF", "bg_color": "#B3261E"}),
    )


class Lines:
    """A worksheet that is written line by line."""

    def __init__(self, sheet: Worksheet, look: CellFormats) -> None:
        self.sheet = sheet
        self.look = look
        self.at = 0
        """The line to be written next; the first is 0."""

    def line(self, *values: Value, formats: Sequence[Format | None] = ()) -> None:
        """Write `values` from the first column on, and go to the next line.

        `formats` gives a format for each value; None, and a list that ends early, mean the usual one of its
        type. None as a value leaves a cell empty.
        """
        for column, value in enumerate(values):
            given = formats[column] if column < len(formats) else None
            self._cell(column, value, given)
        self.at += 1

    def tall(self, height: int) -> None:
        """Make the next line `height` text lines high (1 to 20): a workbook does not measure what wraps."""
        self.sheet.set_row(self.at, _LINE_HEIGHT * min(max(height, 1), 20))

    def skip(self) -> None:
        """Leave a line empty."""
        self.at += 1

    def heading(self, *names: str, numbers: Sequence[int] = ()) -> None:
        """Write a line of headings; `numbers` says which of them (from 0) stand over numbers."""
        look = self.look
        self.tall(2 if max(map(len, names)) > 24 else 1)
        looks = [look.heading_right if at in numbers else look.heading for at in range(len(names))]
        self.line(*names, formats=looks)

    def total(self, *values: Value) -> None:
        """Write a line of totals, ruled off as such."""
        look = self.look
        looks = [
            look.total_money
            if isinstance(value, Decimal)
            else look.total_whole
            if isinstance(value, int)
            else look.total
            for value in values
        ]
        self.line(*values, formats=looks)

    def widths(self, widths: Sequence[int]) -> None:
        """Make the columns, from the first on, this many characters wide."""
        for at, width in enumerate(widths):
            self.sheet.set_column(at, at, width)

    def _cell(self, column: int, value: Value, given: Format | None) -> None:
        if value is None:
            if given is not None:
                self.sheet.write_blank(self.at, column, None, given)
        elif isinstance(value, str):
            self.sheet.write_string(self.at, column, cell_text(value), given or self.look.text)
        elif isinstance(value, int):
            self.sheet.write_number(self.at, column, value, given or self.look.whole)
        elif isinstance(value, Decimal):
            self.sheet.write_number(self.at, column, float(value), given or self.look.money)
        else:
            usual = self.look.moment if isinstance(value, datetime) else self.look.day
            self.sheet.write_datetime(self.at, column, value, given or usual)


def set_up_page(lines: Lines, run_id: str, name: str | None = None) -> None:
    """A4, landscape, one page wide, with the run, the sheet and the page number at the foot.

    `name` stands there for the sheet; None: its own.
    """
    sheet = lines.sheet
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.7)
    run = cell_text(run_id).replace("&", "&&")[:60]
    sheet.set_footer(f"&L{run}&C{name or sheet.get_name()}&RPage &P of &N")


def cell_text(text: str) -> str:
    """`neutral(text)`, cut with a mark where a cell cannot hold it; an E.164 number as it is.

    Such a number, in a cell that is text twice over, can become nothing worse than a number, and without an
    apostrophe it can be looked up in other lists. Any other text keeps its apostrophes even here, because people
    save sheets as CSV. A text in `<r>` and `</r>` gets one too: the writer would take it for markup of its own
    and put it into the file unescaped.
    """
    if _E164.fullmatch(text) is not None:
        return text
    safe = escape_formulas(text)
    if safe.startswith("<r>") and safe.endswith("</r>"):
        safe = f"'{safe}"
    if len(safe) * 2 <= MOST_TEXT or _units(safe) <= MOST_TEXT:
        return safe
    kept = safe.encode("utf-16-le")[: 2 * (MOST_TEXT - len(_CUT))].decode("utf-16-le", errors="ignore")
    return kept + _CUT


def moment_of(text: str | None) -> Value:
    """ISO 8601 as a time of the workbook, in UTC without a zone; the text itself where that cannot be."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.utcoffset() != timedelta(0) or moment.year < _FIRST_YEAR:
            return text
        return moment.replace(tzinfo=None)
    except ValueError:
        return text


def day_of(text: str | None) -> Value:
    """An ISO date as a date of the workbook; the text itself where that cannot be."""
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return text
    return day if day.year >= _FIRST_YEAR else text


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
