"""Columns of a frame in the form in which a file has them, some thousand rows at a time.

A text that many rows share is brought into its form once, however many they are.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from decom.tables import SHARED

if TYPE_CHECKING:
    import pandas as pd

AT_ONCE = 10_000
"""Rows of a piece."""

Form = Callable[[Any], str]
"""A cell (a text, a whole number, None) as a file has it."""


def in_pieces(columns: "Sequence[tuple[pd.Series[Any], Form]]", rows: Any) -> Iterator[list[list[str]]]:
    """The columns, each in its form, for the first of `rows` (their places, as an array), the next ones, and so on."""
    cut = [_cut(column, form) for column, form in columns]
    for start in range(0, len(rows), AT_ONCE):
        some = rows[start : start + AT_ONCE]
        yield [piece(some) for piece in cut]


def _cut(column: "pd.Series[Any]", form: Form) -> Callable[[Any], list[str]]:
    if column.dtype == SHARED:
        codes = column.cat.codes.to_numpy()
        forms = [form(text) for text in column.cat.categories]
        if (codes == -1).any():
            forms.append(form(None))  # the last one, which is the one at -1
        return lambda some: [forms[code] for code in codes[some].tolist()]
    cells = column.astype(object).where(column.notna(), None) if column.hasnans else column
    values = cells.to_numpy()
    return lambda some: [form(value) for value in values[some].tolist()]
