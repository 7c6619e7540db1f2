"""Every column of the tables that rows travel in, declared once; and the one function that a frame is born by.

`plan.csv`, `audit.csv`, the workbook, the page and the names that an input's own column must not take come from here.
pandas is imported where a frame is made, so that commands without one start without it.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from decom.phone_numbers.reading import Readings
from decom.vocabulary import Decision, Outcome

if TYPE_CHECKING:
    import pandas as pd


class CellType(Enum):
    """What a column holds, for formats that have more than text."""

    TEXT = auto()
    WHOLE = auto()
    MONEY = auto()
    """A decimal string in USD."""
    MOMENT = auto()
    """ISO 8601 in UTC."""
    DAY = auto()
    """An ISO date."""


OWN = "object"
"""Text that hardly two rows share; None where there is none, which an empty text is not."""
SHARED = "category"
"""Text that many rows share: each is held, and written, once."""
WHOLE = "int64"
MAYBE = "Int64"
"""A whole number, or none."""
FLAG = "bool"
AMOUNT = "decimal"
"""Exact decimals of Python's own."""
READINGS = "readings"
"""What the text of a number can mean: `decom.phone_numbers.reading.Readings`, or None."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    name: str
    """As in `audit.csv`: `monthly_cost_usd`."""
    tables: str
    """The letters of the tables that have it: see `of`."""
    dtype: str
    """`OWN`, `SHARED`, `WHOLE`, `MAYBE`, `FLAG`, `AMOUNT` or `READINGS`."""
    default: Any = None
    """Where nothing is said."""
    heading: str = ""
    """As people read it: `Monthly cost (USD)`; empty where no report shows the column."""
    cell_type: CellType = CellType.TEXT
    width: int = 0
    """In characters, for formats with columns that have one."""
    files: str = ""
    """`P` where `plan.csv` has it, `U` where the reports for people have it."""
    words: tuple[str, ...] = ()
    """The only texts that it may hold, in their order; empty: any."""


COLUMNS = (
    Column("seq", "TD", WHOLE, 0),
    Column("number", "TD", WHOLE, 0),
    Column("row", "RPU", WHOLE, 0, "Row", CellType.WHOLE, 7, "PU"),
    Column("input_value", "RPU", OWN, "", "Input", CellType.TEXT, 22, "PU"),
    Column("number_id", "RAPUN", OWN, None, "Number ID", CellType.TEXT, 26, "PU"),
    Column("phone_number", "RAPU", OWN, None, "Phone number", CellType.TEXT, 18, "PU"),
    Column("readings", "R", READINGS, None),
    Column("problem", "R", SHARED, None),
    Column("note", "R", SHARED, ""),
    Column("decision", "P", SHARED, None, "Decision", CellType.TEXT, 14, "P", words=tuple(Decision)),
    Column("outcome", "UND", SHARED, None, "Outcome", CellType.TEXT, 14, "U", words=tuple(Outcome)),
    Column("evidence", "PUND", SHARED, "plan", "Evidence", CellType.TEXT, 24, "U"),
    Column("reason", "PUND", SHARED, "", "Reason", CellType.TEXT, 52, "PU"),
    Column("http_status", "UNT", MAYBE, None, "HTTP status", CellType.WHOLE, 9, "U"),
    Column("api_message", "UNT", SHARED, "", "API message", CellType.TEXT, 40, "U"),
    Column("attempts", "UN", WHOLE, 0, "Attempts", CellType.WHOLE, 9, "U"),
    Column("first_attempt_at", "UN", OWN, None, "First attempt (UTC)", CellType.MOMENT, 20, "U"),
    Column("decided_at", "UND", OWN, None, "Decided (UTC)", CellType.MOMENT, 20, "U"),
    Column("conflicts", "PUND", SHARED, "", "In use by", CellType.TEXT, 40, "PU"),
    Column("country_code", "APU", SHARED, None, "Country", CellType.TEXT, 9, "PU"),
    Column("type", "APU", SHARED, None, "Type", CellType.TEXT, 11, "PU"),
    Column("nickname", "APU", OWN, None, "Nickname", CellType.TEXT, 24, "PU"),
    Column("monthly_cost_usd", "APU", SHARED, None, "Monthly cost (USD)", CellType.MONEY, 13, "PU"),
    Column("cost_from", "APU", SHARED, None),
    Column("created_at", "AP", OWN, None),
    Column("duplicate_of", "P", MAYBE, None),
    Column("billing_stops_on", "U", SHARED, None, "Billing stops on", CellType.DAY, 13, "U"),
    Column("at", "T", OWN),
    Column("proof", "T", SHARED),
    Column("open_since", "N", OWN),
    Column("is_in_doubt", "N", FLAG, False),
    Column("place", "H", WHOLE, 0),
    Column("source", "H", SHARED),
    Column("conflict_id", "H", SHARED),
    Column("name", "SH", OWN, ""),
    Column("status", "AH", SHARED),
    Column("rows", "S", WHOLE, 0),
    Column("released", "S", WHOLE, 0),
    Column("conflicted", "S", WHOLE, 0),
    Column("ending_usd", "S", AMOUNT, Decimal(0)),
    Column("continuing_usd", "S", AMOUNT, Decimal(0)),
    Column("in_doubt_usd", "S", AMOUNT, Decimal(0)),
    Column("unknown_ending", "S", WHOLE, 0),
    Column("unknown_continuing", "S", WHOLE, 0),
    Column("unknown_in_doubt", "S", WHOLE, 0),
    Column("from_price_list", "S", WHOLE, 0),
    Column("run_id", "U", SHARED, "", "Run", CellType.TEXT, 26, "U"),
)
"""All of them, in the order in which tables have them."""


def of(table: str) -> tuple[Column, ...]:
    """The columns of a table.

    `R` the rows as they were read, `P` the plan and `U` the audit, a line a row of the input; `A` the account's
    numbers; `N` what a run did about each number, `T` every DELETE of it that was tried, `D` every outcome decided;
    `S` sums, a line a group of rows; `H` what holds rows back.
    """
    return tuple(column for column in COLUMNS if table in column.tables)


def in_file(table: str) -> tuple[Column, ...]:
    """The columns of `plan.csv` (`P`), or of the audit as people read it (`U`); the input's own come after them."""
    return tuple(column for column in COLUMNS if table in column.files)


def normalised(header: str) -> str:
    """A header as it is compared: without regard to case, blanks, `_` and `-`."""
    return "".join(header.replace("\ufeff", "").split()).replace("_", "").replace("-", "").lower()


def shaped(found: Mapping[str, Any], table: str) -> "pd.DataFrame":
    """A frame of a table: its columns in their order, each of the declared type, whatever is absent at its default.

    `found` has a sequence for each column that is known (a frame will do). Raises ValueError or TypeError where a
    value does not fit its column: nothing is guessed or rounded.
    """
    import pandas as pd

    columns = of(table)
    if len(strange := set(found) - {column.name for column in columns}) > 0:
        raise ValueError(f"not a column of table {table}: {', '.join(sorted(strange))}")
    if len(lengths := {len(values) for values in found.values()}) > 1:
        raise ValueError(f"columns of different lengths: {sorted(lengths)}")
    index = pd.RangeIndex(next(iter(lengths), 0))
    cells = {column.name: _column(column, found.get(column.name), index) for column in columns}
    return pd.DataFrame(cells, index=index, copy=False)


def lines_of(frame: "pd.DataFrame") -> Iterator[Any]:
    """The frame's lines one by one, each a named tuple of its columns' values, with its index as `Index`."""
    return iter(frame.itertuples())


def each_text(column: "pd.Series[Any]", what: Callable[[Any], Any]) -> "pd.Series[Any]":
    """What `what` makes of each cell of a column of shared texts, asked once for each distinct one and for None."""
    import numpy as np
    import pandas as pd

    made = np.empty(len(column.cat.categories) + 1, dtype=object)
    made[:] = [*map(what, column.cat.categories), what(None) if column.hasnans else None]
    return pd.Series(made[column.cat.codes.to_numpy()], column.index, dtype=object)


def shared(values: Iterable[str | None]) -> "pd.Categorical":
    """Texts, each distinct one held once, in the order in which they were met; None is none of them."""
    places = Places()
    return places.as_categorical(array("i", map(places.__getitem__, values)))


class Places(dict[str | None, int]):
    """The place of each distinct text; None has none, which is -1."""

    def __init__(self) -> None:
        super().__init__({None: -1})

    def __missing__(self, text: str | None) -> int:
        self[text] = place = len(self) - 1
        return place

    def as_categorical(self, places: "array[int]") -> "pd.Categorical":
        """A column of these texts. Raises TypeError where one is no text."""
        import numpy as np
        import pandas as pd

        texts = [text for text in self if text is not None]
        _check(str, texts)
        # Not `Categorical(values)`: it sorts, and an inferred type may refuse half a surrogate pair.
        return pd.Categorical.from_codes(np.frombuffer(places, dtype=np.int32), pd.Index(texts, dtype=object))


class SharedTexts:
    """A column of texts that repeat, while it grows: each distinct one is held once."""

    def __init__(self) -> None:
        self._places = Places()
        self._rows = array("i")

    def __len__(self) -> int:
        return len(self._rows)

    def extend(self, texts: Iterable[str | None]) -> None:
        """Add some."""
        self._rows.extend(map(self._places.__getitem__, texts))

    def distinct(self) -> Iterator[str]:
        """Each text once."""
        return (text for text in self._places if text is not None)

    def values(self) -> "pd.Categorical":
        """All of them."""
        return self._places.as_categorical(self._rows)


class GrowingTable:
    """The columns of a table while its lines are read."""

    def __init__(self, table: str) -> None:
        self._table = table
        kinds: dict[str, Callable[[], Any]] = {SHARED: SharedTexts, WHOLE: lambda: array("q")}
        self._columns = {column.name: kinds.get(column.dtype, list)() for column in of(table)}

    def add(self, **values: Iterable[Any]) -> None:
        """Some more of every column; where one is not named, as many of nothing."""
        rows = 0
        for name, some in values.items():
            self._columns[name].extend(some)
            rows = len(self._columns[name])
        for column in self._columns.values():
            column.extend([None] * (rows - len(column)))

    def frame(self) -> "pd.DataFrame":
        """What was gathered."""
        found = {
            name: column.values() if isinstance(column, SharedTexts) else column
            for name, column in self._columns.items()
        }
        return shaped(found, self._table)


def _column(column: Column, values: Any, index: "pd.RangeIndex") -> "pd.Series[Any]":
    import pandas as pd

    if values is None:
        values = [column.default] * len(index)
    if column.dtype == SHARED:
        return pd.Series(_shared(column, values), index=index, copy=False)
    # Values without a type are not to be given one: pandas would guess, and 200 beside None becomes 200.0.
    typed = getattr(values, "dtype", object)
    given = pd.Series(getattr(values, "array", values), index=index, dtype=typed, copy=False)
    if column.dtype == OWN:
        texts = given.astype(object)
        if len(_strange(str, texts)) > 0:  # what pandas calls missing is None
            texts = texts.where(texts.notna(), None)
            _check(str, texts)
        return texts
    if column.dtype in (AMOUNT, READINGS):
        _check(Decimal if column.dtype == AMOUNT else Readings, given)
        return given.astype(object)
    if pd.api.types.is_object_dtype(given):
        _check(int, given)
    return given.astype(pd.api.types.pandas_dtype(column.dtype))


def _shared(column: Column, values: Any) -> Any:
    import pandas as pd

    if isinstance(values, pd.Series) and not isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(object).where(values.notna(), None)
    else:
        values = getattr(values, "array", values)
    if not isinstance(values, pd.Categorical):
        values = shared(values)
    if len(column.words) == 0:
        return values
    words = pd.Index([str(word) for word in column.words], dtype=object)
    if len(strange := values.categories.difference(words)) > 0:
        raise ValueError(f"{strange[0]!r} is no {column.name}")
    return values.set_categories(words, ordered=True)


def _check(kind: type, values: Iterable[Any]) -> None:
    """Refuse values of any other type; None is none."""
    strange = _strange(kind, values)
    if len(strange) > 0:
        raise TypeError(f"a {strange[0].__name__} where there should be a {kind.__name__}")


def _strange(kind: type, values: Iterable[Any]) -> list[type]:
    """The types of values that are neither of a kind nor None."""
    listed = values.tolist() if hasattr(values, "tolist") else values  # a list is gone through three times as fast
    return [each for each in set(map(type, listed)) if not issubclass(each, (kind, type(None)))]
