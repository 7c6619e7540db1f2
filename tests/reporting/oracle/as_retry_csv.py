"""The audit in, `retry.csv` out: the rows that still have to be done, as the next run's input.

It has the ID and the number as the account returned them, under headers that are recognised, and the input's own
columns. The apostrophe before an E.164 number is taken off again when the file is read.
"""

from collections.abc import Collection, Iterator
from typing import BinaryIO

from decom.vocabulary import Outcome
from tests.reporting.oracle.as_csv import text_cell, write_lines
from tests.reporting.oracle.interface import Audit
from tests.reporting.oracle.money import normalised

OUTCOMES = (Outcome.FAILED, Outcome.UNKNOWN, Outcome.NOT_ATTEMPTED)
"""What may be tried again as it is."""

_COLUMNS = ("number_id", "phone_number")

_READ_AS_ID_OR_NUMBER = frozenset(
    {
        "id", "numberid", "phonenumberid", "dialnexaid", "phonenumber", "number", "phone", "e164", "msisdn", "did",
    }
)  # fmt: skip
"""Headers, as they are compared, that a reader of the file would take for the ID's or the number's."""


class RetryCsv:
    """`retry.csv`"""

    name = "retry"
    file_name = "retry.csv"

    def is_for(self, audit: Audit) -> bool:
        """Whether there is anything to write: a row that failed, is unknown or was not attempted."""
        return any(audit.counts.get(outcome, 0) > 0 for outcome in OUTCOMES)

    def write(self, audit: Audit, stream: BinaryIO) -> None:
        """Write one line for each row that may be tried again, in the input's order."""
        write_lines([*_COLUMNS, *header_of_others(audit, _COLUMNS)], _lines(audit), stream)


def header_of_others(audit: Audit, ours: Collection[str]) -> list[str]:
    """The headers of the input's other columns, so that the file can be read in again.

    A header that would be taken for the ID's or the number's, or that stands among `ours`, gets `input.` in front.
    """
    taken = _READ_AS_ID_OR_NUMBER | {normalised(name) for name in ours}
    return [f"input.{name}" if normalised(name) in taken else name for name in audit.other_columns]


def _lines(audit: Audit) -> Iterator[list[str]]:
    for row in audit.rows:
        if row.outcome in OUTCOMES:
            known = row.number_id is not None or row.phone_number is not None
            number_id = row.number_id if known else row.input_value
            yield [text_cell(number_id), text_cell(row.phone_number), *(text_cell(cell) for cell in row.others)]
