"""A text file of delimited lines in, its one table out: CSV, TSV and their cousins.

The delimiter is the one of `, ; tab |` under which the header can be told, never a statistical guess: to a
guesser a column of IDs looks as if it were delimited by zeros. Quotes are strict: a quote that is never closed
would swallow every later row into one cell.
"""

import csv
import io
import itertools
import re
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing

from decom.errors import BadInput
from decom.intake.cells import is_blank, names_something
from decom.intake.header import HEAD, Columns, find, likely_header
from decom.intake.interface import OpenFile, RawRow, ReadOptions, Sheet
from decom.intake.sniffing import encoding_of, named

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
"""The delimiters that are tried, and how messages call them."""

MOST_IN_A_LINE = 4_000_000
"""Most characters of one line: an unbroken line of a large file must not be read whole."""

_END_OF_FILE = "\x1a"

_SEP_LINE = re.compile(r'"?sep=([^"\r\n])"?[\r\n]*', re.IGNORECASE)


class Delimited:
    """CSV, TSV and their cousins; any text that is nothing else."""

    def recognises(self, head: bytes) -> bool:
        return named(head) is None

    def read(self, source: OpenFile, options: ReadOptions) -> Generator[Sheet, None, None]:
        if options.sheet is not None:
            raise BadInput("a text file has no sheets", remedy="Leave --sheet out, or name a workbook.")
        encoding, note = encoding_of(source)
        with closing(_physical_lines(source, encoding)) as lines:
            head = list(itertools.islice(lines, 4 * HEAD))
        told = _SEP_LINE.fullmatch(head[0]) if head else None
        if told is not None:
            head = head[1:]
        delimiter = told[1] if told is not None else _delimiter(head, options)
        trial = _trial(head, delimiter)
        _refuse_two_delimiters(trial, delimiter)
        columns = find(trial, options)
        name = f"{DELIMITERS[delimiter]}-separated" if delimiter in DELIMITERS else f"separated by {delimiter!r}"
        separated = (name,) if any(len(cells) > 1 for _, cells in trial) else ()
        with closing(_physical_lines(source, encoding)) as physical:
            skipped = 0 if told is None else len(list(itertools.islice(physical, 1)))
            records = _records(physical, delimiter, columns, skipped)
            yield Sheet(records, notes=((note,) if note else ()) + separated)


def _physical_lines(source: OpenFile, encoding: str) -> Generator[str, None, None]:
    """The file's lines with their ends, which may be `\\n`, `\\r\\n` or `\\r`, in any mixture.

    Without the Ctrl-Z by which some programs of DOS's kind end a file.
    """
    last = ""
    for line in _lines_as_written(source, encoding):
        if last != "":
            yield last
        last = line
    bare = last.rstrip("\r\n")
    if bare.endswith(_END_OF_FILE):
        last = bare.rstrip(_END_OF_FILE)
    if last != "":
        yield last


def _lines_as_written(source: OpenFile, encoding: str) -> Generator[str, None, None]:
    source.stream.seek(0)
    text = io.TextIOWrapper(source.stream, encoding=encoding, newline="")
    number = 0
    try:
        while line := text.readline(MOST_IN_A_LINE):
            number += 1
            if len(line) == MOST_IN_A_LINE:
                raise BadInput(
                    f"this line is longer than {MOST_IN_A_LINE:,} characters",
                    where=f"line {number}",
                    remedy="Is this the right file? Save it with one row per line.",
                )
            yield line
    except UnicodeError as error:
        raise BadInput(
            "the file changed while it was being read",
            remedy="Run this again once nothing is writing to the file.",
        ) from error
    finally:
        text.detach()


def _trial(head: Sequence[str], delimiter: str) -> list[RawRow]:
    """The first records as `delimiter` splits them; ends early where they cannot be read, which is told later."""
    records: list[RawRow] = []
    reader = csv.reader(iter(head), delimiter=delimiter, strict=True)
    try:
        for number, cells in enumerate(itertools.islice(reader, HEAD), start=1):
            records.append((number, list(cells)))
    except csv.Error:
        pass
    return records


def _delimiter(head: Sequence[str], options: ReadOptions) -> str:
    """The delimiter under which the header can be told; with none such, the one that splits the likely header most.

    Raises BadInput where two fit: either could be a part of the header's text.
    """
    trials = {delimiter: _trial(head, delimiter) for delimiter in DELIMITERS}
    fitting = [delimiter for delimiter, trial in trials.items() if _splits_header(trial, options)]
    if len(fitting) > 1:
        names = " and ".join(f"{DELIMITERS[delimiter]}s" for delimiter in fitting)
        raise BadInput(
            f"the delimiter is ambiguous: {'both ' if len(fitting) == 2 else ''}{names} split the header",
            remedy=f"Add a first line that names it: sep={fitting[0]}",
        )
    return fitting[0] if fitting else max(DELIMITERS, key=lambda delimiter: _width(trials[delimiter]))


def _splits_header(trial: Sequence[RawRow], options: ReadOptions) -> bool:
    """Whether the header is found in a line that the delimiter splits (a header of one cell fits them all)."""
    try:
        columns = find(trial, options)
    except BadInput:
        return _width(trial) > 1
    return columns is not None and columns.header_row is not None and columns.width > 1


def _width(trial: Sequence[RawRow]) -> int:
    """How many cells the likely header has."""
    header = likely_header(trial)
    return 0 if header is None else len(header[1])


def _refuse_two_delimiters(trial: Sequence[RawRow], delimiter: str) -> None:
    """Raise BadInput where the header is split by one delimiter and the rows by another."""
    filled = [cells for _, cells in trial if not all(map(is_blank, cells))]
    if len(filled) < 2 or len(filled[0]) < 2 or any(len(cells) > 1 for cells in filled[1:]):
        return
    for other in DELIMITERS.keys() - {delimiter}:
        if all(isinstance(cells[0], str) and other in cells[0] for cells in filled[1:]):
            header = f"{DELIMITERS[delimiter]}s" if delimiter in DELIMITERS else repr(delimiter)
            raise BadInput(
                f"the header is separated by {header}, but the rows by {DELIMITERS[other]}s",
                remedy="Save it again with one delimiter throughout.",
            )


def _records(physical: Iterator[str], delimiter: str, columns: Columns | None, skipped: int) -> Iterator[RawRow]:
    """The records with their row numbers. `skipped` lines were taken from `physical` before."""
    recent: list[str] = []

    def remembered() -> Iterator[str]:
        for line in physical:
            recent.append(line)
            yield line

    reader = csv.reader(remembered(), delimiter=delimiter, strict=True)
    number = 0
    while True:
        recent.clear()
        began = skipped + reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _unreadable(error, recent, began) from error
        number += 1
        if len(recent) > 1 and columns is not None and _swallows_rows(cells, delimiter, columns):
            opened = _opened(recent)
            further = len(recent) - 1 - opened
            raise BadInput(
                f"the quote opened here is closed {further} {'line' if further == 1 else 'lines'} further down, and the"
                " text in between looks like rows",
                where=f"line {began + opened}",
                remedy="Close the quote on its own line, or double it if it is part of the text.",
            )
        yield number, list(cells)


def _unreadable(error: csv.Error, recent: Sequence[str], began: int) -> BadInput:
    """What csv's words mean to someone who looks at the file."""
    at = f"line {began + _opened(recent)}"
    if "unexpected end of data" in str(error):
        return BadInput("the quote opened here is never closed", where=at, remedy="Close it on its own line.")
    if "field limit" in str(error):
        what = f"a cell that begins here has more than {csv.field_size_limit():,} characters"
        return BadInput(what, where=at, remedy="Is a quote missing? Close it, or shorten the cell.")
    last = began + max(len(recent) - 1, 0)
    return BadInput(
        f"text follows the quote that closes a cell ({error})",
        where=f"line {last}",
        remedy=f"Double a quote that is part of the text; this cell's first quote is on line "
        f"{began + _opened(recent[:-1] or recent)}.",
    )


def _opened(recent: Sequence[str]) -> int:
    """Which of a record's lines (from 0) opened the quote that was open last."""
    is_open, opened = False, 0
    for offset, line in enumerate(recent):
        quotes = line.replace('""', "").count('"')
        is_open ^= quotes % 2 == 1
        if is_open and quotes > 0:
            opened = offset
    return opened


def _swallows_rows(cells: Sequence[str], delimiter: str, columns: Columns) -> bool:
    """Whether a cell of several lines holds one that is a row by itself: split alike, and naming a number."""
    places = [at for at in (columns.id_at, columns.number_at) if at is not None]
    for cell in cells:
        for line in cell.splitlines()[1:]:
            pieces = line.split(delimiter)
            if len(pieces) > 1 and any(at < len(pieces) and names_something(pieces[at]) for at in places):
                return True
    return False
