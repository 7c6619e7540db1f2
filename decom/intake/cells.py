"""One cell in, what it names out: a phone-number ID, what may be a number, nothing, or the reason why neither.

Pure. A cell is never corrected: what may safely be left out (blanks and quotes around) is left out and noted, and
everything else is a problem. Numbers are read by `decom.phone_numbers.reading`. Protect rules and `--only` are read
here as well.
"""

import re
from dataclasses import dataclass, replace

from decom.intake.interface import BadCell, Cell, NotedCell
from decom.phone_numbers.numbering import is_e164
from decom.phone_numbers.reading import AROUND, MORE_THAN_ONE, Readings, looks_like_a_number, odd_character, read_number


@dataclass(frozen=True, slots=True)
class CellReading:
    """What one cell says; at most one of `number_id`, `number` and `problem` is set, none if blank."""

    number_id: str | None = None
    """As `Row.number_id`."""
    number: Readings | None = None
    """As `Row.number`."""
    problem: str | None = None
    """As `Row.problem`."""
    note: str = ""
    """As `Row.note`."""


BLANK = CellReading()
"""The reading of a cell with nothing in it."""

FORMULA = "this cell is a formula, not its result"
"""What is said of one that stands in a file as text."""

_ID = re.compile(r"phn_[A-Za-z0-9_-]{1,124}", re.ASCII)
_LONGEST_ID = 128
_SHORTENED = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?[eE][+-]?[0-9]+", re.ASCII)
_FORMULA_OF_TEXT = re.compile(r'="([^"]*)"', re.ASCII)
_LISTS = re.compile(r"[,;|]|\S\s+phn_", re.ASCII)
_ERROR = re.compile(r"#[A-Z0-9/_]+[!?]?", re.ASCII)
_PLAIN = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)


def read_cell(cell: Cell, region: str | None) -> CellReading:
    """What `cell` names. `region` as `ReadOptions.region`, known to be one. Never raises, whatever the text."""
    if isinstance(cell, BadCell):
        return CellReading(problem=cell.why)
    if isinstance(cell, NotedCell):
        return _noted(read_cell(cell.text, region), cell.note)
    if _ID.fullmatch(cell):
        return CellReading(number_id=cell)
    if is_e164(cell):
        return _read_as_number(cell, region)
    if is_blank(cell):
        return BLANK
    value = cell.strip(AROUND)
    note = "" if value == cell else "surrounding blanks removed"
    bare, what = _without_wrapping(value)
    if what != "":
        note = joined(note, f"{what} removed")
    return _noted(_read_value(bare, region), note)


def is_blank(cell: Cell) -> bool:
    """Whether nothing stands in the cell but blanks of any kind. A cell with a problem is not blank."""
    return isinstance(cell, str) and (cell == "" or cell.strip().strip(AROUND) == "")


def names_something(cell: Cell) -> bool:
    """Whether the cell is an ID or a number, in whatever writing."""
    reading = read_cell(cell, None)
    return reading.number_id is not None or reading.number is not None


def text_of(cell: Cell) -> str:
    """The cell as it stood in the file, as near as can be told."""
    if isinstance(cell, BadCell):
        return cell.raw
    return cell.text if isinstance(cell, NotedCell) else cell


def header_of(cell: Cell) -> str:
    """The cell's text as a header: without blanks around it, a byte-order mark, or `="…"`."""
    text = text_of(cell).strip().strip("\ufeff")
    formula = _FORMULA_OF_TEXT.fullmatch(text)
    return text if formula is None else formula[1].strip()


def joined(first: str, second: str) -> str:
    """Two notes as one; either may be empty."""
    return "; ".join(part for part in (first, second) if part != "")


def _read_value(value: str, region: str | None) -> CellReading:
    """`value` is not empty and has nothing around it."""
    if _ID.fullmatch(value):
        return CellReading(number_id=value)
    if len(value) > _LONGEST_ID:
        return CellReading(problem=f"too long for an ID or a number: {len(value):,} characters")
    problem = odd_character(value)
    if problem is not None:
        return CellReading(problem=problem)
    if not looks_like_a_number(value):
        return CellReading(problem=_why_no_id(value))
    return _read_as_number(value, region)


def _read_as_number(value: str, region: str | None) -> CellReading:
    found = read_number(value, region)
    if found.problem is not None:
        return CellReading(problem=found.problem)
    return CellReading(number=found if found.note == "" else replace(found, note=""), note=found.note)


def _why_no_id(value: str) -> str:
    """Why a value that is no number is no ID either; `value` is ASCII without control characters."""
    if value.startswith("=") and value != "=":
        return FORMULA
    if _SHORTENED.fullmatch(value):
        return "a spreadsheet shortened this number: format the column as text and export again"
    if value.upper() in ("TRUE", "FALSE"):
        return "this cell is a yes/no value"
    if _ERROR.fullmatch(value):
        return f"this cell is an error: {value}"
    if _LISTS.search(value):
        return MORE_THAN_ONE
    if value.startswith("phn_") or (value[:4].lower() == "phn_" and not _PLAIN.fullmatch(value)):
        for position, character in enumerate(value, start=1):
            if not _PLAIN.fullmatch(character):
                return f"a phone-number ID cannot contain {character!r} (position {position})"
        return "not a phone-number ID: nothing follows phn_"
    if value[:4].lower() == "phn_":
        return "not a phone-number ID: IDs begin with phn_ in lower case"
    return "not a valid ID or phone number (IDs begin with phn_)"


def _without_wrapping(value: str) -> tuple[str, str]:
    """`value` without what a program put around it to make it text, and how that is called; empty for nothing."""
    formula = _FORMULA_OF_TEXT.fullmatch(value)
    if formula is not None and not is_blank(formula[1]):
        return formula[1].strip(AROUND), '=" " around it'
    if len(value) > 2 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1], "surrounding quotes"
    if len(value) > 1 and value[0] == "'":
        return value[1:], "surrounding quotes"
    return value, ""


def _noted(reading: CellReading, note: str) -> CellReading:
    """`reading` with a further note in front; a problem needs none."""
    return reading if note == "" or reading.problem is not None else replace(reading, note=joined(note, reading.note))
