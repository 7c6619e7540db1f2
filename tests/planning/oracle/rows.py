"""Rows as objects, for tests; and the frames of them, as reading gives them."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from decom.intake.interface import Rows
from decom.phone_numbers.reading import Readings
from decom.tables import shaped, shared


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the frames of `Rows`."""

    row: int
    input_value: str
    number_id: str | None = None
    number: Readings | None = None
    """All that the number can mean."""
    problem: str | None = None
    note: str = ""
    others: tuple[str, ...] = ()

    @property
    def phone_number(self) -> str | None:
        """The likeliest number."""
        return None if self.number is None else self.number.numbers[0]


def framed(rows: Sequence[Row], other_columns: Sequence[str] | None = None, name: str = "numbers.csv") -> Rows:
    """The rows as the intake hands them on."""
    table = shaped(
        {
            "row": [row.row for row in rows],
            "input_value": [row.input_value for row in rows],
            "number_id": [row.number_id for row in rows],
            "phone_number": [row.phone_number for row in rows],
            "readings": [None if row.number is None or row.number.is_plain else row.number for row in rows],
            "problem": [row.problem for row in rows],
            "note": [row.note for row in rows],
        },
        "R",
    )
    width = len(rows[0].others) if other_columns is None and len(rows) > 0 else len(other_columns or ())
    others = pd.DataFrame({at: shared(row.others[at] for row in rows) for at in range(width)}, index=table.index)
    names = tuple(f"column {at}" for at in range(width)) if other_columns is None else tuple(other_columns)
    return Rows(name, "", table, names, others, 0, ())
