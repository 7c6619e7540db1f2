"""The audit in, `conflicts.csv` out: a line for each thing that holds a number, for whoever reconfigures it.

In the input's order; sorted by its first columns in a spreadsheet it is a list by campaign. Once the numbers are
free, the same file can be read in again: a number that two things held is then a duplicate of itself.
"""

from collections.abc import Iterator
from typing import BinaryIO

from decom.planning.plan import why_conflicted
from decom.reporting.words import kind_of, step_for
from decom.vocabulary import Outcome
from tests.reporting.oracle.as_csv import money_cell, text_cell, write_lines
from tests.reporting.oracle.as_retry_csv import header_of_others
from tests.reporting.oracle.interface import Audit
from tests.reporting.oracle.todo import holders_of

_COLUMNS = (
    "held_by", "name", "conflict_id", "status", "what_to_do", "number_id", "phone_number", "nickname",
    "monthly_cost_usd", "reason", "input_row",
)  # fmt: skip


class ConflictsCsv:
    """`conflicts.csv`"""

    name = "conflicts"
    file_name = "conflicts.csv"

    def is_for(self, audit: Audit) -> bool:
        """Whether there is anything to write: a conflicted row."""
        return audit.counts.get(Outcome.CONFLICTED, 0) > 0

    def write(self, audit: Audit, stream: BinaryIO) -> None:
        """Write one line for each holder of each conflicted row."""
        write_lines([*_COLUMNS, *header_of_others(audit, _COLUMNS)], _lines(audit), stream)


def _lines(audit: Audit) -> Iterator[list[str]]:
    for row in audit.rows:
        if row.outcome is not Outcome.CONFLICTED:
            continue
        others = [text_cell(cell) for cell in row.others]
        holders = holders_of(row)
        for held in holders:
            # Of a number that thousands hold, each line is about one of them: joined, they would fill a disk.
            reason = row.reason if len(holders) == 1 else why_conflicted((held,))
            yield [
                text_cell(kind_of(held.source)),
                text_cell(held.name),
                text_cell(held.id),
                text_cell(held.status),
                text_cell(step_for(held.source)),
                text_cell(row.number_id),
                text_cell(row.phone_number),
                text_cell(row.nickname),
                money_cell(row.monthly_cost_usd),
                text_cell(reason),
                text_cell(row.row),
                *others,
            ]
