"""A zip file in, its parts out, once it is known that they may be unpacked: no bomb, no entity, no password.

Raises BadInput. Nothing is unpacked before the sizes that the archive declares were added up; a part that turns
out larger than it declared fails its checksum.
"""

import io
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import BinaryIO
from xml.parsers import expat

from decom.errors import BadInput

MOST_UNPACKED = 1024 * 1024 * 1024
"""Most bytes of all parts together; a million rows of six columns take 344 MB."""

MOST_RATIO = 200
"""Most times that a part may be larger unpacked than packed, from `RATIO_FROM` bytes on; a real one is 5 to 40."""

RATIO_FROM = 10 * 1024 * 1024
MOST_PARTS = 2_000

_CHUNK = 1 << 18


@contextmanager
def damage_told() -> Iterator[None]:
    """Turn what the zip and XML libraries raise for a damaged file into BadInput."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OverflowError, ValueError) as error:
        raise damaged(str(error)) from error
    except expat.ExpatError as error:
        raise damaged(f"its XML cannot be read ({error})") from error


def checked(stream: BinaryIO) -> zipfile.ZipFile:
    """The archive, once its table of contents says that it is safe to unpack."""
    with damage_told():
        archive = zipfile.ZipFile(stream)
    parts = archive.infolist()
    total = sum(part.file_size for part in parts)
    names = {part.filename.lower() for part in parts}
    bombs = [
        part.filename
        for part in parts
        if part.file_size > RATIO_FROM and part.file_size > MOST_RATIO * max(part.compress_size, 1)
    ]
    if len(parts) > MOST_PARTS:
        raise _unsafe(f"the workbook has {len(parts):,} parts (maximum {MOST_PARTS:,})")
    if total > MOST_UNPACKED:
        raise _unsafe(f"the workbook unpacks to {total // 1_000_000:,} MB")
    if bombs:
        raise _unsafe(f"the workbook's part {bombs[0]!r} unpacks to more than {MOST_RATIO} times its size")
    if len(names) < len(parts):
        raise damaged("it has two parts of the same name")
    if any(part.flag_bits & 1 for part in parts):
        raise protected()
    return archive


def rewritten(archive: zipfile.ZipFile, names: Mapping[str, str], change: Callable[[str, bytes], bytes]) -> io.BytesIO:
    """A copy in memory, each part under the name that `names` has for it (its own where it has none), and as `change`
    makes it of its old name and content."""
    copy = io.BytesIO()
    with zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as written:
        for part in archive.infolist():
            name = names.get(part.filename, part.filename)
            written.writestr(name, change(part.filename, archive.read(part)))
    copy.seek(0)
    return copy


def read_part(archive: zipfile.ZipFile, name: str) -> bytes:
    """A part as bytes. Raises BadInput where there is none."""
    with damage_told():
        try:
            return archive.read(name)
        except KeyError:
            raise damaged(f"its part {name!r} is missing") from None


def refuse_document_types(archive: zipfile.ZipFile) -> None:
    """Raise BadInput where a part's XML declares a document type: the way to entities that grow or fetch."""
    for part in archive.infolist():
        if part.filename.lower().endswith((".xml", ".rels")):
            with damage_told(), archive.open(part) as stream:
                parser = expat.ParserCreate()
                _refuse_document_type(parser, part.filename)
                parser.StartElementHandler = _StopAtRoot()
                try:
                    while chunk := stream.read(_CHUNK):
                        parser.Parse(chunk)
                except _RootReached:
                    continue


def parse_part(archive: zipfile.ZipFile, name: str, prepare: "Prepare") -> None:
    """Parse a part's XML in pieces with the handlers that `prepare` sets on the parser."""
    with damage_told():
        try:
            stream = archive.open(name)
        except KeyError:
            raise damaged(f"its part {name!r} is missing") from None
        with stream:
            parser = expat.ParserCreate(namespace_separator=" ")
            _refuse_document_type(parser, name)
            prepare(parser)
            while chunk := stream.read(_CHUNK):
                parser.Parse(chunk)
            parser.Parse(b"", True)


Prepare = Callable[[expat.XMLParserType], None]
"""Sets the handlers of a parser; names come as `namespace local`."""


class _RootReached(Exception):
    """The prolog is over."""


class _StopAtRoot:
    def __call__(self, name: str, attributes: dict[str, str]) -> None:
        raise _RootReached


def _refuse_document_type(parser: expat.XMLParserType, name: str) -> None:
    def refuse(*_: object) -> None:
        raise _unsafe(f"the workbook's part {name!r} declares a document type")

    parser.StartDoctypeDeclHandler = refuse


def protected() -> BadInput:
    """The refusal of a workbook with a password."""
    return BadInput(
        "the workbook is protected by a password",
        remedy="Open it, save a copy without a password, and name that.",
    )


def damaged(how: str) -> BadInput:
    """The refusal of a workbook that is not whole."""
    return BadInput(
        f"the workbook is damaged: {how}",
        remedy="Open it in a spreadsheet program, save it again, and name that file.",
    )


def _unsafe(what: str) -> BadInput:
    return BadInput(
        f"{what}: no spreadsheet program writes such a file",
        remedy="Copy the table into a new workbook, or save it as CSV UTF-8, and name that file.",
    )
