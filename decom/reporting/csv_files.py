"""The files for spreadsheets, and for people with `grep`: audit.csv, plan.csv, conflicts.csv and retry.csv.

UTF-8 with a byte order mark (Excel needs it), every cell in quotes, lines ended by CR LF, no cell that a
spreadsheet would run. Whole numbers and plain decimals stay as they are, so that they can be added up.
"""

import re
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from decom.pieces import Form, in_pieces
from decom.planning.plan import Conflict, Plan, from_cell, in_words, why_conflicted
from decom.reporting.formula_safe import escape_formulas
from decom.reporting.interface import Audit, ReportFormat
from decom.reporting.statement import holds
from decom.reporting.words import kind_of, step_for
from decom.tables import CellType, in_file, normalised
from decom.vocabulary import Outcome

if TYPE_CHECKING:
    import pandas as pd

RETRIED = (Outcome.FAILED, Outcome.UNKNOWN, Outcome.NOT_ATTEMPTED)
"""What may be tried again as it is: the rows of `retry.csv`."""

_PLAIN_NUMBER = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?")

_READ_AS_ID_OR_NUMBER = frozenset(
    {
        "id", "numberid", "phonenumberid", "dialnexaid", "phonenumber", "number", "phone", "e164", "msisdn", "did",
    }
)  # fmt: skip
"""Headers, as they are compared, that a reader of the file would take for the ID's or the number's."""


def write_plan_csv(plan: Plan, stream: BinaryIO) -> None:
    """Write `plan.csv`: one line for each row of the plan, in their order."""
    ours = [(column.name, plan.rows[column.name], _form_of(column.name)) for column in in_file("P")]
    _write(stream, [*ours, *_others(plan.head.other_columns, plan.others)])


class AuditCsv:
    """`audit.csv`: one line a row."""

    name = "csv"
    file_name = "audit.csv"

    def write(self, audit: Audit, stream: BinaryIO) -> None:
        """Write one line for each of `audit.rows`, in their order."""
        ours = [(column.name, audit.rows[column.name], _form_of(column.name)) for column in in_file("U")]
        _write(stream, [*ours, *_others(audit.other_columns, audit.others)])


class WorkList(ReportFormat, Protocol):
    """A file with some of the rows, written only where there are such rows."""

    def is_for(self, audit: Audit) -> bool:
        """Whether there is anything to write."""
        ...


class ConflictsCsv:
    """`conflicts.csv`: a line for each thing that holds a number, for whoever reconfigures it.

    In the input's order; sorted by its first columns in a spreadsheet it is a list by campaign. Once the numbers are
    free, the same file can be read in again: a number that two things held is then a duplicate of itself.
    """

    name = "conflicts"
    file_name = "conflicts.csv"

    def is_for(self, audit: Audit) -> bool:
        """Whether there is anything to write: a conflicted row."""
        return audit.counts.get(Outcome.CONFLICTED, 0) > 0

    def write(self, audit: Audit, stream: BinaryIO) -> None:
        """Write one line for each holder of each conflicted row."""
        held = holds(audit)
        places = held["place"].to_numpy()
        rows, others = audit.rows.take(places), audit.others.take(places)
        of_holder = [
            ("held_by", held["source"], lambda source: text_cell(kind_of(source))),
            ("name", held["name"], text_cell),
            ("conflict_id", held["conflict_id"], text_cell),
            ("status", held["status"], text_cell),
            ("what_to_do", held["source"], lambda source: text_cell(step_for(source))),
        ]
        # Of a number that thousands hold, each line is about one of them: joined, they would fill a disk.
        alone = ~held["place"].duplicated(keep=False).to_numpy()
        reasons = rows["reason"].astype(object).where(alone, _reasons(held))
        names = ("number_id", "phone_number", "nickname", "monthly_cost_usd")
        of_row = [
            *((name, rows[name], _form_of(name)) for name in names),
            ("reason", reasons, text_cell),
            ("input_row", rows["row"], text_cell),
        ]
        ours = [*of_holder, *of_row]
        _write(stream, [*ours, *_others(headers_beside(audit.other_columns, [name for name, *_ in ours]), others)])


class RetryCsv:
    """`retry.csv`: the rows that still have to be done, as the next run's input.

    It has the ID and the number as the account returned them, under headers that are recognised, and the input's own
    columns. The apostrophe before an E.164 number is taken off again when the file is read.
    """

    name = "retry"
    file_name = "retry.csv"

    def is_for(self, audit: Audit) -> bool:
        """Whether there is anything to write: a row that failed, is unknown or was not attempted."""
        return any(audit.counts.get(outcome, 0) > 0 for outcome in RETRIED)

    def write(self, audit: Audit, stream: BinaryIO) -> None:
        """Write one line for each row that may be tried again, in the input's order."""
        left = audit.rows["outcome"].isin(RETRIED)
        rows, others = audit.rows[left], audit.others[left]
        known = rows["number_id"].notna() | rows["phone_number"].notna()
        ours = [
            ("number_id", rows["number_id"].where(known, rows["input_value"]), text_cell),
            ("phone_number", rows["phone_number"], text_cell),
        ]
        _write(stream, [*ours, *_others(headers_beside(audit.other_columns, [name for name, *_ in ours]), others)])


LISTS: tuple[WorkList, ...] = (ConflictsCsv(), RetryCsv())
"""The lists that come beside the report, for whoever goes on from here. A new list is one line here."""


def headers_beside(other_columns: Sequence[str], ours: Collection[str]) -> list[str]:
    """The headers of the input's other columns, so that the file can be read in again.

    A header that would be taken for the ID's or the number's, or that stands among `ours`, gets `input.` in front.
    """
    taken = _READ_AS_ID_OR_NUMBER | {normalised(name) for name in ours}
    return [f"input.{name}" if normalised(name) in taken else name for name in other_columns]


def text_cell(cell: str | int | None) -> str:
    """A cell as CSV shows it: text made neutral, a whole number as it is, nothing as empty."""
    if cell is None:
        return ""
    return escape_formulas(cell).replace('"', '""') if isinstance(cell, str) else str(cell)


def money_cell(cell: str | None) -> str:
    """A cost as CSV shows it: a plain decimal as it is, anything else as text."""
    return cell if cell is not None and _PLAIN_NUMBER.fullmatch(cell) is not None else text_cell(cell)


def conflicts_in_words(cell: str | None) -> str:
    """`campaign "Diwali" cmp_1 (active); batch call bat_2 (running)`; empty where nothing holds the number."""
    return in_words(from_cell(cell))


def _reasons(held: "pd.DataFrame") -> list[str]:
    facts = (held[name] for name in ("source", "conflict_id", "name", "status"))
    return [why_conflicted((Conflict(*each),)) for each in zip(*facts, strict=True)]


def _form_of(name: str) -> Form:
    if name == "conflicts":
        return lambda cell: text_cell(conflicts_in_words(cell))
    return money_cell if _CELL_TYPES[name] is CellType.MONEY else text_cell


_CELL_TYPES = {column.name: column.cell_type for table in "PU" for column in in_file(table)}


def _others(headers: Sequence[str], others: "pd.DataFrame") -> "Sequence[tuple[str, pd.Series[Any], Form]]":
    return [(name, others[at], text_cell) for at, name in enumerate(headers)]


def _write(stream: BinaryIO, columns: "Sequence[tuple[str, pd.Series[Any], Form]]") -> None:
    header = '","'.join(text_cell(name) for name, *_ in columns)
    stream.write(f'\ufeff"{header}"\r\n'.encode())
    rows = range(len(columns[0][1]))
    for piece in in_pieces([(column, form) for _, column, form in columns], rows):
        lines = '"\r\n"'.join(map('","'.join, zip(*piece, strict=True)))
        stream.write(f'"{lines}"\r\n'.encode())
