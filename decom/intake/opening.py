"""A path or standard input in, its `Rows` out: finds the one reader by the first bytes and the one sheet.

Raises BadInput, before anything is asked of anyone, for whatever cannot be read as a whole.
"""

import hashlib
import itertools
import stat
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from pathlib import Path
from typing import BinaryIO

from decom.errors import BadInput
from decom.intake.cells import is_blank, text_of
from decom.intake.header import HEAD, Columns, find, headers_shown, likely_header
from decom.intake.interface import FileReader, OpenFile, RawRow, ReadOptions, Rows, Sheet
from decom.intake.places import inside
from decom.intake.rows import rows_frame
from decom.intake.sniffing import named
from decom.phone_numbers.numbering import known_region

MOST_BYTES = 512 * 1024 * 1024
"""Most bytes an input may have: a million rows of 500 characters."""

_HEAD_BYTES = 4_096
_CHUNK = 1 << 20
_NAME_ANOTHER = "Name a file that exists and that you may read."
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


def read_input(path: Path | None, options: ReadOptions, *, readers: Sequence[FileReader]) -> Rows:
    """The rows of the file at `path`; None reads standard input.

    Raises BadInput where the file is missing, no regular file, unreadable, empty, of no kind in `readers`, too
    large, or changes while it is read; where the ID's or number's column cannot be told; and as `rows_frame` does.
    """
    if options.region is not None and not known_region(options.region):
        raise BadInput(
            f"{options.region!r} is not a two-letter country code",
            where="--region",
            remedy="Give the two capital letters of a country, for example: --region IN",
        )
    with inside("standard input" if path is None else _shown(path)):
        try:
            with _opened(path) as stream:
                source = OpenFile(stream, "-" if path is None else path.name, _digest(stream))
                rows = _only_sheet(_reader_of(source, readers), source, options)
                if _digest(stream) != source.sha256:
                    raise BadInput(
                        "the file changed while it was being read",
                        remedy="Run this again once nothing is writing to the file.",
                    )
        except OSError as error:
            raise _not_read(path, error) from error
    return rows


def _shown(path: Path) -> str:
    """A path as messages call it: a name with a NUL in it, which no file can have, in quotes."""
    return repr(str(path)) if "\0" in str(path) else str(path)


def _opened(path: Path | None) -> AbstractContextManager[BinaryIO]:
    if path is None:
        return _from_stdin()
    if path.name.startswith("~$"):
        raise BadInput(
            "this is a lock file left by a spreadsheet program, not the workbook",
            remedy=f"Close the workbook and name it: {path.with_name(path.name[2:])}",
        )
    try:
        kind = stat.S_IFMT(path.stat().st_mode)
    except ValueError as error:
        raise BadInput(f"no file can have this name: {error}", remedy=_NAME_ANOTHER) from error
    if kind != stat.S_IFREG:
        remedy = "Name a file, or - for standard input." if kind == stat.S_IFIFO else _NAME_ANOTHER
        raise BadInput(f"this is {_KINDS.get(kind, 'not a regular file')}", remedy=remedy)
    return path.open("rb")


@contextmanager
def _from_stdin() -> Iterator[BinaryIO]:
    """Standard input, copied to a file without a name that vanishes with us: readers must be able to rewind."""
    if sys.stdin is None or sys.stdin.isatty():
        raise BadInput(
            f"standard input is {'closed' if sys.stdin is None else 'a terminal'}",
            remedy="Name a file, or pipe one in: decom plan - < numbers.csv",
        )
    with tempfile.TemporaryFile() as copy:
        while chunk := sys.stdin.buffer.read(_CHUNK):
            copy.write(chunk)
            if copy.tell() > MOST_BYTES:
                raise _too_large()
        copy.flush()
        yield copy


def _digest(stream: BinaryIO) -> str:
    """The SHA-256 of the file's bytes, in hex."""
    stream.seek(0)
    digest = hashlib.sha256()
    size = 0
    while chunk := stream.read(_CHUNK):
        digest.update(chunk)
        size += len(chunk)
        if size > MOST_BYTES:
            raise _too_large()
    if size == 0:
        raise BadInput("the file is empty", remedy="Name a file with one ID or number per row.")
    return digest.hexdigest()


def _not_read(path: Path | None, error: OSError) -> BadInput:
    why = error.strerror or str(error)
    if path is None:
        return BadInput(
            f"it could not be read, or not copied to a temporary file: {why}",
            remedy="Is there room for temporary files? Name a file instead.",
        )
    return BadInput(f"the file cannot be read: {why}", remedy=_NAME_ANOTHER)


def _too_large() -> BadInput:
    return BadInput(
        f"more than {MOST_BYTES // (1024 * 1024)} MiB, the largest size that is read",
        remedy="Keep only the columns you need, or split the file.",
    )


def _reader_of(source: OpenFile, readers: Sequence[FileReader]) -> FileReader:
    source.stream.seek(0)
    head = source.stream.read(_HEAD_BYTES)
    for reader in readers:
        if reader.recognises(head):
            return reader
    raise BadInput(
        f"this looks like {named(head) or 'an unknown kind of file'}, not a table of numbers",
        remedy="Save it as .xlsx, .ods or .csv and name that file.",
    )


def _only_sheet(reader: FileReader, source: OpenFile, options: ReadOptions) -> Rows:
    """The rows of the one sheet with a column of IDs or numbers. Raises BadInput where there is none or two."""
    found: tuple[Sheet, Rows] | None = None
    without: list[str] = []
    beside: list[str] = []
    with closing(reader.read(source, options)) as sheets:
        for sheet in sheets:
            place = nullcontext() if sheet.name is None else inside(f"sheet {sheet.name!r}")
            with place:
                head = list(itertools.islice(sheet.raw_rows, HEAD))
                columns = find(head, options)
                if columns is not None and found is None:
                    if sheet.objection is not None:
                        raise sheet.objection
                    raw_rows = itertools.chain(head, sheet.raw_rows)
                    found = sheet, rows_frame(raw_rows, columns, options, source, _notes(sheet, columns))
                    continue
            if columns is None:
                without.append(_without_columns(sheet, head))
                beside.extend(note for note in sheet.notes if note not in beside)
            elif found is not None:
                raise BadInput(
                    f"the sheets {found[0].name!r} and {sheet.name!r} both contain IDs or numbers",
                    remedy=f"Say which one is meant, for example: --sheet {found[0].name!r}",
                )
    if found is None:
        raise _no_column(options, without, beside)
    return found[1]


def _notes(sheet: Sheet, columns: Columns) -> tuple[str, ...]:
    name = () if sheet.name is None else (f"sheet {sheet.name!r}",)
    return (*name, *sheet.notes, *columns.notes)


def _without_columns(sheet: Sheet, head: Sequence[RawRow]) -> str:
    """What a sheet shows instead of the headers that are looked for, and what stands above them; empty where it shows
    nothing at all. Raises BadInput where the only header is the line in which PowerShell names a type."""
    header = likely_header(head)
    if header is None:
        return ""
    number, cells = header
    shown = headers_shown(cells)
    if text_of(cells[0]).startswith("#TYPE "):
        raise BadInput(
            f"row {number} is PowerShell's type line ({shown}), and there is no header below it",
            remedy="Write a header in its place: `id` or `phone number`.",
        )
    above = next(row for _, row in head if not all(map(is_blank, row)))
    below = "" if above is cells else f" (in row {number}, below {headers_shown(above)})"
    place = "" if sheet.name is None else f"sheet {sheet.name!r} has "
    return f"{place}{shown}{below}"


def _no_column(options: ReadOptions, without: Sequence[str], beside: Sequence[str]) -> BadInput:
    """What is said where no sheet fits; `without` is what each showed instead, `beside` what else is known."""
    shown = [text for text in without if text != ""]
    if not shown:
        return BadInput("there are no rows", remedy="Name a file with one ID or number per row.")
    found = "; ".join((*shown, *beside))
    if options.column is not None:
        return BadInput(
            f"no column is called {options.column!r}. Found: {found}",
            remedy="Name the column of IDs or numbers: --column and its header.",
        )
    return BadInput(
        f"no column is recognized as holding IDs or numbers. Found: {found}",
        remedy="Name it: --column and its header.",
    )
