"""The first rows of a sheet in, its columns out: which holds the ID, which the number, which travel along.

Raises BadInput where two columns fit, where `--column` fits none or several, and where a sheet has data but no
header. A sheet in which nothing fits gives None: another sheet may hold it.
"""

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from decom.errors import BadInput
from decom.intake.cells import header_of, is_blank, names_something, read_cell, text_of
from decom.intake.interface import Cell, RawRow, ReadOptions
from decom.phone_numbers.numbering import FEWEST_DIGITS
from decom.phone_numbers.reading import looks_like_a_number
from decom.tables import in_file, normalised

ID_HEADERS = frozenset({"id", "numberid", "phonenumberid", "dialnexaid"})
"""Normalised headers of a column of IDs."""

NUMBER_HEADERS = frozenset({"phonenumber", "number", "phone", "e164", "msisdn", "did"})
"""Normalised headers of a column of E.164 numbers."""

HEAD = 25
"""How many of a sheet's first rows are searched for its header."""

MOST_COLUMNS = 16_384
"""Most columns of a sheet: as many as a spreadsheet has."""

OUR_COLUMNS = frozenset(normalised(column.name) for column in (*in_file("P"), *in_file("U")))
"""Normalised headers of the plan's and the audit's own columns."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Where a sheet's columns are; indices count from 0."""

    header_row: int | None
    """The header's row number as a spreadsheet program shows it; None where the sheet has no header."""
    width: int
    """How many cells the header has."""
    id_at: int | None
    """The column of IDs; None where there is none."""
    number_at: int | None
    """The column of numbers; None where there is none, or where `--column` named the one to read."""
    others: tuple[tuple[int, str], ...]
    """The other columns and the names under which they travel."""
    unnamed: frozenset[int]
    """Those of `others` that have no header: they travel only if something stands in them."""
    notes: tuple[str, ...]
    """As `Rows.notes`."""


def find(head: Sequence[RawRow], options: ReadOptions) -> Columns | None:
    """The columns of the sheet that begins with `head` (at most `HEAD` rows); None where nothing fits.

    The header is the row above the data that has the most kinds of header that we know (or the one asked for): a
    heading over several columns, or a title, must not hide the row below it that names both ID and number. Where
    two fit alike, or an ID or a number stands above it, BadInput. A single column without a header is taken where
    its first cell is itself an ID or a number.
    """
    filled = [row for row in head if not all(is_blank(cell) for cell in row[1])]
    headed = _headed(filled, options)
    if not headed:
        return _headerless(filled, options)
    above_data = list(itertools.takewhile(lambda row: row in headed or not _shows_number(row), filled))
    near = [row for row in headed if row in above_data] or headed
    most = max(_fit(row[1], options) for row in near)
    best = [row for row in near if _fit(row[1], options) == most]
    header = best[0]
    above = filled[: filled.index(header)]
    alike = [row for row in headed if _fit(row[1], options) == most]
    if len(best) > 1 or (above and (len(alike) > 1 or any(map(_names_any, above)))):
        raise _no_one_header(filled, best if len(best) > 1 else alike)
    note = f"header in row {header[0]} ({len(above)} {'row' if len(above) == 1 else 'rows'} above it skipped)"
    return _from_header(header, options, note if len(above) > 0 else "")


def _headed(filled: Sequence[RawRow], options: ReadOptions) -> list[RawRow]:
    """The rows that have a header's word in them and are no data: below the first, such a word beside anything that
    looks like a number (`14155550100`, `DID`) is one of the row's facts."""
    found: list[RawRow] = []
    for row in filled:
        is_data = _is_data(row[1]) if len(found) == 0 else _shows_number(row)
        if _fit(row[1], options) > 0 and not is_data:
            found.append(row)
    return found


def _fit(cells: Sequence[Cell], options: ReadOptions) -> int:
    """How many kinds of column a row names as a header: 2 for ID and number; 1 for one, or for the one asked for."""
    hits = _hits(cells, options)
    if options.column is not None:
        return min(len(hits), 1)
    return len({normalised(header_of(cells[at])) in ID_HEADERS for at in hits})


def _is_data(cells: Sequence[Cell]) -> bool:
    """Whether an ID or a number that is certain stands in a row: then a header's word in it is one of its data."""
    readings = (read_cell(cell, None) for cell in cells)
    return any(each.number_id is not None or (each.number is not None and each.number.certain) for each in readings)


def _names_any(row: RawRow) -> bool:
    return any(map(names_something, row[1]))


def _shows_number(row: RawRow) -> bool:
    """Whether a row names a number, or has one that only its region, or nobody, could read."""
    return _names_any(row) or any(map(_looks_like_a_number, map(text_of, row[1])))


def _looks_like_a_number(text: str) -> bool:
    return looks_like_a_number(text.strip()) and sum(map(str.isdigit, text)) >= FEWEST_DIGITS


def _no_one_header(filled: Sequence[RawRow], could_be: Sequence[RawRow]) -> BadInput:
    """What is said where the header cannot be told: the rows that could be it, and how the sheet begins."""
    *others, last = (str(number) for number, _ in could_be)
    which = f"rows {', '.join(others)} and {last} {'both' if len(others) == 1 else 'all'} look" if others else ""
    if could_be[0] is filled[0]:
        what = f"{which} like the header"
    else:
        what = f"no header in the first row; {which or f'row {last} looks'} like one"
    shown = [row for row in filled[:4] if row not in could_be] + list(could_be[:4])
    return BadInput(
        f"{what}. {first_rows(sorted(shown, key=lambda row: row[0]))}",
        remedy="Delete the rows above the header, and any header repeated among the data.",
    )


def headers_shown(row: Sequence[Cell]) -> str:
    """The headers in a row as a message shows them: quoted, shortened, at most 12."""
    shown = [repr(_short(text_of(cell))) for cell in row if not is_blank(cell)]
    more = f" and {len(shown) - 12} more" if len(shown) > 12 else ""
    return ", ".join(shown[:12]) + more


def likely_header(head: Sequence[RawRow]) -> RawRow | None:
    """The row that is most like a header, where no header is known: the one above the first that shows a number, or
    else the first of several cells; None where every row is blank."""
    filled = [row for row in head if not all(map(is_blank, row[1]))]
    above_data = list(itertools.takewhile(lambda row: not _shows_number(row), filled))
    if 0 < len(above_data) < len(filled):
        return above_data[-1]
    several = (row for row in filled if sum(not is_blank(cell) for cell in row[1]) > 1)
    return next(several, filled[0] if len(filled) > 0 else None)


def first_rows(filled: Sequence[RawRow]) -> str:
    """Rows at a sheet's beginning as a message shows them."""
    rows = (f"row {number}: {headers_shown(cells[:6])}" for number, cells in filled)
    return f"It begins: {'; '.join(rows)}."


def _hits(cells: Sequence[Cell], options: ReadOptions) -> list[int]:
    """The columns of a row whose header is asked for, or, where none is asked for, known to us."""
    headers = [header_of(cell) for cell in cells]
    if options.column is None:
        known = ID_HEADERS | NUMBER_HEADERS
        return [at for at, header in enumerate(headers) if normalised(header) in known]
    exact = [at for at, header in enumerate(headers) if header == options.column.strip() != ""]
    meant = normalised(options.column)
    return exact or [at for at, header in enumerate(headers) if normalised(header) == meant != ""]


def _from_header(header: RawRow, options: ReadOptions, note: str) -> Columns:
    number, cells = header
    names = [header_of(cell) for cell in cells]
    while names and names[-1] == "":
        names.pop()
    if len(names) > MOST_COLUMNS:
        raise BadInput(
            f"the header has {len(names):,} columns (maximum {MOST_COLUMNS:,})",
            where=f"row {number}",
            remedy="Keep only the columns you need and save it again.",
        )
    hits = _hits(cells, options)
    id_at: int | None
    if options.column is not None:
        id_at = _only(hits, "asked-for", names)
        number_at = None
        note = "; ".join(part for part in (note, f"column {names[hits[0]]!r} as requested") if part)
    else:
        ids = [at for at in hits if normalised(names[at]) in ID_HEADERS]
        numbers = [at for at in hits if normalised(names[at]) in NUMBER_HEADERS]
        id_at = _only(ids, "ID", names) if ids else None
        number_at = _only(numbers, "number", names) if numbers else None
    others = tuple(at for at in range(len(names)) if at not in (id_at, number_at))
    return Columns(
        header_row=number,
        width=len(names),
        id_at=id_at,
        number_at=number_at,
        others=tuple(zip(others, _unique(names, others), strict=True)),
        unnamed=frozenset(at for at in others if names[at] == ""),
        notes=(note,) if note else (),
    )


def _only(hits: Sequence[int], kind: str, names: Sequence[str]) -> int:
    """The one column in `hits`. Raises BadInput where there are several: reading either would be a guess."""
    if len(hits) == 1:
        return hits[0]
    same = {names[at] for at in hits}
    if len(same) == 1 or kind == "asked-for":
        raise BadInput(
            f"{len(hits)} columns are called {names[hits[0]]!r}",
            remedy="Rename or remove all but one, and save the file again.",
        )
    listed = ", ".join(repr(names[at]) for at in hits)
    raise BadInput(
        f"{len(hits)} columns could hold the {kind}s: {listed}",
        remedy=f"Say which one is meant, for example: --column {names[hits[0]]!r}",
    )


def _unique(names: Sequence[str], others: Sequence[int]) -> list[str]:
    """The names under which the other columns travel: none twice, none of ours, none empty."""
    given: list[str] = []
    taken: set[str] = set()
    seen: Counter[str] = Counter()
    for at in others:
        name = names[at] if names[at] != "" else f"column {letters(at)}"
        if normalised(name) in OUR_COLUMNS:
            name = f"input.{name}"
        unique = name
        seen[name] += 1
        while unique in taken:
            seen[name] += unique != name
            unique = f"{name}.{seen[name]}"
        taken.add(unique)
        given.append(unique)
    return given


def letters(at: int) -> str:
    """A column's letters as a spreadsheet program shows them: 0 is A, 26 is AA."""
    text = ""
    at += 1
    while at > 0:
        at, rest = divmod(at - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


def _headerless(filled: Sequence[RawRow], options: ReadOptions) -> Columns | None:
    """A single column whose first cell is an ID or a number; None where nothing says that this is one."""
    if options.column is not None or not filled or not any(map(names_something, filled[0][1])):
        return None
    used = {at for _, cells in filled for at, cell in enumerate(cells) if not is_blank(cell)}
    if len(used) == 1:
        at = used.pop()
        note = "no header; the only column was used"
        return Columns(None, at + 1, at, None, (), frozenset(), (note,))
    raise BadInput(
        f"there are {len(used)} columns and no header to tell them apart. {first_rows(filled[:4])}",
        remedy="Add a header row above the data, with `id` or `phone number` over the right column.",
    )


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"
