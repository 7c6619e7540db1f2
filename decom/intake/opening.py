"""A path or standard input in, an `InputFile` out: finds the one reader by the first bytes and the one table.

Raises BadInput, before anything is asked of anyone, for whatever cannot be read as a whole.
"""

import hashlib
import itertools
import stat
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import BinaryIO

from decom.errors import BadInput
from decom.intake.cells import is_blank
from decom.intake.header import HEAD, Columns, find, headers_shown
from decom.intake.interface import FileReader, InputFile, OpenFile, RawRow, ReadOptions, Sheet
from decom.intake.rows import Taken, rows_of
from decom.intake.sniffing import named
from decom.phone_numbers.numbering import known_region

MOST_BYTES = 512 * 1024 * 1024
"""Most bytes an input may have: a million rows of 500 characters."""

_HEAD_BYTES = 4_096
_CHUNK = 1 << 20
_STDIN = "standard input"
_NAME_ANOTHER = "Name a file that exists and that you may read."
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


def read_input(path: Path | None, options: ReadOptions, *, readers: Sequence[FileReader]) -> InputFile:
    """The rows of the file at `path`; None reads standard input.

    Raises BadInput where the file is missing, no regular file, unreadable, empty, of no kind in `readers`, too
    large, or changes while it is read; where the ID's or number's column cannot be told; and as `rows_of` does.
    """
    if options.region is not None and not known_region(options.region):
        raise BadInput(
            f"no country has the letters {options.region!r}",
            where="--region",
            remedy="Give the two capital letters of a country, for example: --region IN",
        )
    try:
        with _opened(path) as source:
            digest = _digest(source)
            reader = _reader_of(source, readers)
            taken, notes = _only_table(reader, source, options)
            if _digest(source) != digest:
                raise BadInput(
                    "the file changed while it was read",
                    where=source.name,
                    remedy="Run this again when nothing writes to the file any more.",
                )
    except OSError as error:
        raise _not_read(path, error) from error
    return InputFile(
        name="-" if path is None else path.name,
        sha256=digest,
        rows=taken.rows,
        blank_rows=taken.blank_rows,
        other_columns=taken.other_columns,
        notes=notes,
    )


@contextmanager
def _opened(path: Path | None) -> Iterator[OpenFile]:
    if path is None:
        with _from_stdin() as stream:
            yield OpenFile(stream, _STDIN)
        return
    where = str(path)
    if path.name.startswith("~$"):
        raise BadInput(
            "this is not the workbook, but the mark that a spreadsheet program leaves beside one that is open",
            where=where,
            remedy=f"Close the workbook and name it: {path.with_name(path.name[2:])}",
        )
    try:
        kind = stat.S_IFMT(path.stat().st_mode)
    except ValueError as error:
        raise BadInput(f"no file can have this name: {error}", where=repr(where), remedy=_NAME_ANOTHER) from error
    if kind != stat.S_IFREG:
        remedy = "Name a file, or - for standard input." if kind == stat.S_IFIFO else _NAME_ANOTHER
        raise BadInput(f"this is {_KINDS.get(kind, 'no regular file')}", where=where, remedy=remedy)
    with path.open("rb") as stream:
        yield OpenFile(stream, where)


@contextmanager
def _from_stdin() -> Iterator[BinaryIO]:
    """Standard input, copied to a file without a name that vanishes with us: readers must be able to rewind."""
    if sys.stdin is None or sys.stdin.isatty():
        raise BadInput(
            f"standard input is {'closed' if sys.stdin is None else 'a terminal'}",
            where=_STDIN,
            remedy="Name a file, or pipe one in: decom plan - < numbers.csv",
        )
    with tempfile.TemporaryFile() as copy:
        while chunk := sys.stdin.buffer.read(_CHUNK):
            copy.write(chunk)
            if copy.tell() > MOST_BYTES:
                raise _too_large(_STDIN)
        copy.flush()
        yield copy


def _digest(source: OpenFile) -> str:
    """The SHA-256 of the file's bytes, in hex."""
    source.stream.seek(0)
    digest = hashlib.sha256()
    size = 0
    while chunk := source.stream.read(_CHUNK):
        digest.update(chunk)
        size += len(chunk)
        if size > MOST_BYTES:
            raise _too_large(source.name)
    if size == 0:
        raise BadInput("the file is empty", where=source.name, remedy="Name a file with an ID or a number a row.")
    return digest.hexdigest()


def _not_read(path: Path | None, error: OSError) -> BadInput:
    why = error.strerror or str(error)
    if path is None:
        return BadInput(
            f"it cannot be read, or not be kept in a temporary file: {why}",
            where=_STDIN,
            remedy="Is there room for temporary files? Name a file instead.",
        )
    return BadInput(f"the file cannot be read: {why}", where=str(path), remedy=_NAME_ANOTHER)


def _too_large(where: str) -> BadInput:
    return BadInput(
        f"more than {MOST_BYTES // (1024 * 1024)} MiB, the most that is read",
        where=where,
        remedy="Keep the columns that are needed, or split the file.",
    )


def _reader_of(source: OpenFile, readers: Sequence[FileReader]) -> FileReader:
    source.stream.seek(0)
    head = source.stream.read(_HEAD_BYTES)
    for reader in readers:
        if reader.recognises(head):
            return reader
    raise BadInput(
        f"this looks like {named(head) or 'no kind of file that can be read'}, not like a table of numbers",
        where=source.name,
        remedy="Save it as .xlsx, .ods or .csv and name that file.",
    )


def _only_table(reader: FileReader, source: OpenFile, options: ReadOptions) -> tuple[Taken, tuple[str, ...]]:
    """The rows of the one table with a column of IDs or numbers. Raises BadInput where there is none or two."""
    found: tuple[Sheet, Taken, tuple[str, ...]] | None = None
    without: list[str] = []
    beside: list[str] = []
    with closing(reader.read(source, options)) as tables:
        for table in tables:
            where = source.name if table.sheet is None else f"{source.name}, sheet {table.sheet!r}"
            head = list(itertools.islice(table.lines, HEAD))
            columns = find(head, options, where)
            if columns is None:
                without.append(_without_columns(table, head))
                beside.extend(note for note in table.notes if note not in beside)
            elif found is not None:
                raise BadInput(
                    f"the sheets {found[0].sheet!r} and {table.sheet!r} both hold IDs or numbers",
                    where=source.name,
                    remedy=f"Say which one is meant, for example: --sheet {found[0].sheet!r}",
                )
            elif table.objection is not None:
                raise table.objection
            else:
                taken = rows_of(itertools.chain(head, table.lines), columns, options, where)
                found = table, taken, _notes(table, columns)
    if found is None:
        raise _no_column(source, options, without, beside)
    return found[1], found[2]


def _notes(table: Sheet, columns: Columns) -> tuple[str, ...]:
    sheet = () if table.sheet is None else (f"sheet {table.sheet!r}",)
    return (*sheet, *table.notes, *columns.notes)


def _without_columns(table: Sheet, head: Sequence[RawRow]) -> str:
    """What a table shows instead of the headers that are looked for; empty where it shows nothing at all.

    A line of one cell above the others is a title, or `#TYPE …` as PowerShell writes it: the headers are below it.
    """
    filled = [(sum(not is_blank(cell) for cell in cells), cells) for _, cells in head]
    filled = [(count, cells) for count, cells in filled if count > 0]
    if not filled:
        return ""
    header = next((cells for count, cells in filled if count > 1), filled[0][1])
    place = "" if table.sheet is None else f"sheet {table.sheet!r} has "
    return place + headers_shown(header)


def _no_column(source: OpenFile, options: ReadOptions, without: Sequence[str], beside: Sequence[str]) -> BadInput:
    """What is said where no table fits; `without` is what each showed instead, `beside` what else is known."""
    shown = [text for text in without if text != ""]
    if not shown:
        return BadInput("there are no rows", where=source.name, remedy="Name a file with an ID or a number a row.")
    found = "; ".join((*shown, *beside))
    if options.column is not None:
        return BadInput(
            f"no column is called {options.column!r}. Found: {found}",
            where=source.name,
            remedy="Say which column holds the IDs or numbers: --column and its header.",
        )
    return BadInput(
        f"no column is known to hold IDs or numbers. Found: {found}",
        where=source.name,
        remedy="Say which column holds them: --column and its header.",
    )
