"""Which rows of a list are meant. In: the list, `--only`, `--exclude`, `--limit`, `--ignore-column`; a `Choice` out.

A list whose column says that not every row is to be released is a question: until somebody answers it nothing is read
out of it. A value that matches nothing is an error and not an empty choice: it may be a slip of the pen.
"""

import itertools
import shlex
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from decom.errors import BadInput
from decom.intake.cells import CellReading, read_cell
from decom.intake.interface import Rows
from decom.planning.instructions import compared, says_release, tells_what_to_do
from decom.tables import each_text

if TYPE_CHECKING:
    import pandas as pd

_MOST_SHOWN = 8
"""Most values of a column that a message shows."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What was asked for, as it was typed."""

    only: tuple[str, ...] = ()
    """IDs, numbers, `column=value`: of those of one kind any must fit, and one of each kind."""
    exclude: tuple[str, ...] = ()
    """The same, and whatever fits one of them is left out."""
    limit: int | None = None
    """Most releases, the first ones of the list; None: as many as there are."""
    ignore_columns: tuple[str, ...] = ()
    """Columns that look as if they said what to do with a row, and do not."""


@dataclass(frozen=True, slots=True)
class Named:
    """A number that a flag names."""

    flag: str
    value: str
    """As it was typed."""
    reading: CellReading

    def fits(self, number_ids: "pd.Series[Any]", phone_numbers: "pd.Series[Any]") -> "pd.Series[bool]":
        """Which rows name it, by their ID or their number."""
        meant = () if self.reading.number is None else self.reading.number.numbers
        ids = () if self.reading.number_id is None else (self.reading.number_id,)
        return number_ids.isin(ids) | phone_numbers.isin(meant)


@dataclass(frozen=True, slots=True)
class InColumn:
    """A value of a column that a flag names."""

    column: str
    """Its header as it travels."""
    at: int
    """Its place in `Rows.others`."""
    value: str
    """As it was typed."""

    def fits(self, cell: str) -> bool:
        """Whether a row has it, with this cell in that column."""
        return compared(cell) == compared(self.value)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which rows are meant; with the defaults all of them."""

    only: tuple[InColumn, ...] = ()
    exclude: tuple[InColumn, ...] = ()
    only_named: tuple[Named, ...] = ()
    exclude_named: tuple[Named, ...] = ()
    limit: int | None = None
    notes: tuple[str, ...] = field(default=())
    """What the plan says of it."""

    def left_out_by_column(self, others: "pd.DataFrame") -> "pd.Series[Any]":
        """Why each row is left out for what stands in its columns (`Rows.others`); None where it is not."""
        import pandas as pd

        found = pd.Series(None, others.index, dtype=object)
        for (at, column), rules in itertools.groupby(self.only, key=lambda rule: (rule.at, rule.column)):
            asked = tuple(rules)

            def of_only(cell: str, column: str = column, asked: tuple[InColumn, ...] = asked) -> str | None:
                is_meant = any(rule.fits(cell) for rule in asked)
                return None if is_meant else f"{column} is {cell!r}, not selected by --only"

            found = found.where(found.notna(), each_text(others[at], of_only))
        for rule in self.exclude:

            def of_exclude(cell: str, rule: InColumn = rule) -> str | None:
                return f"{rule.column} is {cell!r}, left out by --exclude" if rule.fits(cell) else None

            found = found.where(found.notna(), each_text(others[rule.at], of_exclude))
        return found

    def left_out_by_name(self, number_ids: "pd.Series[Any]", phone_numbers: "pd.Series[Any]") -> "pd.Series[Any]":
        """Why each row, with what the account has for it, is left out for the number that it names; None where it
        is not."""
        import pandas as pd

        found = pd.Series(None, number_ids.index, dtype=object)
        if len(self.only_named) > 0:
            meant = pd.Series(False, number_ids.index)
            for named in self.only_named:
                meant |= named.fits(number_ids, phone_numbers)
            found[~meant] = "not among the numbers that --only names"
        for named in self.exclude_named:
            found[found.isna() & named.fits(number_ids, phone_numbers)] = f"left out by --exclude {named.value}"
        return found

    def check_names(self, planned: "pd.DataFrame") -> None:
        """Raise BadInput where a flag names a number that the list (its plan, table `P`) does not, or may mean two
        that it does."""
        for each in (*self.only_named, *self.exclude_named):
            rows = planned[each.fits(planned["number_id"], planned["phone_number"])]
            fitting = sorted(set(rows["phone_number"].where(rows["phone_number"].notna(), rows["number_id"])))
            if len(fitting) == 0:
                raise BadInput(
                    f"no row of the list names {each.value}", where=each.flag, remedy="Compare it with the list."
                )
            if len(fitting) > 1 and each.flag == "--only":
                raise BadInput(
                    f"{each.value} can be {' or '.join(fitting)}, and the list names both",
                    where=each.flag,
                    remedy="Write it with + and its country code.",
                )


ALL_ROWS = Choice()
"""The choice that leaves nothing out."""


def choose(wanted: Selection, source: Rows, region: str | None) -> Choice:
    """The choice that `wanted` makes of `source`.

    Raises BadInput where a flag names no column, no value or no number of the list, and where a column of the list
    says what to do with each row and no flag says what that means.
    """
    only = [_rule("--only", value, source, region) for value in wanted.only]
    exclude = [_rule("--exclude", value, source, region) for value in wanted.exclude]
    ignored = {_column("--ignore-column", name, source) for name in wanted.ignore_columns}
    in_columns = sorted((rule for rule in only if isinstance(rule, InColumn)), key=lambda rule: rule.at)
    choice = Choice(
        only=tuple(in_columns),
        exclude=tuple(rule for rule in exclude if isinstance(rule, InColumn)),
        only_named=tuple(rule for rule in only if isinstance(rule, Named)),
        exclude_named=tuple(rule for rule in exclude if isinstance(rule, Named)),
        limit=wanted.limit,
        notes=_notes(wanted),
    )
    _ask(source, choice, ignored | {rule.at for rule in in_columns})
    return choice


def _ask(source: Rows, choice: Choice, answered: set[int]) -> None:
    """Raise BadInput where a column that nobody spoke of says that not every row is to be released."""
    others = source.others[choice.left_out_by_column(source.others).isna()]
    said: list[str] = []
    flags: list[str] = []
    for at, column in enumerate(source.other_columns):
        if at in answered:
            continue
        if not tells_what_to_do(column, others[at].unique()):
            continue
        values = Counter(others[at])
        said.append(f"column {column!r} says what to do with a row: {_values(values)}")
        meant = next((value for value, _ in values.most_common() if says_release(value)), values.most_common(1)[0][0])
        only = shlex.quote(f"{column}={meant.strip()}")
        flags.append(f"--only {only} (those rows alone) or --ignore-column {shlex.quote(column)} (all rows)")
    if len(said) > 0:
        raise BadInput(
            f"not every row may be meant: {'; '.join(said)}",
            where=source.name,
            remedy=f"Say which rows are to be released: {'; and '.join(flags)}.",
        )


def _rule(flag: str, value: str, source: Rows, region: str | None) -> Named | InColumn:
    """What one `--only` or `--exclude` names."""
    reading = read_cell(value, region)
    if reading.number_id is not None or reading.number is not None:
        return Named(flag, value, reading)
    for place, sign in enumerate(value):
        at = _place_of(value[:place], source) if sign == "=" else None
        if at is not None:
            rule = InColumn(source.other_columns[at], at, value[place + 1 :])
            if any(map(rule.fits, source.others[at].unique())):
                return rule
            found = _values(Counter(source.others[at]))
            raise BadInput(
                f"no row has {rule.value!r} in column {rule.column!r}. There are: {found}",
                where=flag,
                remedy="Compare it with the list.",
            )
    if "=" in value:
        _column(flag, value.partition("=")[0], source)
    raise BadInput(
        f"{value!r} is neither an ID, a number nor column=value: {reading.problem or 'it is blank'}",
        where=flag,
        remedy=f"For example: {flag} +14155550100, or {flag} operation=Delete",
    )


def _column(flag: str, name: str, source: Rows) -> int:
    """The place of the column called `name`. Raises BadInput where there is none."""
    at = _place_of(name, source)
    if at is not None:
        return at
    columns = ", ".join(map(repr, source.other_columns[:12])) or "none but those that name the number"
    what = f"no column is called {name!r}. There are: {columns}"
    raise BadInput(what, where=flag, remedy="Compare it with the list.")


def _place_of(name: str, source: Rows) -> int | None:
    """The place of the column called `name`, by the header that travels or, of two alike, by the first of the file."""
    columns = [compared(column) for column in source.other_columns]
    meant = compared(name)
    return next((columns.index(each) for each in (meant, f"input.{meant}") if each in columns), None)


def _values(values: Counter[str]) -> str:
    """`'Delete' (40), 'Update' (12), blank (3)`, the most frequent first, in the first of their spellings."""
    spelled: dict[str, str] = {}
    merged: Counter[str] = Counter()
    for value, count in values.items():
        merged[spelled.setdefault(compared(value), value.strip())] += count
    shown = [f"{repr(value[:40]) if value != '' else 'blank'} ({count:,})" for value, count in merged.most_common()]
    more = f" and {len(shown) - _MOST_SHOWN:,} other values" if len(shown) > _MOST_SHOWN else ""
    return ", ".join(shown[:_MOST_SHOWN]) + more


def _notes(wanted: Selection) -> tuple[str, ...]:
    said: Iterable[str] = (
        *(f"--only {shlex.quote(value)}" for value in wanted.only),
        *(f"--exclude {shlex.quote(value)}" for value in wanted.exclude),
        *(() if wanted.limit is None else (f"--limit {wanted.limit}",)),
        *(f"--ignore-column {shlex.quote(name)}" for name in wanted.ignore_columns),
    )
    chosen = " ".join(said)
    return (f"rows chosen with {chosen}",) if chosen != "" else ()
